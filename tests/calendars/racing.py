"""Two at once, really: threads with connections of their own, and PostgreSQL's locks between them.

Where the order matters it is forced: a thread stops at a named point, and the other one goes on once PostgreSQL itself
says that it waits for a lock. Where any order may happen, a barrier starts both and the test is repeated.
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from django.db import connection as database
from django.db import transaction

PATIENCE = 30  # seconds after which a thread that got stuck is an error; nothing waits this long when all is well
Start = Callable[..., Future[Any]]


@contextmanager
def threads(count: int = 2) -> Iterator[Start]:
    def own_connection(step: Callable[..., Any], *args: Any) -> Any:
        try:
            with database.cursor() as cursor:
                cursor.execute(f"SET lock_timeout = '{PATIENCE}s'")
            return step(*args)
        finally:
            database.close()

    with ThreadPoolExecutor(count) as pool:
        yield lambda step, *args: pool.submit(own_connection, step, *args)


def at_once(*steps: Callable[[], Any]) -> list[Any]:
    """Runs all the steps, started by one barrier; returns their results in this order, or raises the first error."""
    barrier = threading.Barrier(len(steps))

    def together(step: Callable[[], Any]) -> Any:
        barrier.wait(PATIENCE)
        return step()

    with threads(len(steps)) as start:
        futures = [start(together, step) for step in steps]
    return [future.result() for future in futures]


def reached(event: threading.Event) -> None:
    assert event.wait(PATIENCE), "a thread did not get to where it was expected"


def wait_until_someone_waits_for_a_lock() -> None:
    pause = threading.Event()
    for _ in range(PATIENCE * 100):
        with database.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            if cursor.fetchone()[0]:
                return
        pause.wait(0.01)
    raise AssertionError("nobody waits for a lock")


def in_turn(step: Callable[[], Any], other: Callable[[], Any]) -> None:
    """Runs `step` and holds its transaction open until `other` waits for it; then both run to their end."""
    done, go_on = threading.Event(), threading.Event()

    def first() -> None:
        with transaction.atomic():
            step()
            done.set()
            reached(go_on)

    with threads() as start:
        held = start(first)
        try:
            reached(done)
            waiting = start(other)
            wait_until_someone_waits_for_a_lock()
        finally:
            go_on.set()
        held.result(PATIENCE)
        waiting.result(PATIENCE)
