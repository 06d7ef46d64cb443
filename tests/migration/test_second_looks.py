"""Nothing is absent that was looked for only once: other calendars, single appointments, old ids that lead nowhere."""

import pytest
import time_machine

from calendars.graph.client import GraphClient, Page
from calendars.models import SyncedEvent
from migration.models import MigrationRun
from tests import queue
from tests.factories import NOW
from tests.migration import moving
from tests.migration.both_sides import ID, NOT_FOUND, UID, BothSides, exported, found, held, recurrence
from tests.migration.test_absence import end, on_call, without
from tests.sample import Sample

pytestmark = pytest.mark.django_db
STRANGERS = 6


@pytest.fixture
def scene(simulator, tmp_path, monkeypatch):
    """What was moved behind strangers in another calendar, and into one where no list of ours leads: the connection. A
    page holds five."""
    monkeypatch.setattr("calendars.graph.client.PAGE", 5)
    both, private, hidden = BothSides(), BothSides(), BothSides()
    both.add("stays", "2026-12-01T09:00:00", found=ID)
    both.add("stays, by uid", "2026-12-03T09:00:00", found=UID)
    both.add("renamed, by id", "2026-12-02T09:00:00", found=ID, event={"subject": "Renamed"})
    for number in range(STRANGERS):
        private.theirs(f"stranger {number}", f"2027-03-0{number + 1}T07:00:00", subject="Lunch")
    for number, (uid, where) in enumerate([("moved", private), ("moved too", private), ("hidden", hidden)]):
        both.events.remove(
            appointment := both.add(uid, f"2027-01-0{number + 1}T09:00:00", found=UID if where is private else ID)
        )
        where.events.append(appointment)
    weekly = recurrence("weekly", "2027-01-04", daysOfWeek=["monday"], times=9)
    both.events.remove(
        series := both.add(
            "series", "2027-01-04T11:00:00", found=UID, line={"rrule": "FREQ=WEEKLY;COUNT=9"}, event=weekly
        )
    )
    private.events.append(series)
    both.ours("edited", "2027-01-12T15:00:00", series="series", original_start="2027-01-11T11:00:00")
    both.ours("gone", "2027-02-01T09:00:00", ical_uid="uid of gone")
    calendars = [
        {"name": "Calendar", "default": True, "events": both.events},
        {"name": "Private", "events": private.events},
        {"name": "Empty", "events": []},
        {"name": "Alias", "owner": {"name": "Ada", "address": "a.byron@harperwolfe.example"}, "events": hidden.events},
    ]  # fmt: skip
    moving.mailbox(simulator, [], calendars=calendars)
    with time_machine.travel(NOW, tick=True):
        yield moving.connection_with(Sample(lines=both.lines), tmp_path)


def assert_as_it_is(connection, simulator):
    links = found(connection, simulator)
    assert links.pop("gone") == NOT_FOUND
    assert links.pop("edited")[:2] == ("metadata", "occurrence")
    by_uid = {uid: ("metadata", "ical_uid", uid) for uid in ("moved", "moved too", "series", "stays, by uid")}
    assert links == by_uid | {uid: ("id", "translated", uid) for uid in ("stays", "renamed, by id", "hidden")}
    del by_uid["stays, by uid"]
    elsewhere = SyncedEvent.objects.filter(connection=connection, calendar="moved")
    assert set(elsewhere.values_list("uid", flat=True)) == {*by_uid, "hidden", "edited"}
    assert not any(row["candidates"] for row in exported(connection).values())
    moving.assert_only_read(simulator)


def on_private(monkeypatch, numbers, change):
    """Does something to the answer to the so-manieth requests for a whole page of the second calendar that is read."""
    original, calls = GraphClient.appointments, []

    def appointments(self, calendar_id, next_link=None, **options):
        page = original(self, calendar_id, next_link, **options)
        if len(page.values) == 5 or "skip" in str(next_link):  # the only one of so many
            calls.append(calendar_id)
            return change(page) if len(calls) in numbers else page
        return page

    monkeypatch.setattr(GraphClient, "appointments", appointments)


def test_in_peace(scene, simulator):
    moving.migrate(scene, simulator)
    assert_as_it_is(scene, simulator)


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("kept", [0, 3, 5])
def test_another_calendar_whose_list_ends_too_early(scene, simulator, monkeypatch, number, kept):
    on_private(monkeypatch, {number}, lambda page: Page(page.values[:kept], None))
    end(moving.migrate(scene, simulator), simulator)
    assert_as_it_is(scene, simulator)


