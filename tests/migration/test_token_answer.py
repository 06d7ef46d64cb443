"""What the token endpoint and Graph may answer to a sign-in that is good so far. Over HTTP."""

import json
from typing import Any

import pytest

from calendars.graph import tokens
from calendars.models import CalendarConnection
from migration.models import SignInAttempt, Ticket
from tests.migration.sign_in_steps import (
    ADA,
    asked,
    at_microsoft,
    browser,
    ended,
    held,
    newest,
    refused_at_our_door,
    sign_in,
    to_microsoft,
)
from tests.migration.token_answers import come_back, part, redeemed
from tests.simulator.client import Simulator

pytestmark = pytest.mark.django_db
Result = SignInAttempt.Result


# --- The token endpoint and the id token --------------------------------------------------------------------------


def test_the_crafted_answer_is_sound_to_begin_with(simulator: Simulator, connection: CalendarConnection) -> None:
    answer = come_back(simulator, browser(connection.member), redeemed(simulator))
    assert answer.redirect_chain[-1][0].startswith("/move/runs/")


@pytest.mark.parametrize(
    ("changes", "result", "detail"),
    [
        ({"nonce": "another"}, Result.FAILED, "unclear"),
        ({"nonce": ""}, Result.FAILED, "unclear"),
        ({"aud": "somebody else"}, Result.FAILED, "unclear"),
        ({"aud": None}, Result.FAILED, "unclear"),
        ({"iss": "https://login.microsoftonline.com/another/v2.0"}, Result.FAILED, "unclear"),
        ({"iss": "https://login.microsoftonline.com/{tenantid}/v2.0"}, Result.FAILED, "unclear"),
        ({"iss": "https://login.elsewhere.example/t/v2.0"}, Result.FAILED, "unclear"),
        ({"iss": None}, Result.FAILED, "unclear"),
        ({"tid": "another"}, Result.FAILED, "unclear"),
        ({"tid": None}, Result.FAILED, "unclear"),
        ({"oid": None}, Result.FAILED, "unclear"),
        ({"oid": 17}, Result.FAILED, "unclear"),
        ({"exp": 1_000_000_000}, Result.FAILED, "unclear"),
        ({"exp": None}, Result.FAILED, "unclear"),
        ({"Scope": "User.Read openid profile"}, Result.CONSENT_MISSING, "permission"),
        ({"Scope": "Calendars.Read User.Read"}, Result.CONSENT_MISSING, "permission"),
        ({"Scope": None}, Result.CONSENT_MISSING, "permission"),
        ({"Refresh_token": None}, Result.CONSENT_MISSING, "permission"),
        ({"Access_token": None}, Result.FAILED, "unreachable"),
        ({"Expires_in": "soon"}, Result.FAILED, "unclear"),
    ],
    ids=str,
)
def test_an_id_token_or_scope_that_does_not_hold(
    simulator: Simulator, connection: CalendarConnection, changes: dict[str, Any], result: str, detail: str
) -> None:
    before = held(connection)
    text = refused_at_our_door(come_back(simulator, browser(connection.member), redeemed(simulator, **changes)))
    ended(connection, before, result, detail)
    assert "othing was changed" in text
    assert not Ticket.objects.exists()


def test_scopes_may_come_in_their_long_form(simulator: Simulator, connection: CalendarConnection) -> None:
    long = "https://graph.microsoft.com/calendars.readwrite https://graph.microsoft.com/User.Read"
    come_back(simulator, browser(connection.member), redeemed(simulator, Scope=long))
    assert newest().result == Result.ACCEPTED


@pytest.mark.parametrize("claims", ["not a token", "a.b", "a.b.c", "..", f"a.{part({})}.c", "a.W10.c"])
def test_an_id_token_that_is_none(simulator: Simulator, connection: CalendarConnection, claims: str) -> None:
    before, client = held(connection), browser(connection.member)
    back = at_microsoft(to_microsoft(client), ADA)
    simulator.fault(operation="token", body={**redeemed(simulator), "id_token": claims})
    refused_at_our_door(client.get(back, follow=True))
    ended(connection, before, Result.FAILED, "unclear")


def refusal(error: str, number: int, **more: Any) -> dict[str, Any]:
    return {"error": error, "error_codes": [number], "error_description": f"AADSTS{number}: Sorry.", **more}


