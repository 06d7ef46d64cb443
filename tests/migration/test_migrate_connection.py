"""`manage.py migrate_connection`: one member's run while somebody looks on, or what it would do."""

from datetime import timedelta

import pytest
import time_machine
from django.core.management import CommandError
from django_q.models import OrmQ

from calendars import leases
from calendars.states import OUTLOOK_STATES, Provider, State
from migration.models import MigrationRun
from tests import queue
from tests.factories import NOW, ConnectionFactory
from tests.migration import moving
from tests.migration.commanding import assert_done, clock, everything, interrupt, migrate, seeded

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
__all__ = ["clock", "seeded"]  # fixtures


def test_it_carries_out_the_run_to_its_end(seeded, simulator):
    made, connection = seeded
    moving.sign_in(connection, simulator)
    out = migrate()
    assert_done(made, connection)
    assert "has moved: 160 synced events" in out
    figures = ["150 found by id", "6 found by subject and times", "4 not found in Outlook"]
    assert [line.strip() for line in out.splitlines()[1:]] == figures
    # The task that was in the queue comes too late.
    assert queue.drain() == 1
    assert_done(made, connection)


def test_it_goes_on_beyond_the_time_of_a_task(seeded, simulator, settings):
    settings.TASK_SECONDS = 0
    made, connection = seeded
    moving.sign_in(connection, simulator)
    OrmQ.objects.all().delete()
    migrate()
    assert_done(made, connection)
    assert not OrmQ.objects.exists()


@pytest.mark.parametrize("state", sorted(OUTLOOK_STATES - {State.MIGRATING}))
def test_a_connection_that_is_not_migrating_is_left_alone(state):
    ConnectionFactory(account=moving.ADDRESS, state=state)
    before = everything()
    for options in ([], ["--dry-run"]):
        with pytest.raises(CommandError, match=rf"is not migrating \(state: {State(state).label}\)\. \w"):
            migrate(*options)
    assert everything() == before


def test_a_member_of_google_is_told_that_it_does_not_concern_them():
    ConnectionFactory(account=moving.ADDRESS, provider=Provider.GOOGLE, state=State.GOOGLE_SYNC)
    with pytest.raises(CommandError, match="does not concern"):
        migrate()


def test_an_address_nobody_has_is_named():
    with pytest.raises(CommandError, match=r"nobody@harperwolfe\.example has no connection"):
        migrate(address="nobody@harperwolfe.example")


def test_a_failed_run_is_taken_up(seeded, simulator):
    made, connection = seeded
    run = moving.sign_in(connection, simulator)
    MigrationRun.objects.filter(pk=run.pk).update(
        state="failed", step="queued", failure_class="AccessDenied", attempts=5
    )
    migrate()
    assert_done(made, connection)


def test_a_wait_is_waited_in_place_and_never_cut_short(seeded, simulator, settings):
    made, connection = seeded
    moving.sign_in(connection, simulator)
    simulator.fault(path="translateExchangeIds", status=429, headers={"Retry-After": "1"}, count=1)
    out = migrate()
    assert_done(made, connection)
    assert out.count("Microsoft asks us to wait: goes on at") == 1
    throttled = next(line for line in simulator.journal() if line["status"] == 429)
    later = [
        line for line in simulator.journal() if line["seq"] > throttled["seq"] and line["operation"] == "translate"
    ]
    assert later and min(line["start"] for line in later) >= throttled["end"]


def test_a_wait_that_began_before_is_kept_too(seeded, simulator, monkeypatch):
    made, connection = seeded
    run = moving.sign_in(connection, simulator)
    until = NOW + timedelta(minutes=5)
    waiting = {"state": "waiting", "step": "queued", "wait_reason": "throttled", "wait_until": until}
    MigrationRun.objects.filter(pk=run.pk).update(**waiting)
    asked = []
    with time_machine.travel(NOW, tick=False) as clock:

        def sleep(seconds: float) -> None:
            asked.append(len(simulator.journal()))
            clock.shift(60)

        monkeypatch.setattr("migration.runs.foreground.time.sleep", sleep)
        quiet = len(simulator.journal())
        migrate()
    assert asked[:5] == [quiet] * 5
    assert_done(made, connection)


def test_a_grant_that_is_gone_is_said_and_the_run_waits(seeded, simulator):
    _, connection = seeded
    moving.sign_in(connection, simulator)
    simulator.fault(path="/token", status=400, body={"error": "invalid_grant", "error_codes": [50173]})
    with pytest.raises(CommandError, match="signed in again"):
        migrate()
    run = connection.runs.get()
    assert (run.state, run.wait_reason) == ("waiting", "grant")
    with pytest.raises(CommandError, match="signed in again"):
        migrate()


def test_a_run_that_fails_says_why_and_what_to_do(seeded, simulator):
    _, connection = seeded
    moving.sign_in(connection, simulator)
    simulator.fault(path="/events", status=403, body={"error": {"code": "ErrorAccessDenied"}})
    with pytest.raises(CommandError, match=r"The run failed: AccessDenied 403 ErrorAccessDenied.*\n.*permission"):
        migrate()


def test_it_looks_on_while_another_worker_has_the_connection(seeded, simulator, monkeypatch):
    made, connection = seeded
    moving.sign_in(connection, simulator)
    connection.refresh_from_db()
    lease = leases.take(connection, owner="another", seconds=60)
    slept = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            leases.release(lease)

    monkeypatch.setattr("migration.runs.foreground.time.sleep", sleep)
    out = migrate()
    assert len(slept) == 3
    assert out.count("Another worker is at it; looking on.") == 1
    assert_done(made, connection)


@pytest.mark.parametrize("name", ["default_calendar", "translate", "series", "calendars"])
def test_ctrl_c_leaves_the_run_to_the_worker(seeded, simulator, monkeypatch, name):
    made, connection = seeded
    moving.sign_in(connection, simulator)
    OrmQ.objects.all().delete()
    for _ in range(7):  # more often than a worker may die
        with monkeypatch.context() as patch:
            interrupt(patch, name)
            with pytest.raises(CommandError, match="Interrupted: a worker goes on"):
                migrate()
        connection.refresh_from_db()
        assert (connection.state, connection.lease_owner) == (State.MIGRATING, "")
    queue.drain()
    assert_done(made, connection)
