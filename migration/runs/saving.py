"""The guarded write of a run: it happens only while the worker holds the connection, and only on the turn it read."""

from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.db.models import F
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
        saved = MigrationRun.objects.filter(pk=run.pk, turn=run.turn, state=run.state).update(
            **{"turn": F("turn") + 1, "attempts": 0, "touched_at": timezone.now(), **changes}
        )
        if not saved:
            raise LeaseLost(f"run {run.pk} is past turn {run.turn}")
        if write is not None:
            write()
    run.refresh_from_db()
