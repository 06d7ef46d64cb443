"""What a member reads about the state of her connection. Pure."""

from dataclasses import dataclass

from calendars.states import State


@dataclass(frozen=True)
class Status:
    """`tone` is that of a badge or notice of the pages' design: success, info, warning or danger."""

    tone: str
    label: str
    text: str


STATUS = {
    State.OLD_SYNC: Status("success", "In sync", "Your events and your Outlook calendar are kept in step."),
    State.GRAPH_SYNC: Status("success", "In sync", "Your events and your Outlook calendar are kept in step."),
    State.GOOGLE_SYNC: Status("success", "In sync", "Your events and your Google calendar are kept in step."),
    State.REAUTH_REQUIRED: Status(
        "warning", "Sign-in needed", "Outlook sync has stopped. Sign in with Microsoft to start it again."
    ),
    State.DISABLED: Status(
        "warning", "Sign-in needed", "Outlook sync has stopped. Sign in with Microsoft to start it again."
    ),
    State.MIGRATING: Status(
        "info",
        "Moving",
        "Your events are being matched with Outlook. Changes made meanwhile are carried over afterwards.",
    ),
    State.GRANT_LOST: Status("warning", "Sign-in needed", "The service no longer accepts our access. Sign in again."),
    State.UNSUPPORTED: Status(
        "danger",
        "Not syncing",
        "Microsoft does not offer calendar sync for this mailbox. Ask your firm's administrator.",
    ),
    State.DISCONNECTED: Status(
        "info", "Not connected", "Your calendar is not connected. Nothing of yours was deleted."
    ),
}
# Of the old sync, by what it waits for: nothing that passes by itself.
PAUSED = {
    "blocked": Status(
        "warning",
        "Paused",
        "Your organization has ended this kind of access to Outlook, so sync is paused. Nothing of yours was deleted; "
        "we will ask you to sign in with Microsoft, which starts sync again.",
    ),
    "grant": Status(
        "warning",
        "Paused",
        "Outlook no longer accepts our access, so sync is paused. Nothing of yours was deleted; we will ask you to sign "
        "in with Microsoft, which starts sync again.",
    ),
}


def of(state: str, *, cutoff_passed: bool = False, waits_for: str = "") -> Status:
    """After the cutoff nothing syncs the old way, though its task may not have come to this connection yet. `waits_for`:
    the reason why its sync waits, if it does."""
    if state == State.OLD_SYNC and cutoff_passed:
        state = State.DISABLED
    if state == State.OLD_SYNC and waits_for in PAUSED:
        return PAUSED[waits_for]
    return STATUS[State(state)]
