"""The migration in the background (R8, R9, R10): figures as seeded, and nothing changed in Outlook."""

import pytest

from calendars import grants
from calendars.models import Grant, HeldAppointment, SyncedEvent
from migration.models import MigrationRun, StagedPage
from tests import queue, sample
from tests.migration import moving
from tests.migration.seeded_run import assert_as_seeded, clock, seeded

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
__all__ = ["clock", "seeded"]  # fixtures


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


def test_ids_that_are_each_others_change_places(seeded, simulator):
    """Each id belongs to one event at any time, also in the middle of the statement that gives them out."""
    made, connection = seeded
    new = {ref: key for key, ref in moving.refs(simulator).items()}
    one, other, third = [row for row in SyncedEvent.objects.order_by("pk") if row.uid in new][:3]
    for row, wrong in ((one, other), (other, third), (third, one)):
        SyncedEvent.objects.filter(pk=row.pk).update(appointment_id=new[wrong.uid], link=SyncedEvent.Link.LINKED)
    run = moving.migrate(connection, simulator)
    assert_as_seeded(made, connection, run, simulator)


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


def test_when_all_ids_are_moved_the_tokens_of_the_old_sync_are_gone(seeded, simulator):
    _, connection = seeded
    grants.store(connection, Grant.Service.EWS, grants.Tokens(refresh_token="old"))
    moving.migrate(connection, simulator)
    assert [grant.service for grant in Grant.objects.all()] == [Grant.Service.GRAPH]


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


def test_a_member_with_nothing_synced_is_done_at_once(simulator, tmp_path):
    moving.mailbox(simulator, [])
    connection = moving.connection_with(sample.Sample(), tmp_path)
    run = moving.migrate(connection, simulator)
    assert (run.state, run.total) == ("done", 0)
