"""One open ticket per member, moves by the table alone, approvals that bind one account and are used once (R6, R7)."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from calendars.models import CalendarConnection
from calendars.states import State
from firms.models import AuditEntry
from migration import tickets
from migration.models import Ticket
from migration.ticket_states import MOVES, Cause, ForbiddenTicketMove, TicketState
from migration.tickets import StaleTicket
from tests.factories import NOW
from tests.migration.ticket_steps import (
    LATER,
    OID,
    TID,
    actions,
    decide,
    in_state,
    mismatch,
    waiting_connection,
)

pytestmark = pytest.mark.django_db

# --- the one ticket ---


def test_the_first_mismatch_opens_a_ticket_that_says_everything_and_touches_no_connection():
    connection = waiting_connection()
    before = CalendarConnection.objects.filter(pk=connection.pk).values().get()
    ticket = mismatch(connection, address="private@mail.example")
    ticket.refresh_from_db()
    assert (ticket.state, ticket.kind) == ("open", "another_mailbox")
    assert (ticket.expected_address, ticket.other_address) == (connection.account, "private@mail.example")
    assert (ticket.other_tid, ticket.other_oid) == (TID, OID)
    assert actions(ticket) == ["mismatch"] and ticket.entries.get().attempt.ids_resolved == 1
    assert CalendarConnection.objects.filter(pk=connection.pk).values().get() == before
    assert set(AuditEntry.objects.values_list("action", flat=True)) == {"ticket.opened", "ticket.mismatch"}


def test_references_can_be_read_aloud_and_are_not_guessed():
    references = {tickets.new_reference() for _ in range(200)}
    assert len(references) == 200
    for reference in references:
        assert reference.startswith("CS-") and len(reference) == 9
        assert not set(reference[3:]) & set("01ILOU")


def test_a_reference_that_is_taken_is_drawn_again(monkeypatch):
    first = mismatch(waiting_connection())
    drawn = iter([first.reference, first.reference, "CS-222222"])
    monkeypatch.setattr(tickets, "new_reference", lambda: next(drawn))
    assert mismatch(waiting_connection()).reference == "CS-222222"


def test_repeats_are_added_to_the_one_ticket_and_the_newest_account_is_the_one_shown():
    connection = waiting_connection()
    first = mismatch(connection, address="one@mail.example")
    again = mismatch(connection, address="two@mail.example", oid="other", now=LATER)
    assert first.pk == again.pk and Ticket.objects.count() == 1
    assert (again.other_address, again.other_oid) == ("two@mail.example", "other")
    assert actions(again) == ["mismatch", "mismatch"]


def test_the_database_itself_refuses_a_second_open_ticket():
    ticket = mismatch(waiting_connection())
    with pytest.raises(IntegrityError), transaction.atomic():
        Ticket.objects.create(
            reference="CS-333333", member=ticket.member, connection=ticket.connection,
            kind="another_mailbox", expected_address="x@y.example", opened_at=NOW,
        )  # fmt: skip


def test_after_a_closed_ticket_a_mismatch_opens_a_new_one():
    closed = in_state(TicketState.CLOSED)
    new = mismatch(closed.connection, now=LATER)
    assert new.pk != closed.pk and new.state == "open"


# --- the table of moves ---


@pytest.mark.parametrize("state", list(TicketState))
@pytest.mark.parametrize(
    "cause", [Cause.ASK_AGAIN, Cause.APPROVE_SAME_MAILBOX, Cause.APPROVE_OTHER_ACCOUNT, Cause.ANSWER, Cause.CLOSE]
)
def test_support_decides_as_the_table_says_and_not_otherwise(state, cause):
    ticket = in_state(state)
    before = Ticket.objects.filter(pk=ticket.pk).values().get()
    entries, audited = ticket.entries.count(), AuditEntry.objects.count()
    if state in MOVES[cause]:
        decide(ticket, cause)
        ticket.refresh_from_db()
        assert ticket.state == MOVES[cause][state]
        entry, row = ticket.entries.last(), AuditEntry.objects.first()
        assert (entry.action, entry.note) == (cause, "checked by telephone")
        assert (row.action, row.note) == (f"ticket.{cause}", "checked by telephone")
        assert entry.actor == row.actor is not None
    else:
        with pytest.raises(ForbiddenTicketMove):
            decide(ticket, cause)
        assert Ticket.objects.filter(pk=ticket.pk).values().get() == before
        assert (ticket.entries.count(), AuditEntry.objects.count()) == (entries, audited)


def test_the_table_is_the_design():
    moves = {(source, after) for by_source in MOVES.values() for source, after in by_source.items() if source != after}
    assert moves == {
        ("open", "waiting_for_member"), ("open", "approved"), ("open", "closed"),
        ("waiting_for_member", "open"), ("waiting_for_member", "approved"), ("waiting_for_member", "closed"),
        ("approved", "open"), ("approved", "waiting_for_member"), ("approved", "closed"),
        ("closed", "open"),
    }  # fmt: skip


@pytest.mark.parametrize("state", [TicketState.WAITING_FOR_MEMBER, TicketState.APPROVED])
def test_a_reply_of_the_member_reopens_and_an_approval_waits_until_it_is_read(state):
    ticket = in_state(state)
    tickets.write(ticket, message="I meant the other one.", now=LATER)
    ticket.refresh_from_db()
    assert ticket.state == "open" and ticket.approved_oid == "" and ticket.approved_until is None
    assert ticket.entries.last().message == "I meant the other one."
    assert tickets.approval_for(ticket.connection, tid=TID, oid=OID, now=LATER) is None


def test_a_closed_ticket_takes_no_message():
    ticket = in_state(TicketState.CLOSED)
    with pytest.raises(ForbiddenTicketMove):
        tickets.write(ticket, message="One more thing", now=LATER)


def test_nothing_is_decided_on_a_page_that_is_out_of_date():
    """Between the page and the click the member has signed in with yet another account: it is not approved unseen."""
    connection = waiting_connection()
    seen = mismatch(connection, oid="seen")
    mismatch(connection, oid="unseen", now=LATER)
    with pytest.raises(StaleTicket):
        decide(seen, Cause.APPROVE_OTHER_ACCOUNT)
    assert Ticket.objects.get().state == "open"


@pytest.mark.parametrize(
    ("state", "offered"),
    [
        (State.REAUTH_REQUIRED, ["ask_again", "approve_same_mailbox", "approve_other_account", "answer", "close"]),
        (State.GRANT_LOST, ["ask_again", "approve_other_account", "answer", "close"]),
        (State.MIGRATING, ["ask_again", "answer", "close"]),
        (State.GRAPH_SYNC, ["answer", "close"]),
        (State.DISCONNECTED, ["answer", "close"]),
        (State.OLD_SYNC, ["answer", "close"]),
    ],
)
def test_what_is_offered_fits_the_state_of_the_connection(state, offered):
    ticket = mismatch(waiting_connection(state))
    assert tickets.decisions(ticket) == offered
    for cause in {Cause.ASK_AGAIN, Cause.APPROVE_SAME_MAILBOX, Cause.APPROVE_OTHER_ACCOUNT} - set(offered):
        with pytest.raises(ForbiddenTicketMove):
            decide(ticket, cause)


def test_an_account_that_is_not_known_exactly_is_not_approved():
    ticket = mismatch(waiting_connection(), oid="")
    assert Cause.APPROVE_OTHER_ACCOUNT not in tickets.decisions(ticket)
    with pytest.raises(ForbiddenTicketMove):
        decide(ticket, Cause.APPROVE_OTHER_ACCOUNT)


# --- approvals ---


@pytest.mark.parametrize(
    ("cause", "approved_as"),
    [(Cause.APPROVE_SAME_MAILBOX, "same_mailbox"), (Cause.APPROVE_OTHER_ACCOUNT, "other_account")],
)
def test_an_approval_is_for_exactly_one_account_and_is_used_once(cause, approved_as):
    connection = waiting_connection()
    decide(mismatch(connection), cause)
    for tid, oid in [(TID, "someone-else"), ("another-tenant", OID), ("", ""), (TID, "")]:
        assert tickets.approval_for(connection, tid=tid, oid=oid, now=LATER) is None
    found = tickets.approval_for(connection, tid=TID, oid=OID, now=LATER)
    assert found.approved_as == approved_as
    tickets.use_approval(found, now=LATER)
    assert Ticket.objects.get().state == "closed"
    with pytest.raises(StaleTicket):
        tickets.use_approval(found, now=LATER)
    assert tickets.approval_for(connection, tid=TID, oid=OID, now=LATER) is None


def test_an_approval_is_of_no_use_to_another_connection_or_member():
    ticket = in_state(TicketState.APPROVED)
    other = waiting_connection()
    assert tickets.approval_for(other, tid=TID, oid=OID, now=LATER) is None
    ticket.connection.state = State.DISCONNECTED
    ticket.connection.save()
    later_one = waiting_connection(member=ticket.member)
    assert tickets.approval_for(later_one, tid=TID, oid=OID, now=LATER) is None


def test_a_third_account_neither_uses_nor_shifts_an_approval():
    ticket = in_state(TicketState.APPROVED)
    mismatch(ticket.connection, address="third@mail.example", oid="third", now=LATER)
    ticket.refresh_from_db()
    assert (ticket.state, ticket.approved_oid, ticket.approved_address) == ("approved", OID, "private@mail.example")
    assert ticket.other_address == "third@mail.example"
    assert tickets.approval_for(ticket.connection, tid=TID, oid="third", now=LATER) is None


def test_an_expired_approval_is_not_used_and_goes_back_to_open(settings):
    ticket = in_state(TicketState.APPROVED)
    last = LATER + timedelta(seconds=settings.APPROVAL_SECONDS)
    found = tickets.approval_for(ticket.connection, tid=TID, oid=OID, now=last - timedelta(seconds=1))
    with pytest.raises(StaleTicket):
        tickets.use_approval(found, now=last)
    assert tickets.approval_for(ticket.connection, tid=TID, oid=OID, now=last) is None
    ticket.refresh_from_db()
    assert (ticket.state, ticket.approved_oid, actions(ticket)[-1]) == ("open", "", "expired")


def test_the_clock_reopens_expired_approvals_and_no_others(settings, time_machine):
    expired = in_state(TicketState.APPROVED)
    time_machine.move_to(LATER + timedelta(seconds=settings.APPROVAL_SECONDS))
    standing = mismatch(waiting_connection())
    decide(standing, Cause.APPROVE_OTHER_ACCOUNT, now=LATER + timedelta(seconds=1))
    assert (tickets.expire_approvals(), tickets.expire_approvals()) == (1, 0)
    assert Ticket.objects.get(pk=expired.pk).state == "open"
    assert Ticket.objects.get(pk=standing.pk).state == "approved"


def test_a_decision_can_be_taken_back_before_it_is_used():
    ticket = in_state(TicketState.APPROVED)
    decide(ticket, Cause.ASK_AGAIN)
    assert tickets.approval_for(ticket.connection, tid=TID, oid=OID, now=LATER) is None


# --- closing by itself ---


@pytest.mark.parametrize("state", [TicketState.OPEN, TicketState.WAITING_FOR_MEMBER, TicketState.APPROVED])
def test_success_with_the_right_account_closes_the_ticket_by_itself(state):
    ticket = in_state(state)
    tickets.close_after_success(ticket.connection, now=LATER)
    ticket.refresh_from_db()
    assert (ticket.state, ticket.closed_at, actions(ticket)[-1]) == ("closed", LATER, "success")
    tickets.close_after_success(ticket.connection, now=LATER)
    assert actions(ticket).count("success") == 1


def test_a_calendar_that_was_not_found_is_settled_by_the_run_not_by_a_sign_in():
    connection = waiting_connection(State.MIGRATING)
    ticket = tickets.calendar_not_found(connection=connection, now=NOW, note="two calendars hold translated ids")
    again = tickets.calendar_not_found(connection=connection, now=LATER, note="still two")
    assert again.pk == ticket.pk and again.kind == "calendar_not_found"
    tickets.close_after_success(connection, now=LATER)
    assert Ticket.objects.get().state == "open"
    connection.state = State.GRAPH_SYNC
    tickets.close_after_success(connection, now=LATER)
    assert Ticket.objects.get().state == "closed"
