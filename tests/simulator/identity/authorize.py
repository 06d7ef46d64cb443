"""The sign-in: who asks, for what, which account, and with whose consent.

Nobody types a password here. A person picks an account on a page, or the request names it in `sim_account`.
There is no session either: `prompt=none` succeeds only for an account named in `sim_account`.
Vendor's page: Microsoft, "Microsoft identity platform and OAuth 2.0 authorization code flow".
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from tests.simulator.http import BadBody, Request, Response
from tests.simulator.identity import accounts, pages
from tests.simulator.identity.errors import Refusal, callback_parameters, missing
from tests.simulator.identity.idtoken import client_info
from tests.simulator.mailbox import Mailbox
from tests.simulator.world import World

CODE_LIFE = 600  # seconds, by the simulated clock
MODES = ("query", "fragment", "form_post")
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


@dataclass(frozen=True)
class Asked:
    """An authorization request whose way back to the application is known to be sound."""

    tenant: str
    values: dict[str, str]

    @property
    def redirect_uri(self) -> str:
        return self.values["redirect_uri"]

    @property
    def mode(self) -> str:
        return self.values.get("response_mode", "query")

    @property
    def scopes(self) -> list[str]:
        return self.values.get("scope", "").split()

    @property
    def prompt(self) -> str:
        return self.values.get("prompt", "")


def authorize(world: World, request: Request, tenant: str) -> Response:
    """The account page, or the way back to the application with a code or an error.

    What makes the way back doubtful (client, redirect address) ends in a page of Microsoft's; everything
    else ends at the application's redirect address.
    """
    try:
        values = values_of(request)
        accounts.known_tenant(world, tenant)
        check_way_back(values)
    except Refusal as refusal:
        return pages.error_page(refusal, world.now())
    asked = Asked(tenant, values)
    try:
        _check(asked)
        if "cancel" in values:
            raise Refusal(65004, "access_denied", "User declined to consent to access the app.", subcode="cancel")
        return _sign_in(world, request, asked)
    except Refusal as refusal:
        return _answer(asked, callback_parameters(refusal, world.now()))


def form_of(request: Request) -> dict[str, str]:
    """The fields of a posted form; a body that is none is refused."""
    try:
        return request.form()
    except BadBody as error:
        raise Refusal(9002313, "invalid_request", "Request is malformed or invalid.") from error


def values_of(request: Request) -> dict[str, str]:
    """The request's parameters, those of the address and those of the page's buttons."""
    values = {name: given[0] for name, given in request.query.items() if given}
    if request.method == "POST":
        values |= form_of(request)
    return values


def check_way_back(values: dict[str, str]) -> None:
    """Refuse a request whose answer may not be sent to the address that it names."""
    if not values.get("client_id"):
        raise missing("client_id")
    address = values.get("redirect_uri")
    if not address:
        raise Refusal(900971, "invalid_request", "No reply address provided.")
    parts = urlsplit(address)
    local = parts.scheme == "http" and (parts.hostname or "") in [host.strip("[]") for host in LOOPBACK]
    if not parts.netloc or parts.fragment or not (parts.scheme == "https" or local):
        text = (
            f"The redirect URI '{address}' specified in the request does not match the redirect URIs "
            f"configured for the application '{values['client_id']}'."
        )
        raise Refusal(50011, "invalid_request", text)


def _check(asked: Asked) -> None:
    values = asked.values
    if asked.mode not in MODES:
        raise Refusal(70007, "unsupported_response_mode", f"'{asked.mode}' is no supported response_mode.")
    if "response_type" not in values:
        raise missing("response_type")
    if values["response_type"] != "code":
        text = f"response_type '{values['response_type']}' is not enabled for the application."
        raise Refusal(70005, "unsupported_response_type", text)
    if not asked.scopes:
        raise missing("scope")
    if "code_challenge" not in values:
        text = "Proof Key for Code Exchange is required: the request has no code_challenge."
        raise Refusal(50147, "invalid_request", text)
    if values.get("code_challenge_method") != "S256":
        text = "Invalid code_challenge_method parameter: this simulator knows S256 only."
        raise Refusal(501491, "invalid_request", text)
    if not re.fullmatch(r"[A-Za-z0-9_-]{43}", values["code_challenge"]):
        raise Refusal(501491, "invalid_request", "Invalid size of Code_Challenge parameter.")


def _sign_in(world: World, request: Request, asked: Asked) -> Response:
    address = asked.values.get("sim_account", "").strip()
    if not address:
        if asked.prompt == "none":
            text = "A silent sign-in request was sent but no user is signed in."
            raise Refusal(50058, "login_required", text)
        return _account_page(world, request, asked)
    try:
        mailbox = accounts.account(world, address, asked.tenant)
    except Refusal as refusal:
        return pages.error_page(refusal, world.now())
    if not accounts.consented(world, mailbox.tid):
        word = "consent_required" if asked.prompt == "none" else "access_denied"
        raise Refusal(90094, word, "Admin consent is required for the permissions requested by this application.")
    return _answer(asked, _code(world, asked, mailbox))


def _account_page(world: World, request: Request, asked: Asked) -> Response:
    hint = "" if asked.prompt == "select_account" else asked.values.get("login_hint", "")
    hinted = world.find_account(hint) if hint else None
    return pages.account_page(
        action=f"{request.path}?{urlencode(request.query, doseq=True)}",
        mailboxes=accounts.listed(world),
        hinted=hinted,
        typed="" if hinted else hint,
        scopes=asked.scopes,
        client_id=asked.values["client_id"],
    )


def _code(world: World, asked: Asked, mailbox: Mailbox) -> dict[str, str]:
    code = world.new_token("code")
    entry: dict[str, Any] = {
        "address": mailbox.address,
        "tenant": asked.tenant,
        "client_id": asked.values["client_id"],
        "redirect_uri": asked.redirect_uri,
        "scope": asked.values["scope"],
        "nonce": asked.values.get("nonce"),
        "challenge": asked.values["code_challenge"],
        "issued": world.now(),
        "redeemed": False,
    }
    with world.lock:
        world.codes[code] = entry
    answer = {"code": code, "session_state": str(uuid.uuid4())}
    if asked.values.get("client_info") == "1":
        answer["client_info"] = client_info(mailbox)
    return answer


def _answer(asked: Asked, values: dict[str, str]) -> Response:
    """Back to the application with `values` and its `state`, in the way it asked for."""
    if "state" in asked.values:
        values = {**values, "state": asked.values["state"]}
    if asked.mode == "form_post":
        return pages.form_post(asked.redirect_uri, values)
    return Response.redirect(with_parameters(asked.redirect_uri, values, fragment=asked.mode == "fragment"))


def with_parameters(address: str, values: dict[str, str], *, fragment: bool = False) -> str:
    """`address` with `values` added to its query, or as its fragment."""
    if fragment:
        return f"{address}#{urlencode(values)}"
    return f"{address}{'&' if urlsplit(address).query else '?'}{urlencode(values)}"
