"""What support see of a ticket on its one page, read in a constant number of queries."""

from dataclasses import dataclass
from typing import Any

from calendars import connections
from calendars.models import CalendarConnection
from calendars.states import State
from migration import tickets
from migration.acceptance import APPROVABLE
from migration.accounts import IDS_THAT_TELL
from migration.admin.ticket_forms import WORDS
from migration.models import ConsentRequest, MigrationRun, SignInAttempt, Ticket, TicketEntry
from migration.ticket_states import Cause

ATTEMPTS_SHOWN = 20
TICKETS_SHOWN = 20


@dataclass(frozen=True)
class Reading:
    """What the evidence of one sign-in says, for whoever decides; `share` in percent, None where nothing was tried."""

    tone: str
    words: str
    share: int | None = None


def reading(tried: int, resolved: int, *, served: bool = True) -> Reading:
    if not served:
        return Reading("bad", "The account has no calendar that Microsoft Graph can serve: nothing can be moved to it.")
    if not tried:
        return Reading("plain", "No old ids were tried there, so the addresses are all there is to go by.")
    share = round(100 * resolved / tried)
    if tried < IDS_THAT_TELL:
        return Reading("plain", "Too few old ids to tell one mailbox from another.", share)
    if 2 * resolved >= tried:
        return Reading("good", "Most of the old ids are known there: this speaks for the same mailbox.", share)
    if resolved == 0:
        return Reading("bad", "None of the old ids is known there: this is another mailbox.", share)
    return Reading("bad", "Few of the old ids are known there: this speaks for another mailbox.", share)


def context(ticket: Ticket, *, may_decide: bool) -> dict[str, Any]:
    connection = ticket.connection
    attempts = list(SignInAttempt.objects.filter(connection=connection).order_by("-started_at", "-pk")[:ATTEMPTS_SHOWN])
    entries = list(TicketEntry.objects.filter(ticket=ticket).select_related("actor", "attempt"))
    newest = next((entry.attempt for entry in reversed(entries) if entry.action == Cause.MISMATCH), None)
    return {
        "ticket": ticket,
        "member": ticket.member,
        "connection": connection,
        "newest": newest,
        "reading": reading(newest.ids_tried, newest.ids_resolved, served=newest.served) if newest else None,
        "same_tenant": bool(connection.tid) and connection.tid == ticket.other_tid,
        "holders": _holders(ticket),
        "usable": ticket.approved_as in APPROVABLE.get(State(connection.state), set()),
        "entries": entries,
        "attempts": attempts,
        "run": MigrationRun.objects.filter(connection=connection).order_by("-queued_at", "-pk").first(),
        "synced_events": connection.synced_events.count(),
        "consent": ConsentRequest.open_of(ticket.member.firm_id),
        "earlier": list(
            Ticket.objects.filter(member=ticket.member).exclude(pk=ticket.pk).order_by("-opened_at")[:TICKETS_SHOWN]
        ),
        "decisions": [(cause, WORDS[cause]) for cause in tickets.decisions(ticket)] if may_decide else [],
        "may_decide": may_decide,
    }


def _holders(ticket: Ticket) -> list[CalendarConnection]:
    """Other members whose calendar is connected to the very account that signed in: support must know before they
    approve it."""
    same = connections.holders(ticket.other_tid, ticket.other_oid)
    return list(same.exclude(member=ticket.member).select_related("member")[:5])
