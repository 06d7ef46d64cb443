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
# Google's words for "our registration is at fault".
OPERATOR = ("invalid_client", "unauthorized_client", "invalid_request", "invalid_scope", "unsupported_grant_type")


def access_token(grant: Grant, *, refresh: bool = False) -> str:
    """As `grants.access_token`. Raises GrantRefused, OperatorFault, TryLater, and grants.GrantUnreadable."""
    return grants.access_token(grant, redeem, refresh=refresh)


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
