"""``python -m tests.simulator [--port 9100] [--latency MS] [--page-cap 1000]``."""

from __future__ import annotations

import argparse
import contextlib
import errno
import signal
import sys
from types import FrameType

from tests.simulator.frame import Simulation
from tests.simulator.server import HOST, Server


def _stop(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main(arguments: list[str] | None = None) -> int:
    """Serve until interrupted; 2 where the port cannot be had."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.simulator",
        description="Microsoft Graph, Exchange Web Services and Google Calendar with their sign-ins, simulated.",
    )
    parser.add_argument("--port", type=int, default=9100, help="0 takes a free one")
    parser.add_argument(
        "--latency", type=float, default=0, metavar="MS", help="added to every request, in milliseconds"
    )
    parser.add_argument("--page-cap", type=int, default=1000, help="the largest page of a list")
    options = parser.parse_args(arguments)
    if not 0 <= options.port <= 65535 or options.latency < 0 or options.page_cap < 1:
        parser.error("the port is 0 to 65535, the latency is not negative, a page holds at least 1")
    try:
        server = Server(options.port, Simulation(options.latency, options.page_cap))
    except OSError as error:
        reason = "is already in use" if error.errno == errno.EADDRINUSE else f"cannot be used: {error.strerror}"
        print(f"Port {options.port} on {HOST} {reason}; choose another with --port.", file=sys.stderr)
        return 2
    print(f"Simulator at {server.url}", flush=True)
    signal.signal(signal.SIGTERM, _stop)
    with contextlib.suppress(KeyboardInterrupt):
        server.serve_forever()
    server.server_close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
