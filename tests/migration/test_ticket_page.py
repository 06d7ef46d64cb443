"""The member's page of a ticket: their own only, both addresses, what was said, a word to support (R6, R7)."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from calendars.states import State
from firms.models import AuditEntry
from migration import tickets
from migration.ticket_states import Cause
from tests.factories import NOW, MemberFactory, StaffFactory
from tests.migration.ticket_steps import LIST, actions, mismatch, page_of, waiting_connection
from tests.staff import client_of, staff_of

pytestmark = pytest.mark.django_db
SIGN_IN = reverse("migration:sign_in")


@pytest.fixture(autouse=True)
def _now(time_machine):
    time_machine.move_to(NOW + timedelta(hours=3), tick=False)


def address_of(ticket) -> str:
    return reverse("migration:ticket", args=[ticket.reference])


def decide(ticket, cause, **fields):
    ticket.refresh_from_db()
    return tickets.decide(ticket, cause, actor=StaffFactory(name="Sam Support"), turn=ticket.turn, now=NOW, **fields)


@pytest.mark.parametrize(
    ("who", "status"),
    [
        (lambda member: None, 302),
        (lambda member: member, 200),
        (lambda member: MemberFactory(firm=member.firm), 404),
        (lambda member: MemberFactory(firm=member.firm, role="administrator"), 404),
        (lambda member: MemberFactory(), 404),
        (lambda member: StaffFactory(), 404),
        (lambda member: staff_of("Rollout"), 404),
        (lambda member: staff_of("Support"), 404),
        (lambda member: StaffFactory(is_superuser=True), 404),
    ],
    ids=[
        "anonymous",
        "own",
        "same firm",
        "firm administrator",
        "other firm",
        "staff",
        "Rollout",
        "Support",
        "superuser",
    ],
)
def test_only_the_member_sees_it_and_writes_on_it(who, status):
    ticket = mismatch(waiting_connection())
    client = client_of(who(ticket.member))
    seen = client.get(address_of(ticket))
    assert seen.status_code == status
    if status == 302:
        assert reverse("account_login") in seen["Location"]
    client.post(address_of(ticket), {"message": "let me in"})
    assert actions(ticket) == (["mismatch", "message"] if status == 200 else ["mismatch"])


def test_a_reference_that_is_not_there_is_not_found_and_case_does_not_matter():
    ticket = mismatch(waiting_connection())
    client = client_of(ticket.member)
    assert client.get("/move/tickets/CS-999999/").status_code == 404
    # PostgreSQL takes no NUL: it must not get that far.
    assert client.get("/move/tickets/CS-%00/").status_code == 404
    assert client.get(f"/move/tickets/{ticket.reference.lower()}/").status_code == 200


def test_it_names_both_addresses_the_reference_and_what_to_do():
    ticket = mismatch(waiting_connection(), address="private@mail.example")
    page = client_of(ticket.member).get(address_of(ticket)).content.decode()
    for words in [ticket.expected_address, "private@mail.example", ticket.reference, "Nothing was changed", SIGN_IN,
                  reverse("migration:help"), "support@caretsync.example"]:  # fmt: skip
        assert words in page, words


def test_it_shows_what_support_said_and_never_their_notes_or_names():
    ticket = mismatch(waiting_connection())
    decide(ticket, Cause.ANSWER, message="Which of the two is yours?", note="sounds confused")
    decide(ticket, Cause.APPROVE_OTHER_ACCOUNT, message="Go ahead <now>", note="cleared with the firm")
    page = client_of(ticket.member).get(address_of(ticket)).content.decode()
    for words in [
        "Which of the two is yours?",
        "Go ahead &lt;now&gt;",
        "Support approved the move",
        "never created in Outlook",
    ]:
        assert words in page, words
    for words in ["sounds confused", "cleared with the firm", "Sam Support", "old ids"]:
        assert words not in page, words


def test_a_mail_that_failed_and_the_run_s_own_words_stay_with_support():
    ticket = tickets.calendar_not_found(connection=waiting_connection(State.MIGRATING), now=NOW, note="3 calendars fit")
    ticket.entries.create(at=NOW, actor=None, action=Cause.MAIL_FAILED, note="did not go out")
    page = client_of(ticket.member).get(address_of(ticket)).content.decode()
    assert "which of your calendars" in page
    assert "3 calendars fit" not in page and "did not go out" not in page


def test_a_message_reaches_support_and_reopens_what_waited(mailoutbox, django_capture_on_commit_callbacks):
    ticket = mismatch(waiting_connection())
    decide(ticket, Cause.ASK_AGAIN, note="wrong account")
    with django_capture_on_commit_callbacks(execute=True):
        answer = client_of(ticket.member).post(address_of(ticket), {"message": "My address has changed."}, follow=True)
    assert (
        "has been sent to Support" in answer.content.decode() and "My address has changed." in answer.content.decode()
    )
    ticket.refresh_from_db()
    assert ticket.state == "open" and ticket.entries.last().actor == ticket.member
    assert "My address has changed." in mailoutbox[0].body


def test_a_button_pressed_twice_sends_once(mailoutbox, time_machine, django_capture_on_commit_callbacks):
    ticket = mismatch(waiting_connection())
    client, words = client_of(ticket.member), {"reason": "other_calendar", "message": "Please look."}
    with django_capture_on_commit_callbacks(execute=True):
        for _ in range(2):
            assert client.post(address_of(ticket), words)["Location"] == address_of(ticket)
        assert actions(ticket) == ["mismatch", "message"]
        client.post(address_of(ticket), {**words, "message": "Please look soon."})
        for _ in range(2):
            assert client.post("/move/sign-in/help/", {"message": "No way in."})["Location"] == address_of(ticket)
        # Said again later, it is a reminder.
        time_machine.shift(timedelta(minutes=5))
        client.post("/move/sign-in/help/", {"message": "No way in."})
    assert actions(ticket) == ["mismatch", "message", "message", "help", "help"]
    assert len(mailoutbox) == 4


def test_who_writes_on_an_approval_is_told_first_that_it_waits_then():
    ticket = mismatch(waiting_connection())
    decide(ticket, Cause.APPROVE_OTHER_ACCOUNT, note="intended")
    assert "put on hold" in client_of(ticket.member).get(address_of(ticket)).content.decode()


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("wrong_account", "I clicked the wrong account"),
        ("address_changed", "My address has changed"),
        ("other_calendar", "I want another calendar"),
    ],
)
def test_one_of_three_reasons_is_enough_and_reaches_support(
    reason, words, support, mailoutbox, django_capture_on_commit_callbacks
):
    ticket = mismatch(waiting_connection())
    client = client_of(ticket.member)
    assert words in client.get(address_of(ticket)).content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(address_of(ticket), {"reason": reason, "message": ""}, follow=True)
    assert f"“{words}”" in answer.content.decode()
    ticket.refresh_from_db()
    assert (ticket.reason, ticket.entries.last().reason, ticket.state) == (reason, reason, "open")
    assert AuditEntry.objects.get(action="ticket.message").data["reason"] == reason
    assert words in mailoutbox[0].subject and words in mailoutbox[0].body
    assert words in support.get(page_of(ticket)).content.decode()
    found = support.get(LIST, {"reason__exact": reason}).context["cl"].result_list
    assert [row.pk for row in found] == [ticket.pk]
    # A later word without a reason leaves it as it was said.
    client.post(address_of(ticket), {"message": "And soon, please."})
    ticket.refresh_from_db()
    assert ticket.reason == reason


@pytest.mark.parametrize("reason", ["none of these", "other_calendar\x00"])
def test_a_reason_that_is_none_of_the_three_is_refused(reason):
    ticket = mismatch(waiting_connection())
    assert client_of(ticket.member).post(address_of(ticket), {"reason": reason, "message": "x"}).status_code == 400
    assert actions(ticket) == ["mismatch"]


@pytest.mark.parametrize("message", ["", "   ", "x" * 4001])
def test_a_message_that_is_none_is_not_sent_and_says_why(message):
    ticket = mismatch(waiting_connection())
    answer = client_of(ticket.member).post(address_of(ticket), {"message": message})
    assert answer.status_code == 400 and 'class="error"' in answer.content.decode()
    assert actions(ticket) == ["mismatch"]


def test_a_closed_ticket_takes_no_message_and_says_how_to_go_on():
    ticket = mismatch(waiting_connection())
    decide(ticket, Cause.CLOSE, note="settled")
    client = client_of(ticket.member)
    page = client.get(address_of(ticket)).content.decode()
    assert "<textarea" not in page and "takes no messages" in page
    assert client.post(address_of(ticket), {"message": "One more thing"}).status_code == 409
    assert actions(ticket) == ["mismatch", "close"]


def test_a_post_without_a_csrf_token_writes_nothing():
    ticket = mismatch(waiting_connection())
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(ticket.member)
    assert strict.post(address_of(ticket), {"message": "hello"}).status_code == 403
    assert actions(ticket) == ["mismatch"]


@pytest.mark.parametrize(
    ("state", "offered"), [(State.REAUTH_REQUIRED, True), (State.GRANT_LOST, True), (State.GRAPH_SYNC, False)]
)
def test_signing_in_again_is_offered_where_it_leads_somewhere(state, offered):
    ticket = mismatch(waiting_connection(state))
    assert (SIGN_IN in client_of(ticket.member).get(address_of(ticket)).content.decode()) is offered


def test_an_approval_past_its_time_is_not_shown_as_standing(settings, time_machine):
    ticket = mismatch(waiting_connection())
    decide(ticket, Cause.APPROVE_OTHER_ACCOUNT, note="intended")
    client = client_of(ticket.member)
    assert "Please sign in once more" in client.get(address_of(ticket)).content.decode()
    time_machine.move_to(NOW + timedelta(seconds=settings.APPROVAL_SECONDS), tick=False)
    client = client_of(ticket.member)
    page = client.get(address_of(ticket)).content.decode()
    assert "Please sign in once more" not in page and "was not used in time" in page


def test_the_page_costs_the_same_however_long_the_story(django_assert_max_num_queries):
    connection = waiting_connection()
    ticket = mismatch(connection)
    client = client_of(ticket.member)
    with django_assert_max_num_queries(12) as few:
        client.get(address_of(ticket))
    for number in range(8):
        mismatch(connection, address=f"{number}@mail.example")
    with django_assert_max_num_queries(len(few.captured_queries)):
        assert "7@mail.example" in client.get(address_of(ticket)).content.decode()
