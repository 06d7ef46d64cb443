"""The same end whatever disturbs a run: trouble at Microsoft's, dead workers, tasks that come twice, members who leave."""

from datetime import timedelta

import pytest
import time_machine

from calendars import connections, leases
from calendars.graph.client import GraphClient
from calendars.models import SyncedEvent
from calendars.states import State
from migration import runs, tasks
from migration.models import MigrationRun, Outcome
from migration.runs import reading
from tests import queue
from tests.factories import NOW, StaffFactory
from tests.migration import moving
from tests.migration.seeded_run import assert_as_seeded, clock, outcomes, seeded

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
__all__ = ["clock", "seeded"]  # fixtures


def test_tasks_delivered_twice_or_late_do_nothing(seeded, simulator, settings):
    made, connection = seeded
    settings.TASK_SECONDS = 0
    run = moving.sign_in(connection, simulator)
    for turn in range(3):
        tasks.advance_run(run.pk, turn)
    for turn in range(3):
        tasks.advance_run(run.pk, turn)
    queue.drain()
    run.refresh_from_db()
    connection.refresh_from_db()
    assert_as_seeded(made, connection, run, simulator)


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 503, "nth": 2},
        {"status": 500, "path": "translateExchangeIds", "nth": 1},
        {"status": 429, "headers": {"Retry-After": "0"}, "nth": 3},
        {"cut": True, "nth": 3},
        {"truncate": 100, "nth": 2},
        {"status": 401, "nth": 2, "body": {"error": {"code": "InvalidAuthenticationToken"}}},
        {"status": 200, "nth": 3, "body": "<html>gateway</html>"},
    ],
    ids=lambda fault: "-".join(str(value)[:20] for value in fault.values()),
)
def test_a_short_disturbance_changes_nothing(seeded, simulator, fault):
    made, connection = seeded
    simulator.fault(**{"path": "/v1.0/", "count": 1, **fault})
    run = moving.migrate(connection, simulator)
    assert_as_seeded(made, connection, run, simulator)


def test_a_long_wait_is_kept_and_the_run_goes_on_where_it_was(seeded, simulator):
    made, connection = seeded
    simulator.fault(path="translateExchangeIds", status=429, headers={"Retry-After": "120"}, count=1)
    run = moving.migrate(connection, simulator)
    assert run.state == MigrationRun.State.WAITING and run.wait_reason == "throttled"
    assert run.wait_until > NOW + timedelta(seconds=119)
    assert connection.state == State.MIGRATING and connection.lease_owner == ""
    with time_machine.travel(NOW + timedelta(seconds=100), tick=True):
        assert tasks.sweep_runs() == 0
    simulator.clock(advance=200)
    with time_machine.travel(NOW + timedelta(seconds=200), tick=True):
        assert tasks.sweep_runs() == 1
        queue.drain()
    run.refresh_from_db()
    connection.refresh_from_db()
    assert_as_seeded(made, connection, run, simulator)


def test_a_lost_grant_waits_for_the_member_and_the_run_goes_on_with_the_new_one(seeded, simulator):
    made, connection = seeded
    simulator.fault(path="/token", status=400, body={"error": "invalid_grant", "error_codes": [50173]})
    run = moving.migrate(connection, simulator)
    assert (run.state, run.wait_reason, run.wait_until) == ("waiting", "grant", None)
    assert tasks.sweep_runs() == 0
    simulator.clear_faults()
    assert runs.take_up(run, actor=connection.member)
    queue.drain()
    run.refresh_from_db()
    connection.refresh_from_db()
    assert_as_seeded(made, connection, run, simulator)


def test_a_worker_that_died_is_replaced_after_its_lease(seeded, simulator, settings):
    made, connection = seeded
    run = moving.sign_in(connection, simulator)
    connection.refresh_from_db()
    assert leases.take(connection, owner="dead", seconds=settings.LEASE_SECONDS)
    assert queue.drain() == 1
    run.refresh_from_db()
    assert run.state == MigrationRun.State.QUEUED
    later = NOW + timedelta(seconds=settings.LEASE_SECONDS + settings.HTTP_TIMEOUT + settings.SWEEP_SECONDS)
    with time_machine.travel(later, tick=True):
        assert tasks.sweep_runs() == 1
        queue.drain()
    run.refresh_from_db()
    connection.refresh_from_db()
    assert_as_seeded(made, connection, run, simulator)


def test_a_run_begins_only_when_the_last_write_of_a_dead_old_sync_must_have_landed(seeded, simulator, settings):
    """Its lease has run out, but a request that it sent right before its death may be under way as long as one may take."""
    made, connection = seeded
    settings.HTTP_TIMEOUT = 5
    assert leases.take(connection, owner="old sync", seconds=30)
    run = moving.sign_in(connection, simulator)
    quiet = len(simulator.journal())
    for seconds in (29, 31, 34):
        with time_machine.travel(NOW + timedelta(seconds=seconds), tick=False):
            tasks.advance_run(run.pk, run.turn)
        run.refresh_from_db()
        assert (run.state, run.attempts, len(simulator.journal())) == (MigrationRun.State.QUEUED, 0, quiet)
    with time_machine.travel(NOW + timedelta(seconds=36), tick=True):
        queue.drain()
    run.refresh_from_db()
    connection.refresh_from_db()
    assert_as_seeded(made, connection, run, simulator)


