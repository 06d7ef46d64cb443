"""The refusals of the Microsoft identity platform, in the words and numbers it uses.

Numbers: Microsoft, "Microsoft Entra authentication and authorization error codes".
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from tests.simulator.http import Request, Response


class Refusal(Exception):
    """A request that is turned down.

    `code` is the AADSTS number, `error` the OAuth word that a client branches on, `status` the HTTP status
    where the answer is JSON, `suberror` the token endpoint's finer word, `subcode` the callback's.
    """

    def __init__(
        self, code: int, error: str, text: str, *, status: int = 400, suberror: str = "", subcode: str = ""
    ) -> None:
        super().__init__(f"AADSTS{code}: {text}")
        self.code = code
        self.error = error
        self.status = status
        self.suberror = suberror
        self.subcode = subcode


def missing(name: str) -> Refusal:
    """The refusal of a request without the parameter `name`."""
    text = f"The request body must contain the following parameter: '{name}'."
    return Refusal(900144, "invalid_request", text)


def description(refusal: Refusal, now: datetime, trace: str, correlation: str) -> str:
    """What stands in `error_description`: the message, then what an engineer would quote to Microsoft."""
    return f"{refusal} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {now:%Y-%m-%d %H:%M:%SZ}"


def callback_parameters(refusal: Refusal, now: datetime) -> dict[str, str]:
    """The query with which a browser is sent back to the application."""
    text = description(refusal, now, str(uuid.uuid4()), str(uuid.uuid4()))
    answer = {"error": refusal.error, "error_description": text}
    if refusal.subcode:
        answer["error_subcode"] = refusal.subcode
    return answer


def token_answer(refusal: Refusal, request: Request, now: datetime) -> Response:
    """The JSON body of a refused token request."""
    trace = str(uuid.uuid4())
    correlation = request.headers.get("client-request-id") or str(uuid.uuid4())
    body: dict[str, Any] = {
        "error": refusal.error,
        "error_description": description(refusal, now, trace, correlation),
        "error_codes": [refusal.code],
        "timestamp": f"{now:%Y-%m-%d %H:%M:%SZ}",
        "trace_id": trace,
        "correlation_id": correlation,
        "error_uri": f"https://login.microsoftonline.com/error?code={refusal.code}",
    }
    if refusal.suberror:
        body["suberror"] = refusal.suberror
    return Response.json(body, status=refusal.status)
