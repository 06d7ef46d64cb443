"""The product's own library signs in at the simulator as it is: PKCE, nonce, refresh, refusals."""

from __future__ import annotations

import json
from collections.abc import Iterator

import jwt
import msal
import pytest
import requests

from tests.simulator.frame import Simulation
from tests.simulator.mailbox import Mailbox
from tests.simulator.server import Server, serve_in_thread
from tests.simulator.world import World
from tests.simulator_tests.msal_steps import CALLBACK, CLIENT, answer_to, application, session_for, sign_in

TID = "11111111-0000-4000-8000-000000000001"
OID = "aaaaaaaa-0000-4000-8000-00000000000a"
ADA = "ada@harper.example"
SCOPES = ["User.Read", "Calendars.ReadWrite"]

# MSAL recommends form_post, which would need a session cookie that goes along with posts from other sites.
pytestmark = pytest.mark.filterwarnings("ignore:response_mode='form_post' is recommended:UserWarning")


@pytest.fixture
def simulation() -> Simulation:
    simulation = Simulation()
    simulation.world.add_mailbox(Mailbox(ADA, tid=TID, oid=OID, upn=ADA, mail=ADA, name="Ada"))
    return simulation


@pytest.fixture
def world(simulation: Simulation) -> World:
    return simulation.world


@pytest.fixture
def base(simulation: Simulation) -> Iterator[str]:
    """The address of the simulator."""
    with Server(0, simulation) as server:
        thread = serve_in_thread(server)
        yield server.url
        server.shutdown()
        thread.join()


@pytest.fixture
def session(base: str) -> Iterator[requests.Session]:
    with session_for(base) as session:
        yield session


def test_a_whole_sign_in(base: str) -> None:
    cache = msal.TokenCache()
    tokens = sign_in(base, ADA, SCOPES, cache)
    claims = tokens["id_token_claims"]
    assert (claims["tid"], claims["oid"], claims["preferred_username"]) == (TID, OID, ADA)
    assert set(tokens["scope"].split()) == {"openid", "profile", *SCOPES}
    (account,) = cache.search(msal.TokenCache.CredentialType.ACCOUNT)
    assert account["home_account_id"] == f"{OID}.{TID}"
    assert (account["username"], account["realm"]) == (ADA, "organizations")


def test_the_published_keys_verify_the_id_token(base: str, session: requests.Session) -> None:
    token = sign_in(base, ADA, SCOPES, msal.TokenCache())["id_token"]
    keys = jwt.PyJWKSet.from_dict(session.get(f"{base}/common/discovery/v2.0/keys", timeout=30).json())
    key = keys[jwt.get_unverified_header(token)["kid"]]
    claims = jwt.decode(token, key, algorithms=["RS256"], audience=CLIENT)
    assert claims["iss"] == f"https://login.microsoftonline.com/{TID}/v2.0"


def test_silence_comes_from_the_cache_and_a_refresh_from_the_service(
    world: World, base: str, session: requests.Session
) -> None:
    cache = msal.TokenCache()
    tokens = sign_in(base, ADA, SCOPES, cache)
    client = application(session, cache)
    (account,) = client.get_accounts()
    kept = client.acquire_token_silent_with_error(SCOPES, account)
    assert kept["access_token"] == tokens["access_token"]
    fresh = client.acquire_token_silent_with_error(SCOPES, account, force_refresh=True)
    assert fresh["access_token"] != tokens["access_token"]
    assert fresh["refresh_token"] != tokens["refresh_token"]
    assert client.acquire_token_silent_with_error(SCOPES, account)["access_token"] == fresh["access_token"]
    signed_in = world.check_access(fresh["access_token"])
    assert signed_in is not None
    assert signed_in.address == ADA


def test_a_revoked_grant_is_an_error_that_msal_tells(world: World, base: str, session: requests.Session) -> None:
    cache = msal.TokenCache()
    sign_in(base, ADA, SCOPES, cache)
    for known in world.refresh_tokens.values():
        known.revoked = True
    client = application(session, cache)
    (account,) = client.get_accounts()
    answer = client.acquire_token_silent_with_error(SCOPES, account, force_refresh=True)
    assert (answer["error"], answer["suberror"], answer["error_codes"]) == ("invalid_grant", "bad_token", [50173])


def test_a_nonce_of_another_sign_in_is_noticed(world: World, session: requests.Session) -> None:
    client = application(session, msal.TokenCache())
    flow = client.initiate_auth_code_flow(SCOPES, redirect_uri=CALLBACK)
    answer = answer_to(session, flow, sim_account=ADA)
    world.codes[answer["code"]]["nonce"] = "of another"
    with pytest.raises(RuntimeError, match="nonce"):
        client.acquire_token_by_auth_code_flow(flow, answer)


def test_a_wrong_secret_is_the_operators_fault(session: requests.Session) -> None:
    client = application(session, msal.TokenCache(), secret="wrong")
    flow = client.initiate_auth_code_flow(SCOPES, redirect_uri=CALLBACK)
    answer = client.acquire_token_by_auth_code_flow(flow, answer_to(session, flow, sim_account=ADA))
    assert (answer["error"], answer["error_codes"]) == ("invalid_client", [7000215])


def test_a_code_is_used_up_by_the_first_sign_in(session: requests.Session) -> None:
    client = application(session, msal.TokenCache())
    flow = client.initiate_auth_code_flow(SCOPES, redirect_uri=CALLBACK)
    answer = answer_to(session, flow, sim_account=ADA)
    assert "access_token" in client.acquire_token_by_auth_code_flow(flow, answer)
    again = client.acquire_token_by_auth_code_flow(flow, answer)
    assert (again["error"], again["error_codes"]) == ("invalid_grant", [54005])


def test_a_hint_and_a_prompt_reach_the_page(session: requests.Session) -> None:
    client = application(session, msal.TokenCache())
    flow = client.initiate_auth_code_flow(SCOPES, redirect_uri=CALLBACK, login_hint=ADA)
    assert f'value="{ADA}" class="account hinted"' in session.get(flow["auth_uri"], timeout=30).text
    silent = client.initiate_auth_code_flow(SCOPES, redirect_uri=CALLBACK, prompt="none")
    told = client.acquire_token_by_auth_code_flow(silent, answer_to(session, silent))
    assert told["error"] == "login_required"


def test_a_fault_of_one_account_spares_the_others(simulation: Simulation, base: str, session: requests.Session) -> None:
    bob = "bob@harper.example"
    simulation.world.add_mailbox(Mailbox(bob, tid=TID, oid=OID.replace("a", "b"), upn=bob, name="Bob"))
    refusal = {"error": "interaction_required", "error_codes": [50076], "claims": "{}"}
    simulation.faults.add({"operation": "token", "mailbox": ADA, "status": 400, "body": refusal})
    assert "access_token" in sign_in(base, bob, SCOPES, msal.TokenCache())
    assert sign_in(base, ADA, SCOPES, msal.TokenCache())["error"] == "interaction_required"


def test_the_journal_knows_whose_sign_in_it_was_and_no_secret(simulation: Simulation, base: str) -> None:
    tokens = sign_in(base, ADA, SCOPES, msal.TokenCache())
    journal = simulation.journal.since(0)
    lines = [json.loads(line) for line in journal.splitlines()]
    assert [(line["operation"], line["mailbox"]) for line in lines] == [
        ("discovery", None),
        ("authorize", ADA),
        ("token", ADA),
    ]
    secrets = [tokens["access_token"], tokens["refresh_token"], *simulation.world.codes]
    assert not any(secret in journal for secret in secrets)
    assert lines[-1]["body"]["client_secret"] == "***"
