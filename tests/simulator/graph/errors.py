"""Graph's errors, as the service words them."""

from __future__ import annotations

import datetime as dt
import uuid

from tests.simulator.http import Response


class GraphError(Exception):
    """An answer other than success."""

    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.headers = status, code, message, headers or {}

    def response(self, now: dt.datetime, client_request_id: str | None = None) -> Response:
        request_id = str(uuid.uuid4())
        inner = {
            "date": now.strftime("%Y-%m-%dT%H:%M:%S"),
            "request-id": request_id,
            "client-request-id": client_request_id or request_id,
        }
        body = {"error": {"code": self.code, "message": self.message, "innerError": inner}}
        return Response.json(body, self.status, {"request-id": request_id, **self.headers})


def bad(message: str, code: str = "BadRequest") -> GraphError:
    return GraphError(400, code, message)


def not_found() -> GraphError:
    return GraphError(404, "ErrorItemNotFound", "The specified object was not found in the store.")


def failed() -> GraphError:
    return GraphError(500, "ErrorInternalServerError", "An internal server error occurred. The operation failed.")


def malformed() -> GraphError:
    return bad("Id is malformed.", "ErrorInvalidIdMalformed")


def denied() -> GraphError:
    return GraphError(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")


def unknown_property(name: str, kind: str) -> GraphError:
    return bad(f"Could not find a property named '{name}' on type 'microsoft.graph.{kind}'.", "RequestBroker--ParseUri")


def unknown_zone(name: object) -> GraphError:
    return bad(
        f"A valid TimeZone value must be specified. The following TimeZone value is not supported: '{name}'.",
        "TimeZoneNotSupportedException",
    )


def invalid(message: str) -> GraphError:
    return bad(f"At least one property failed validation. {message}", "ErrorPropertyValidationFailure")


def unauthorized(message: str) -> GraphError:
    challenge = {"WWW-Authenticate": 'Bearer realm="", error="invalid_token"'}
    return GraphError(401, "InvalidAuthenticationToken", message, challenge)
