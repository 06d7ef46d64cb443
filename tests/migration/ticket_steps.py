"""Rows and steps that the tests of tickets share."""

from datetime import timedelta
from itertools import count

from django.urls import reverse

from calendars.states import State
from migration import tickets
from migration.models import SignInAttempt, Ticket
from migration.ticket_states import Cause, TicketState
from tests.factories import NOW, ConnectionFactory, FirmFactory, MemberFactory, StaffFactory

TID = "5f6b2a30-0000-4000-8000-000000000001"
OID = "9c1d7e44-0000-4000-8000-000000000002"
LATER = NOW + timedelta(hours=1)
numbers = count(1)
LIST = reverse("admin:migration_ticket_changelist")
# What support may decide on a fresh ticket, in the order of the buttons.
SUPPORTS = ["ask_again", "approve_same_mailbox", "approve_other_account", "answer", "close"]


def waiting_connection(state=State.REAUTH_REQUIRED, **fields):
    member = fields.pop("member", None) or MemberFactory(name="Ada Byron", firm=FirmFactory(name="Harper & Wolfe LLP"))
    return ConnectionFactory(member=member, state=state, stopped_at=NOW, **fields)


def attempt(connection, *, address="private@mail.example", tid=TID, oid=OID, tried=1000, resolved=1, at=NOW):
    return SignInAttempt.objects.create(
        connection=connection,
        member=connection.member,
        state_hash=f"{next(numbers):064d}",
        started_at=at,
        expires_at=at,
        consumed_at=at,
        result=SignInAttempt.Result.ANOTHER_MAILBOX,
        address=address,
        tid=tid,
        oid=oid,
        ids_tried=tried,
        ids_resolved=resolved,
    )


def mismatch(connection, *, now=NOW, **fields) -> Ticket:
    return tickets.record_mismatch(connection=connection, attempt=attempt(connection, at=now, **fields), now=now)


def actions(ticket) -> list[str]:
    return list(ticket.entries.values_list("action", flat=True))


def decide(ticket, cause, **fields):
    fields = {"actor": StaffFactory(), "turn": ticket.turn, "now": LATER, "note": "checked by telephone", **fields}
    return tickets.decide(ticket, cause, **fields)


def in_state(state):
    ticket = mismatch(waiting_connection())
    cause = {
        TicketState.WAITING_FOR_MEMBER: Cause.ASK_AGAIN,
        TicketState.APPROVED: Cause.APPROVE_OTHER_ACCOUNT,
        TicketState.CLOSED: Cause.CLOSE,
    }.get(state)
    return decide(ticket, cause) if cause else ticket


def page_of(ticket) -> str:
    return reverse("admin:migration_ticket_change", args=[ticket.pk])


def decision_of(ticket, cause) -> str:
    return reverse("admin:migration_ticket_decide", args=[ticket.pk, cause])


def given(ticket, **more):
    """What the form of a decision is filled in with."""
    return {"turn": ticket.turn, "note": "called the member", "message": "Hello", **more}
