"""Queue, clock, sweep, staff and member around a run, until it has ended."""

from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string
from django_q.models import OrmQ
from time_machine import Traveller

from calendars import grants
from calendars.graph import tokens
from calendars.models import Grant
from migration import runs, tasks
from migration.models import MigrationRun
from tests.campaign.interrupting import Death
from tests.migration import moving
from tests.simulator.client import Control

# Rounds of sweep and queue after which a run that has not ended never will.
ROUNDS = 40
State = MigrationRun.State


def go_on(
    run: MigrationRun, simulator: Control, clock: Traveller, task: AbstractContextManager[object] | None = None
) -> None:
    """Every wait is kept and every lease left to run out, on the clock; a refused grant is followed by a new sign-in.

    `task` is entered around each task. Raises AssertionError where the run fails, or does not end.
    """
    for _ in range(ROUNDS):
        drain(task or nullcontext())
        run.refresh_from_db()
        if run.state == State.DONE:
            clean_up(clock)
            return
        assert run.state != State.FAILED, f"{run.failure_class}: {run.failure_message}"
        if run.state == State.WAITING and run.wait_until is None:
            assert run.wait_reason == "grant"
            sign_in_again(run, simulator)
        else:
            wait(run, clock)
    raise AssertionError(f"still {run.state} ({run.wait_reason}), turn {run.turn}")


def drain(task: AbstractContextManager[object]) -> None:
    """As the queue does it: a task that was begun by a worker that died is gone for a long time. Each is another
    worker's, which knows nothing yet of Microsoft's endpoints."""
    while (queued := OrmQ.objects.order_by("pk").first()) is not None:
        tokens.forget_endpoints()
        called = queued.task
        queued.delete()
        try:
            with task:
                import_string(called["func"])(*called["args"], **called["kwargs"])
        except Death:
            pass


def wait(run: MigrationRun, clock: Traveller) -> None:
    """Until the moment a wait is over, or a dead worker's lease and the silence after it; then the sweep comes by."""
    if run.wait_until is not None:
        clock.shift(max(timedelta(0), run.wait_until - timezone.now()))
    else:
        silence = max(settings.LEASE_SECONDS + settings.HTTP_TIMEOUT, settings.SWEEP_SECONDS)
        clock.shift(timedelta(seconds=silence + 0.1))
    tasks.sweep_runs()


def clean_up(clock: Traveller) -> None:
    """What a worker that died right after a run's end left behind goes by itself."""
    clock.shift(timedelta(seconds=settings.LEASE_SECONDS + 0.1))
    tasks.sweep_runs()


def sign_in_again(run: MigrationRun, simulator: Control) -> None:
    tokens = simulator.token(moving.ADDRESS, scope="Calendars.ReadWrite User.Read offline_access openid profile")
    grants.store(run.connection, Grant.Service.GRAPH, grants.Tokens(refresh_token=tokens["refresh_token"]))
    assert runs.take_up(run, actor=run.connection.member)
