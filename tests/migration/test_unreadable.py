"""An appointment that is not as Microsoft documents it stops nobody's run, unless it may be what is missing."""

from datetime import timedelta

import pytest
import time_machine

from calendars.graph.client import GraphClient, Page
from calendars.models import HeldAppointment, SyncedEvent
from migration import runs, tasks
from migration.models import MigrationRun, Outcome
from tests import queue
from tests.factories import NOW
from tests.migration import moving
from tests.migration.both_sides import ID, NOT_FOUND, BothSides, found
from tests.sample import Sample

pytestmark = pytest.mark.django_db
WRONG = {
    "start": {"start": 5},
    "a start that is no time": {"start": {"dateTime": "soon", "timeZone": "UTC"}},
    "subject": {"subject": ["Hearing"]},
    "location": {"location": {"displayName": 7}},
    "recurrence": {"recurrence": "weekly"},
    "UID": {"iCalUId": {"id": 1}},
    "everything": {"type": [], "subject": 1, "start": "x", "end": [], "location": 3, "iCalUId": 0.5, "recurrence": 1},
}


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture
def both():
    both = BothSides()
    both.add("by id", "2026-12-01T09:00:00", found=ID)
    both.add("by likeness", "2026-12-02T09:00:00")
    return both


def lists(monkeypatch, simulator, name, wrong):
    """The appointment `name` as every list gives it."""
    (new,) = [new for new, ref in moving.refs(simulator).items() if ref == name]
    original = GraphClient.appointments

    def appointments(self, calendar_id, next_link=None, **options):
        page = original(self, calendar_id, next_link, **options)
        return Page([value | wrong if value["id"] == new else value for value in page.values], page.next_link)

    monkeypatch.setattr(GraphClient, "appointments", appointments)


def begin(both, simulator, tmp_path):
    moving.mailbox(simulator, both.events)
    return moving.connection_with(Sample(lines=both.lines), tmp_path)


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_where_its_id_is_known_nothing_else_of_it_matters(both, simulator, tmp_path, monkeypatch, wrong):
    connection = begin(both, simulator, tmp_path)
    lists(monkeypatch, simulator, "by id", wrong)
    assert moving.migrate(connection, simulator).state == MigrationRun.State.DONE
    assert found(connection, simulator)["by id"] == ("id", "translated", "by id")
    assert found(connection, simulator)["by likeness"] == ("metadata", "subject_times", "by likeness")


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_one_that_is_nobodys_by_id_is_asked_for_again(both, simulator, tmp_path, monkeypatch, wrong):
    connection = begin(both, simulator, tmp_path)
    lists(monkeypatch, simulator, "by likeness", wrong)
    assert moving.migrate(connection, simulator).state == MigrationRun.State.DONE
    assert found(connection, simulator)["by likeness"] == ("metadata", "subject_times", "by likeness")
    row = SyncedEvent.objects.get(uid="by likeness")
    assert row.calendar == SyncedEvent.Calendar.SYNCED
    moving.assert_only_read(simulator)


def test_one_that_is_not_there_when_asked_for_again_is_asked_for_once_more(both, simulator, tmp_path, monkeypatch):
    connection = begin(both, simulator, tmp_path)
    lists(monkeypatch, simulator, "by likeness", WRONG["start"])
    simulator.fault(operation="get", batch_item=True, nth=1, count=1, status=404)
    assert moving.migrate(connection, simulator).state == MigrationRun.State.DONE
    assert found(connection, simulator)["by likeness"] == ("metadata", "subject_times", "by likeness")


def test_one_that_stays_so_fails_the_run_where_events_are_missing_and_nothing_is_called_missing(
    both, simulator, tmp_path, monkeypatch
):
    connection = begin(both, simulator, tmp_path)
    lists(monkeypatch, simulator, "by likeness", WRONG["start"])
    simulator.fault(operation="get", batch_item=True, status=200, body={"id": "A", **WRONG["start"]})
    run = moving.migrate(connection, simulator)
    assert (run.state, run.wait_reason) == ("waiting", "trouble")
    for hours in range(1, 8):
        with time_machine.travel(NOW + timedelta(hours=hours), tick=True):
            tasks.sweep_runs()
            queue.drain()
    run.refresh_from_db()
    assert (run.state, run.failure_class) == ("failed", "AppointmentUnreadable")
    assert run.failure_message == "appointments that cannot be read: 1" and "missing" in run.failure_hint
    assert not Outcome.objects.exists() and not HeldAppointment.objects.exists()
    simulator.clear_faults()
    assert runs.take_up(run)
    queue.drain()
    assert found(connection, simulator)["by likeness"] == ("metadata", "subject_times", "by likeness")


def test_one_that_is_nobodys_does_not_matter_where_nothing_is_missing(simulator, tmp_path, monkeypatch):
    both = BothSides()
    both.add("by id", found=ID)
    both.theirs("stranger", "2026-12-03T09:00:00")
    connection = begin(both, simulator, tmp_path)
    lists(monkeypatch, simulator, "stranger", WRONG["everything"])
    run = moving.migrate(connection, simulator)
    assert (run.state, run.by_id) == ("done", 1)
    assert not [line for line in simulator.journal() if line["operation"] == "get"]


def test_one_that_is_gone_when_it_is_asked_for_again_is_nobodys(both, simulator, tmp_path, monkeypatch):
    connection = begin(both, simulator, tmp_path)
    lists(monkeypatch, simulator, "by likeness", WRONG["subject"])
    simulator.fault(operation="get", batch_item=True, status=404)
    assert moving.migrate(connection, simulator).state == MigrationRun.State.DONE
    assert found(connection, simulator)["by likeness"] == NOT_FOUND
