"""Whom a ticket writes to, and that a mail server that fails undoes nothing (R7)."""

import smtplib

import pytest
from django.db import transaction

from calendars.states import State
from firms.models import AuditEntry
from migration import tickets
from migration.models import Ticket, TicketEntry
from migration.ticket_states import Cause, TicketState
from tests.factories import NOW
from tests.migration.ticket_steps import (
    LATER,
    actions,
    decide,
    in_state,
    mismatch,
    waiting_connection,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def after_commit(django_capture_on_commit_callbacks):
    """`with after_commit():` does what a commit would."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


def test_support_is_told_of_the_first_mismatch_and_not_of_each_repeat(after_commit, mailoutbox, settings):
    settings.SITE_URL, settings.SUPPORT_EMAIL = "https://calendar.firm.example", "help@caretsync.example"
    connection = waiting_connection()
    with after_commit():
        ticket = mismatch(connection)
    with after_commit():
        mismatch(connection, now=LATER)
    (mail,) = mailoutbox
    assert mail.to == ["help@caretsync.example"] and mail.reply_to == [connection.member.email]
    assert mail.subject == f"[{ticket.reference}] Sign-in with another mailbox"
    for words in [
        ticket.reference, "Harper & Wolfe LLP", "Ada Byron", connection.account, "private@mail.example",
        "1 of 1,000 old ids resolves there",
        f"https://calendar.firm.example/admin/migration/ticket/{ticket.pk}/change/",
    ]:  # fmt: skip
        assert words in mail.body


def test_support_is_told_again_when_the_ticket_comes_back_to_them(after_commit, mailoutbox):
    ticket = in_state(TicketState.WAITING_FOR_MEMBER)
    with after_commit():
        mismatch(ticket.connection, now=LATER)
    with after_commit():
        tickets.write(ticket, message="My address has changed.", now=LATER)
    assert [mail.to for mail in mailoutbox] == [["support@caretsync.example"]] * 2
    assert "My address has changed." in mailoutbox[1].body


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        (Cause.ASK_AGAIN, ["sign in once more, this time with", "private@mail.example"]),
        (Cause.APPROVE_SAME_MAILBOX, ["are the same mailbox", "The approval holds until"]),
        (Cause.APPROVE_OTHER_ACCOUNT, ["never created in Outlook by us", "The approval holds until"]),
        (Cause.ANSWER, ["Support wrote to you"]),
        (Cause.CLOSE, ["closed your request"]),
    ],
)
def test_the_member_reads_what_was_decided_and_where_to_go_on(cause, words, after_commit, mailoutbox):
    ticket = mismatch(waiting_connection())
    with after_commit():
        decide(ticket, cause, message="It's “fine” & <safe>.", note="secret remark")
    (mail,) = mailoutbox
    assert mail.to == [ticket.member.email] and mail.reply_to == ["support@caretsync.example"]
    assert ticket.reference in mail.subject and "\n" not in mail.subject
    for expected in [*words, "Hello Ada", ticket.reference, "http://127.0.0.1:8000/move/", "It's “fine” & <safe>."]:
        assert expected in mail.body
    assert "secret remark" not in mail.body


def test_a_mail_waits_for_the_commit_and_is_not_sent_without_one(after_commit, mailoutbox):
    with after_commit(), pytest.raises(RuntimeError), transaction.atomic():
        mismatch(waiting_connection())
        raise RuntimeError
    assert not mailoutbox and not Ticket.objects.exists()


@pytest.mark.parametrize("error", [smtplib.SMTPRecipientsRefused({}), TimeoutError(), UnicodeError()])
def test_a_mail_server_that_fails_undoes_nothing_and_leaves_word_for_support(error, after_commit, monkeypatch, caplog):
    def fail(self, fail_silently=False):
        raise error

    monkeypatch.setattr("django.core.mail.EmailMessage.send", fail)
    with after_commit():
        ticket = mismatch(waiting_connection())
    assert Ticket.objects.get().state == "open"
    assert set(actions(ticket)) == {"mismatch", "mail_failed"}
    assert ticket.reference in caplog.text and type(error).__name__ in caplog.text
    assert ticket.member.email not in caplog.text and "private@mail.example" not in caplog.text
    # The word about the mail is no news that a decision would have to wait for.
    decide(ticket, Cause.ASK_AGAIN)


def test_where_support_has_a_page_and_no_address_the_ticket_stands_in_the_admin_alone(
    after_commit, mailoutbox, settings
):
    settings.SUPPORT_EMAIL, settings.SUPPORT_URL = "", "https://support.firm.example"
    with after_commit():
        ticket = mismatch(waiting_connection())
    assert not mailoutbox and Ticket.objects.get().state == "open"
    with after_commit():
        decide(ticket, Cause.ASK_AGAIN)
    assert mailoutbox[0].reply_to == []


def test_notes_are_between_support_alone_and_messages_for_both_sides():
    ticket = decide(mismatch(waiting_connection()), Cause.ANSWER, message="Hello", note="called back")
    entry = TicketEntry.objects.get(ticket=ticket, action=Cause.ANSWER)
    assert (entry.message, entry.note) == ("Hello", "called back")
    assert "Hello" not in AuditEntry.objects.get(action="ticket.answer").note


def test_where_nobody_signed_in_with_another_account_nothing_is_said_about_one():
    ticket = tickets.calendar_not_found(connection=waiting_connection(State.MIGRATING), now=NOW, note="two calendars")
    assert tickets.decisions(ticket) == ["answer", "close"]
