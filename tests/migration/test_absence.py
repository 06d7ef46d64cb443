"""Absence is not deletion: no list cut short, no refusal and no silence of Microsoft's makes an anomaly."""

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
from tests.migration.both_sides import AMBIGUOUS, ID, NOT_FOUND, UID, BothSides, found, recurrence
from tests.sample import Sample

pytestmark = pytest.mark.django_db
STRANGERS = 6


@pytest.fixture
def scene(simulator, tmp_path, monkeypatch):
    """Something of every way to be found, and one that is really gone, behind appointments that are none of ours: the
    connection. A page holds five."""
    both, aside = BothSides(), BothSides()
    for number in range(STRANGERS):
        both.theirs(f"stranger {number}", f"2027-03-0{number + 1}T07:00:00", subject="Lunch")
    for number, how in enumerate([ID] * 5 + [UID] * 3 + ["likeness"] * 3):
        both.add(f"{how} {number}", f"2026-12-{number + 1:02}T09:00:00", found=how)
    weekly = recurrence("weekly", "2026-12-01", daysOfWeek=["tuesday"], times=9)
    both.add("series", "2026-12-01T15:00:00", found=ID, line={"rrule": "FREQ=WEEKLY;COUNT=9"}, event=weekly)
    both.edited("edited", "series", "2026-12-08T15:00:00", "2026-12-12T15:00:00")
    both.edited("ordinary again", "series", "2026-12-15T15:00:00", "2026-12-15T17:00:00", there=False)
    both.events.remove(appointment := both.add("moved", "2027-01-05T09:00:00", found=UID))
    aside.events.append(appointment)
    both.ours("gone", "2027-02-01T09:00:00")
    calendars = [{"name": "Calendar", "default": True, "events": both.events}, {"name": "M", "events": aside.events}]
    moving.mailbox(simulator, [], calendars=calendars)
    monkeypatch.setattr("calendars.graph.client.PAGE", 5)
    with time_machine.travel(NOW, tick=True):
        yield moving.connection_with(Sample(lines=both.lines), tmp_path)


def assert_as_it_is(connection, simulator):
    """What anybody finds who reads the whole mailbox in peace."""
    links = found(connection, simulator)
    assert {uid for uid, link in links.items() if link == NOT_FOUND} == {"gone"}
    assert {name for uid, (*_, name) in links.items() if uid not in ("gone", "ordinary again")} == {
        uid for uid in links if uid not in ("gone", "ordinary again")
    }
    assert links["ordinary again"][:2] == ("id", "occurrence")
    hows = [how for _, how, _ in links.values()]
    assert [hows.count(how) for how in ("translated", "ical_uid", "subject_times", "occurrence")] == [6, 4, 3, 2]
    moving.assert_only_read(simulator)


def on_call(monkeypatch, numbers, change):
    """Does something to the answer to the so-manieth requests for a page of the synced calendar, which is read first."""
    original, calls = GraphClient.appointments, []

    def appointments(self, calendar_id, next_link=None, **options):
        page = original(self, calendar_id, next_link, **options)
        calls.append(calendar_id)
        return change(page) if calendar_id == calls[0] and calls.count(calendar_id) in numbers else page

    monkeypatch.setattr(GraphClient, "appointments", appointments)


def without(name, simulator):
    """Changes a page so that it does not show this appointment."""
    (hidden,) = [new for new, ref in moving.refs(simulator).items() if ref == name]
    return lambda page: Page([value for value in page.values if value["id"] != hidden], page.next_link)


def test_in_peace(scene, simulator):
    moving.migrate(scene, simulator)
    assert_as_it_is(scene, simulator)


# Four pages to a reading: the first, and the one that confirms it.
@pytest.mark.parametrize("number", [1, 2, 3, 5, 6, 7])
@pytest.mark.parametrize("kept", [0, 3, 5])
def test_a_list_that_ends_too_early_once(scene, simulator, monkeypatch, number, kept):
    on_call(monkeypatch, {number}, lambda page: Page(page.values[:kept], None))
    end(moving.migrate(scene, simulator), simulator)
    assert_as_it_is(scene, simulator)


def test_two_lists_that_end_too_early_at_different_places(scene, simulator, monkeypatch):
    """Only two readings that agree are the whole calendar: here the third and the fourth."""
    on_call(monkeypatch, {1, 3}, lambda page: Page(page.values[:3], None))
    end(moving.migrate(scene, simulator), simulator)
    assert_as_it_is(scene, simulator)