def test_two_lists_of_another_calendar_that_end_too_early_at_different_places(scene, simulator, monkeypatch):
    on_private(monkeypatch, {1}, lambda page: Page(page.values[:3], None))
    simulator.fault(operation="list", batch_item=True, nth=[1, 2], status=200, body={"value": []})
    end(moving.migrate(scene, simulator), simulator)
    assert_as_it_is(scene, simulator)


def test_another_calendar_whose_list_is_shifted_by_deletions(scene, simulator, monkeypatch):
    def delete(page):
        for stranger in range(STRANGERS):
            simulator.edit(moving.ADDRESS, f"stranger {stranger}", "delete")
        return page

    on_private(monkeypatch, {1}, delete)
    end(moving.migrate(scene, simulator), simulator)
    assert_as_it_is(scene, simulator)


def test_another_calendar_that_changes_all_the_while_is_waited_for(scene, simulator):
    """Each reading of it sees what the one before has not: neither is complete, and nothing is called missing."""
    for number in range(1, 40, 4):
        simulator.fault(operation="list", batch_item=True, nth=[number, number + 1], status=200, body={"value": []})
    run = moving.migrate(scene, simulator)
    assert (run.state, run.wait_reason, run.outcomes.count()) == ("waiting", "unstable", 0)
    simulator.clear_faults()
    end(run, simulator)
    assert_as_it_is(scene, simulator)


@pytest.mark.parametrize("kept", [0, 1])
def test_a_list_of_calendars_that_leaves_some_out(scene, simulator, monkeypatch, kept):
    original, calls = GraphClient.calendars, []

    def calendars(self):
        calls.append(self)
        return original(self)[: kept if len(calls) == 1 else None]

    monkeypatch.setattr(GraphClient, "calendars", calendars)
    end(moving.migrate(scene, simulator), simulator)
    assert_as_it_is(scene, simulator)


@pytest.mark.parametrize("times", [1, 2])
def test_an_appointment_that_is_not_found_by_its_id_once(scene, simulator, times):
    (hidden,) = [new for new, ref in moving.refs(simulator).items() if ref == "hidden"]
    simulator.fault(operation="get", path=f"/events/{hidden}", status=404, count=times)
    end(moving.migrate(scene, simulator), simulator)
    if times == 1:
        assert_as_it_is(scene, simulator)
    else:
        assert found(scene, simulator)["hidden"] == NOT_FOUND, "gone when looked for twice"


def test_one_that_only_a_reading_of_ids_showed_is_looked_for_twice(scene, simulator, monkeypatch):
    on_call(monkeypatch, {1, 3, 4}, without("stays, by uid", simulator))
    (shy,) = [new for new, ref in moving.refs(simulator).items() if ref == "stays, by uid"]
    simulator.fault(operation="get", path=f"/events/{shy}", status=404, count=1)
    end(moving.migrate(scene, simulator), simulator)
    assert_as_it_is(scene, simulator)
    assert [line["status"] for line in simulator.journal() if f"/events/{shy}" in line["path"]] == [404, 200]


def test_what_has_its_event_is_nobody_elses_however_often_it_is_listed(simulator, tmp_path, monkeypatch):
    """One of two equal events is gone. While its run goes on somebody makes another: so all is read anew, and the one that
    is left shows up again."""
    both = BothSides()
    both.add("left", found=ID)
    both.ours("gone", "2026-12-01T09:00:00")
    both.ours("near", "2026-12-02T09:00:00")
    moving.mailbox(simulator, both.events)
    new = BothSides().theirs("new", "2026-12-05T12:00:00", subject="Lunch")

    def make(page):
        simulator.edit(moving.ADDRESS, "new", "create", event=new)
        return page

    with time_machine.travel(NOW, tick=True):
        connection = moving.connection_with(Sample(lines=both.lines), tmp_path)
        on_call(monkeypatch, {1}, make)
        moving.migrate(connection, simulator)
    links = {"left": ("id", "translated", "left"), "gone": NOT_FOUND, "near": NOT_FOUND}
    assert found(connection, simulator) == links
    assert held(connection, simulator) == {"gone": set(), "near": set()}


def test_a_series_that_only_its_edited_occurrence_tells_from_its_copy_is_read_again_where_it_is_not_found_once(
    simulator, tmp_path
):
    both, weekly = BothSides(), recurrence("weekly", "2026-12-01", daysOfWeek=["tuesday"], times=40)
    both.add("series", line={"rrule": "FREQ=WEEKLY;COUNT=40"}, event=weekly)
    both.edited("edited", "series", "2026-12-15T09:00:00", "2026-12-15T13:00:00", subject="Moved")
    both.theirs("copy", "2026-12-01T09:00:00", **weekly)
    moving.mailbox(simulator, both.events)
    (series,) = [new for new, ref in moving.refs(simulator).items() if ref == "series"]
    simulator.fault(operation="get", path=f"/events/{series}", count=1, status=404)
    with time_machine.travel(NOW, tick=True):
        connection = moving.connection_with(Sample(lines=both.lines), tmp_path)
        moving.migrate(connection, simulator)
    links = {"series": ("metadata", "subject_times", "series"), "edited": ("metadata", "occurrence", "edited")}
    assert found(connection, simulator) == links


