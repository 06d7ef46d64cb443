"""Tokens of the Microsoft identity platform, through msal. See "OAuth 2.0 authorization code flow" and "Refresh tokens
in the Microsoft identity platform"."""

import threading
import time
from collections.abc import Sequence
from typing import Any

import msal
import requests
from django.conf import settings

from calendars import grants
from calendars.graph import http
from calendars.graph.errors import GrantRefused, OperatorFault, TryLater
from calendars.models import Grant

SCOPES = ["Calendars.ReadWrite", "User.Read"]
# Of the tokens that a grant of each service is renewed for: one sign-in, another resource.
SCOPES_OF = {
    Grant.Service.GRAPH: SCOPES,
    Grant.Service.EWS: ["https://outlook.office365.com/EWS.AccessAsUser.All"],
}
# The identity platform's words for "the person must sign in again"; all other refusals are ours or pass by themselves.
NEEDS_PERSON = {"invalid_grant", "interaction_required", "consent_required", "login_required", "bad_token"}
OPERATOR = {"invalid_client", "unauthorized_client", "invalid_request", "invalid_scope", "unsupported_grant_type"}


class _Endpoints(dict[str, Any]):
    """msal's memory of answers, of which those that name Microsoft's endpoints are kept, for a day. It would also answer
    an equal request for tokens from memory for a minute; ours are meant each time."""

    def __setitem__(self, key: str, value: Any) -> None:
        if not key.startswith("POST "):
            super().__setitem__(key, value)


# msal writes into its memory without a lock across applications: each thread has its own.
_remembered = threading.local()


def _endpoints() -> _Endpoints:
    # The simulator stands in at the same address.
    where = settings.SIMULATOR_URL
    if getattr(_remembered, "where", None) != where:
        _remembered.where, _remembered.endpoints = where, _Endpoints()
    found: _Endpoints = _remembered.endpoints
    return found


def forget_endpoints() -> None:
    """As in a new process: the next application asks Microsoft for them."""
    _endpoints().clear()


def application() -> msal.ConfidentialClientApplication:
    """msal's client with an empty cache of its own: what a sign-in yields is kept only if every check passes.

    Asks Microsoft for its endpoints where they are not known: raises TryLater where it cannot be reached.
    """
    try:
        return msal.ConfidentialClientApplication(
            settings.MICROSOFT_CLIENT_ID,
            client_credential=settings.MICROSOFT_CLIENT_SECRET,
            authority=settings.MICROSOFT_AUTHORITY,
            instance_discovery=False,
            http_client=http.session(),
            http_cache=_endpoints(),
        )
    except (requests.RequestException, msal.exceptions.MsalError, ValueError, KeyError) as error:
        # KeyError: an answer that is JSON and names no endpoints, of a gateway in between. It must not stay for a day.
        forget_endpoints()
        raise TryLater(type(error).__name__, seconds=settings.RETRY_SECONDS, reason="unreachable") from error


def access_token(grant: Grant, *, refresh: bool = False) -> str:
    """As `grants.access_token`. Raises GrantRefused, OperatorFault, TryLater, and grants.GrantUnreadable."""
    scopes = SCOPES_OF[Grant.Service(grant.service)]
    return grants.access_token(grant, lambda held: redeem(held, scopes), refresh=refresh)


def redeem(refresh_token: str, scopes: Sequence[str] = SCOPES) -> grants.Tokens:
    """New tokens for these scopes, all of one resource; raises as `access_token` does."""
    try:
        answer = application().acquire_token_by_refresh_token(refresh_token, scopes=list(scopes))
    except (requests.RequestException, msal.exceptions.MsalError, ValueError) as error:
        raise TryLater(type(error).__name__, seconds=settings.RETRY_SECONDS, reason="unreachable") from error
    check(answer)
    return tokens_of(answer, refresh_token)


def tokens_of(answer: dict[str, Any], refresh_token: str = "") -> grants.Tokens:
    """Of an answer without an error; without a new refresh token the old one stays."""
    return grants.Tokens(
        refresh_token=answer.get("refresh_token") or refresh_token,
        access_token=answer["access_token"],
        expires_at=time.time() + int(answer.get("expires_in") or 0),
    )


def check(answer: dict[str, Any]) -> None:
    """Raises what an answer of the token endpoint means, unless it holds an access token."""
    if answer.get("access_token"):
        return
    error = str(answer.get("error") or "no token in the answer")
    numbers = ",".join(str(number) for number in answer.get("error_codes") or [])
    code = " ".join(part for part in (error, str(answer.get("suberror") or ""), numbers) if part)
    if error in NEEDS_PERSON:
        raise GrantRefused(code=code)
    if error in OPERATOR:
        raise OperatorFault(code=code)
    raise TryLater(code=code, seconds=settings.RETRY_SECONDS, reason="busy")
