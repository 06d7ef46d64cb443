"""Three failures in ten minutes end the circle: the member reads what went wrong, and can hand it to Support. Over HTTP."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from calendars.models import CalendarConnection
from calendars.states import State
from migration.models import SignInAttempt, Ticket
from tests.factories import MemberFactory
from tests.migration.sign_in_steps import (
    ADA,
    MALLORY,
    at_microsoft,
    browser,
    connection_of,
    held,
    sign_in,
    to_microsoft,
)
from tests.migration.visiting import text
from tests.simulator.client import Simulator

pytestmark = pytest.mark.django_db
HELP = "/move/sign-in/help/"


def fail(client: Any, times: int) -> None:
    for _ in range(times):
        client.get(at_microsoft(to_microsoft(client, anyway="1"), cancel="1"))


def test_two_failures_do_not_stop_anybody(connection: CalendarConnection) -> None:
    client = browser(connection.member)
    fail(client, 2)
    to_microsoft(client)


def test_the_third_failure_ends_the_redirects_and_says_what_went_wrong(
    simulator: Simulator, connection: CalendarConnection
) -> None:
    simulator.mailbox(MALLORY)
    client = browser(connection.member)
    fail(client, 2)
    sign_in(client, MALLORY)
    seen = len(simulator.journal())
    answer = client.post("/move/sign-in/")
    assert answer.status_code == 200 and "Several sign-ins in a row did not work" in text(answer)
    for words in (f"Another mailbox : {MALLORY}", "You cancelled", ADA, "private window", "Ask Support"):
        assert words in text(answer), words
    assert SignInAttempt.objects.count() == 3 and len(simulator.journal()) == seen, "Microsoft is not asked again"
    # A deliberate button still leads on.
    assert 'name="anyway"' in answer.content.decode()
    to_microsoft(client, anyway="1")
    # And so does time.
    SignInAttempt.objects.update(started_at=timezone.now() - timedelta(minutes=11))
    to_microsoft(client)


def test_successes_and_sign_ins_under_way_are_no_failures(connection: CalendarConnection) -> None:
    client = browser(connection.member)
    for _ in range(4):
        to_microsoft(client)
    sign_in(client, ADA)
    CalendarConnection.objects.update(state=State.GRANT_LOST)
    fail(client, 2)
    to_microsoft(client)


def test_support_get_everything_with_one_ticket(
    connection: CalendarConnection, support: Any, mailoutbox: Any, django_capture_on_commit_callbacks: Any
) -> None:
    client, before = browser(connection.member), held(connection)
    fail(client, 3)
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(HELP, {"message": "It says <something> about my telephone."}, follow=True)
    ticket = Ticket.objects.get()
    assert answer.redirect_chain == [(f"/move/tickets/{ticket.reference}/", 302)]
    assert (ticket.kind, ticket.state, ticket.expected_address) == ("sign_in_fails", "open", ADA)
    page = text(answer)
    for words in (ticket.reference, "Signing in with Microsoft does not work", "You asked Support for help",
                  "It says <something> about my telephone."):  # fmt: skip
        assert words in page, words
    (mail,) = mailoutbox
    assert mail.to == ["support@caretsync.example"] and "AADSTS65004" in mail.body and "my telephone" in mail.body
    page = text(support.get(f"/admin/migration/ticket/{ticket.pk}/change/"))
    for words in ("Sign-in does not work", "Asked for help with signing in", "Cancelled by the person", "AADSTS65004"):
        assert words in page, words
    assert "/decide/approve" not in support.get(f"/admin/migration/ticket/{ticket.pk}/change/").content.decode()
    assert held(connection) == before
    # Asking again adds to it; the page of the next failure names it.
    client.post(HELP)
    assert Ticket.objects.get().entries.count() == 2
    assert ticket.reference in text(client.post("/move/sign-in/"))


def test_it_becomes_a_mismatch_when_one_follows_and_closes_with_the_right_account(
    simulator: Simulator, connection: CalendarConnection
) -> None:
    simulator.mailbox(MALLORY)
    client = browser(connection.member)
    client.post(HELP)
    sign_in(client, MALLORY)
    ticket = Ticket.objects.get()
    assert (ticket.kind, ticket.other_address) == ("another_mailbox", MALLORY)
    sign_in(client, ADA)
    assert Ticket.objects.get().state == "closed"


def test_help_is_for_who_has_something_to_sign_in_for(simulator: Simulator) -> None:
    moved = connection_of(state=State.GRAPH_SYNC)
    for member in (moved.member, MemberFactory()):
        assert browser(member).post(HELP)["Location"] == "/move/sign-in/"
    assert browser().post(HELP)["Location"] == f"/accounts/login/?next={HELP}"
    assert browser(moved.member).get(HELP).status_code == 405
    strict = browser(connection_of("eve@harper.example").member)
    strict.handler.enforce_csrf_checks = True
    assert strict.post(HELP).status_code == 403
    assert not Ticket.objects.exists()
