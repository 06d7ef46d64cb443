"""Requests and answers of the simulator, apart from any socket.

Every service of the simulator is a function from a :class:`Request` to a :class:`Response`, so that batch items,
tests and the HTTP frame all go the same way.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from typing import Any, Protocol, Self
from urllib.parse import parse_qs, parse_qsl, unquote, urlsplit


class Headers(Protocol):
    """What the handlers need of request headers: ``get`` that ignores the case of the name."""

    def get(self, name: str, failobj: Any = None, /) -> Any: ...


class BadBody(ValueError):
    """The body of a request is not what its handler can read (no JSON, no UTF-8, no object)."""


def make_headers(pairs: Mapping[str, str]) -> Message:
    """Headers with case-insensitive names."""
    message = Message()
    for name, value in pairs.items():
        message[name] = value
    return message


@dataclass
class Request:
    """One call. ``path`` is still percent-encoded, so that a ``/`` inside an id stays one segment."""

    method: str
    path: str
    query: dict[str, list[str]] = field(default_factory=dict)
    headers: Headers = field(default_factory=lambda: make_headers({}))
    body: bytes = b""
    base_url: str = ""
    # Set by a handler that learns whose mailbox this is about, for the journal.
    mailbox: str | None = None
    # Its id in the batch that it is an item of.
    batch_item: str | None = None

    @classmethod
    def of(
        cls, method: str, target: str, headers: Headers | None = None, body: bytes = b"", base_url: str = ""
    ) -> Self:
        """A request for ``target``, that is path and query as they stand in the request line."""
        parts = urlsplit(target)
        query = parse_qs(parts.query, keep_blank_values=True)
        return cls(method.upper(), parts.path, query, headers or make_headers({}), body, base_url)

    @property
    def segments(self) -> list[str]:
        """The decoded segments of the path."""
        return [unquote(part) for part in self.path.strip("/").split("/")]

    def arg(self, name: str, default: str | None = None) -> str | None:
        """The first value of a query parameter."""
        values = self.query.get(name)
        return values[0] if values else default

    def json(self) -> Any:
        """The body as JSON; raises :class:`BadBody`."""
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise BadBody(f"The body is no JSON: {error}") from error

    def form(self) -> dict[str, str]:
        """The body as an HTML form, the last value of each name; raises :class:`BadBody`."""
        return dict(self.pairs())

    def pairs(self) -> list[tuple[str, str]]:
        """The body as an HTML form, in its order; raises :class:`BadBody`."""
        try:
            return parse_qsl(self.body.decode(), keep_blank_values=True)
        except UnicodeDecodeError as error:
            raise BadBody("The body is not UTF-8") from error


@dataclass
class Response:
    """One answer."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @classmethod
    def json(cls, obj: Any, status: int = 200, headers: dict[str, str] | None = None) -> Self:
        body = json.dumps(obj, separators=(",", ":")).encode()
        return cls(status, {"Content-Type": "application/json; charset=utf-8", **(headers or {})}, body)

    @classmethod
    def html(cls, text: str, status: int = 200) -> Self:
        return cls(status, {"Content-Type": "text/html; charset=utf-8"}, text.encode())

    @classmethod
    def text(cls, text: str, status: int = 200, content_type: str = "text/plain; charset=utf-8") -> Self:
        return cls(status, {"Content-Type": content_type}, text.encode())

    @classmethod
    def redirect(cls, url: str) -> Self:
        return cls(302, {"Location": url})
