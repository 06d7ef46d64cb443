"""One background task of a run: take the lease, go on step after step for a while, hand on."""

import contextlib
import logging
import math
import time
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from calendars import grants, leases
from calendars.graph import tokens
from calendars.graph.client import GraphClient
from calendars.graph.errors import GrantRefused, GraphError, OperatorFault, TryLater
from calendars.graph.pace import Pace
from calendars.leases import Lease, LeaseLost
from calendars.models import Grant
from calendars.states import State
from migration import tickets
from migration.models import MigrationRun
from migration.runs import lifecycle, steps
from migration.runs.calendar import CalendarNotFound
from migration.runs.failures import MAX_ATTEMPTS, RETRIES, Failure, failure_of
from migration.runs.saving import save
from migration.runs.side_by_side import SideBySide

log = logging.getLogger(__name__)
# Called with the run after each of its steps; says whether to go on.
Watch = Callable[[MigrationRun], bool]


def advance(run_id: int, turn: int, watch: Watch | None = None) -> None:
    """Safe to be delivered twice, late, or to two workers at once: only one holds the lease, and only on this turn.

    Goes on for TASK_SECONDS; where a person looks on, as long as `watch` says so. Then, and where they interrupt it, the
    next task is there.
    """
    run = _due(run_id, turn)
    if run is None:
        return
    lease = leases.take(
        run.connection, owner=uuid.uuid4().hex, seconds=settings.LEASE_SECONDS, grace=lifecycle.grace(run.state)
    )
    if lease is None:
        return
    try:
        if _count_attempt(run, lease):
            _work(run, lease, watch)
    except LeaseLost:
        log.info("run %s: another worker has taken over", run_id)
    except KeyboardInterrupt:
        _leave(run, lease)
        raise
    except Exception:
        # No request is under way any more: whoever tries again need not wait until the lease has run out.
        leases.release(lease)
        raise
    else:
        leases.release(lease)


def _due(run_id: int, turn: int) -> MigrationRun | None:
    run = MigrationRun.objects.select_related("connection__member").filter(pk=run_id).first()
    due = run and run.turn == turn and run.state in lifecycle.RUNNING and run.connection.state == State.MIGRATING
    return run if due else None


def _count_attempt(run: MigrationRun, lease: Lease) -> bool:
    """Committed before anything is done: a run that kills its worker each time ends as failed."""
    with transaction.atomic():
        leases.hold(lease)
        MigrationRun.objects.filter(pk=run.pk, turn=run.turn).update(
            attempts=F("attempts") + 1, touched_at=timezone.now()
        )
    run.refresh_from_db()
    if run.attempts <= MAX_ATTEMPTS:
        return True
    died = Failure("WorkerDied", "The worker ended before the step did, again and again.", "Look at the worker's log.")
    _fail(run, lease, died)
    return False


def _leave(run: MigrationRun, lease: Lease) -> None:
    """A person has interrupted it: another worker goes on at once."""
    run.refresh_from_db()
    with contextlib.suppress(LeaseLost):
        if run.state in lifecycle.RUNNING:
            _hand_on(run, lease)
    leases.release(lease)


def _work(run: MigrationRun, lease: Lease, watch: Watch | None) -> None:
    try:
        _steps(run, lease, watch)
    except (Grant.DoesNotExist, grants.GrantUnreadable, GrantRefused):
        _wait(run, lease, "grant", None)
    except TryLater as error:
        _later(run, lease, error)
    except OperatorFault as error:
        log.error("run %s: Microsoft refuses our application: %s", run.pk, error.code)
        _wait(run, lease, "operator", _soon(settings.SWEEP_SECONDS))
    except CalendarNotFound as error:
        note = str(error)
        # Together with the failure: a worker that has lost the connection asks nobody about it.
        _fail(
            run, lease, failure_of(error),
            lambda: tickets.calendar_not_found(connection=run.connection, now=timezone.now(), note=note),
        )  # fmt: skip
    except LeaseLost:
        raise
    except GraphError as error:
        _try_again_or_fail(run, lease, failure_of(error))
    except Exception as error:
        # A mistake of ours, or the database's: the class alone, since messages may quote texts of events.
        log.error("run %s: %s in step %s", run.pk, type(error).__name__, run.state)
        _retry_or_fail(run, lease, failure_of(error))
        raise


