"""An address that takes notifications, as the product's would, and can be told to misbehave."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


class Receiver:
    """``got`` is every line of every notification, ``posts`` how many lines each request had, ``asked`` each handshake's
    path, ``heard`` the headers of each message that had nothing else. ``status``, ``sleep``, ``kind`` and ``say`` (of
    the token) decide what it answers."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.got: list[dict[str, Any]] = []
        self.posts: list[int] = []
        self.asked: list[str] = []
        self.heard: list[dict[str, str]] = []
        self.status, self.sleep, self.kind = 202, 0.0, "text/plain"
        self.shake = 200
        self.say: Callable[[str], str] = lambda token: token

    def take(self, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, str, bytes]:
        """The answer to one request: status, content type, body."""
        parts = urlsplit(path)
        token = parse_qs(parts.query).get("validationToken")
        time.sleep(self.sleep)
        if token is not None:
            self.asked.append(parts.path)
            return self.shake, self.kind, self.say(token[0]).encode()
        if not body:
            self.heard.append(headers)
            return self.status, "text/plain", b""
        lines = json.loads(body)["value"]
        self.got += [{"path": parts.path, **line} for line in lines]
        self.posts.append(len(lines))
        return self.status, "text/plain", b""

    def wait(self, count: int) -> list[dict[str, Any]]:
        """The lines, once there are so many of them."""
        for _ in range(400):
            if len(self.got) >= count:
                return self.got[:count]
            time.sleep(0.01)
        raise AssertionError(f"only {len(self.got)} of {count} notices came: {self.got}")


@contextmanager
def receiving() -> Iterator[Receiver]:
    """One that listens on 127.0.0.1."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, kind, body = receiver.take(self.path, sent, dict(self.headers))
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver = Receiver(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