@pytest.mark.parametrize("name", ["id 1", "uid 6", "likeness 9", "series"])
@pytest.mark.parametrize(
    "readings", [{1}, {2}, {1, 2}, {1, 3, 4}, {2, 3}], ids=lambda readings: "".join(map(str, sorted(readings)))
)
def test_an_appointment_that_some_readings_do_not_show(scene, simulator, monkeypatch, name, readings):
    """Whether a reading sees it first, or one that asks for nothing but ids, or none that asks for more than that; and
    whatever two readings in a row agree on, one that has been seen is looked for until it is known to be gone."""
    calls = {4 * (reading - 1) + page for reading in readings for page in (1, 2, 3, 4)}
    on_call(monkeypatch, calls, without(name, simulator))
    end(moving.migrate(scene, simulator), simulator)
    links = found(scene, simulator)
    if readings == {1, 2} and name in ("uid 6", "likeness 9"):
        # Two readings in a row that agree are the whole calendar, to whoever has no id to ask for.
        assert links.pop(name) == NOT_FOUND
    else:
        assert_as_it_is(scene, simulator)


@pytest.mark.parametrize("number", [1, 2, 3, 5, 6, 7])
@pytest.mark.parametrize("count", [1, STRANGERS])
def test_a_list_that_is_shifted_by_deletions_while_it_is_read(scene, simulator, monkeypatch, number, count):
    def delete(page):
        for stranger in range(count):
            simulator.edit(moving.ADDRESS, f"stranger {stranger}", "delete")
        return page

    on_call(monkeypatch, {number}, delete)
    end(moving.migrate(scene, simulator), simulator)
    assert_as_it_is(scene, simulator)


def test_a_list_that_leaves_out_the_twin_of_the_one_it_shows(simulator, tmp_path, monkeypatch):
    """Nothing is missing at first sight; that there is but one of its kind is absence all the same."""
    both = BothSides()
    both.add("ours", "2026-12-01T09:00:00")
    both.theirs("twin", "2026-12-01T09:00:00")
    moving.mailbox(simulator, both.events)
    with time_machine.travel(NOW, tick=True):
        connection = moving.connection_with(Sample(lines=both.lines), tmp_path)
        on_call(monkeypatch, {1}, lambda page: Page(page.values[:1], None))
        end(moving.migrate(connection, simulator), simulator)
    assert found(connection, simulator) == {"ours": AMBIGUOUS}


@pytest.mark.parametrize(
    "rule",
    [
        {"operation": "get", "batch_item": True, "status": 404, "nth": 1},
        {"operation": "instances", "batch_item": True, "status": 404, "nth": 1},
        {"operation": "instances", "batch_item": True, "status": 200, "body": {"value": []}, "nth": 1},
        {"operation": "translate", "status": 200, "body": {}, "nth": 1},
        {"operation": "list", "status": 200, "body": {"value": None}, "nth": 1},
    ],
    ids=["series 404", "occurrence 404", "no occurrence", "translations missing", "list missing"],
)
def test_an_answer_that_is_wrong_once(scene, simulator, rule):
    simulator.fault(**rule)
    end(moving.migrate(scene, simulator), simulator)
    assert_as_it_is(scene, simulator)


REFUSALS = {
    "401": {"status": 401, "body": {"error": {"code": "InvalidAuthenticationToken"}}},
    "403": {"status": 403, "body": {"error": {"code": "ErrorAccessDenied"}}},
    "404": {"status": 404, "body": {"error": {"code": "ErrorItemNotFound"}}},
    "429": {"status": 429, "headers": {"Retry-After": "300"}},
    "503": {"status": 503},
    "time-out": {"delay": 1},
    "malformed": {"status": 200, "body": '{"value": [{"id"'},
}
PLACES = {
    "the calendar": {"operation": "calendar"},
    "the list": {"operation": "list"},
    "its second page": {"operation": "list", "path": "skip=5"},
    "translation": {"operation": "translate"},
    "all calendars": {"operation": "calendars"},
    "series and occurrences": {"operation": "batch"},
}


@pytest.mark.parametrize("refusal", REFUSALS)
@pytest.mark.parametrize("place", PLACES)
def test_a_refusal_that_lasts_leaves_all_as_it_was_until_it_is_over(scene, simulator, settings, place, refusal):
    settings.HTTP_TIMEOUT = 0.5 if refusal == "time-out" else settings.HTTP_TIMEOUT
    simulator.fault(**PLACES[place], **REFUSALS[refusal])
    run = moving.migrate(scene, simulator)
    assert run.state in (MigrationRun.State.WAITING, MigrationRun.State.FAILED)
    assert not Outcome.objects.exists() and not HeldAppointment.objects.exists()
    assert not SyncedEvent.objects.exclude(link=SyncedEvent.Link.OLD).exists()
    simulator.clear_faults()
    settings.HTTP_TIMEOUT = 5
    end(run, simulator)
    assert_as_it_is(scene, simulator)


def end(run, simulator):
    """Goes on by itself, or by a person's word, as soon as it may."""
    for hours in range(1, 9):
        run.refresh_from_db()
        if run.state == MigrationRun.State.DONE:
            return
        simulator.clock(advance=3600)
        with time_machine.travel(NOW + timedelta(hours=hours), tick=True):
            if run.state == MigrationRun.State.FAILED or run.wait_reason == "grant":
                runs.take_up(run)
            tasks.sweep_runs()
            queue.drain()