def test_a_run_that_kills_its_worker_each_time_ends_as_failed_and_can_be_retried(seeded, simulator, monkeypatch):
    made, connection = seeded
    run = moving.sign_in(connection, simulator)
    MigrationRun.objects.filter(pk=run.pk).update(attempts=5)
    queue.drain()
    run.refresh_from_db()
    assert (run.state, run.failure_class) == ("failed", "WorkerDied")
    assert runs.take_up(run, actor=StaffFactory())
    queue.drain()
    run.refresh_from_db()
    connection.refresh_from_db()
    assert_as_seeded(made, connection, run, simulator)


def test_an_unreadable_answer_never_makes_an_anomaly(seeded, simulator):
    _, connection = seeded
    simulator.fault(path="/events", status=200, body={"value": [{"subject": "no id"}]})
    run = moving.migrate(connection, simulator)
    assert (run.state, run.wait_reason) == ("waiting", "trouble")
    for hours in range(1, 8):
        with time_machine.travel(NOW + timedelta(hours=hours), tick=True):
            tasks.sweep_runs()
            queue.drain()
    run.refresh_from_db()
    assert (run.state, run.failure_class) == ("failed", "TryLater")
    assert run.failure_hint
    assert not Outcome.objects.exists()
    assert not SyncedEvent.objects.exclude(link=SyncedEvent.Link.OLD).exists()


@pytest.mark.parametrize("status", [403, 404])
def test_a_calendar_that_is_refused_or_gone_fails_the_run_without_an_anomaly(seeded, simulator, status):
    _, connection = seeded
    simulator.fault(path="/events", status=status, body={"error": {"code": "ErrorItemNotFound"}})
    run = moving.migrate(connection, simulator)
    for hours in range(1, 5):
        assert (run.state, run.wait_reason) == ("waiting", "trouble") or hours == 4
        with time_machine.travel(NOW + timedelta(hours=hours), tick=True):
            tasks.sweep_runs()
            queue.drain()
        run.refresh_from_db()
    assert run.state == MigrationRun.State.FAILED and run.failure_hint
    assert connection.state == State.MIGRATING
    assert not Outcome.objects.exists()


def test_a_calendar_that_is_gone_for_a_moment_costs_a_moment(seeded, simulator):
    made, connection = seeded
    simulator.fault(path="/events", status=404, body={"error": {"code": "ErrorItemNotFound"}}, count=1)
    run = moving.migrate(connection, simulator)
    assert (run.state, run.step) == ("waiting", "queued")
    simulator.clock(advance=120)
    with time_machine.travel(NOW + timedelta(seconds=120), tick=True):
        tasks.sweep_runs()
        queue.drain()
    run.refresh_from_db()
    connection.refresh_from_db()
    assert_as_seeded(made, connection, run, simulator)


def test_a_wait_that_microsoft_asked_for_is_not_cut_short_by_a_retry(seeded, simulator):
    _, connection = seeded
    simulator.fault(path="translateExchangeIds", status=429, headers={"Retry-After": "120"}, count=1)
    run = moving.migrate(connection, simulator)
    assert not runs.take_up(run, actor=StaffFactory())
    with time_machine.travel(NOW + timedelta(seconds=121), tick=True):
        assert runs.take_up(run, actor=StaffFactory())


def test_a_retry_after_the_member_disconnected_starts_nothing(seeded, simulator):
    _, connection = seeded
    run = moving.sign_in(connection, simulator)
    MigrationRun.objects.filter(pk=run.pk).update(state="failed")
    connections.disconnect(connection, actor=connection.member)
    assert not runs.take_up(run, actor=StaffFactory())


def test_a_deletion_that_shifts_the_pages_hides_nothing(seeded, simulator, monkeypatch):
    """List pages follow each other by position: what is deleted between two pages hides what moves up meanwhile."""
    made, connection = seeded
    monkeypatch.setattr("calendars.graph.client.PAGE", 50)
    victims = [event["ref"] for event in made.events[:3]]
    original, pages = GraphClient.appointments, []

    def appointments(self, calendar_id, next_link=None, **options):
        page = original(self, calendar_id, next_link, **options)
        pages.append(next_link)
        if len(pages) == 1:
            for ref in victims:
                simulator.edit(moving.ADDRESS, ref, "delete")
        return page

    monkeypatch.setattr(GraphClient, "appointments", appointments)
    run = moving.migrate(connection, simulator)
    assert run.state == MigrationRun.State.DONE
    anomalies = {uid for uid, (outcome, *_) in outcomes(run).items() if outcome == "anomaly"}
    # What was seen before it was deleted stays linked by its id; nothing that is there is called missing.
    assert anomalies == set(made.deleted)


def test_a_run_that_is_cancelled_while_its_worker_reads_stays_cancelled(seeded, simulator, monkeypatch):
    """Whoever reads on holds the connection still, and has nothing to say any more."""
    _, connection = seeded
    run, original = moving.sign_in(connection, simulator), reading.round_of

    def round_of(work):
        found = original(work)
        runs.cancel(connection)
        return found

    monkeypatch.setattr(reading, "round_of", round_of)
    queue.drain()
    run.refresh_from_db()
    assert (run.state, run.outcomes.count(), run.staged_pages.count()) == (MigrationRun.State.CANCELLED, 0, 0)


def test_disconnecting_cancels_the_run_and_every_id_stays(seeded, simulator, settings):
    _, connection = seeded
    settings.TASK_SECONDS = 0
    run = moving.sign_in(connection, simulator)
    tasks.advance_run(run.pk, 0)
    runs.cancel(connection)
    queue.drain()
    run.refresh_from_db()
    assert run.state == MigrationRun.State.CANCELLED
    assert SyncedEvent.objects.filter(ews_id__isnull=False).count() == 160
