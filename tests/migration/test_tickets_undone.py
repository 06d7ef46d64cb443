"""What support decided can be taken back as long as nobody has acted on it, and a ticket closed too early is opened again."""

from datetime import timedelta

import pytest

from calendars.states import State
from firms.models import AuditEntry
from migration import tickets
from migration.models import Ticket
from migration.ticket_states import Cause, ForbiddenTicketMove, TicketState
from migration.tickets import StaleTicket
from tests.factories import NOW
from tests.migration.ticket_steps import (
    LATER,
    OID,
    TID,
    actions,
    decide,
    decision_of,
    given,
    in_state,
    mismatch,
    page_of,
    waiting_connection,
)
from tests.migration.visiting import text
from tests.staff import client_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now(time_machine):
    time_machine.move_to(NOW + timedelta(hours=3), tick=False)


@pytest.mark.parametrize("cause", [Cause.APPROVE_SAME_MAILBOX, Cause.APPROVE_OTHER_ACCOUNT])
def test_an_approval_is_taken_back_before_it_is_used(
    cause, support, supporter, mailoutbox, django_capture_on_commit_callbacks
):
    ticket = decide(mismatch(waiting_connection()), cause)
    assert "no longer holds" in text(support.get(decision_of(ticket, "take_back")))
    with django_capture_on_commit_callbacks(execute=True):
        answer = support.post(decision_of(ticket, "take_back"), given(ticket, message=""), follow=True)
    assert "taken back" in text(answer)
    ticket.refresh_from_db()
    assert (ticket.state, ticket.approved_oid, ticket.approved_until) == ("open", "", None)
    assert tickets.approval_for(ticket.connection, tid=TID, oid=OID, now=LATER) is None
    row = AuditEntry.objects.get(action="ticket.take_back")
    assert (row.actor, row.note, row.data["before"]) == (supporter, "called the member", "approved")
    (mail,) = mailoutbox
    assert "private@mail.example is no longer approved" in mail.body
    assert "Support took this back" in text(client_of(ticket.member).get(f"/move/tickets/{ticket.reference}/"))


def test_a_question_to_the_member_is_taken_back(support, mailoutbox, django_capture_on_commit_callbacks):
    ticket = in_state(TicketState.WAITING_FOR_MEMBER)
    with django_capture_on_commit_callbacks(execute=True):
        support.post(decision_of(ticket, "take_back"), given(ticket))
    assert Ticket.objects.get().state == "open"
    assert "no longer approved" not in mailoutbox[0].body and "nothing you have to do" in mailoutbox[0].body


@pytest.mark.parametrize("state", [TicketState.OPEN, TicketState.CLOSED])
def test_where_nothing_stands_nothing_is_taken_back(state):
    with pytest.raises(ForbiddenTicketMove):
        decide(in_state(state), Cause.TAKE_BACK)


def test_what_the_member_has_used_is_not_taken_back():
    ticket = in_state(TicketState.APPROVED)
    tickets.use_approval(ticket, now=LATER)
    with pytest.raises(StaleTicket):
        decide(ticket, Cause.TAKE_BACK)
    ticket.refresh_from_db()
    assert tickets.decisions(ticket) == []


def test_a_ticket_closed_too_early_is_opened_again(support, mailoutbox, django_capture_on_commit_callbacks):
    ticket = in_state(TicketState.CLOSED)
    page = support.get(page_of(ticket)).content.decode()
    assert decision_of(ticket, "reopen") in page and decision_of(ticket, "close") not in page
    with django_capture_on_commit_callbacks(execute=True):
        support.post(decision_of(ticket, "reopen"), given(ticket))
    ticket.refresh_from_db()
    assert (ticket.state, ticket.closed_at, actions(ticket)) == ("open", None, ["mismatch", "close", "reopen"])
    assert "opened your request" in mailoutbox[0].body
    # As before it was closed: the member writes, support decide, the right account closes it.
    tickets.write(ticket, message="Thank you", now=LATER)
    ticket.refresh_from_db()
    assert Cause.APPROVE_OTHER_ACCOUNT in tickets.decisions(ticket)


def test_what_closed_by_itself_or_has_a_successor_is_not_opened_again():
    settled = in_state(TicketState.OPEN)
    tickets.close_after_success(settled.connection, now=LATER)
    settled.refresh_from_db()
    replaced = in_state(TicketState.CLOSED)
    mismatch(replaced.connection, now=LATER)
    left = in_state(TicketState.CLOSED)
    left.connection.state = State.DISCONNECTED
    left.connection.save()
    for ticket in (settled, replaced, left):
        assert tickets.decisions(ticket) in ([], [Cause.ANSWER])
        with pytest.raises(ForbiddenTicketMove):
            decide(ticket, Cause.REOPEN)


@pytest.mark.parametrize("seen", [True, False], ids=["", "and nobody has seen it yet"])
def test_who_opens_again_what_has_a_successor_by_then_is_told_which(seen, support, monkeypatch):
    ticket = in_state(TicketState.CLOSED)
    successor = mismatch(ticket.connection, now=LATER)
    if not seen:
        monkeypatch.setattr(tickets, "decisions", lambda ticket: [Cause.REOPEN])
    answer = support.post(decision_of(ticket, "reopen"), given(ticket))
    assert answer.status_code == 409
    assert f"ticket {successor.reference} is open by now" in text(answer)
    ticket.refresh_from_db()
    assert (ticket.state, actions(ticket)) == ("closed", ["mismatch", "close"])


def test_a_word_about_a_mail_does_not_hide_that_support_closed_it():
    ticket = in_state(TicketState.CLOSED)
    ticket.entries.create(at=LATER, actor=None, action=Cause.MAIL_FAILED, note="did not go out")
    assert tickets.decisions(ticket) == [Cause.REOPEN]
