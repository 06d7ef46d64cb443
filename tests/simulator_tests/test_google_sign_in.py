"""Google's sign-in: the page, codes, tokens for google-auth, and what ends a grant."""

from __future__ import annotations

import hashlib
import re
from base64 import urlsafe_b64encode
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
import requests
from google.auth.exceptions import RefreshError
from google.auth.transport.requests import Request
from google.oauth2.credentials import Credentials

from tests.simulator.client import Simulator
from tests.simulator_tests.google_steps import EVENTS, GUS, Google

BACK = "http://127.0.0.1:8000/google/callback"
CALENDAR = "https://www.googleapis.com/auth/calendar.events"
LIST = "https://www.googleapis.com/auth/calendar.calendarlist.readonly"


def ask(simulator: Simulator, **fields: Any) -> requests.Response:
    """The answer to an authorization request; a field of None is left out."""
    query = {
        "client_id": "caret", "redirect_uri": BACK, "response_type": "code", "access_type": "offline", "state": "s",
        "scope": f"openid email {CALENDAR}", **fields,
    }  # fmt: skip
    params = {name: value for name, value in query.items() if value is not None}
    return requests.get(f"{simulator.url}/o/oauth2/v2/auth", params=params, allow_redirects=False, timeout=30)


def came_back(answer: requests.Response) -> dict[str, str]:
    """The parameters with which the browser is sent back."""
    assert answer.status_code == 302, answer.text
    assert answer.headers["Location"].startswith(BACK)
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}


def redeem(simulator: Simulator, code: str, **fields: Any) -> requests.Response:
    form = {
        "grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "client_id": "caret",
        "client_secret": "s", **fields,
    }  # fmt: skip
    return requests.post(f"{simulator.url}/token", data=form, timeout=30)


@pytest.fixture
def gus(simulator: Simulator) -> Simulator:
    simulator.mailbox(GUS, provider="google", name="Gus Gray", aliases=["gray@gmail.example"])
    simulator.mailbox("ada@firm.example")
    return simulator


def test_a_person_picks_an_account_and_the_application_gets_a_grant(gus: Simulator) -> None:
    page = ask(gus, scope=f"openid email profile {CALENDAR}", login_hint=GUS)
    assert page.status_code == 200 and "Gus Gray" in page.text and "ada@firm.example" not in page.text
    action = unescape(re.findall(r'action="([^"]+)"', page.text)[0])
    scopes = re.findall(r'name="sim_scope" value="([^"]+)" checked', page.text)
    assert scopes == [CALENDAR]
    form = {"sim_account": GUS, "sim_ticked": "1", "sim_scope": scopes}
    picked = requests.post(gus.url + action, data=form, allow_redirects=False, timeout=30)
    back = came_back(picked)
    assert back["state"] == "s" and CALENDAR in back["scope"]
    answer = redeem(gus, back["code"]).json()
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 3599) and answer["refresh_token"]
    claims = jwt.decode(answer["id_token"], options={"verify_signature": False})
    assert (claims["email"], claims["aud"], claims["iss"]) == (GUS, "caret", "https://accounts.google.com")
    assert (claims["name"], claims["email_verified"]) == ("Gus Gray", True) and claims["sub"].isdecimal()
    headers = {"Authorization": f"Bearer {answer['access_token']}"}
    assert requests.get(f"{gus.url}/calendar/v3{EVENTS}", headers=headers, timeout=30).status_code == 200


def test_fewer_scopes_than_were_asked_for(gus: Simulator) -> None:
    back = came_back(ask(gus, scope=f"openid email {CALENDAR} {LIST}", sim_account=GUS, sim_scopes=LIST))
    answer = redeem(gus, back["code"]).json()
    assert CALENDAR not in answer["scope"] and LIST in answer["scope"]
    headers = {"Authorization": f"Bearer {answer['access_token']}"}
    refused = requests.get(f"{gus.url}/calendar/v3{EVENTS}", headers=headers, timeout=30)
    assert (refused.status_code, refused.json()["error"]["errors"][0]["reason"]) == (403, "insufficientPermissions")
    listed = requests.get(f"{gus.url}/calendar/v3/users/me/calendarList", headers=headers, timeout=30)
    assert listed.status_code == 200


def test_a_person_who_declines(gus: Simulator) -> None:
    assert came_back(ask(gus, cancel="1")) == {"state": "s", "error": "access_denied"}
    assert came_back(ask(gus, prompt="none"))["error"] == "interaction_required"


@pytest.mark.parametrize(
    "wrong",
    [
        {"client_id": None}, {"redirect_uri": None}, {"redirect_uri": "http://elsewhere.example/"}, {"scope": None},
        {"response_type": "token"}, {"sim_account": "ada@firm.example"}, {"sim_account": "nobody@gmail.example"},
    ],
    ids=str,
)  # fmt: skip
def test_what_ends_on_googles_own_page(gus: Simulator, wrong: dict[str, Any]) -> None:
    answer = ask(gus, **{"sim_account": GUS, **wrong})
    assert answer.status_code == 400 and "Access blocked" in answer.text


