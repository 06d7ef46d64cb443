"""Ports of this machine, taken at once: between looking and taking, another program may be quicker."""

import socket
from types import TracebackType
from typing import Self

from tests.demo.places import DemoFailed

HOST = "127.0.0.1"
TRIES = 50


class Door:
    """A port that is ours until it is closed. Raises OSError or OverflowError where it cannot be had.

    Who connects waits until a server takes it over.
    """

    def __init__(self, port: int) -> None:
        self._socket = socket.socket()
        # As servers do: a connection closed a moment ago does not count.
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind((HOST, port))
            self._socket.listen(128)
        except (OSError, OverflowError):
            self._socket.close()
            raise
        self.port: int = self._socket.getsockname()[1]

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def number(self) -> int:
        """Of the open file, for the process that takes it over."""
        return self._socket.fileno()

    def close(self) -> None:
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def choose(usual: int, what: str) -> Door:
    """The usual port or, said aloud, the next one that is free. Raises DemoFailed where none is."""
    for port in range(usual, usual + TRIES):
        try:
            door = Door(port)
        except (OSError, OverflowError):
            continue
        if port != usual:
            print(f"  Port {usual} is in use, so {what} takes {port}.")
        return door
    raise DemoFailed(f"None of the ports {usual} to {usual + TRIES - 1} is free for {what}; name one with --port.")


def insist(port: int) -> Door:
    """A port that was asked for. Raises DemoFailed where it is taken."""
    try:
        return Door(port)
    except (OSError, OverflowError):
        raise DemoFailed(
            f"Port {port} is in use or not allowed here. Name another with --port, or leave it to the demo."
        ) from None
