"""Requests to Google Calendar API v3. Raises the errors of `calendars.errors`, and nothing of `requests`."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import requests
from django.conf import settings

from calendars.errors import (
    AccessDenied,
    BadRequest,
    Conflict,
    GrantRefused,
    ItemNotFound,
    MarkLost,
    Refused,
    ServiceError,
    TryLater,
)
from calendars.graph import http

# "Handle API errors": by the reason, since 403 means several things.
_SLOW_DOWN = {"rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded"}
_LOST = {"fullSyncRequired", "updatedMinTooLongAgo"}
# The limit on writes to people outside lasts for hours.
_QUOTA_SECONDS = 3600


class Gone(ItemNotFound):
    """410: deleted already."""


class Duplicate(BadRequest):
    """409: there is an event of this id."""


class GoogleClient:
    """`token(refresh)` gives an access token, a new one when `refresh`; `before_request` is called before each request,
    to hold the worker's lease. Not to be shared between threads."""

    def __init__(self, token: Callable[[bool], str], before_request: Callable[[], None] = lambda: None) -> None:
        self.requests = 0
        self._token = token
        self._before_request = before_request
        self._session = http.session()

    def close(self) -> None:
        self._session.close()

    def ask(
        self,
        method: str,
        path: str,
        *,
        params: dict[str, Any] | None = None,
        body: dict[str, Any] | None = None,
        version: str = "",
    ) -> dict[str, Any]:
        """`path` below /calendar/v3; `version` an etag that must still be the event's. A deletion gives {}."""
        try:
            return self._ask(method, path, params, body, version, refresh=False)
        except GrantRefused:
            return self._ask(method, path, params, body, version, refresh=True)

    def _ask(
        self,
        method: str,
        path: str,
        params: dict[str, Any] | None,
        body: dict[str, Any] | None,
        version: str,
        *,
        refresh: bool,
    ) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self._token(refresh)}", **({"If-Match": version} if version else {})}
        self._before_request()
        self.requests += 1
        try:
            answer = self._session.request(
                method,
                f"{settings.GOOGLE_URL}/calendar/v3{path}",
                params=params,
                json=body,
                headers=headers,
                timeout=settings.HTTP_TIMEOUT,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise TryLater(type(error).__name__, seconds=settings.RETRY_SECONDS, reason="unreachable") from None
        return _content(answer)


def path_of(calendar: str, event: str = "") -> str:
    """The path of a calendar's events, or of one of them."""
    events = f"/calendars/{quote(calendar, safe='')}/events"
    return f"{events}/{quote(event, safe='')}" if event else events


def _content(answer: requests.Response) -> dict[str, Any]:
    try:
        body = answer.json() if answer.content else {}
    except requests.JSONDecodeError:
        body = None
    if 200 <= answer.status_code < 300 and isinstance(body, dict):
        return body
    raise _error(answer, body)


def _error(answer: requests.Response, body: Any) -> ServiceError:
    status, code = answer.status_code, _reason(body)
    message = f"{status} {code}"
    asked = answer.headers.get("Retry-After", "")
    if status == 401:
        return GrantRefused(message, code=code)
    if status == 429 or code in _SLOW_DOWN:
        seconds = float(asked) if asked.isdigit() else settings.RETRY_SECONDS
        seconds = _QUOTA_SECONDS if code == "quotaExceeded" else seconds
        return TryLater(message, seconds=seconds, reason="throttled", asked=asked.isdigit(), code=code)
    if status < 400 or status >= 500 or status == 408:
        seconds = float(asked) if asked.isdigit() else settings.RETRY_SECONDS
        reason = "busy" if status >= 400 else "unreadable"
        return TryLater(message, seconds=seconds, reason=reason, asked=asked.isdigit())
    if code in _LOST:
        return MarkLost(message, code=code)
    if code == "forbiddenForNonOrganizer":
        return Refused(message, code="organizer")
    known: dict[int, type[ServiceError]] = {
        403: AccessDenied, 404: ItemNotFound, 409: Duplicate, 410: Gone, 412: Conflict,
    }  # fmt: skip
    return known.get(status, BadRequest)(message, code=code)


def _reason(body: Any) -> str:
    error = body.get("error") if isinstance(body, dict) else None
    errors = error.get("errors") if isinstance(error, dict) else None
    first = errors[0] if isinstance(errors, list) and errors else None
    return str(first.get("reason") or "")[:100] if isinstance(first, dict) else ""
