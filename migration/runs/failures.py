"""What a failed run tells staff: class, message, and what they can do. Pure."""

from dataclasses import dataclass

from calendars.graph.errors import AccessDenied, BadRequest, ItemNotFound, MailboxNotServed, TryLater
from migration.runs.calendar import CalendarNotFound

# Tasks that may begin without one saved step before the run is given up.
MAX_ATTEMPTS = 5
# Automatic tries, a sweep apart, after a refusal that may pass.
RETRIES = 3

# Errors after which the calendar is looked for again.
FROM_THE_START = (CalendarNotFound, ItemNotFound, MailboxNotServed)


class AppointmentUnreadable(TryLater):
    """Appointments of the mailbox are not as Microsoft documents them, and any of them may be what has not been found.

    Others, whose ids are known, do not matter: of those nothing else is needed.
    """

    def __init__(self, number: int, error: TryLater) -> None:
        super().__init__(f"appointments that cannot be read: {number}", seconds=error.seconds, reason=error.reason)


HINTS: dict[type[Exception], str] = {
    CalendarNotFound: "Resolve the ticket: the member, or their administrator, has to say which calendar was synced.",
    ItemNotFound: "The calendar is no longer where it was. Retry; if it fails again, ask the member.",
    MailboxNotServed: "Microsoft serves no mailbox for this account (licence, on-premises, guest). Ask their IT.",
    AccessDenied: "Microsoft refuses access to the calendar. Ask their IT whether the permission was withdrawn; retry.",
    BadRequest: "Microsoft refuses a request of ours. Report it to development with the message.",
    AppointmentUnreadable: "Events are missing that one of the unreadable appointments may be, so none is called missing."
    " Retry later; if it fails again, report it to development.",
    TryLater: "Microsoft's answer could not be read, several times. Retry later; else report it to development.",
}


@dataclass(frozen=True)
class Failure:
    name: str
    message: str
    hint: str
    from_the_start: bool = False


def failure_of(error: Exception) -> Failure:
    """Messages of foreign errors may quote texts of events, so only ours are kept."""
    known = type(error) in HINTS
    return Failure(
        name=type(error).__name__,
        message=str(error) if known else "",
        hint=HINTS.get(type(error), "Report it to development with the time it happened; then retry."),
        from_the_start=isinstance(error, FROM_THE_START),
    )
