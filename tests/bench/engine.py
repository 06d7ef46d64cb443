"""`python -m tests.bench.engine ADDRESS`: the run of a connection, in this process and nothing else in it."""

import importlib
import io
import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import django
from django.db import connection as database
from django.db.transaction import Atomic

from tests.bench.usage import Usage

# Part of what only the transaction that ends a run does.
LINKS = ("update calendars_syncedevent", 'update "calendars_syncedevent"')


@contextmanager
def finishing() -> Iterator[list[float]]:
    """The seconds of each transaction, its commit included, in which synced events are changed."""
    found: list[float] = []
    enter, leave = Atomic.__enter__, Atomic.__exit__
    begun, links = 0.0, False

    def entering(self: Atomic) -> None:
        nonlocal begun, links
        if not database.in_atomic_block:
            begun, links = time.perf_counter(), False
        enter(self)

    def leaving(self: Atomic, *error: Any) -> None:
        leave(self, *error)
        if not database.in_atomic_block and links:
            found.append(time.perf_counter() - begun)

    def statement(execute: Callable[..., Any], query: str, *rest: Any) -> Any:
        nonlocal links
        links = links or query.lstrip().lower().startswith(LINKS)
        return execute(query, *rest)

    Atomic.__enter__, Atomic.__exit__ = entering, leaving  # type: ignore[method-assign]
    try:
        with database.execute_wrapper(statement):
            yield found
    finally:
        Atomic.__enter__, Atomic.__exit__ = enter, leave  # type: ignore[method-assign]


def main(address: str) -> dict[str, Any]:
    django.setup()
    from django.core.management import call_command

    from migration.models import MigrationRun

    # A worker has read its modules long before.
    importlib.import_module("migration.management.commands.migrate_connection")
    with finishing() as seconds, Usage() as usage:
        call_command("migrate_connection", address, stdout=io.StringIO())
    run = MigrationRun.objects.get()
    outcomes = {"by_id": run.by_id, "by_metadata": run.by_metadata, "anomalies": run.anomalies}
    return {**usage.figures, "finishing": max(seconds), "outcomes": outcomes, "counted": run.requests}


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1])))
