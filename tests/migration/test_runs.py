"""The migration in the background (R8, R9, R10): figures as seeded, nothing changed in Outlook, whatever disturbs it."""

from datetime import timedelta

import pytest
import time_machine

from calendars import connections, grants, leases
from calendars.graph.client import GraphClient
from calendars.models import Grant, HeldAppointment, SyncedEvent
from calendars.states import State
from migration import runs, tasks
from migration.models import MigrationRun, Outcome, StagedPage
from tests import queue, sample
from tests.factories import NOW, StaffFactory
from tests.migration import moving

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture
def seeded(simulator, tmp_path):
    made = sample.calendar(160, deleted=4, renumbered=6)
    moving.mailbox(simulator, made.events)
    return made, moving.connection_with(made, tmp_path)


def outcomes(run) -> dict[str, tuple[str, str, str]]:
    rows = Outcome.objects.filter(run=run).values_list("synced_event__uid", "outcome", "how", "appointment_id")
    return {uid: rest for uid, *rest in rows}


def assert_as_seeded(made, connection, run, simulator):
    """The truth that only the sample and the simulator know."""
    assert run.state == MigrationRun.State.DONE
    assert connection.state == State.GRAPH_SYNC and connection.stopped_at is None and connection.migrated_at
    names = moving.refs(simulator)
    linked = {
        row.uid: names[row.appointment_id] if row.appointment_id else None
        for row in SyncedEvent.objects.filter(connection=connection)
    }
    assert linked == made.truth
    found = outcomes(run)
    assert {uid for uid, (outcome, *_) in found.items() if outcome == "anomaly"} == set(made.deleted)
    assert {uid for uid, (outcome, *_) in found.items() if outcome == "metadata"} == set(made.renumbered)
    assert (run.by_id, run.by_metadata, run.anomalies) == (150, 6, 4)
    assert run.by_id + run.by_metadata + run.anomalies == run.total == len(made.lines)
    moving.assert_only_read(simulator)


def test_a_run_links_everything_as_seeded_and_changes_nothing_in_outlook(seeded, simulator):
    made, connection = seeded
    run = moving.migrate(connection, simulator)
    assert_as_seeded(made, connection, run, simulator)
    assert not StagedPage.objects.exists()
    # Anomalies stay here, known as such.
    gone = SyncedEvent.objects.filter(uid__in=made.deleted)
    assert {row.link for row in gone} == {SyncedEvent.Link.ANOMALY} and all(row.event_id for row in gone)


def test_it_costs_few_requests_and_each_asks_for_immutable_ids(seeded, simulator):
    _, connection = seeded
    run = moving.migrate(connection, simulator)
    lines = [line for line in simulator.journal() if line["path"].startswith("/v1.0/") and not line["parent"]]
    assert len(lines) == run.requests <= 10


def test_small_pages_end_in_the_same_outcomes(seeded, simulator, monkeypatch):
    made, connection = seeded
    monkeypatch.setattr("calendars.graph.client.PAGE", 7)
    monkeypatch.setattr("migration.runs.reading.TRANSLATE_LIMIT", 11)
    monkeypatch.setattr("migration.runs.steps.BATCH_LIMIT", 2)
    run = moving.migrate(connection, simulator)
    assert_as_seeded(made, connection, run, simulator)


def test_a_task_that_hands_on_after_every_step_comes_to_the_same_end(seeded, simulator, settings):
    made, connection = seeded
    settings.TASK_SECONDS = 0
    run = moving.sign_in(connection, simulator)
    assert queue.drain() > 5
    run.refresh_from_db()
    connection.refresh_from_db()
    assert_as_seeded(made, connection, run, simulator)


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


def test_when_all_ids_are_moved_the_tokens_of_the_old_sync_are_gone(seeded, simulator):
    _, connection = seeded
    grants.store(connection, Grant.Service.EWS, grants.Tokens(refresh_token="old"))
    moving.migrate(connection, simulator)
    assert [grant.service for grant in Grant.objects.all()] == [Grant.Service.GRAPH]


def test_a_deletion_that_shifts_the_pages_hides_nothing(seeded, simulator, monkeypatch):
    """List pages follow each other by position: what is deleted between two pages hides what moves up meanwhile."""
    made, connection = seeded
    monkeypatch.setattr("calendars.graph.client.PAGE", 50)
    victims = [event["ref"] for event in made.events[:3]]
    original, pages = GraphClient.appointments, []

    def appointments(self, calendar_id, next_link=None):
        page = original(self, calendar_id, next_link)
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


def test_candidates_of_anomalies_are_held_with_what_they_showed(simulator, tmp_path):
    made = sample.calendar(20)
    near = made.events[0]
    near["translates"], near["iCalUId"], near["subject"] = "error", "0400FF", "Renamed in Outlook"
    moving.mailbox(simulator, made.events)
    connection = moving.connection_with(made, tmp_path)
    run = moving.migrate(connection, simulator)
    assert run.anomalies == 1
    held = HeldAppointment.objects.get()
    assert held.synced_event.uid == near["ref"]
    assert held.shown["subject"] == "Renamed in Outlook"


def test_metadata_only_tries_no_old_id(seeded, simulator):
    _, connection = seeded
    run = moving.migrate(connection, simulator, metadata_only=True)
    assert run.state == MigrationRun.State.DONE
    assert run.by_id == 0 and run.by_metadata == 156
    assert not [line for line in simulator.journal() if line["path"].endswith("translateExchangeIds")]


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


def test_a_member_with_nothing_synced_is_done_at_once(simulator, tmp_path):
    moving.mailbox(simulator, [])
    connection = moving.connection_with(sample.Sample(), tmp_path)
    run = moving.migrate(connection, simulator)
    assert (run.state, run.total) == ("done", 0)
