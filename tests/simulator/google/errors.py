"""The errors of Google Calendar: an HTTP status and a reason, which is what clients act on."""

from __future__ import annotations

from typing import Any

from tests.simulator.http import Response

_LIMITS = "usageLimits"
# Domain and message of the reasons; all others are of the domain "global".
_REASONS: dict[str, tuple[str, str]] = {
    "rateLimitExceeded": (_LIMITS, "Rate Limit Exceeded"),
    "userRateLimitExceeded": (_LIMITS, "User Rate Limit Exceeded"),
    "quotaExceeded": (_LIMITS, "Calendar usage limits exceeded."),
    "fullSyncRequired": ("calendar", "Sync token is no longer valid, a full sync is required."),
    "updatedMinTooLongAgo": ("calendar", "The requested minimum modification time lies too far in the past."),
    "forbiddenForNonOrganizer": ("calendar", "Shared properties can only be changed by the organizer of the event."),
    "timeRangeEmpty": ("calendar", "The specified time range is empty."),
    "notFound": ("global", "Not Found"),
    "deleted": ("global", "Resource has been deleted"),
    "duplicate": ("global", "The requested identifier already exists."),
    "conditionNotMet": ("global", "Precondition Failed"),
    "authError": ("global", "Invalid Credentials"),
    "insufficientPermissions": ("global", "Request had insufficient authentication scopes."),
    "forbidden": ("global", "Forbidden"),
    "backendError": ("global", "Backend Error"),
    "required": ("global", "Required"),
    "invalid": ("global", "Invalid Value"),
}
# The reason of a status that a fault rule asks for without one.
BY_STATUS = {
    400: "invalid", 401: "authError", 403: "rateLimitExceeded", 404: "notFound", 409: "duplicate",
    410: "fullSyncRequired", 412: "conditionNotMet", 429: "rateLimitExceeded",
}  # fmt: skip


class GoogleError(Exception):
    """An answer other than success."""

    def __init__(self, status: int, reason: str, message: str | None = None, where: str | None = None) -> None:
        super().__init__(reason)
        domain, words = _REASONS.get(reason, ("global", reason))
        self.status, self.reason, self.domain, self.message, self.where = (
            status,
            reason,
            domain,
            message or words,
            where,
        )

    def response(self, headers: dict[str, str] | None = None) -> Response:
        entry: dict[str, Any] = {"domain": self.domain, "reason": self.reason, "message": self.message}
        if self.where:
            entry |= {"locationType": "header" if self.where in ("Authorization", "If-Match") else "parameter"}
            entry["location"] = self.where
        body = {"error": {"errors": [entry], "code": self.status, "message": self.message}}
        challenge = {"WWW-Authenticate": 'Bearer realm="https://accounts.google.com/", error="invalid_token"'}
        return Response.json(body, self.status, {**(challenge if self.status == 401 else {}), **(headers or {})})


def invalid(message: str | None = None, where: str | None = None) -> GoogleError:
    return GoogleError(400, "invalid", message, where)


def required(message: str) -> GoogleError:
    return GoogleError(400, "required", message)


def not_found() -> GoogleError:
    return GoogleError(404, "notFound")
