"""Google's sign-in: the page on which a person picks an account, tokens, revocation.

``/o/oauth2/v2/auth`` (accounts.google.com), ``/token`` and ``/revoke`` (oauth2.googleapis.com). Nobody types a password:
a person picks an account on the page, or the request names it in ``sim_account``. Any client and any redirect address of
https, or of this machine, count as registered; a client secret that begins with ``wrong`` is wrong.
Vendor's page: "Using OAuth 2.0 for Web Server Applications".
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
from typing import Any
from urllib.parse import urlencode, urlsplit

from tests.simulator.google import pages
from tests.simulator.google.mailbox import GoogleMailbox
from tests.simulator.http import BadBody, Request, Response
from tests.simulator.identity.signing import sign, unpadded
from tests.simulator.world import World

AUTHORIZE, TOKEN, REVOKE = "/o/oauth2/v2/auth", "/token", "/revoke"
LIFE = 3599  # seconds of an access token
_CODE_LIFE = dt.timedelta(minutes=10)
_IDLE_LIFE = dt.timedelta(days=183)
_LOOPBACK = ("localhost", "127.0.0.1")
_EMAIL = "https://www.googleapis.com/auth/userinfo.email"
_PROFILE = "https://www.googleapis.com/auth/userinfo.profile"


class Refusal(Exception):
    """An answer other than success; ``status`` is that of the token endpoint."""

    def __init__(self, error: str, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.error, self.text, self.status = error, text, status


def handle(world: World, request: Request) -> Response:
    """Answer a request to one of the three addresses."""
    try:
        values = _values(request)
        if request.path == AUTHORIZE:
            return _authorize(world, request, values)
        if request.path not in (TOKEN, REVOKE):
            return Response.text("Not found", 404)
        if request.method != "POST":
            return Response(405, {"Allow": "POST"})
        found = _token(world, values) if request.path == TOKEN else _revoke(world, values)
        return Response.json(found, headers={"Cache-Control": "no-cache, no-store, max-age=0, must-revalidate"})
    except Refusal as refusal:
        if request.path == AUTHORIZE:
            return pages.error_page(refusal.error, refusal.text)
        return Response.json({"error": refusal.error, "error_description": refusal.text}, refusal.status)


def _values(request: Request) -> dict[str, str]:
    """The parameters of the address and of the form; the ticks of the page's boxes joined."""
    values = {name: given[0] for name, given in request.query.items() if given}
    if request.method == "POST" and request.body:
        try:
            pairs = request.pairs()
        except BadBody as error:
            raise Refusal("invalid_request", "Bad Request") from error
        ticked = [value for name, value in pairs if name == "sim_scope"]
        values |= {name: value for name, value in pairs if name != "sim_scope"}
        if ticked:
            values["sim_scopes"] = " ".join(ticked)
    return values


def describe(world: World, request: Request) -> tuple[str, GoogleMailbox | None]:
    """Name of the operation, and the account that it is about as far as the request says. Never raises."""
    name = {AUTHORIZE: "authorize", TOKEN: "token", REVOKE: "revoke"}.get(request.path, "google")
    try:
        values = _values(request)
    except Refusal:
        return name, None
    with world.lock:
        code, known = world.codes.get(values.get("code", "")), world.refresh_tokens.get(values.get("refresh_token", ""))
        address = code["address"] if code else known.mailbox_address if known else values.get("sim_account", "")
        found = world.find_account(address) if address else None
    return name, found if isinstance(found, GoogleMailbox) else None


def faulty(status: int, code: str | None, headers: dict[str, str]) -> Response:
    """What a fault rule without a body of its own answers."""
    error = code or {401: "invalid_client", 400: "invalid_grant"}.get(status, "internal_failure")
    text = {"invalid_grant": "Token has been expired or revoked."}.get(error, "A fault was asked for.")
    return Response.json({"error": error, "error_description": text}, status if status >= 400 else 400, headers)


