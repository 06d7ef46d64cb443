"""The simulated token endpoint: one use, proof of possession, rotation, and every refusal."""

from __future__ import annotations

import json

import pytest

from tests.simulator.http import Request, make_headers
from tests.simulator.identity import handle
from tests.simulator.mailbox import Mailbox
from tests.simulator.world import World
from tests.simulator_tests.identity_steps import (
    ADA,
    BASE,
    TID,
    code_for,
    get,
    granted,
    inhabited,
    redeem,
    refresh,
    refused,
)
from tests.simulator_tests.msal_steps import CALLBACK

TOKEN = "/organizations/oauth2/v2.0/token"
EWS = "https://outlook.office365.com/EWS.AccessAsUser.All"


@pytest.fixture
def world() -> World:
    return inhabited()


def test_a_code_works_once(world: World) -> None:
    code = code_for(world, ADA)
    assert granted(redeem(world, code))["token_type"] == "Bearer"
    assert refused(redeem(world, code)) == (400, "invalid_grant", 54005, "")


def test_a_refused_redemption_does_not_use_the_code_up(world: World) -> None:
    code = code_for(world, ADA)
    assert redeem(world, code, code_verifier="w" * 43).status == 400
    assert granted(redeem(world, code))["access_token"]


def test_a_code_lives_ten_minutes(world: World) -> None:
    code, late = code_for(world, ADA), code_for(world, ADA)
    world.advance(590)
    assert granted(redeem(world, code))["access_token"]
    world.advance(20)
    assert refused(redeem(world, late)) == (400, "invalid_grant", 70008, "")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"code_verifier": "w" * 43}, (400, "invalid_grant", 501481, "")),
        ({"code_verifier": ""}, (400, "invalid_grant", 501481, "")),
        ({"redirect_uri": f"{CALLBACK}/"}, (400, "invalid_client", 500112, "")),
        ({"redirect_uri": ""}, (400, "invalid_request", 900144, "")),
        ({"code": "sim0"}, (400, "invalid_grant", 9002313, "")),
        ({"code": ""}, (400, "invalid_request", 900144, "")),
        ({"client_id": ""}, (400, "invalid_request", 900144, "")),
        ({"client_id": "another"}, (401, "invalid_client", 7000215, "")),
        ({"client_secret": ""}, (401, "invalid_client", 7000218, "")),
        ({"client_secret": "wrong"}, (401, "invalid_client", 7000215, "")),
        ({"client_secret": "expired"}, (401, "invalid_client", 7000222, "")),
        ({"grant_type": ""}, (400, "invalid_request", 900144, "")),
        ({"grant_type": "password"}, (400, "unsupported_grant_type", 70003, "")),
        ({"scope": "Mail.Read"}, (400, "invalid_grant", 65001, "consent_required")),
    ],
)
def test_a_wrong_redemption_is_refused(
    world: World, change: dict[str, str], expected: tuple[int, str, int, str]
) -> None:
    form = {"code": code_for(world, ADA)} | change
    assert refused(redeem(world, **form)) == expected


def test_a_code_belongs_to_the_door_it_came_from(world: World) -> None:
    assert refused(redeem(world, code_for(world, ADA), "common")) == (400, "invalid_grant", 700005, "")


def test_an_access_token_is_for_one_service(world: World) -> None:
    scope = f"offline_access User.Read {EWS}"
    code = code_for(world, ADA, scope=scope)
    assert refused(redeem(world, code, scope=scope)) == (400, "invalid_request", 700022, "")
    tokens = granted(redeem(world, code, scope="User.Read offline_access"))
    assert granted(refresh(world, tokens["refresh_token"], scope=EWS))["scope"] == EWS


