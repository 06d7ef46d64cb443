"""The token endpoint: a code, or a refresh token, for fresh tokens.

Vendor's page: Microsoft, "Refresh tokens in the Microsoft identity platform".
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Any

from tests.simulator.http import Request, Response
from tests.simulator.identity import accounts
from tests.simulator.identity.authorize import CODE_LIFE, form_of
from tests.simulator.identity.errors import Refusal, missing, token_answer
from tests.simulator.identity.idtoken import client_info, id_token
from tests.simulator.identity.scopes import for_one_resource
from tests.simulator.identity.signing import unpadded
from tests.simulator.mailbox import Mailbox
from tests.simulator.world import RefreshToken, World

IDLE_LIFE = timedelta(days=90)


def token(world: World, request: Request, tenant: str) -> Response:
    """Fresh tokens, or an error as JSON; the application must prove who it is."""
    try:
        if request.method != "POST":
            text = f"The endpoint only accepts POST requests. Received a {request.method} request."
            raise Refusal(900561, "invalid_request", text)
        accounts.known_tenant(world, tenant)
        form = form_of(request)
        _check_client(form)
        match form.get("grant_type"):
            case "authorization_code":
                answer = _redeem_code(world, tenant, form)
            case "refresh_token":
                answer = _refresh(world, tenant, form)
            case None | "":
                raise missing("grant_type")
            case other:
                text = f"The app requested an unsupported grant type '{other}'."
                raise Refusal(70003, "unsupported_grant_type", text)
    except Refusal as refusal:
        return token_answer(refusal, request, world.now())
    return Response.json(answer, headers={"Cache-Control": "no-store", "Pragma": "no-cache"})


def _check_client(form: dict[str, str]) -> None:
    if not form.get("client_id"):
        raise missing("client_id")
    secret = form.get("client_secret")
    if not secret:
        text = "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."
        raise Refusal(7000218, "invalid_client", text, status=401)
    if secret.startswith("wrong"):
        raise _wrong_client(form["client_id"])
    if secret.startswith("expired"):
        text = f"The provided client secret keys for app '{form['client_id']}' are expired."
        raise Refusal(7000222, "invalid_client", text, status=401)


def _wrong_client(client_id: str) -> Refusal:
    text = f"Invalid client secret provided for app '{client_id}'."
    return Refusal(7000215, "invalid_client", text, status=401)


def _redeem_code(world: World, tenant: str, form: dict[str, str]) -> dict[str, Any]:
    for name in ("code", "redirect_uri"):
        if not form.get(name):
            raise missing(name)
    now = world.now()
    with world.lock:
        entry = world.codes.get(form["code"])
        if entry is None:
            raise Refusal(9002313, "invalid_grant", "Invalid request. The code is malformed or invalid.")
        _check_code(entry, form, tenant, now)
        mailbox = accounts.account(world, entry["address"], tenant)
        granted = entry["scope"].split()
        scopes = for_one_resource(form.get("scope", "").split(), granted)
        entry["redeemed"] = True
        return _answer(world, mailbox, form, scopes, granted, entry["nonce"])


def _check_code(entry: dict[str, Any], form: dict[str, str], tenant: str, now: datetime) -> None:
    if entry["client_id"] != form["client_id"]:
        raise _wrong_client(form["client_id"])
    if entry["tenant"] != tenant:
        text = "Provided Authorization Code is intended to use against other tenant, thus rejected."
        raise Refusal(700005, "invalid_grant", text)
    if entry["redirect_uri"] != form["redirect_uri"]:
        text = "The reply address does not match the reply address provided when requesting Authorization code."
        raise Refusal(500112, "invalid_client", text)
    if entry["redeemed"]:
        text = "OAuth2 Authorization code was already redeemed, please retry with a new valid code."
        raise Refusal(54005, "invalid_grant", text)
    if now - entry["issued"] > timedelta(seconds=CODE_LIFE):
        text = "The provided authorization code or refresh token has expired due to inactivity."
        raise Refusal(70008, "invalid_grant", text)
    verifier = form.get("code_verifier", "")
    challenge = unpadded(hashlib.sha256(verifier.encode()).digest())
    if not hmac.compare_digest(challenge, entry["challenge"]):
        text = "The Code_Verifier does not match the code_challenge supplied in the authorization request."
        raise Refusal(501481, "invalid_grant", text)


def _refresh(world: World, tenant: str, form: dict[str, str]) -> dict[str, Any]:
    if not form.get("refresh_token"):
        raise missing("refresh_token")
    with world.lock:
        known = world.refresh_tokens.get(form["refresh_token"])
        if known is None:
            raise Refusal(70000, "invalid_grant", "The provided value for 'refresh_token' is not valid.")
        _check_refresh_token(known, form, world.now())
        mailbox = accounts.account(world, known.mailbox_address, tenant)
        granted = known.scope.split()
        # A refresh token is bound to no resource: whatever the account has consented to can be had with it.
        consented = [*granted, *world.consents.get(mailbox.address, ())]
        scopes = for_one_resource(form.get("scope", "").split() or granted, consented)
        return _answer(world, mailbox, form, scopes, granted, None)


def _check_refresh_token(known: RefreshToken, form: dict[str, str], now: datetime) -> None:
    # A token made by /_sim/tokens belongs to no application in particular.
    if known.client_id and known.client_id != form["client_id"]:
        raise _wrong_client(form["client_id"])
    if known.revoked:
        text = "The provided grant has expired due to it being revoked, a fresh auth token is needed."
        raise Refusal(50173, "invalid_grant", text, suberror="bad_token")
    if now - known.issued_at > IDLE_LIFE:
        text = (
            f"The refresh token has expired due to inactivity. The token was issued on "
            f"{known.issued_at:%Y-%m-%dT%H:%M:%SZ} and was inactive for 90.00:00:00."
        )
        raise Refusal(700082, "invalid_grant", text, suberror="bad_token")


def _answer(
    world: World,
    mailbox: Mailbox,
    form: dict[str, str],
    scopes: list[str],
    granted: list[str],
    nonce: str | None,
) -> dict[str, Any]:
    """New tokens; the access token for `scopes`, the refresh token still for all that is `granted`."""
    client_id = form["client_id"]
    asked = {scope.lower() for scope in granted}
    # The answer's scopes are spelled as they were asked for: clients look their tokens up under them.
    spelled = " ".join(scope for scope in scopes if scope.lower() != "offline_access")
    tokens = world.issue_tokens(mailbox, spelled, client_id=client_id)
    world.refresh_tokens[tokens["refresh_token"]].scope = " ".join(granted)
    if "offline_access" not in asked:
        del world.refresh_tokens[tokens.pop("refresh_token")]
    life = tokens["expires_in"]
    answer = {"token_type": "Bearer", **tokens, "ext_expires_in": life}
    if "openid" in asked:
        answer["id_token"] = id_token(
            mailbox, client_id=client_id, scopes=granted, nonce=nonce, now=world.now(), life=life
        )
    if form.get("client_info") == "1":
        answer["client_info"] = client_info(mailbox)
    return answer
