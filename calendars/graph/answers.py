"""What an answer of Graph's means: an error of ours, or content that is as documented."""

import json
import re
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import orjson
from django.conf import settings

from calendars.graph.errors import (
    AccessDenied,
    BadRequest,
    Conflict,
    GrantRefused,
    GraphError,
    ItemNotFound,
    MailboxNotServed,
    MarkLost,
    TryLater,
)

# A wait that ends on no day of the calendar is no wait that anybody has asked for.
LONGEST_WAIT = 366 * 24 * 3600.0
T = TypeVar("T")


def content_of(body: bytes) -> Any:
    """The JSON of an answer; None where it is none."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return _tolerantly(body)


def _tolerantly(body: bytes) -> Any:
    """Half a character in somebody's subject is no JSON to the strict reader, and must not stop a whole calendar: it is
    left out."""
    try:
        text = json.dumps(json.loads(body), ensure_ascii=False, allow_nan=False)
        return orjson.loads(text.encode("utf-8", "ignore"))
    except (ValueError, RecursionError):
        return None


def error_of(status: int, headers: Any, body: Any) -> GraphError | None:
    """What an answer means; None for success. "Microsoft Graph error responses and resource types"."""
    if status < 400:
        # Graph redirects nobody; a gateway that does is not followed with a token.
        return None if 200 <= status < 300 and isinstance(body, dict) else unreadable()
    code = _code(body)
    message = f"{status} {code} request-id {headers.get('request-id', '-')}"
    if status == 401:
        return GrantRefused(message, code=code)
    if code.casefold() in ("mailboxnotenabledforrestapi", "resourcenotfound"):
        return MailboxNotServed(message, code=code)
    if status == 404:
        return ItemNotFound(message, code=code)
    if status == 410 or code.casefold() in ("syncstatenotfound", "resyncrequired"):
        return MarkLost(message, code=code)
    if status == 412 or code.casefold() == "errorirresolvableconflict":
        return Conflict(message, code=code)
    if status == 403:
        return AccessDenied(message, code=code)
    if status in (408, 429) or status >= 500:
        return _later(status, headers, message, code)
    return BadRequest(message, code=code)


def _later(status: int, headers: Any, message: str, code: str) -> TryLater:
    reason = "throttled" if status == 429 else "busy"
    asked = _seconds(headers.get("Retry-After"))
    seconds = settings.RETRY_SECONDS if asked is None else asked
    return TryLater(message, seconds=seconds, reason=reason, asked=asked is not None, code=code)


def _seconds(retry_after: Any) -> float | None:
    """Of a `Retry-After`, which HTTP lets be a number of seconds or a date; a fraction is understood too. That of an item
    of a batch may be a number in JSON, which is its text here."""
    if not retry_after:
        return None
    retry_after = str(retry_after)
    if re.fullmatch(r"\s*[0-9]+(\.[0-9]+)?\s*", retry_after):
        return min(float(retry_after), LONGEST_WAIT)
    try:
        return min(max(0.0, parsedate_to_datetime(retry_after).timestamp() - time.time()), LONGEST_WAIT)
    except ValueError:
        return None


def _code(body: Any) -> str:
    error = body.get("error") if isinstance(body, dict) else None
    return str(error.get("code") or "")[:100] if isinstance(error, dict) else ""


def unreadable() -> TryLater:
    """Not what Graph documents: by itself no proof of anything, and worth another try."""
    return TryLater("an answer that cannot be read", seconds=settings.RETRY_SECONDS, reason="unreadable")


def rows(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """The `value` of a list; raises TryLater where there is none."""
    values = answer.get("value")
    if not isinstance(values, list) or set(map(type, values)) - {dict}:
        raise unreadable()
    return values


def readable(parse: Callable[[Any], T], value: Any) -> T:
    """`parse(value)`; raises TryLater where the value is not as documented."""
    try:
        return parse(value)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise unreadable() from None
