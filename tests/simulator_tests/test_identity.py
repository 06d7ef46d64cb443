"""The simulated identity platform: who gets in, and the exact words with which it turns others away."""

from __future__ import annotations

import pytest

from tests.simulator.http import Request
from tests.simulator.identity import concerned
from tests.simulator.world import World
from tests.simulator_tests.identity_steps import (
    ADA,
    BEA,
    CAL,
    STRICT,
    TID,
    account,
    authorize,
    callback,
    code_for,
    get,
    granted,
    inhabited,
    page_text,
    post,
    redeem,
)
from tests.simulator_tests.msal_steps import CALLBACK, CLIENT


@pytest.fixture
def world() -> World:
    return inhabited()


# The account page


def test_the_page_offers_every_microsoft_account_and_no_other(world: World) -> None:
    text = page_text(authorize(world))
    assert all(address in text for address in (ADA, BEA, CAL))
    assert "dan@gmail.example" not in text


def test_the_hinted_account_stands_first(world: World) -> None:
    page = authorize(world, login_hint=CAL).body.decode()
    assert page.index(f'value="{CAL}"') < page.index(f'value="{ADA}"')
    assert "autofocus" in page


def test_a_hint_that_is_no_account_is_typed_in_already(world: World) -> None:
    assert 'value="eve@nowhere.example"' in authorize(world, login_hint="eve@nowhere.example").body.decode()


def test_select_account_prefers_nobody(world: World) -> None:
    page = authorize(world, login_hint=CAL, prompt="select_account").body.decode()
    assert page.index(f'value="{ADA}"') < page.index(f'value="{CAL}"')
    assert "autofocus" not in page


def test_names_are_escaped(world: World) -> None:
    world.mailboxes[ADA].name = "<script>alert(1)</script>"
    assert b"<script>alert" not in authorize(world, login_hint='"><script>alert(2)').body


def test_picking_on_the_page_ends_like_naming_the_account(world: World) -> None:
    page = authorize(world).body.decode()
    action = page.split('action="')[1].split('"')[0].replace("&amp;", "&")
    picked = callback(post(world, action, sim_account=ADA))
    assert picked["state"] == "the state"
    assert granted(redeem(world, picked["code"]))["access_token"]


def test_the_enter_key_means_next(world: World) -> None:
    # Browsers press the first button of a form.
    form = authorize(world).body.decode().split("<form")[2]
    assert form.index(">Next<") < form.index(">Cancel<")


def test_cancel_returns_the_subcode(world: World) -> None:
    page = authorize(world).body.decode()
    action = page.split('action="')[1].split('"')[0].replace("&amp;", "&")
    told = callback(post(world, action, cancel="1"))
    assert (told["error"], told["error_subcode"], told["state"]) == ("access_denied", "cancel", "the state")
    assert told["error_description"].startswith("AADSTS65004: ")


def test_an_alias_signs_in_to_its_mailbox(world: World) -> None:
    world.add_mailbox(account("new@harper.example", TID, "cccccccc-0000-4000-8000-00000000000c"))
    world.mailboxes["new@harper.example"].aliases = ["old@harper.example"]
    world.add_mailbox(world.mailboxes["new@harper.example"])
    tokens = granted(redeem(world, code_for(world, "old@harper.example")))
    signed_in = world.check_access(tokens["access_token"])
    assert signed_in is not None
    assert signed_in.address == "new@harper.example"


# Requests that cannot be answered to the application


@pytest.mark.parametrize(
    ("change", "number"),
    [
        ({"client_id": None}, 900144),
        ({"redirect_uri": None}, 900971),
        ({"redirect_uri": "http://elsewhere.example/callback"}, 50011),
        ({"redirect_uri": "https://app.example/callback#part"}, 50011),
        ({"redirect_uri": "/callback"}, 50011),
        ({"sim_account": "nobody@harper.example"}, 50034),
        ({"sim_account": "dan@gmail.example"}, 50034),
        ({"sim_account": CAL}, 500208),
    ],
)
def test_the_person_stays_on_microsofts_page(world: World, change: dict[str, str | None], number: int) -> None:
    answer = authorize(world, **change)
    assert answer.status == 400
    assert f"AADSTS{number}:" in page_text(answer)


def test_an_unknown_tenant_is_a_page(world: World) -> None:
    assert "AADSTS90002:" in page_text(authorize(world, "44444444-0000-4000-8000-000000000004"))


@pytest.mark.parametrize(("tenant", "address"), [("consumers", ADA), (TID, BEA), (STRICT, CAL)])
def test_an_account_of_another_kind_or_tenant_is_a_page(world: World, tenant: str, address: str) -> None:
    assert "AADSTS50020:" in page_text(authorize(world, tenant, sim_account=address))


