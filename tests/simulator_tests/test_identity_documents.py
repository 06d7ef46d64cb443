"""What the simulated identity platform publishes, and what its tokens say of who signed in."""

from __future__ import annotations

import json

import jwt
import pytest

from tests.simulator.http import Request
from tests.simulator.identity import handle
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
from tests.simulator_tests.msal_steps import CLIENT


@pytest.fixture
def world() -> World:
    return inhabited()


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
