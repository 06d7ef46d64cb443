"""Sign-in through unmodified MSAL, which insists on https, against a simulator that speaks plain http."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit, urlunsplit

import msal
import requests
from requests.adapters import HTTPAdapter

AUTHORITY = "https://login.sim.test"
CALLBACK = "http://127.0.0.1:8000/outlook/callback"
CLIENT = "7f2d6c1e-0000-4000-8000-00000000c11e"


class ToSimulator(HTTPAdapter):
    """Sends what is meant for another host to the simulator."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self.base = urlsplit(base)

    def send(self, request: requests.PreparedRequest, *args: Any, **how: Any) -> requests.Response:
        parts = urlsplit(str(request.url))
        request.url = urlunsplit((self.base.scheme, self.base.netloc, parts.path, parts.query, ""))
        how["timeout"] = how.get("timeout") or 30
        return super().send(request, *args, **how)


class NoReplay(dict[Any, Any]):
    """An http cache for MSAL that forgets: it would answer a refused request from memory for a minute."""

    def __setitem__(self, key: Any, value: Any) -> None:
        return


def session_for(base: str, host: str = AUTHORITY) -> requests.Session:
    """A session for which `host` is the simulator at `base`."""
    session = requests.Session()
    session.trust_env = False
    session.mount(f"{host}/", ToSimulator(base))
    return session


def application(
    session: requests.Session, cache: msal.TokenCache, secret: str = "secret", tenant: str = "organizations"
) -> msal.ConfidentialClientApplication:
    """MSAL's confidential client as the product sets it up."""
    return msal.ConfidentialClientApplication(
        CLIENT,
        client_credential=secret,
        authority=f"{AUTHORITY}/{tenant}",
        instance_discovery=False,
        http_client=session,
        http_cache=NoReplay(),
        token_cache=cache,
    )


def answer_to(session: requests.Session, flow: dict[str, Any], **switches: str) -> dict[str, str]:
    """What the browser brings back from Microsoft's page after a sign-in begun with `flow`."""
    page = session.get(flow["auth_uri"], params=switches, allow_redirects=False, timeout=30)
    assert page.status_code == 302, page.text
    address, _, query = page.headers["Location"].partition("?")
    assert address == CALLBACK
    return dict(parse_qsl(query))


def sign_in(base: str, address: str, scopes: list[str], cache: msal.TokenCache) -> dict[str, Any]:
    """What MSAL answers to a whole sign-in of the account at `address`; its tokens are in `cache` then."""
    with session_for(base) as session:
        client = application(session, cache)
        flow = client.initiate_auth_code_flow(scopes, redirect_uri=CALLBACK)
        answer = answer_to(session, flow, sim_account=address)
        return dict(client.acquire_token_by_auth_code_flow(flow, answer))