@pytest.mark.parametrize(
    ("tenant", "address"),
    [("common", ADA), ("common", CAL), ("organizations", ADA), ("consumers", CAL), (TID, ADA)],
)
def test_the_doors_open_for_their_own(world: World, tenant: str, address: str) -> None:
    assert granted(redeem(world, code_for(world, address, tenant), tenant))["access_token"]


# Requests that are refused at the application's address


@pytest.mark.parametrize(
    ("change", "error", "number"),
    [
        ({"response_type": None}, "invalid_request", 900144),
        ({"response_type": "token"}, "unsupported_response_type", 70005),
        ({"scope": None}, "invalid_request", 900144),
        ({"code_challenge": None}, "invalid_request", 50147),
        ({"code_challenge_method": "plain"}, "invalid_request", 501491),
        ({"code_challenge": "short"}, "invalid_request", 501491),
        ({"prompt": "none"}, "login_required", 50058),
        ({"sim_account": BEA}, "access_denied", 90094),
        ({"sim_account": BEA, "prompt": "none"}, "consent_required", 90094),
    ],
)
def test_the_application_is_told(world: World, change: dict[str, str | None], error: str, number: int) -> None:
    told = callback(authorize(world, **change))
    assert (told["error"], told["state"]) == (error, "the state")
    assert told["error_description"].startswith(f"AADSTS{number}: ")
    assert "code" not in told


def test_silent_sign_in_of_a_named_account(world: World) -> None:
    assert "code" in callback(authorize(world, prompt="none", sim_account=ADA))


def test_answers_come_back_in_the_asked_mode(world: World) -> None:
    fragment = authorize(world, response_mode="fragment", sim_account=ADA).headers["Location"]
    assert fragment.startswith(f"{CALLBACK}#code=")
    form = authorize(world, response_mode="form_post", sim_account=ADA).body.decode()
    assert f'action="{CALLBACK}"' in form
    assert 'name="code"' in form
    assert 'name="state" value="the state"' in form


def test_a_redirect_address_keeps_its_own_query(world: World) -> None:
    answer = authorize(world, redirect_uri=f"{CALLBACK}?firm=7", sim_account=ADA)
    assert answer.headers["Location"].startswith(f"{CALLBACK}?firm=7&code=")


# The administrator's consent


def test_admin_consent_opens_the_tenant(world: World) -> None:
    answer = get(world, f"/{STRICT}/v2.0/adminconsent", client_id=CLIENT, redirect_uri=CALLBACK, state="s", scope="x")
    expected = {"admin_consent": "True", "tenant": STRICT, "scope": "x", "state": "s"}
    assert callback(answer) == expected
    assert "code" in callback(authorize(world, sim_account=BEA))


def test_admin_consent_without_a_tenant_asks_which_account(world: World) -> None:
    query = {"client_id": CLIENT, "redirect_uri": CALLBACK, "state": "s"}
    text = page_text(get(world, "/organizations/v2.0/adminconsent", **query))
    assert BEA in text
    assert CAL not in text
    told = callback(get(world, "/organizations/v2.0/adminconsent", **query, sim_account=BEA))
    assert told["tenant"] == STRICT
    assert "code" in callback(authorize(world, sim_account=BEA))


def test_admin_consent_can_be_declined(world: World) -> None:
    target = f"/{STRICT}/v2.0/adminconsent?client_id={CLIENT}&redirect_uri={CALLBACK}"
    told = callback(post(world, target, cancel="1"))
    assert (told["error"], told["error_subcode"]) == ("access_denied", "cancel")
    assert callback(authorize(world, sim_account=BEA))["error"] == "access_denied"


def test_sign_out(world: World) -> None:
    path = "/organizations/oauth2/v2.0/logout"
    assert get(world, path).status == 200
    assert get(world, path, post_logout_redirect_uri=CALLBACK).headers["Location"] == CALLBACK


# Whose request it is


def test_a_request_is_known_by_its_account(world: World) -> None:
    def address(request: Request) -> str | None:
        found = concerned(world, request)
        return found.address if found else None

    token = "/organizations/oauth2/v2.0/token"
    code = code_for(world, ADA)
    assert address(Request.of("GET", f"/organizations/oauth2/v2.0/authorize?sim_account={ADA}")) == ADA
    assert address(Request.of("POST", token, body=f"code={code}".encode())) == ADA
    refresh_token = granted(redeem(world, code))["refresh_token"]
    assert address(Request.of("POST", token, body=f"refresh_token={refresh_token}".encode())) == ADA
    assert address(Request.of("POST", token, body=b"code=none")) is None
    assert address(Request.of("POST", token, body=b"\xff")) is None
