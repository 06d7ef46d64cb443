"""What a run does where something speaks against the obvious: another calendar, a twin, trouble on the way."""

import pytest
import time_machine
from django_q.models import OrmQ

from calendars import connections
from calendars.models import CalendarConnection, SyncedEvent
from migration import tasks
from migration.models import MigrationRun, Ticket
from migration.runs import worker
from tests import queue, sample
from tests.factories import NOW
from tests.migration import moving

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=True):
        yield


def in_two_calendars(simulator, synced, other):
    calendars = [{"name": "Calendar", "default": True, "events": synced}, {"name": "Private", "events": other}]
    moving.mailbox(simulator, [], calendars=calendars)


def test_a_series_moved_to_another_calendar_takes_its_edited_occurrences_along(simulator, tmp_path):
    made = sample.calendar(60, every_series=10)
    series = next(event for event in made.events if event.get("recurrence"))
    in_two_calendars(simulator, [event for event in made.events if event is not series], [series])
    run = moving.migrate(moving.connection_with(made, tmp_path), simulator)
    assert (run.state, run.anomalies) == ("done", 0)
    rows = SyncedEvent.objects.filter(calendar=SyncedEvent.Calendar.MOVED).values_list("uid", flat=True)
    assert set(rows) == {series["ref"], *(one["ref"] for one in series["exceptions"])}


def test_an_appointment_that_is_merely_like_it_does_not_take_the_place_of_one_whose_id_resolves(simulator, tmp_path):
    made = sample.calendar(20)
    moved, *rest = made.events
    twin = {name: value for name, value in moved.items() if name != "ewsId"} | {"ref": "twin", "iCalUId": "0400EE"}
    in_two_calendars(simulator, [*rest, twin], [moved])
    run = moving.migrate(moving.connection_with(made, tmp_path), simulator)
    assert (run.by_id, run.by_metadata, run.anomalies) == (20, 0, 0)
    row = SyncedEvent.objects.get(uid=moved["ref"])
    assert moving.refs(simulator)[row.appointment_id or ""] == moved["ref"]
    assert row.calendar == SyncedEvent.Calendar.MOVED


def under_an_alias(events):
    """A calendar of one's own that shows another address of the mailbox as its owner, so that no list of ours leads there."""
    return {"name": "Private", "owner": {"name": "Ada", "address": "a.byron@harperwolfe.example"}, "events": events}


def test_an_id_that_resolves_is_asked_for_before_its_appointment_is_called_missing(simulator, tmp_path):
    made = sample.calendar(60, every_series=10)
    series = next(event for event in made.events if event.get("recurrence"))
    aside = [made.events[0], series]
    rest = [event for event in made.events if event not in aside]
    main = {"name": "Calendar", "default": True, "events": rest}
    moving.mailbox(simulator, [], calendars=[main, under_an_alias(aside)])
    run = moving.migrate(moving.connection_with(made, tmp_path), simulator)
    assert (run.state, run.by_id, run.anomalies) == ("done", 60, 0)
    rows = SyncedEvent.objects.filter(calendar=SyncedEvent.Calendar.MOVED).values_list("uid", flat=True)
    assert set(rows) == {one["ref"] for one in [*aside, *series["exceptions"]]}


def test_what_is_gone_when_its_id_is_asked_for_is_missing(simulator, tmp_path):
    made = sample.calendar(30)
    main = {"name": "Calendar", "default": True, "events": made.events[2:]}
    moving.mailbox(simulator, [], calendars=[main, under_an_alias(made.events[:2])])
    simulator.fault(operation="get", batch_item=True, status=404)
    run = moving.migrate(moving.connection_with(made, tmp_path), simulator)
    assert (run.state, run.by_id, run.anomalies) == ("done", 28, 2)


def test_nothing_is_called_missing_before_it_is_confirmed(simulator, tmp_path, settings):
    made = sample.calendar(20, deleted=2)
    moving.mailbox(simulator, made.events)
    settings.TASK_SECONDS = 0
    run, shown = moving.sign_in(moving.connection_with(made, tmp_path), simulator), []
    while queued := OrmQ.objects.order_by("pk").first():
        arguments = queued.task["args"]
        queued.delete()
        tasks.advance_run(*arguments)
        run.refresh_from_db()
        shown.append((run.state, run.by_id, run.anomalies))
    assert ("confirming", 18, 0) in shown
    assert [one for one in shown if one[2]] == [("done", 18, 2)]


def test_a_mistake_of_ours_gives_the_connection_back(simulator, tmp_path, monkeypatch):
    made = sample.calendar(5)
    moving.mailbox(simulator, made.events)
    connection = moving.connection_with(made, tmp_path)
    run = moving.sign_in(connection, simulator)
    monkeypatch.setattr("migration.runs.finishing.finish", lambda *arguments: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        queue.drain()
    connection.refresh_from_db()
    run.refresh_from_db()
    assert (run.state, run.wait_reason, connection.lease_owner) == ("waiting", "trouble", "")


def test_a_microsoft_that_does_not_answer_is_not_asked_again_at_once(simulator, tmp_path, settings):
    made = sample.calendar(5)
    moving.mailbox(simulator, made.events)
    connection = moving.connection_with(made, tmp_path)
    settings.HTTP_TIMEOUT = 0.3
    simulator.fault(path="/v1.0/me/calendar", delay=1)
    run = moving.migrate(connection, simulator)
    # None where even the token took too long.
    assert (run.state, run.wait_reason) == ("waiting", "unreachable") and run.requests <= 1


def test_a_worker_that_has_lost_the_connection_opens_no_ticket(simulator, tmp_path, monkeypatch):
    made = sample.calendar(10)
    moving.mailbox(simulator, [])
    connection = moving.connection_with(made, tmp_path, is_default_calendar=False)
    run = moving.sign_in(connection, simulator)
    original = worker.failure_of

    def disconnected_meanwhile(error):
        now = CalendarConnection.objects.get(pk=connection.pk)
        connections.disconnect(now, actor=now.member)
        return original(error)

    monkeypatch.setattr(worker, "failure_of", disconnected_meanwhile)
    queue.drain()
    run.refresh_from_db()
    assert run.state == MigrationRun.State.MATCHING
    assert not Ticket.objects.exists()