def _authorize(world: World, request: Request, values: dict[str, str]) -> Response:
    _check_way_back(values)
    if values.get("response_type") != "code":
        raise Refusal("unsupported_response_type", "Invalid response_type: the simulator knows code.")
    asked = values.get("scope", "").split()
    if not asked:
        raise Refusal("invalid_request", "Missing required parameter: scope")
    if "cancel" in values:
        return _back(values, {"error": "access_denied"})
    address = values.get("sim_account", "").strip()
    if not address:
        if "none" in values.get("prompt", "").split():
            return _back(values, {"error": "interaction_required"})
        return _account_page(world, request, values, asked)
    with world.lock:
        mailbox = world.find_account(address)
        if not isinstance(mailbox, GoogleMailbox):
            raise Refusal("invalid_request", f"Couldn’t find your Google Account: {address}")
        granted = [scope for scope in asked if scope in _granted(values, asked)]
        code = world.new_token("code")
        world.codes[code] = {**values, "address": mailbox.address, "granted": granted, "at": world.now()}
    return _back(
        values, {"code": code, "scope": " ".join(granted), "authuser": "0", "prompt": values.get("prompt", "consent")}
    )


def _granted(values: dict[str, str], asked: list[str]) -> list[str]:
    """A person may tick fewer scopes than were asked for; those of the sign-in itself come by themselves."""
    if "sim_scopes" not in values and "sim_ticked" not in values:
        return asked
    return [*values.get("sim_scopes", "").split(), *(scope for scope in asked if not pages.is_sensitive(scope))]


def _account_page(world: World, request: Request, values: dict[str, str], asked: list[str]) -> Response:
    with world.lock:
        found = [one for one in world.mailboxes.values() if isinstance(one, GoogleMailbox)]
    action = f"{request.path}?{urlencode(request.query, doseq=True)}"
    return pages.account_page(action, sorted(found, key=lambda one: one.address), values.get("login_hint", ""), asked)


def _check_way_back(values: dict[str, str]) -> None:
    if not values.get("client_id"):
        raise Refusal("invalid_request", "Missing required parameter: client_id")
    parts = urlsplit(values.get("redirect_uri", ""))
    local = parts.scheme == "http" and parts.hostname in _LOOPBACK
    if not parts.netloc or parts.fragment or not (parts.scheme == "https" or local):
        raise Refusal("redirect_uri_mismatch", "You can’t sign in because this app sent an invalid request.")


def _back(values: dict[str, str], answer: dict[str, str]) -> Response:
    told = {**({"state": values["state"]} if "state" in values else {}), **answer}
    joint = "&" if urlsplit(values["redirect_uri"]).query else "?"
    return Response.redirect(f"{values['redirect_uri']}{joint}{urlencode(told)}")


def _token(world: World, form: dict[str, str]) -> dict[str, Any]:
    if not form.get("client_id") or not form.get("client_secret"):
        raise Refusal("invalid_request", "Could not determine client ID from request.")
    if form["client_secret"].startswith("wrong"):
        raise Refusal("invalid_client", "Unauthorized", 401)
    with world.lock:
        match form.get("grant_type"):
            case "authorization_code":
                return _redeem(world, form)
            case "refresh_token":
                return _refresh(world, form)
        raise Refusal("unsupported_grant_type", f"Invalid grant_type: {form.get('grant_type', '')}")


def _redeem(world: World, form: dict[str, str]) -> dict[str, Any]:
    entry = world.codes.get(form.get("code", ""))
    if entry is None or "granted" not in entry:
        raise Refusal("invalid_grant", "Malformed auth code.")
    stale = world.now() - entry["at"] > _CODE_LIFE
    if entry.get("redeemed") or stale or entry["client_id"] != form["client_id"]:
        raise Refusal("invalid_grant", "Bad Request")
    if entry["redirect_uri"] != form.get("redirect_uri"):
        raise Refusal("redirect_uri_mismatch", "Bad Request")
    if "code_challenge" in entry:
        _check_verifier(entry, form.get("code_verifier", ""))
    entry["redeemed"] = True
    # Once per person and application, unless consent was asked for again.
    address, known = entry["address"], world.refresh_tokens.values()
    first = not any(
        (one.mailbox_address, one.client_id, one.revoked) == (address, form["client_id"], False) for one in known
    )
    lasting = entry.get("access_type") == "offline" and (first or "consent" in entry.get("prompt", "").split())
    return _answer(world, address, form["client_id"], entry["granted"], entry.get("nonce"), lasting)


