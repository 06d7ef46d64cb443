"""The HTTP server around a simulation: sockets, keep-alive, connections that are cut."""

from __future__ import annotations

import logging
import threading
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.simulator.faults import Cut
from tests.simulator.frame import Answer, Simulation
from tests.simulator.http import Request, Response

HOST = "127.0.0.1"
log = logging.getLogger(__name__)


class Server(ThreadingHTTPServer):
    """A thread for each connection; none of them outlives the process."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, port: int, simulation: Simulation) -> None:
        """Listen; raises OSError where the port is taken."""
        self.simulation = simulation
        super().__init__((HOST, port), Handler)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body in one packet
    server: Server

    def log_message(self, format: str, *args: object) -> None:
        """The journal is the log."""

    def _serve(self) -> None:
        try:
            request = self._read()
            if request is None:
                self._write(Answer(Response.text("The length of the body is missing", 411)))
                self.close_connection = True
                return
            self._write(self._answer(request))
        except Cut:
            self._close()
        except (ConnectionError, TimeoutError):
            self.close_connection = True

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = do_HEAD = _serve

    def _read(self) -> Request | None:
        """The request; None where its length cannot be known."""
        length = self.headers.get("Content-Length") or "0"
        if "Transfer-Encoding" in self.headers or not length.isdecimal():
            return None
        body = self.rfile.read(int(length))
        base = f"http://{self.headers.get('Host') or self.server.url.partition('//')[2]}"
        preferences = self.headers.get_all("Prefer") or []
        if len(preferences) > 1:  # as good as one header with all of them
            self.headers.replace_header("Prefer", ", ".join(preferences))
        return Request.of(self.command, self.path, self.headers, body, base)

    def _answer(self, request: Request) -> Answer:
        try:
            return self.server.simulation.answer(request)
        except Cut:
            raise
        except Exception:
            # A fault of the simulator itself: seen in the test's answer and in its output, never swallowed.
            log.exception("The simulator failed at %s %s", request.method, request.path)
            return Answer(Response.text("The simulator failed:\n" + traceback.format_exc(), 500))

    def _write(self, answer: Answer) -> None:
        response = answer.response
        self.send_response(response.status)
        for name, value in response.headers.items():
            if name.lower() != "content-length":
                self.send_header(name, value)
        if response.status != 204:
            self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        body = b"" if self.command == "HEAD" or response.status == 204 else response.body
        self.wfile.write(body if answer.truncate is None else body[: answer.truncate])
        self.wfile.flush()
        if answer.truncate is not None:
            self._close()

    def _close(self) -> None:
        self.close_connection = True
        self.wfile.flush()
        self.connection.shutdown(2)


def serve_in_thread(server: Server) -> threading.Thread:
    """Start answering; ``server.shutdown()`` ends it."""
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True, name="simulator"
    )
    thread.start()
    return thread