@pytest.mark.parametrize(
    ("status", "body", "result", "detail"),
    [
        (400, refusal("invalid_grant", 54005), Result.FAILED, "used"),
        (400, refusal("invalid_grant", 65001, suberror="consent_required"), Result.CONSENT_MISSING, "permission"),
        (400, refusal("consent_required", 65001), Result.CONSENT_MISSING, "permission"),
        (400, refusal("interaction_required", 90094), Result.CONSENT_MISSING, "administrator"),
        (400, refusal("interaction_required", 50076, claims="{}"), Result.REFUSED, "further_check"),
        (400, refusal("interaction_required", 1, suberror="basic_action"), Result.REFUSED, "further_check"),
        (400, refusal("invalid_grant", 53003), Result.REFUSED, "access_rule"),
        (400, refusal("interaction_required", 1, suberror="message_only"), Result.REFUSED, "access_rule"),
        (400, refusal("invalid_grant", 50057), Result.REFUSED, "blocked"),
        (400, refusal("invalid_grant", 50105), Result.REFUSED, "not_assigned"),
        (400, refusal("invalid_grant", 70008), Result.REFUSED, "refused"),
        (401, refusal("invalid_client", 7000222), Result.FAILED, "operator"),
        (400, refusal("temporarily_unavailable", 90033), Result.FAILED, "unreachable"),
        (429, refusal("throttled", 90055), Result.FAILED, "unreachable"),
        (503, None, Result.FAILED, "unreachable"),
        (500, "<html>Internal Server Error</html>", Result.FAILED, "unreachable"),
        (200, "<html>Sign in to the hotel's network</html>", Result.FAILED, "unclear"),
        (200, "", Result.FAILED, "unclear"),
        (200, [], Result.FAILED, "unclear"),
        (200, {}, Result.FAILED, "unreachable"),
    ],
    ids=str,
)
def test_the_token_endpoint_refuses(
    simulator: Simulator, connection: CalendarConnection, status: int, body: Any, result: str, detail: str
) -> None:
    before = held(connection)
    text = refused_at_our_door(come_back(simulator, browser(connection.member), body, status=status))
    ended(connection, before, result, detail)
    assert "Support" in text


def test_what_microsoft_wants_to_be_proven_is_asked_for_at_the_next_sign_in(
    simulator: Simulator, connection: CalendarConnection
) -> None:
    client, wanted = browser(connection.member), '{"access_token": {"acrs": {"essential": true, "value": "c1"}}}'
    come_back(simulator, client, refusal("interaction_required", 50076, claims=wanted), status=400, count=1)
    assert json.loads(asked(to_microsoft(client))["claims"]) == json.loads(wanted)
    sign_in(client, ADA)
    assert newest().result == Result.ACCEPTED and newest().claims == ""


@pytest.mark.parametrize("claims", ["no JSON", "[]", 17, '{"a": "' + "x" * 4000 + '"}'])
def test_what_is_no_claims_is_not_handed_back(
    simulator: Simulator, connection: CalendarConnection, claims: Any
) -> None:
    client = browser(connection.member)
    come_back(simulator, client, refusal("interaction_required", 50076, claims=claims), status=400)
    assert newest().detail.startswith("further_check")
    assert "claims" not in asked(to_microsoft(client))


def test_an_answer_about_two_accounts_is_not_taken(simulator: Simulator, connection: CalendarConnection) -> None:
    """The id token names Ada, the access token opens another mailbox: mixed up on the way, or on purpose."""
    simulator.mailbox("mallory@elsewhere.example")
    before, stolen = held(connection), simulator.token("mallory@elsewhere.example")
    answer = redeemed(simulator, Access_token=stolen["access_token"], Refresh_token=stolen["refresh_token"])
    refused_at_our_door(come_back(simulator, browser(connection.member), answer))
    ended(connection, before, Result.FAILED, "unclear")
    assert not Ticket.objects.exists()


@pytest.mark.parametrize("fault", [{"cut": True}, {"truncate": 300}, {"status": 503}], ids=str)
@pytest.mark.parametrize("operation", ["token", "discovery", "me", "calendar", "translate"])
def test_microsoft_goes_away_on_the_way(
    simulator: Simulator,
    connection: CalendarConnection,
    caplog: pytest.LogCaptureFixture,
    operation: str,
    fault: dict[str, Any],
) -> None:
    before, client = held(connection), browser(connection.member)
    back = at_microsoft(to_microsoft(client), ADA)
    # The answer comes to another process than the one that sent her there.
    tokens.forget_endpoints()
    simulator.fault(operation=operation, **fault)
    text = refused_at_our_door(client.get(back, follow=True))
    ended(connection, before, Result.FAILED, "unreachable")
    assert "could not be reached" in text
    assert asked(back)["code"] not in caplog.text
    assert "access_token" not in caplog.text


def test_an_answer_that_cannot_be_read_is_not_written_to_the_log(
    simulator: Simulator, connection: CalendarConnection, caplog: pytest.LogCaptureFixture
) -> None:
    before = held(connection)
    refused_at_our_door(come_back(simulator, browser(connection.member), '{"refresh_token": "sEcReT", "access_'))
    ended(connection, before, Result.FAILED, "unclear")
    assert "sEcReT" not in caplog.text


def test_a_calendar_that_may_not_be_read_is_no_other_mailbox(
    simulator: Simulator, connection: CalendarConnection
) -> None:
    before = held(connection)
    simulator.fault(operation="calendar", status=403)
    text = refused_at_our_door(sign_in(browser(connection.member), ADA))
    ended(connection, before, Result.FAILED, "calendar_denied")
    assert "could not be opened" in text
    assert not Ticket.objects.exists()


def test_graph_refuses_the_fresh_token(simulator: Simulator, connection: CalendarConnection) -> None:
    before = held(connection)
    simulator.fault(operation="me", status=401)
    refused_at_our_door(sign_in(browser(connection.member), ADA))
    ended(connection, before, Result.REFUSED, "refused")