def test_the_answer_to_a_refresh_is_a_new_pair_and_the_old_one_still_works(world: World) -> None:
    first = granted(redeem(world, code_for(world, ADA)))
    second = granted(refresh(world, first["refresh_token"]))
    third = granted(refresh(world, first["refresh_token"]))
    assert len({tokens["refresh_token"] for tokens in (first, second, third)}) == 3
    signed_in = world.check_access(third["access_token"])
    assert signed_in is not None
    assert signed_in.address == ADA


def test_a_narrow_access_token_leaves_the_grant_as_wide_as_it_was(world: World) -> None:
    first = granted(redeem(world, code_for(world, ADA)))
    narrow = granted(refresh(world, first["refresh_token"], scope="User.Read"))
    assert world.access_tokens[narrow["access_token"]].scope == "User.Read"
    assert granted(refresh(world, narrow["refresh_token"], scope="Calendars.ReadWrite"))["access_token"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"refresh_token": ""}, (400, "invalid_request", 900144, "")),
        ({"refresh_token": "sim0"}, (400, "invalid_grant", 70000, "")),
        ({"client_id": "another"}, (401, "invalid_client", 7000215, "")),
        ({"scope": "Mail.Read"}, (400, "invalid_grant", 65001, "consent_required")),
    ],
)
def test_a_wrong_refresh_is_refused(world: World, change: dict[str, str], expected: tuple[int, str, int, str]) -> None:
    form = {"refresh_token": granted(redeem(world, code_for(world, ADA)))["refresh_token"]} | change
    assert refused(refresh(world, **form)) == expected


def test_a_refresh_token_idle_for_ninety_days_is_dead(world: World) -> None:
    tokens = granted(redeem(world, code_for(world, ADA)))
    world.advance(89 * 86400)
    younger = granted(refresh(world, tokens["refresh_token"]))
    world.advance(2 * 86400)
    answer = refresh(world, tokens["refresh_token"])
    assert refused(answer) == (400, "invalid_grant", 700082, "bad_token")
    assert granted(refresh(world, younger["refresh_token"]))["access_token"]


def test_a_revoked_refresh_token_is_dead(world: World) -> None:
    tokens = granted(redeem(world, code_for(world, ADA)))
    world.refresh_tokens[tokens["refresh_token"]].revoked = True
    answer = refresh(world, tokens["refresh_token"])
    assert refused(answer) == (400, "invalid_grant", 50173, "bad_token")


def test_tokens_handed_out_by_the_steering_belong_to_every_application(world: World) -> None:
    tokens = world.issue_tokens(world.mailboxes[ADA], "openid offline_access User.Read")
    assert granted(refresh(world, tokens["refresh_token"], scope=""))["scope"] == "openid User.Read"


def test_the_account_is_gone(world: World) -> None:
    tokens = granted(redeem(world, code_for(world, ADA)))
    del world.mailboxes[ADA]
    world.add_mailbox(Mailbox("bob@harper.example", tid=TID))
    assert refused(refresh(world, tokens["refresh_token"])) == (400, "invalid_grant", 50034, "")


def test_only_posted_forms(world: World) -> None:
    assert refused(get(world, TOKEN)) == (400, "invalid_request", 900561, "")
    answer = handle(world, Request("POST", TOKEN, headers=make_headers({}), body=b"\xff", base_url=BASE))
    assert answer is not None
    assert refused(answer) == (400, "invalid_request", 9002313, "")


def test_a_refusal_says_what_an_engineer_would_ask(world: World) -> None:
    headers = make_headers({"Client-Request-Id": "the request"})
    body = b"grant_type=refresh_token&client_id=c&client_secret=s&refresh_token=none"
    answer = handle(world, Request("POST", TOKEN, headers=headers, body=body, base_url=BASE))
    assert answer is not None
    told = json.loads(answer.body)
    assert told["correlation_id"] == "the request"
    assert f"Trace ID: {told['trace_id']}" in told["error_description"]
    assert told["timestamp"].endswith("Z")


def test_answers_are_not_to_be_stored(world: World) -> None:
    assert redeem(world, code_for(world, ADA)).headers["Cache-Control"] == "no-store"
