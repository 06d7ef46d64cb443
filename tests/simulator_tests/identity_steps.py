"""The steps of a sign-in, taken without a socket: for the tests of the simulated identity platform."""

from __future__ import annotations

import hashlib
import json
import re
from base64 import urlsafe_b64encode
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.simulator.http import Request, Response, make_headers
from tests.simulator.identity import handle
from tests.simulator.mailbox import Mailbox
from tests.simulator.world import PERSONAL_TENANT, Tenant, World
from tests.simulator_tests.msal_steps import CALLBACK, CLIENT

BASE = "http://127.0.0.1:9100"
VERIFIER = "v" * 43
TID = "11111111-0000-4000-8000-000000000001"
STRICT = "22222222-0000-4000-8000-000000000002"
ADA = "ada@harper.example"
BEA = "bea@strict.example"
CAL = "cal@personal.example"
SCOPE = "openid profile email offline_access User.Read Calendars.ReadWrite"


def challenge(verifier: str) -> str:
    """S256 of RFC 7636."""
    return urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def get(world: World, path: str, **query: str) -> Response:
    """The answer to a GET; fails where the platform says the path is none of its."""
    answer = handle(world, Request.of("GET", f"{path}?{urlencode(query)}", base_url=BASE))
    assert answer is not None
    return answer


def post(world: World, target: str, **form: str) -> Response:
    """The answer to a posted form."""
    headers = make_headers({"Content-Type": "application/x-www-form-urlencoded"})
    answer = handle(world, Request.of("POST", target, headers, urlencode(form).encode(), BASE))
    assert answer is not None
    return answer


def authorize(world: World, tenant: str = "organizations", **changes: str | None) -> Response:
    """A sound authorization request with `changes`; a change to None leaves the parameter out."""
    query: dict[str, str | None] = {
        "client_id": CLIENT,
        "response_type": "code",
        "redirect_uri": CALLBACK,
        "scope": SCOPE,
        "state": "the state",
        "nonce": "the nonce",
        "code_challenge": challenge(VERIFIER),
        "code_challenge_method": "S256",
    } | changes
    sent = {name: value for name, value in query.items() if value is not None}
    return get(world, f"/{tenant}/oauth2/v2.0/authorize", **sent)


def callback(answer: Response) -> dict[str, str]:
    """What the application is told in the address that the browser is sent to."""
    assert answer.status == 302, answer.body
    address = urlsplit(answer.headers["Location"])
    assert f"{address.scheme}://{address.netloc}{address.path}" == CALLBACK
    return dict(parse_qsl(address.query, strict_parsing=True))


def code_for(world: World, address: str, tenant: str = "organizations", **changes: str | None) -> str:
    """A fresh code of the account at `address`."""
    return callback(authorize(world, tenant, sim_account=address, **changes))["code"]


def redeem(world: World, code: str, tenant: str = "organizations", **changes: str) -> Response:
    """A sound redemption of `code` with `changes`."""
    form = {
        "grant_type": "authorization_code",
        "client_id": CLIENT,
        "client_secret": "secret",
        "code": code,
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
        "scope": SCOPE,
    } | changes
    return post(world, f"/{tenant}/oauth2/v2.0/token", **form)


def refresh(world: World, refresh_token: str, tenant: str = "organizations", **changes: str) -> Response:
    """A sound use of a refresh token with `changes`."""
    form = {
        "grant_type": "refresh_token",
        "client_id": CLIENT,
        "client_secret": "secret",
        "refresh_token": refresh_token,
        "scope": SCOPE,
    } | changes
    return post(world, f"/{tenant}/oauth2/v2.0/token", **form)


def granted(answer: Response) -> dict[str, Any]:
    """The body of a token answer that must be a success."""
    assert answer.status == 200, answer.body
    body: dict[str, Any] = json.loads(answer.body)
    return body


def refused(answer: Response) -> tuple[int, str, int, str]:
    """Status, `error`, AADSTS number and `suberror` of a token answer that must be a refusal."""
    body = json.loads(answer.body)
    (number,) = body["error_codes"]
    assert body["error_description"].startswith(f"AADSTS{number}: ")
    return answer.status, body["error"], number, body.get("suberror", "")


def page_text(answer: Response) -> str:
    """A page without its mark-up."""
    content = answer.body.decode().split("</style>")[-1]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", content)).split())


def account(address: str, tid: str, oid: str, **more: str) -> Mailbox:
    """An account that is called like its address."""
    name = address.split("@")[0].title()
    return Mailbox(address, tid=tid, oid=oid, upn=address, mail=address, name=name, **more)


def inhabited() -> World:
    """A world with Ada (work), Bea (whose tenant asks for an administrator), Cal (personal) and Dan (Google)."""
    world = World()
    world.tenants[STRICT] = Tenant(STRICT, consent="admin")
    world.add_mailbox(account(ADA, TID, "aaaaaaaa-0000-4000-8000-00000000000a"))
    world.add_mailbox(account(BEA, STRICT, "bbbbbbbb-0000-4000-8000-00000000000b"))
    world.add_mailbox(account(CAL, PERSONAL_TENANT, "00000000-0000-0000-0000-0000000000ca", kind="personal"))
    world.add_mailbox(account("dan@gmail.example", "", "", provider="google"))
    return world
