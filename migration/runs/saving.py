"""The guarded write of a run: it happens only while the worker holds the connection, and only on the turn it read."""

from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.utils import timezone

from calendars import leases
from calendars.leases import Lease, LeaseLost
from migration.models import MigrationRun


def save(run: MigrationRun, lease: Lease, write: Callable[[], object] | None = None, /, **changes: Any) -> None:
    """Ends a step: `write` stores what the step found, `changes` are columns of the run; all of it or nothing.

    Raises LeaseLost where another worker holds the connection or the run has moved on; nothing is written then.
    """
    with transaction.atomic():
        leases.hold(lease)
        columns = {"turn": run.turn + 1, "attempts": 0, "touched_at": timezone.now(), **changes}
        saved = MigrationRun.objects.filter(pk=run.pk, turn=run.turn, state=run.state).update(**columns)
        if not saved:
            raise LeaseLost(f"run {run.pk} is past turn {run.turn}")
        if write is not None:
            write()
    for name, value in columns.items():
        setattr(run, name, value)
