"""A run carried out while a person looks on: the worker's own steps, under its lease, with waits waited in place.

Beside the background: whoever of the two has the lease goes on, and the other looks on.
"""

import logging
import time
from collections.abc import Callable

from django.utils import timezone

from calendars.states import State
from migration.models import MigrationRun
from migration.runs import lifecycle, worker
from migration.runs.worker import Watch

log = logging.getLogger(__name__)
# How often, in seconds, a waiting run, or one that another worker has, is looked at again.
PAUSE = 1.0


def carry_out(run_id: int, watch: Watch, looks_on: Callable[[], object] = lambda: None) -> MigrationRun:
    """Goes on until the run has ended or failed, waits for the member to sign in, or `watch` says no; the run as it is
    then, with its connection and member. `watch` is called after each step, and every second of a wait; `looks_on`
    beside it where another worker has the run.

    A KeyboardInterrupt leaves the run to the next worker, whose task is there, and goes on to the caller.
    """
    while True:
        run = MigrationRun.objects.select_related("connection__member").get(pk=run_id)
        if stands(run) or not watch(run):
            return run
        if run.state == MigrationRun.State.WAITING:
            _wait(run)
        else:
            _advance(run, watch, looks_on)


def stands(run: MigrationRun) -> bool:
    """Nothing that we do makes it go on."""
    ended = run.state in (*MigrationRun.ENDED, MigrationRun.State.FAILED)
    for_the_member = run.state == MigrationRun.State.WAITING and run.wait_until is None
    return ended or for_the_member or run.connection.state != State.MIGRATING


def _advance(run: MigrationRun, watch: Watch, looks_on: Callable[[], object]) -> None:
    try:
        worker.advance(run.pk, run.turn, watch)
    except Exception as error:
        # Noted in the run, which says whether and when to try again; the class alone, as everywhere in the log.
        log.warning("run %s: %s", run.pk, type(error).__name__)
    if MigrationRun.objects.filter(pk=run.pk, turn=run.turn).exists():
        looks_on()
        time.sleep(PAUSE)


def _wait(run: MigrationRun) -> None:
    now = timezone.now()
    left = (run.wait_until - now).total_seconds() if run.wait_until else 0
    if left > 0:
        time.sleep(min(left, PAUSE))
    else:
        lifecycle.wake(run, now)