def test_a_grant_that_lasts_is_given_once_unless_consent_is_asked_for_again(gus: Simulator) -> None:
    def given(**fields: Any) -> bool:
        return "refresh_token" in redeem(gus, came_back(ask(gus, sim_account=GUS, **fields))["code"]).json()

    assert not given(access_type=None)
    assert given()
    assert not given()
    assert given(prompt="consent")


def test_a_code_is_good_once_here_and_for_ten_minutes(gus: Simulator) -> None:
    def code() -> str:
        return came_back(ask(gus, sim_account="gray@gmail.example"))["code"]

    used = code()
    assert redeem(gus, used).status_code == 200
    late = code()
    gus.clock(advance=601)
    answers = [
        redeem(gus, used), redeem(gus, late), redeem(gus, "nonsense"), redeem(gus, code(), client_id="another"),
        redeem(gus, code(), redirect_uri=BACK + "/other"), redeem(gus, code(), client_secret="wrong"),
        redeem(gus, code(), grant_type="password"), redeem(gus, code(), client_secret=""),
    ]  # fmt: skip
    assert [(answer.status_code, answer.json()["error"]) for answer in answers] == [
        (400, "invalid_grant"), (400, "invalid_grant"), (400, "invalid_grant"), (400, "invalid_grant"),
        (400, "redirect_uri_mismatch"), (401, "invalid_client"), (400, "unsupported_grant_type"), (400, "invalid_request"),
    ]  # fmt: skip


def test_proof_of_possession(gus: Simulator) -> None:
    verifier = "v" * 43
    challenge = urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    proof = {"code_challenge": challenge, "code_challenge_method": "S256"}
    assert redeem(gus, came_back(ask(gus, sim_account=GUS, **proof))["code"], code_verifier=verifier).status_code == 200
    for wrong in ("w" * 43, ""):
        answer = redeem(gus, came_back(ask(gus, sim_account=GUS, **proof))["code"], code_verifier=wrong)
        assert answer.json()["error"] == "invalid_grant"


def test_google_auth_renews_a_token_by_itself(google: Google) -> None:
    google.simulator.clock(advance=4001)
    before = google.credentials.token
    assert google.get()["items"]
    assert google.credentials.token != before
    lines = google.simulator.journal()
    assert [(line["operation"], line["status"]) for line in lines] == [
        ("events.list", 401), ("token", 200), ("events.list", 200),
    ]  # fmt: skip
    assert {line["mailbox"] for line in lines} == {GUS}
    assert before not in str(lines) and str(google.credentials.refresh_token) not in str(lines)


def fresh(google: Google, **fields: Any) -> Credentials:
    return Credentials(
        token=None, refresh_token=google.credentials.refresh_token, token_uri=google.credentials.token_uri,
        client_id="caret", client_secret="s", **fields,
    )  # fmt: skip


@pytest.mark.parametrize("end", ["revoked", "idle", "fault"])
def test_a_dead_grant_is_told_from_a_busy_service(google: Google, end: str) -> None:
    if end == "revoked":
        form = {"token": google.credentials.token}
        assert requests.post(f"{google.simulator.url}/revoke", data=form, timeout=30).status_code == 200
        assert google.simulator.journal()[-1]["operation"] == "revoke"
    elif end == "idle":
        google.simulator.clock(advance=200 * 24 * 3600)
    else:
        google.simulator.fault(operation="token", status=400, code="invalid_grant")
    with pytest.raises(RefreshError) as refusal:
        fresh(google).refresh(Request())
    assert refusal.value.args[1] == {
        "error": "invalid_grant",
        "error_description": "Token has been expired or revoked.",
    }
    assert refusal.value.retryable is False


def test_a_revoked_access_token_is_worth_nothing(google: Google) -> None:
    form = {"token": google.credentials.refresh_token}
    assert requests.post(f"{google.simulator.url}/revoke", data=form, timeout=30).status_code == 200
    with pytest.raises(RefreshError):
        google.get()
    assert requests.post(f"{google.simulator.url}/revoke", data=form, timeout=30).json()["error"] == "invalid_token"


def test_a_token_for_some_of_the_scopes(google: Google) -> None:
    some = fresh(google, scopes=["https://www.googleapis.com/auth/calendar"])
    some.refresh(Request())
    assert some.token and some.valid
    with pytest.raises(RefreshError, match="invalid_scope"):
        fresh(google, scopes=["https://www.googleapis.com/auth/drive"]).refresh(Request())
    stranger = fresh(google)
    stranger._refresh_token = "nobody's"
    with pytest.raises(RefreshError, match="invalid_grant"):
        stranger.refresh(Request())
