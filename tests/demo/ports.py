"""Ports that are free on this machine."""

import socket

from tests.demo.places import DemoFailed

HOST = "127.0.0.1"
TRIES = 50


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As servers do: a connection closed a moment ago does not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except (OSError, OverflowError):
            return False
    return True


def choose(usual: int, what: str) -> int:
    """The usual port or, said aloud, the next one that is free. Raises DemoFailed where none is."""
    for port in range(usual, usual + TRIES):
        if is_free(port):
            if port != usual:
                print(f"  Port {usual} is in use, so {what} takes {port}.")
            return port
    raise DemoFailed(f"None of the ports {usual} to {usual + TRIES - 1} is free for {what}; name one with --port.")


def insist(port: int) -> int:
    """A port that was asked for. Raises DemoFailed where it is taken."""
    if not is_free(port):
        raise DemoFailed(
            f"Port {port} is in use or not allowed here. Name another with --port, or leave it to the demo."
        )
    return port
