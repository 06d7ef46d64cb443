"""The simulated identity platform: who gets in, and the exact words with which it turns others away."""

from __future__ import annotations

import json

import jwt
import pytest

from tests.simulator.http import Request
from tests.simulator.identity import concerned, handle
from tests.simulator.mailbox import Mailbox
from tests.simulator.world import PERSONAL_TENANT, Tenant, World
from tests.simulator_tests.identity_steps import (
    BASE,
    CALLBACK,
    CLIENT,
    authorize,
    callback,
    code_for,
    get,
    granted,
    page_text,
    post,
    redeem,
    refresh,
    refused,
)

TID = "11111111-0000-4000-8000-000000000001"
STRICT = "22222222-0000-4000-8000-000000000002"
ADA = "ada@harper.example"
BEA = "bea@strict.example"
CAL = "cal@personal.example"


def account(address: str, tid: str, oid: str, **more: str) -> Mailbox:
    name = address.split("@")[0].title()
    return Mailbox(address, tid=tid, oid=oid, upn=address, mail=address, name=name, **more)


@pytest.fixture
def world() -> World:
    world = World()
    world.tenants[STRICT] = Tenant(STRICT, consent="admin")
    world.add_mailbox(account(ADA, TID, "aaaaaaaa-0000-4000-8000-00000000000a"))
    world.add_mailbox(account(BEA, STRICT, "bbbbbbbb-0000-4000-8000-00000000000b"))
    world.add_mailbox(account(CAL, PERSONAL_TENANT, "00000000-0000-0000-0000-0000000000ca", kind="personal"))
    world.add_mailbox(account("dan@gmail.example", "", "", provider="google"))
    return world


# Discovery


def test_discovery_names_plain_addresses_for_browsers_and_an_https_one_for_the_token(world: World) -> None:
    document = granted(get(world, "/organizations/v2.0/.well-known/openid-configuration"))
    assert document["authorization_endpoint"] == f"{BASE}/organizations/oauth2/v2.0/authorize"
    assert document["jwks_uri"] == f"{BASE}/organizations/discovery/v2.0/keys"
    assert document["token_endpoint"] == "https://login.sim.test/organizations/oauth2/v2.0/token"
    assert document["issuer"] == "https://login.microsoftonline.com/{tenantid}/v2.0"


def test_discovery_follows_the_host_that_a_transport_forwards(world: World) -> None:
    path = f"/{TID}/v2.0/.well-known/openid-configuration"
    headers = {"x-forwarded-host": "login.elsewhere.test"}
    answer = handle(world, Request("GET", path, headers=headers, base_url=BASE))
    assert answer is not None
    document = json.loads(answer.body)
    assert document["token_endpoint"] == f"https://login.elsewhere.test/{TID}/oauth2/v2.0/token"
    assert document["issuer"] == f"https://login.microsoftonline.com/{TID}/v2.0"


def test_discovery_refuses_an_unknown_tenant(world: World) -> None:
    answer = get(world, "/33333333-0000-4000-8000-000000000003/v2.0/.well-known/openid-configuration")
    assert refused(answer) == (400, "invalid_tenant", 90002, "")


def test_instance_discovery_knows_microsofts_hosts(world: World) -> None:
    asked = "https://login.microsoftonline.com/organizations/oauth2/v2.0/authorize"
    document = granted(get(world, "/common/discovery/instance", authorization_endpoint=asked))
    assert document["tenant_discovery_endpoint"].endswith("/organizations/v2.0/.well-known/openid-configuration")
    assert any("login.microsoftonline.com" in entry["aliases"] for entry in document["metadata"])


@pytest.mark.parametrize("path", ["/", "/v1.0/me", "/organizations/oauth2/authorize", "/_sim/journal"])
def test_other_paths_are_left_to_others(world: World, path: str) -> None:
    assert handle(world, Request("GET", path, base_url=BASE)) is None


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


# What the tokens say


def test_the_id_token_verifies_and_says_who_signed_in(world: World) -> None:
    keys = jwt.PyJWKSet.from_dict(granted(get(world, "/organizations/discovery/v2.0/keys")))
    token = granted(redeem(world, code_for(world, ADA)))["id_token"]
    key = keys[jwt.get_unverified_header(token)["kid"]]
    claims = jwt.decode(token, key, algorithms=["RS256"], audience=CLIENT)
    assert claims["iss"] == f"https://login.microsoftonline.com/{TID}/v2.0"
    expected = {"ver": "2.0", "tid": TID, "oid": world.mailboxes[ADA].oid, "nonce": "the nonce"}
    assert claims.items() >= (expected | {"preferred_username": ADA, "email": ADA, "name": "Ada"}).items()
    assert claims["exp"] > claims["iat"] >= claims["nbf"]


def test_claims_follow_the_scopes(world: World) -> None:
    token = granted(redeem(world, code_for(world, ADA, scope="openid User.Read"), scope=""))["id_token"]
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims.keys().isdisjoint({"oid", "name", "preferred_username", "email"})


def test_sub_differs_between_applications(world: World) -> None:
    def sub(client: str) -> str:
        tokens = granted(redeem(world, code_for(world, ADA, client_id=client), client_id=client))
        return str(jwt.decode(tokens["id_token"], options={"verify_signature": False})["sub"])

    assert sub(CLIENT) == sub(CLIENT) != sub("another")


def test_scopes_come_back_as_they_were_spelled(world: World) -> None:
    long = "https://graph.microsoft.com/Calendars.ReadWrite"
    first = granted(redeem(world, code_for(world, ADA), scope=f"{long} offline_access"))
    assert first["scope"] == long
    second = granted(refresh(world, first["refresh_token"], scope="user.read"))
    assert second["scope"] == "user.read"


def test_no_refresh_token_and_no_id_token_unless_asked_for(world: World) -> None:
    tokens = granted(redeem(world, code_for(world, ADA, scope="User.Read"), scope="User.Read"))
    assert tokens.keys().isdisjoint({"refresh_token", "id_token", "client_info"})
    assert not world.refresh_tokens


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
