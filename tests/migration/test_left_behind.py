"""Runs whose worker died are taken up within two minutes, and no task is enqueued for one that only has to wait."""

import math
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings as configured
from django_q.models import OrmQ
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from calendars import leases
from calendars.models import CalendarConnection
from migration import tasks
from migration.models import MigrationRun
from migration.runs import lifecycle
from tests import queue, sample
from tests.factories import NOW
from tests.migration import moving
from tests.test_settings import read

pytestmark = pytest.mark.django_db
# From the moment a task is in the table until a free worker has begun it.
QUEUE_SECONDS = 5


@pytest.fixture
def run(simulator, tmp_path):
    """A run whose task has been taken from the queue by a worker that dies as it pleases."""
    made = sample.calendar(12)
    moving.mailbox(simulator, made.events)
    with time_machine.travel(NOW, tick=False):
        run = moving.sign_in(moving.connection_with(made, tmp_path), simulator)
        OrmQ.objects.all().delete()
        run.connection.refresh_from_db()
    return run


def take_lease(run, seconds: float = 0) -> None:
    with time_machine.travel(NOW + timedelta(seconds=seconds), tick=False):
        run.connection.refresh_from_db()
        assert leases.take(run.connection, owner="dead", seconds=configured.LEASE_SECONDS)


def swept_at(run, latest: int = 300) -> int:
    """The second after NOW at which the sweep takes it up, and its task carries it to its end."""
    for second in range(latest):
        with time_machine.travel(NOW + timedelta(seconds=second), tick=False):
            if tasks.sweep_runs():
                break
    else:
        raise AssertionError("never taken up")
    with time_machine.travel(NOW + timedelta(seconds=second), tick=True):
        queue.drain()
    run.refresh_from_db()
    assert run.state == MigrationRun.State.DONE, "the task that the sweep made was not in vain"
    return second


@pytest.mark.parametrize("state", ["queued", "listing"])
def test_a_run_whose_worker_died_goes_on_within_two_minutes_by_default(run, state):
    """With the defaults of LEASE_SECONDS and HTTP_TIMEOUT, not those of the tests: the lease runs out, for a run that
    has not begun a request's time more; then the watchdog comes by, then a worker is free."""
    defaults = read(DEBUG="1")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("LEASE_SECONDS", "HTTP_TIMEOUT", "SWEEP_SECONDS"):
            patch.setattr(configured, name, defaults[name])
        if state == "listing":
            with time_machine.travel(NOW, tick=False), pytest.MonkeyPatch.context() as hasty:
                hasty.setattr(configured, "TASK_SECONDS", 0)
                tasks.advance_run(run.pk, run.turn)
                OrmQ.objects.all().delete()
            run.refresh_from_db()
            assert run.state == MigrationRun.State.LISTING
        take_lease(run)
        expected = defaults["LEASE_SECONDS"] + (defaults["HTTP_TIMEOUT"] if state == "queued" else 0)
        assert expected < swept_at(run) <= expected + 1
    assert expected + 1 + defaults["WATCH_SECONDS"] + QUEUE_SECONDS <= 120


@given(
    state=st.sampled_from(["queued", "listing", "confirming"]),
    lease=st.floats(0.1, 600), timeout=st.floats(0.05, 300), silence=st.floats(0.1, 600), every=st.floats(0.05, 60),
    phase=st.floats(0, 1), saved=st.floats(0, 300),
)  # fmt: skip
@hypothesis(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_the_settings_the_sweep_takes_it_up_at_the_first_moment_at_which_a_worker_would_get_it(
    run, settings, state, lease, timeout, silence, every, phase, saved
):
    """With the defaults that is the arithmetic of docs/decisions/watched-queue.md. The worker held its lease right before
    it died, and saved `saved` seconds before; the sweep comes by `every` so many seconds, at some `phase` of them."""
    settings.HTTP_TIMEOUT, settings.SWEEP_SECONDS = timeout, silence
    touched, until = NOW - timedelta(seconds=saved), NOW + timedelta(seconds=lease)
    MigrationRun.objects.filter(pk=run.pk).update(state=state, touched_at=touched)
    CalendarConnection.objects.filter(pk=run.connection_id).update(lease_owner="dead", lease_until=until)
    free = max(lease + (timeout if state == "queued" else 0), silence - saved)
    first = phase * every + max(0, math.ceil((free - phase * every) / every)) * every
    assert free <= first + 0.001 and first <= max(lease + timeout, silence) + every + 0.001
    for seconds, expected in ((first - every, []), (free - 0.01, []), (first + 0.01, [run.pk])):
        found = lifecycle.left_behind(NOW + timedelta(seconds=seconds), timedelta(seconds=silence))
        assert [one.pk for one in found] == expected


def test_a_task_that_was_lost_with_its_worker_before_the_lease_is_missed_too(run):
    assert configured.SWEEP_SECONDS < swept_at(run) <= configured.SWEEP_SECONDS + 1
    assert configured.SWEEP_SECONDS + 1 + configured.WATCH_SECONDS + QUEUE_SECONDS <= 120


def test_runs_that_wait_in_a_long_queue_get_no_second_task(run):
    with time_machine.travel(NOW, tick=False):
        lifecycle.enqueue(run)
    with time_machine.travel(NOW + timedelta(hours=1), tick=True):
        assert tasks.sweep_runs() == 0
        assert OrmQ.objects.count() == 1


def test_a_task_that_was_given_out_or_is_for_an_earlier_turn_is_no_task(run):
    with time_machine.travel(NOW, tick=False):
        lifecycle.enqueue(run)
    given_out_until = NOW + timedelta(hours=2)
    OrmQ.objects.update(lock=given_out_until)
    with time_machine.travel(NOW + timedelta(hours=1), tick=True):
        assert tasks.sweep_runs() == 1
    OrmQ.objects.all().delete()
    with time_machine.travel(NOW + timedelta(hours=1), tick=True):
        lifecycle.enqueue(run)
    MigrationRun.objects.filter(pk=run.pk).update(turn=run.turn + 1)
    with time_machine.travel(NOW + timedelta(hours=3), tick=True):
        assert tasks.sweep_runs() == 1


def test_what_stands_in_the_queue_and_cannot_be_read_hides_no_run(run):
    OrmQ.objects.create(key="caret-sync", payload="no task of ours", lock=NOW)
    with time_machine.travel(NOW + timedelta(hours=1), tick=True):
        assert tasks.sweep_runs() == 1
