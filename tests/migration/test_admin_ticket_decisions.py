"""What support decide on a ticket in the admin: only what makes sense, with a note, on what the page shows (R7)."""

from datetime import timedelta

import pytest

from calendars.states import State
from firms.models import AuditEntry
from migration.admin.ticket_forms import WORDS
from migration.models import Ticket
from migration.ticket_states import Cause
from tests.factories import NOW, SyncedEventFactory
from tests.migration.ticket_steps import (
    OID,
    SUPPORTS,
    TID,
    actions,
    decision_of,
    given,
    mismatch,
    page_of,
    waiting_connection,
)
from tests.migration.visiting import text
from tests.staff import client_of, staff_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now(time_machine):
    time_machine.move_to(NOW + timedelta(hours=3), tick=False)


def test_the_buttons_are_those_that_make_sense(support):
    def offered(ticket):
        page = support.get(page_of(ticket)).content.decode()
        return [cause for cause in SUPPORTS if decision_of(ticket, cause) in page]

    ticket = mismatch(waiting_connection())
    assert offered(ticket) == SUPPORTS
    support.post(decision_of(ticket, "ask_again"), given(ticket))
    assert offered(ticket) == ["approve_same_mailbox", "approve_other_account", "answer", "close"]
    support.post(decision_of(ticket, "approve_other_account"), given(Ticket.objects.get()))
    assert offered(ticket) == ["ask_again", "answer", "close"]
    support.post(decision_of(ticket, "close"), given(Ticket.objects.get()))
    assert offered(ticket) == []


@pytest.mark.parametrize("cause", SUPPORTS)
def test_a_forged_post_on_a_closed_ticket_is_refused(support, cause):
    ticket = mismatch(waiting_connection())
    support.post(decision_of(ticket, "close"), given(ticket))
    ticket.refresh_from_db()
    answer = support.post(decision_of(ticket, cause), given(ticket))
    assert answer.status_code == 409 and "can’t be done" in text(answer)
    assert actions(ticket) == ["mismatch", "close"]


def test_an_approval_for_a_connection_that_has_moved_on_is_refused(support):
    ticket = mismatch(waiting_connection())
    ticket.connection.state = State.GRAPH_SYNC
    ticket.connection.save()
    assert support.post(decision_of(ticket, "approve_other_account"), given(ticket)).status_code == 409
    assert Ticket.objects.get().state == "open"


def test_a_decision_on_what_the_page_no_longer_shows_is_refused(support):
    connection = waiting_connection()
    seen = mismatch(connection, oid="seen", address="seen@mail.example")
    mismatch(connection, oid="unseen", address="unseen@mail.example")
    answer = support.post(decision_of(seen, "approve_other_account"), given(seen))
    assert answer.status_code == 409
    assert "something has happened to this ticket" in text(answer) and "unseen@mail.example" in text(answer)
    assert Ticket.objects.get().state == "open"
    assert "What you had written was not sent" in text(answer) and "called the member" in text(answer)


@pytest.mark.parametrize("cause", ["ask_again", "approve_same_mailbox", "approve_other_account", "answer", "close"])
def test_a_button_pressed_twice_decides_once_and_says_so_twice(
    support, cause, mailoutbox, django_capture_on_commit_callbacks
):
    ticket = mismatch(waiting_connection())
    with django_capture_on_commit_callbacks(execute=True):
        for _ in range(2):
            answer = support.post(decision_of(ticket, cause), given(ticket))
            assert (answer.status_code, answer["Location"]) == (302, page_of(ticket))
    assert actions(ticket) == ["mismatch", cause] and len(mailoutbox) == 1
    # Somebody else, or other words, are no second press of the same button.
    other = client_of(staff_of("Support")).post(decision_of(ticket, cause), given(ticket))
    assert other.status_code == 409
    assert support.post(decision_of(ticket, cause), given(ticket, note="something else")).status_code == 409
    assert actions(ticket) == ["mismatch", cause]


@pytest.mark.parametrize("cause", ["ask_again", "approve_same_mailbox", "approve_other_account", "close"])
def test_what_decides_needs_a_note(support, cause):
    ticket = mismatch(waiting_connection())
    answer = support.post(decision_of(ticket, cause), given(ticket, note="  ", message=""))
    assert answer.status_code == 200 and "This field is required." in text(answer)
    assert actions(ticket) == ["mismatch"]


def test_an_answer_needs_words_and_no_note(support):
    ticket = mismatch(waiting_connection())
    assert "This field is required." in text(support.post(decision_of(ticket, "answer"), given(ticket, message="")))
    assert support.post(decision_of(ticket, "answer"), given(ticket, note="")).status_code == 302
    assert actions(ticket) == ["mismatch", "answer"]


@pytest.mark.parametrize("turn", ["", "x", "-1", "99999999999999999999999"])
def test_a_post_with_a_broken_turn_decides_nothing(support, turn):
    ticket = mismatch(waiting_connection())
    assert support.post(decision_of(ticket, "close"), given(ticket, turn=turn)).status_code in (200, 409)
    assert Ticket.objects.get().state == "open"


def test_before_a_move_is_approved_the_page_says_what_becomes_of_the_events(support):
    ticket = mismatch(waiting_connection())
    SyncedEventFactory.create_batch(3, connection=ticket.connection)
    page = text(support.get(decision_of(ticket, "approve_other_account")))
    for words in ["the 3 synced events", "by what it says: its calendar identifier, else its subject, start and end",
                  "not deleted there", "it is never created in Outlook", "private@mail.example", OID]:  # fmt: skip
        assert words in page, words
    assert actions(ticket) == ["mismatch"]


@pytest.mark.parametrize(
    ("cause", "approved_as"), [("approve_same_mailbox", "same_mailbox"), ("approve_other_account", "other_account")]
)
def test_an_approval_binds_the_account_shown_expires_and_is_audited(support, supporter, settings, cause, approved_as):
    ticket = mismatch(waiting_connection())
    answer = support.post(decision_of(ticket, cause), given(ticket), follow=True)
    assert WORDS[Cause(cause)].done in text(answer)
    ticket.refresh_from_db()
    assert (ticket.state, ticket.approved_as, ticket.approved_tid, ticket.approved_oid) == (
        "approved",
        approved_as,
        TID,
        OID,
    )
    assert ticket.approved_until == NOW + timedelta(hours=3, seconds=settings.APPROVAL_SECONDS)
    row = AuditEntry.objects.get(action=f"ticket.{cause}")
    assert (row.actor, row.note, row.member) == (supporter, "called the member", ticket.member)
    assert (row.data["tid"], row.data["oid"], row.data["reference"]) == (TID, OID, ticket.reference)


def test_an_approval_that_has_expired_is_shown_as_open_again(support, settings, time_machine):
    ticket = mismatch(waiting_connection())
    support.post(decision_of(ticket, "approve_other_account"), given(ticket))
    time_machine.move_to(NOW + timedelta(hours=4, seconds=settings.APPROVAL_SECONDS), tick=False)
    assert "The approval expired" in text(support.get(page_of(ticket)))
    assert decision_of(ticket, "approve_other_account") in support.get(page_of(ticket)).content.decode()


def test_the_decisions_are_mailed_to_the_member(support, mailoutbox, django_capture_on_commit_callbacks):
    ticket = mismatch(waiting_connection())
    with django_capture_on_commit_callbacks(execute=True):
        support.post(decision_of(ticket, "answer"), given(ticket, message="We will call you.", note="tried twice"))
    (mail,) = mailoutbox
    assert mail.to == [ticket.member.email] and "We will call you." in mail.body and "tried twice" not in mail.body
