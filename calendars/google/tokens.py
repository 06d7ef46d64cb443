"""Google's tokens, renewed through google-auth. See "Using OAuth 2.0 for Web Server Applications"."""

import time
from datetime import UTC

import requests
from django.conf import settings
from google.auth.exceptions import GoogleAuthError, RefreshError, TransportError
from google.auth.transport.requests import Request
from google.oauth2.credentials import Credentials

from calendars import grants
from calendars.errors import GrantRefused, OperatorFault, TryLater
from calendars.graph import http
from calendars.models import Grant

SCOPES = ("openid", "email", "https://www.googleapis.com/auth/calendar.events")
# A token with less life left than this is renewed before use.
MARGIN = 300
# Google's words for "our registration is at fault".
OPERATOR = ("invalid_client", "unauthorized_client", "invalid_request", "invalid_scope", "unsupported_grant_type")


def access_token(grant: Grant, *, refresh: bool = False) -> str:
    """A token that lives long enough for a request; `refresh` after Google refused the last one.

    No lock is held while Google is asked: whoever loses the race to save reads what the winner saved. Raises
    GrantRefused, OperatorFault, TryLater, and grants.GrantUnreadable.
    """
    used = grants.read(grant)
    if _lives(used) and not refresh:
        return used.access_token
    grant.refresh_from_db()
    tokens = grants.read(grant)
    if _lives(tokens) and tokens.access_token != used.access_token:
        return tokens.access_token
    renewed = redeem(tokens.refresh_token)
    if grants.renew(grant, renewed):
        return renewed.access_token
    grant.refresh_from_db()
    return grants.read(grant).access_token


def redeem(refresh_token: str) -> grants.Tokens:
    credentials = Credentials(
        token=None,
        refresh_token=refresh_token,
        token_uri=settings.GOOGLE_TOKEN_URL,
        client_id=settings.GOOGLE_CLIENT_ID,
        client_secret=settings.GOOGLE_CLIENT_SECRET,
    )
    session = http.session()
    try:
        credentials.refresh(Request(session=session))
    except RefreshError as error:
        raise _refusal(error) from None
    except (TransportError, GoogleAuthError, requests.RequestException) as error:
        raise TryLater(type(error).__name__, seconds=settings.RETRY_SECONDS, reason="unreachable") from None
    finally:
        session.close()
    expiry = credentials.expiry
    return grants.Tokens(
        refresh_token=credentials.refresh_token or refresh_token,
        access_token=credentials.token or "",
        expires_at=expiry.replace(tzinfo=UTC).timestamp() if expiry else time.time(),
    )


def _refusal(error: RefreshError) -> Exception:
    answer = error.args[1] if len(error.args) > 1 and isinstance(error.args[1], dict) else {}
    code = str(answer.get("error") or "")[:100]
    if error.retryable or not code:
        return TryLater(code, seconds=settings.RETRY_SECONDS, reason="busy")
    if code in OPERATOR:
        return OperatorFault(code=code)
    return GrantRefused(code=code)


def _lives(tokens: grants.Tokens) -> bool:
    return bool(tokens.access_token) and tokens.expires_at > time.time() + MARGIN
