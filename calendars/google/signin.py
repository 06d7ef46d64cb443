"""A sign-in with Google: where a member is sent, and what the answer proves. Writes nothing of ours.

See "Using OAuth 2.0 for Web Server Applications" and "OpenID Connect" in Google's identity documentation.
"""

import base64
import hashlib
import json
import secrets
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import requests
from django.conf import settings

from calendars import grants
from calendars.errors import OperatorFault, TryLater
from calendars.google.tokens import OPERATOR, SCOPES
from calendars.graph import http

ISSUERS = {"https://accounts.google.com", "accounts.google.com"}
CALENDAR_SCOPE = "https://www.googleapis.com/auth/calendar.events"
# Clocks differ a little.
SKEW = 120


class NotSignedIn(Exception):
    """The answer proves nothing: it was cancelled, used before, or is not what was asked for. The text is one word."""


@dataclass(frozen=True)
class Begun:
    """What of a sign-in under way stays with the member's session until the answer; JSON."""

    state: str
    verifier: str
    nonce: str
    begun_at: float

    @classmethod
    def now(cls) -> "Begun":
        state, verifier, nonce = (secrets.token_urlsafe(32) for _ in range(3))
        return cls(state, verifier, nonce, time.time())

    @property
    def lives(self) -> bool:
        return time.time() - self.begun_at < settings.SIGN_IN_SECONDS


@dataclass(frozen=True)
class SignedIn:
    """Who signed in: `subject` is Google's one name for the account, `address` its verified address or empty."""

    subject: str
    address: str
    tokens: grants.Tokens
    scopes: tuple[str, ...]


def address_for(begun: Begun, *, redirect_uri: str, hint: str) -> str:
    """Where the browser is sent. Consent is asked for each time: only then Google gives a refresh token."""
    challenge = base64.urlsafe_b64encode(hashlib.sha256(begun.verifier.encode()).digest()).decode().rstrip("=")
    asked = {
        "client_id": settings.GOOGLE_CLIENT_ID,
        "redirect_uri": redirect_uri,
        "response_type": "code",
        "scope": " ".join(SCOPES),
        "state": begun.state,
        "nonce": begun.nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        "access_type": "offline",
        "prompt": "consent select_account",
        **({"login_hint": hint} if hint else {}),
    }
    return f"{settings.GOOGLE_AUTHORIZE_URL}?{urlencode(asked)}"


def redeem(begun: Begun, code: str, *, redirect_uri: str) -> SignedIn:
    """Raises NotSignedIn, TryLater, OperatorFault."""
    answer = _post(
        {
            "grant_type": "authorization_code",
            "code": code,
            "code_verifier": begun.verifier,
            "redirect_uri": redirect_uri,
            "client_id": settings.GOOGLE_CLIENT_ID,
            "client_secret": settings.GOOGLE_CLIENT_SECRET,
        }
    )
    scopes = tuple(str(answer.get("scope") or "").split())
    if CALENDAR_SCOPE not in scopes:
        raise NotSignedIn("scope")
    if not answer.get("refresh_token") or not answer.get("access_token"):
        raise NotSignedIn("token")
    claims = _claims(str(answer.get("id_token") or ""), begun)
    verified = claims.get("email_verified") in (True, "true")
    return SignedIn(
        subject=str(claims["sub"]),
        address=str(claims.get("email") or "") if verified else "",
        tokens=grants.Tokens(
            refresh_token=answer["refresh_token"],
            access_token=answer["access_token"],
            expires_at=time.time() + int(answer.get("expires_in") or 0),
        ),
        scopes=scopes,
    )


def _post(form: dict[str, str]) -> dict[str, Any]:
    session = http.session()
    try:
        answer = session.post(
            settings.GOOGLE_TOKEN_URL, data=form, timeout=settings.HTTP_TIMEOUT, allow_redirects=False
        )
        body = answer.json()
    except requests.RequestException as error:
        raise TryLater(type(error).__name__, seconds=settings.RETRY_SECONDS, reason="unreachable") from None
    finally:
        session.close()
    if not isinstance(body, dict) or answer.status_code >= 500 or answer.status_code == 429:
        raise TryLater(str(answer.status_code), seconds=settings.RETRY_SECONDS, reason="busy")
    if answer.status_code >= 400:
        code = str(body.get("error") or "")[:100]
        raise OperatorFault(code=code) if code in OPERATOR else NotSignedIn(code or "refused")
    return body


def _claims(id_token: str, begun: Begun) -> dict[str, Any]:
    """Of a token that came from Google's own endpoint over TLS, which stands for its signature; all else is checked."""
    try:
        payload = id_token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        good = (
            claims["iss"] in ISSUERS
            and claims["aud"] == settings.GOOGLE_CLIENT_ID
            and float(claims["exp"]) > time.time() - SKEW
            and secrets.compare_digest(str(claims["nonce"]), begun.nonce)
            and bool(claims["sub"])
        )
    except (IndexError, KeyError, TypeError, ValueError):
        good, claims = False, {}
    if not good:
        raise NotSignedIn("id_token")
    return dict(claims)
