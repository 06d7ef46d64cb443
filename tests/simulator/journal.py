"""Who asked what, when, and what came of it; without secrets."""

from __future__ import annotations

import datetime as dt
import json
import threading
from typing import Any
from urllib.parse import unquote

from tests.simulator.http import BadBody, Request

_SECRET = frozenset(
    ("access_token", "assertion", "client_assertion", "client_secret", "clientstate", "code", "code_verifier", "id_token",
     "id_token_hint", "password", "refresh_token", "token")
)  # fmt: skip
HIDDEN = "***"


def _hide(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: HIDDEN if str(key).lower() in _SECRET else _hide(held) for key, held in value.items()}
    return [_hide(held) for held in value] if isinstance(value, list) else value


def _body(request: Request) -> Any:
    """The body as data where it is JSON or a form, else its size."""
    if not request.body:
        return None
    kind = str(request.headers.get("Content-Type") or "").lower()
    try:
        if "form-urlencoded" in kind:
            return _hide(dict(request.form()))
        if "xml" in kind:
            return request.body.decode()
        return _hide(request.json())
    except (BadBody, UnicodeDecodeError):
        return f"{len(request.body)} bytes"


class Journal:
    """The lines of ``/_sim/journal``. A batch's items stand right after it, whenever they were answered."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lines: list[dict[str, Any]] = []
        self._seq = 0

    def clear(self) -> None:
        with self._lock:
            self._lines, self._seq = [], 0

    @staticmethod
    def line(request: Request, operation: str, start: dt.datetime) -> dict[str, Any]:
        """A line for a request that has just come in; the rest is filled in when it is answered."""
        query = {name: values[0] if len(values) == 1 else values for name, values in request.query.items()}
        return {
            "seq": 0, "start": start.isoformat(), "end": None, "mailbox": None, "method": request.method,
            "path": unquote(request.path), "query": _hide(query), "body": _body(request), "status": None,
            "in_flight": 0, "parent": None, "item": request.batch_item, "operation": operation,
            "prefer": request.headers.get("Prefer"), "fault": None,
        }  # fmt: skip

    def write(self, line: dict[str, Any], items: list[dict[str, Any]]) -> None:
        """Append an answered request, and below it the items where it was a batch."""
        with self._lock:
            self._seq += 1
            line["seq"] = self._seq
            self._lines.append(line)
            for item in items:
                self._seq += 1
                item["seq"], item["parent"] = self._seq, line["seq"]
                self._lines.append(item)

    def since(self, seq: int) -> str:
        """The lines after ``seq`` as JSON lines."""
        with self._lock:
            lines = self._lines[seq:]
        return "".join(json.dumps(line) + "\n" for line in lines)