def lost(ids):
    """What Microsoft says of ids that it does not find, or fails to look for."""
    return [{"sourceId": one, "errorDetails": {"code": "ErrorInternalServerTransientError"}} for one in ids]


@pytest.mark.parametrize("rows", [lambda ids: [], lost], ids=["left out", "an error each"])
@pytest.mark.parametrize("limit", [3, 1000])
def test_old_ids_that_lead_nowhere_once(scene, simulator, monkeypatch, rows, limit):
    """Renamed, and with a UID that we do not know: nothing but its id leads to it."""
    monkeypatch.setattr("migration.runs.reading.TRANSLATE_LIMIT", limit)
    ids = SyncedEvent.objects.filter(connection=scene).order_by("pk").values_list("ews_id", flat=True)
    simulator.fault(operation="translate", nth=1, status=200, body={"value": rows(list(ids))})
    run = moving.migrate(scene, simulator)
    assert_as_it_is(scene, simulator)
    assert run.by_id == 3


def test_old_ids_that_lead_nowhere_are_asked_about_once_more_and_no_more(simulator, tmp_path, monkeypatch):
    """Whatever becomes of a mailbox, that does not double what a run costs."""
    monkeypatch.setattr("migration.runs.reading.TRANSLATE_LIMIT", 10)
    both = BothSides()
    for number in range(100):
        both.ours(f"gone {number}", f"2026-12-{number % 28 + 1:02}T09:00:00")
    moving.mailbox(simulator, both.events)
    with time_machine.travel(NOW, tick=True):
        connection = moving.connection_with(Sample(lines=both.lines), tmp_path)
        run = moving.migrate(connection, simulator)
    assert (run.state, run.anomalies) == ("done", 100)
    assert sum(line["operation"] == "translate" for line in simulator.journal()) == 10 + 3


def test_a_late_id_of_an_appointment_that_has_its_event_links_nobody_twice(simulator, tmp_path, monkeypatch):
    """Two old ids lead to one appointment, and one of them only when asked for again."""
    both = BothSides()
    both.add("its own", found=ID)
    both.ours("stray", "2026-12-02T09:00:00", subject="Lunch")
    moving.mailbox(simulator, both.events)
    (new,) = moving.refs(simulator)
    answers = [{"sourceId": line["ews_id"], "targetId": new} for line in both.lines]
    simulator.fault(operation="translate", nth=1, status=200, body={"value": answers[:1]})
    simulator.fault(operation="translate", status=200, body={"value": answers})
    with time_machine.travel(NOW, tick=True):
        connection = moving.connection_with(Sample(lines=both.lines), tmp_path)
        moving.migrate(connection, simulator)
    assert found(connection, simulator) == {"its own": ("id", "translated", "its own"), "stray": NOT_FOUND}


@pytest.mark.parametrize("task_seconds", [20.0, 0.0], ids=["in one task", "a task a step"])
def test_many_other_calendars_are_looked_through_again_in_a_few_requests(simulator, tmp_path, settings, task_seconds):
    settings.TASK_SECONDS = task_seconds
    both = BothSides()
    both.ours("gone", "2026-12-01T09:00:00", ical_uid="uid of gone")
    others = []
    for number in range(30):
        other = BothSides()
        other.theirs(f"{number}", "2026-12-01T10:00:00")
        others.append({"name": f"Other {number}", "events": other.events})
    moving.mailbox(simulator, [], calendars=[{"name": "Calendar", "default": True, "events": []}, *others])
    with time_machine.travel(NOW, tick=True):
        connection = moving.connection_with(Sample(lines=both.lines), tmp_path)
        run = moving.sign_in(connection, simulator)
        queue.drain()
    run.refresh_from_db()
    assert (run.state, run.anomalies) == (MigrationRun.State.DONE, 1)
    lists = [line for line in simulator.journal() if line["operation"] == "list"]
    assert sum(line["parent"] is None for line in lists) == 2 + 30
    assert sum(line["parent"] is not None for line in lists) == 30
    assert sum(line["operation"] == "batch" for line in simulator.journal()) == 2
    assert max(line["in_flight"] for line in lists) <= 4