def _check_verifier(entry: dict[str, Any], verifier: str) -> None:
    digest = unpadded(hashlib.sha256(verifier.encode()).digest())
    proof = digest if entry.get("code_challenge_method") == "S256" else verifier
    if not verifier:
        raise Refusal("invalid_grant", "Missing code verifier.")
    if not hmac.compare_digest(proof, entry["code_challenge"]):
        raise Refusal("invalid_grant", "Invalid code verifier.")


def _refresh(world: World, form: dict[str, str]) -> dict[str, Any]:
    known = world.refresh_tokens.get(form.get("refresh_token", ""))
    if known is None:
        raise Refusal("invalid_grant", "Bad Request")
    if known.client_id and known.client_id != form["client_id"]:
        raise Refusal("unauthorized_client", "Unauthorized", 401)
    if known.revoked or world.now() - known.issued_at > _IDLE_LIFE:
        raise Refusal("invalid_grant", "Token has been expired or revoked.")
    known.issued_at = world.now()
    granted = known.scope.split()
    wanted = form.get("scope", "").split() or granted
    if set(wanted) - set(granted):
        raise Refusal("invalid_scope", "Bad Request")
    return _answer(world, known.mailbox_address, form["client_id"], wanted, None, lasting=False)


def _answer(
    world: World, address: str, client_id: str, scopes: list[str], nonce: str | None, lasting: bool
) -> dict[str, Any]:
    mailbox = world.find_account(address)
    if not isinstance(mailbox, GoogleMailbox):
        raise Refusal("invalid_grant", "Account has been deleted")
    # Google answers with the long names of the scopes that have one.
    named = {"email": _EMAIL, "profile": _PROFILE}
    scope = " ".join(named.get(one, one) for one in scopes)
    tokens = world.issue_tokens(mailbox, scope, LIFE, client_id)
    if not lasting:
        del world.refresh_tokens[tokens.pop("refresh_token")]
    else:
        world.refresh_tokens[tokens["refresh_token"]].scope = f"{scope} {' '.join(scopes)}"
    answer: dict[str, Any] = {**tokens, "token_type": "Bearer"}
    if "openid" in scopes:
        answer["id_token"] = _id_token(world, mailbox, client_id, scopes, nonce)
    return answer


def subject(mailbox: GoogleMailbox) -> str:
    """The person's id at Google: 21 digits that never change."""
    return "1" + str(int(mailbox.oid.replace("-", ""), 16))[:20]


def _id_token(world: World, mailbox: GoogleMailbox, client_id: str, scopes: list[str], nonce: str | None) -> str:
    now = int(world.now().timestamp())
    claims: dict[str, Any] = {
        "iss": "https://accounts.google.com", "azp": client_id, "aud": client_id, "sub": subject(mailbox), "iat": now,
        "exp": now + 3600, **({"nonce": nonce} if nonce else {}),
    }  # fmt: skip
    if {"email", _EMAIL} & set(scopes):
        claims |= {"email": mailbox.mail or mailbox.address, "email_verified": True}
    if {"profile", _PROFILE} & set(scopes):
        claims |= {"name": mailbox.name}
    return sign(claims)


def _revoke(world: World, form: dict[str, str]) -> dict[str, Any]:
    """The grant ends: whichever of its tokens is given, none of them is good any more."""
    token = form.get("token", "")
    with world.lock:
        held = world.refresh_tokens.get(token) or world.access_tokens.get(token)
        if held is None or getattr(held, "revoked", False):
            raise Refusal("invalid_token", "Token expired or revoked")
        for one in world.refresh_tokens.values():
            if one.mailbox_address == held.mailbox_address and one.client_id == getattr(
                held, "client_id", one.client_id
            ):
                one.revoked = True
        for access in [key for key, one in world.access_tokens.items() if one.mailbox_address == held.mailbox_address]:
            del world.access_tokens[access]
    return {}
