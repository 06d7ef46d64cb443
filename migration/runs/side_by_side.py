"""Requests that do not depend on each other, at most four at once: Microsoft's limit for one mailbox."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

from calendars.graph.client import GraphClient
from calendars.graph.errors import GrantRefused, TryLater
from calendars.graph.pace import Pace
from calendars.leases import LeaseLost

IN_FLIGHT = 4
Job = Callable[[GraphClient], Any]


class _StaleToken(Exception):
    """Microsoft refused the token in a thread; only the main thread may ask the database for another."""


class SideBySide:
    """Threads that send requests and touch nothing else: database, token and lease stay with the thread that made this.

    `token(refresh)` and `hold()`, which raises LeaseLost, are called there; `beat` is how often, in seconds, the lease
    is held while requests are waited for. Use as a context manager.
    """

    def __init__(self, token: Callable[[bool], str], hold: Callable[[], None], beat: float, pace: Pace) -> None:
        self._token, self._hold, self._beat = token, hold, beat
        self._present = ""
        self._lost = threading.Event()
        self._pool = ThreadPoolExecutor(IN_FLIGHT, thread_name_prefix="graph")
        self._clients = [GraphClient(self._token_in_thread, self._go_on, pace) for _ in range(IN_FLIGHT)]
        self._jobs: Sequence[Job] = ()
        self._futures: list[Future[Any]] = []

    def __enter__(self) -> "SideBySide":
        return self

    def __exit__(self, *error: object) -> None:
        self._pool.shutdown(wait=True)
        for client in self._clients:
            client.close()

    @property
    def requests(self) -> int:
        return sum(client.requests for client in self._clients)

    def begin(self, jobs: Sequence[Job]) -> None:
        """Sends at most four reading jobs on their way; to be followed by `answers` before others begin."""
        self._jobs = jobs
        self._submit(refresh=False)

    def answers(self) -> list[Any]:
        """Of the jobs begun, in their order, when all have ended. One that fails fails the round: its error is raised,
        and nothing of the round was kept, so that it can be repeated as a whole."""
        for refreshed in (False, True):
            futures = self._futures
            self._await(futures)
            _raise_the_longest_wait(futures)
            try:
                return [future.result() for future in futures]
            except _StaleToken:
                if not refreshed:
                    self._submit(refresh=True)
        raise GrantRefused("a token just renewed was refused")

    def _submit(self, *, refresh: bool) -> None:
        self._present = self._token(refresh)
        self._hold()
        self._futures = [self._pool.submit(job, client) for job, client in zip(self._jobs, self._clients, strict=False)]

    def _await(self, futures: Sequence[Future[Any]]) -> None:
        """Until all have ended, holding the lease meanwhile; where it is lost, no further request begins."""
        left = set(futures)
        try:
            while left:
                _, left = wait(left, timeout=self._beat)
                if left:
                    self._hold()
        except LeaseLost:
            self._lost.set()
            wait(left)
            raise

    def _token_in_thread(self, refresh: bool) -> str:
        if refresh:
            raise _StaleToken
        return self._present

    def _go_on(self) -> None:
        if self._lost.is_set():
            raise LeaseLost("while requests were under way")


def _raise_the_longest_wait(futures: Sequence[Future[Any]]) -> None:
    """Before any other error: what one was asked to wait, none may cut short."""
    errors = [future.exception() for future in futures]
    waits = [error for error in errors if isinstance(error, TryLater)]
    if waits:
        raise max(waits, key=lambda wait: (wait.asked, wait.seconds))
