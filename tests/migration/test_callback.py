"""Microsoft's answer in every form but the good one: each ends at a page that says what happened and what to do next,
changes nothing, and does so once. Over HTTP."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from calendars.models import CalendarConnection
from calendars.states import State
from migration.models import MigrationRun, SignInAttempt, Ticket
from tests.factories import PASSWORD, MemberFactory
from tests.migration.sign_in_steps import (
    ADA,
    MALLORY,
    asked,
    at_microsoft,
    browser,
    connection_of,
    ended,
    held,
    newest,
    page,
    refused_at_our_door,
    sign_in,
    to_microsoft,
)
from tests.simulator.client import Simulator

pytestmark = pytest.mark.django_db
Result = SignInAttempt.Result


# --- What the person or the organization decides ------------------------------------------------------------------


def test_cancelled(connection: CalendarConnection) -> None:
    before, client = held(connection), browser(connection.member)
    text = refused_at_our_door(client.get(at_microsoft(to_microsoft(client), cancel="1"), follow=True))
    ended(connection, before, Result.CANCELLED, "cancelled")
    assert newest().detail == "cancelled access_denied cancel AADSTS65004"
    assert "You cancelled" in text and "<title>You cancelled: sign-in with Microsoft" in text
    assert "Sign in again" in text


def test_consent_is_an_administrators(simulator: Simulator, connection: CalendarConnection) -> None:
    before = held(connection)
    simulator.tenant(simulator.get_mailbox(ADA)["tid"], consent="admin")
    answer = sign_in(browser(connection.member), ADA)
    text = refused_at_our_door(answer)
    ended(connection, before, Result.CONSENT_MISSING, "administrator")
    assert "administrator" in text
    assert "/organizations/v2.0/adminconsent?" in text


@pytest.mark.parametrize(
    ("query", "result", "detail"),
    [
        ("error=access_denied", Result.CANCELLED, "cancelled"),
        ("error=access_denied&error_description=AADSTS53003:+Blocked", Result.REFUSED, "access_rule"),
        ("error=consent_required", Result.CONSENT_MISSING, "administrator"),
        ("error=access_denied&error_description=AADSTS90095:+Asked", Result.CONSENT_MISSING, "administrator"),
        ("error=interaction_required&error_description=AADSTS50076:+More", Result.REFUSED, "further_check"),
        ("error=access_denied&error_description=AADSTS50057:+Disabled", Result.REFUSED, "blocked"),
        ("error=access_denied&error_description=AADSTS50105:+Not+assigned", Result.REFUSED, "not_assigned"),
        ("error=login_required", Result.REFUSED, "refused"),
        ("error=server_error", Result.FAILED, "unreachable"),
        ("error=temporarily_unavailable", Result.FAILED, "unreachable"),
        ("error=unauthorized_client", Result.FAILED, "operator"),
        ("error=<script>alert(1)</script>", Result.FAILED, "unclear"),
        ("error=access_denied&code=anything", Result.CANCELLED, "cancelled"),
        ("code=", Result.FAILED, "unclear"),
        ("code=invented", Result.REFUSED, "refused"),
        ("", Result.FAILED, "unclear"),
    ],
)
def test_whatever_else_comes_back(connection: CalendarConnection, query: str, result: str, detail: str) -> None:
    before, client = held(connection), browser(connection.member)
    state = asked(to_microsoft(client))["state"]
    text = refused_at_our_door(client.get(f"/move/callback/?{query}&state={state}", follow=True))
    ended(connection, before, result, detail)
    assert "script>alert" not in text
    assert "Support" in text


# --- Whose answer it is, and how often ----------------------------------------------------------------------------


def test_a_replayed_answer_changes_nothing_and_leads_to_the_same_place(connection: CalendarConnection) -> None:
    client = browser(connection.member)
    back = at_microsoft(to_microsoft(client), ADA)
    first = client.get(back)
    before, attempts = held(connection), list(SignInAttempt.objects.values())
    again = client.get(back)
    assert (again.status_code, again["Location"]) == (302, first["Location"])
    assert first["Location"].startswith("/move/runs/")
    assert held(connection) == before
    assert list(SignInAttempt.objects.values()) == attempts
    assert MigrationRun.objects.count() == 1


def test_a_replayed_refusal_opens_no_second_ticket_entry(simulator: Simulator, connection: CalendarConnection) -> None:
    simulator.mailbox(MALLORY)
    client = browser(connection.member)
    back = at_microsoft(to_microsoft(client), MALLORY)
    first = client.get(back)
    entries = Ticket.objects.get().entries.count()
    assert client.get(back)["Location"] == first["Location"]
    assert Ticket.objects.get().entries.count() == entries


@pytest.mark.parametrize("query", ["", "?code=c", "?code=c&state=", "?code=c&state=invented", "?error=access_denied"])
def test_an_answer_to_nothing(connection: CalendarConnection, query: str) -> None:
    before = held(connection)
    answer = browser(connection.member).get(f"/move/callback/{query}", follow=True)
    assert answer.redirect_chain == [("/move/sign-in/?unknown", 302)]
    assert "could not tell which sign-in" in page(answer)
    assert held(connection) == before


def test_another_members_answer_is_not_taken_and_stays_theirs(connection: CalendarConnection) -> None:
    other = connection_of("eve@harper.example")
    theirs, mine = browser(other.member), browser(connection.member)
    back = at_microsoft(to_microsoft(theirs), ADA)
    before = held(connection), held(other)
    answer = mine.get(back, follow=True)
    assert answer.redirect_chain == [("/move/sign-in/?unknown", 302)]
    assert (held(connection), held(other)) == before
    assert newest().result == Result.UNDER_WAY


def test_another_members_attempt_is_not_found(connection: CalendarConnection) -> None:
    to_microsoft(browser(connection.member))
    assert browser(MemberFactory()).get(f"/move/sign-in/{newest().pk}/").status_code == 404


def test_an_expired_attempt(connection: CalendarConnection) -> None:
    before, client = held(connection), browser(connection.member)
    back = at_microsoft(to_microsoft(client), ADA)
    SignInAttempt.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    text = refused_at_our_door(client.get(back, follow=True))
    ended(connection, before, Result.FAILED, "expired")
    assert "took too long" in text


def test_a_session_that_ended_meanwhile(simulator: Simulator, connection: CalendarConnection) -> None:
    before, client = held(connection), browser(connection.member)
    back = at_microsoft(to_microsoft(client), ADA)
    client.logout()
    seen = len(simulator.journal())
    answer = client.get(back)
    attempt = newest()
    assert answer["Location"] == f"/accounts/login/?next=%2Fmove%2Fsign-in%2F{attempt.pk}%2F"
    ended(connection, before, Result.FAILED, "signed_out")
    assert len(simulator.journal()) == seen
    # Logging in again leads on to the explanation, whether or not the prompt comes in between.
    answer = client.post(answer["Location"], {"login": ADA, "password": PASSWORD}, follow=True)
    assert f"/move/sign-in/{attempt.pk}/" in page(answer) or "signed out here" in page(answer)
    assert "signed out here" in page(client.get(f"/move/sign-in/{attempt.pk}/"))
    # The code came to nothing, whoever holds the address now.
    client.get(back)
    ended(connection, before, Result.FAILED, "signed_out")


def test_an_answer_to_nothing_without_a_session(simulator: Simulator) -> None:
    answer = browser().get("/move/callback/?code=secret&state=invented")
    assert answer["Location"] == "/accounts/login/?next=%2Fmove%2Fsign-in%2F%3Funknown"


def test_two_tabs_do_not_spoil_each_other(simulator: Simulator, connection: CalendarConnection) -> None:
    simulator.mailbox(MALLORY)
    client = browser(connection.member)
    first, second = to_microsoft(client), to_microsoft(client)
    wrong = client.get(at_microsoft(first, MALLORY), follow=True)
    assert "not the account" in page(wrong)
    right = client.get(at_microsoft(second, ADA), follow=True)
    assert right.redirect_chain[-1][0].startswith("/move/runs/")
    assert Ticket.objects.get().state == Ticket.State.CLOSED


def test_a_second_tab_after_success_is_told_so(connection: CalendarConnection) -> None:
    client = browser(connection.member)
    first, second = to_microsoft(client), to_microsoft(client)
    client.get(at_microsoft(first, ADA))
    before = held(connection)
    text = page(client.get(at_microsoft(second, ADA), follow=True))
    assert (newest().result, newest().detail) == (Result.FAILED, "changed")
    assert "another window" in text
    assert "See the progress" in text
    assert held(connection) == before


# --- Before Microsoft ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [{"cut": True}, {"status": 503}, {"body": "<html>"}], ids=str)
@pytest.mark.parametrize("state", [State.REAUTH_REQUIRED, State.UNSUPPORTED])
def test_microsoft_cannot_be_reached_at_the_start(simulator: Simulator, fault: dict[str, Any], state: State) -> None:
    connection = connection_of(state=state)
    before = held(connection)
    simulator.fault(operation="discovery", **fault)
    answer = browser(connection.member).post("/move/sign-in/")
    assert answer.status_code == 503
    assert "Nothing was changed" in page(answer)
    assert held(connection) == before
    assert not SignInAttempt.objects.exists()


def test_a_form_without_its_csrf_token_starts_nothing(simulator: Simulator) -> None:
    connection = connection_of()
    client = browser(connection.member)
    client.handler.enforce_csrf_checks = True
    assert client.post("/move/sign-in/").status_code == 403
    assert not SignInAttempt.objects.exists()


def test_the_button_of_an_ended_session_leads_back_to_the_button(simulator: Simulator) -> None:
    connection = connection_of()
    client = browser()
    answer = client.post("/move/sign-in/")
    assert answer["Location"] == "/accounts/login/?next=/move/sign-in/"
    client.force_login(connection.member)
    assert "Sign in with Microsoft" in page(client.get("/move/sign-in/"))
    assert not SignInAttempt.objects.exists()
