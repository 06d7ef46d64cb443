"""The product's own library signs in at the simulator as it is: PKCE, nonce, refresh, refusals."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import msal
import pytest
import requests

from tests.simulator.http import Request
from tests.simulator.identity import handle
from tests.simulator.mailbox import Mailbox
from tests.simulator.world import World
from tests.simulator_tests.msal_steps import CALLBACK, CLIENT, answer_to, application, session_for, sign_in

TID = "11111111-0000-4000-8000-000000000001"
OID = "aaaaaaaa-0000-4000-8000-00000000000a"
ADA = "ada@harper.example"
SCOPES = ["User.Read", "Calendars.ReadWrite"]

# MSAL recommends form_post, which would need a session cookie that goes along with posts from other sites.
pytestmark = pytest.mark.filterwarnings("ignore:response_mode='form_post' is recommended:UserWarning")


@pytest.fixture
def world() -> World:
    world = World()
    world.add_mailbox(Mailbox(ADA, tid=TID, oid=OID, upn=ADA, mail=ADA, name="Ada"))
    return world


@pytest.fixture
def base(world: World) -> Iterator[str]:
    """The address of a server that serves the identity platform and nothing else."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            url = f"http://{self.headers['Host']}"
            answer = handle(world, Request.of(self.command, self.path, self.headers, body, url))
            assert answer is not None
            self.send_response(answer.status)
            for name, value in {**answer.headers, "Content-Length": str(len(answer.body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body)

        do_POST = do_GET

        def log_message(self, *_: Any) -> None:
            """No lines in the test's output."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


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