def _steps(run: MigrationRun, lease: Lease, watch: Watch | None) -> None:
    deadline = math.inf if watch else time.monotonic() + settings.TASK_SECONDS
    grant = Grant.objects.get(connection_id=run.connection_id, service=Grant.Service.GRAPH)
    token, beat = partial(_token, grant), settings.LEASE_SECONDS / 3
    hold = _Hold(lease, beat)
    pace = Pace(run.window, run.window_requests)
    client, many = GraphClient(token, hold, pace), SideBySide(token, hold, beat, pace)
    try:
        with many:
            work, stop = steps.Work(run, lease, client, many, deadline), False
            while run.state in lifecycle.RUNNING and not stop:
                steps.take(work)
                stop = not watch(run) if watch else work.time_is_up
    finally:
        client.close()
        _count_requests(run, client.requests + many.requests, pace)
    if run.state in lifecycle.RUNNING:
        _hand_on(run, lease)


class _Hold:
    """Holds the lease before requests, where that was not done just before: a lease cannot be lost within `beat` seconds,
    and every save holds it anyway."""

    def __init__(self, lease: Lease, beat: float) -> None:
        self._lease, self._beat, self._due = lease, beat, 0.0

    def __call__(self) -> None:
        if time.monotonic() >= self._due:
            leases.hold(self._lease)
            self._due = time.monotonic() + self._beat


def _token(grant: Grant, refresh: bool) -> str:
    return tokens.access_token(grant, refresh=refresh)


def _hand_on(run: MigrationRun, lease: Lease) -> None:
    """The next task exists if and only if this worker still held the connection. It did not die of its attempt."""
    with transaction.atomic():
        leases.hold(lease)
        MigrationRun.objects.filter(pk=run.pk).update(attempts=0)
        lifecycle.enqueue(run)
        leases.release(lease)


def _later(run: MigrationRun, lease: Lease, error: TryLater) -> None:
    if error.reason == "unreadable":
        _retry_or_fail(run, lease, failure_of(error))
        return
    _wait(run, lease, error.reason, _soon(max(error.seconds, 0 if error.asked else settings.SWEEP_SECONDS)), attempts=0)


def _retry_or_fail(run: MigrationRun, lease: Lease, failure: Failure) -> None:
    attempts = MigrationRun.objects.values_list("attempts", flat=True).get(pk=run.pk)
    if attempts >= MAX_ATTEMPTS:
        _fail(run, lease, failure)
    else:
        _wait(run, lease, "trouble", _soon(settings.SWEEP_SECONDS), attempts=attempts)


def _try_again_or_fail(run: MigrationRun, lease: Lease, failure: Failure) -> None:
    """An answer that sounds final, such as a calendar that is gone, may still pass: only when it stays is it final."""
    run.refresh_from_db()
    if run.retries >= RETRIES:
        _fail(run, lease, failure)
        return
    step = MigrationRun.State.QUEUED if failure.from_the_start else run.state
    save(
        run, lease, state=MigrationRun.State.WAITING, step=step, wait_until=_soon(settings.SWEEP_SECONDS),
        wait_reason="trouble", retries=run.retries + 1,
    )  # fmt: skip


def _wait(run: MigrationRun, lease: Lease, reason: str, until: datetime | None, attempts: int = 0) -> None:
    """Until when and why; the sweep takes it up. Without a time it waits for the member."""
    run.refresh_from_db()
    save(
        run, lease, state=MigrationRun.State.WAITING, step=run.state, wait_until=until, wait_reason=reason,
        attempts=attempts,
    )  # fmt: skip


def _fail(run: MigrationRun, lease: Lease, failure: Failure, write: Callable[[], object] | None = None) -> None:
    run.refresh_from_db()
    # Whatever was wrong with the calendar is looked at anew.
    step = MigrationRun.State.QUEUED if failure.from_the_start else run.state
    save(
        run, lease, write, state=MigrationRun.State.FAILED, step=step, failure_class=failure.name,
        failure_message=failure.message, failure_hint=failure.hint,
    )  # fmt: skip
    log.error("run %s failed: %s %s", run.pk, failure.name, failure.message)


def _soon(seconds: float) -> datetime:
    return timezone.now() + timedelta(seconds=seconds)


def _count_requests(run: MigrationRun, count: int, pace: Pace) -> None:
    """Whoever goes on counts on from here; a worker that was overtaken in the meantime does not turn it back."""
    runs = MigrationRun.objects.filter(pk=run.pk)
    runs.update(requests=F("requests") + count)
    earlier = Q(window__lt=pace.window) | Q(window=pace.window, window_requests__lt=pace.spent)
    runs.filter(earlier).update(window=pace.window, window_requests=pace.spent)
