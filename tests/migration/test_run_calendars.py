"""Which calendar of the mailbox a run takes for the one that was synced, and what lies in the others (R8)."""

from collections import Counter

import pytest
import time_machine

from calendars.models import SyncedEvent
from calendars.states import State
from migration.models import Outcome, Ticket
from tests import sample
from tests.factories import NOW
from tests.migration import moving

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=True):
        yield


def test_a_calendar_that_is_not_the_default_is_found_by_its_folder_id(simulator, tmp_path):
    made = sample.calendar(30)
    folder = "AAMkFolderOfAda+/Ab=="
    simulator.mailbox(
        moving.ADDRESS,
        calendars=[
            {"name": "Calendar", "default": True, "events": []},
            {"name": "Matters", "ewsFolderId": folder, "events": made.events},
        ],
    )
    connection = moving.connection_with(made, tmp_path, is_default_calendar=False, ews_folder_id=folder)
    run = moving.migrate(connection, simulator)
    assert (run.state, run.by_id) == ("done", 30)


def test_without_a_folder_id_the_calendar_that_holds_most_old_ids_is_the_one(simulator, tmp_path):
    made = sample.calendar(30)
    simulator.mailbox(
        moving.ADDRESS,
        calendars=[
            {"name": "Calendar", "default": True, "events": made.events[:3]},
            {"name": "Matters", "events": made.events[3:]},
        ],
    )
    connection = moving.connection_with(made, tmp_path, is_default_calendar=False)
    run = moving.migrate(connection, simulator)
    assert (run.state, run.by_id) == ("done", 30)
    assert SyncedEvent.objects.filter(calendar="moved").count() == 3


def in_two_calendars(simulator, made):
    calendars = [{"name": "Calendar", "default": True, "events": made.events[:12]}]
    moving.mailbox(simulator, [], calendars=[*calendars, {"name": "Matters", "events": made.events[12:]}])


def test_whoever_looks_for_it_goes_on_where_the_last_one_was_and_looks_nowhere_twice(
    simulator, tmp_path, settings, monkeypatch
):
    made = sample.calendar(60)
    in_two_calendars(simulator, made)
    connection = moving.connection_with(made, tmp_path, is_default_calendar=False)
    monkeypatch.setattr("calendars.graph.client.PAGE", 5)
    settings.TASK_SECONDS = 0
    run = moving.migrate(connection, simulator)
    assert (run.state, run.by_id) == ("done", 60)
    assert SyncedEvent.objects.filter(calendar="moved").count() == 12
    asked = [(line["path"], str(line["query"])) for line in simulator.journal() if line["operation"] == "list"]
    assert len(asked) > 10 and len(asked) == len(set(asked))


def test_calendars_read_to_find_it_are_not_read_once_more_to_look_for_what_is_missing(simulator, tmp_path, monkeypatch):
    made = sample.calendar(60, deleted=2, renumbered=3)
    in_two_calendars(simulator, made)
    connection = moving.connection_with(made, tmp_path, is_default_calendar=False)
    monkeypatch.setattr("calendars.graph.client.PAGE", 5)
    run = moving.migrate(connection, simulator)
    assert (run.state, run.anomalies) == ("done", 2)
    lists = [line for line in simulator.journal() if line["operation"] == "list"]
    whole = Counter(line["path"] for line in lists if "subject" in line["query"]["$select"])
    appointments = -(-12 // 5), -(-len(made.events[12:]) // 5)
    assert sorted(whole.values()) == sorted(appointments)
    # Their ids alone are, which costs a batch for each page.
    assert sorted(Counter(line["path"] for line in lists).values()) == sorted(2 * number for number in appointments)
    assert sum(line["operation"] == "batch" for line in simulator.journal()) >= appointments[0]


def test_two_calendars_that_hold_as_many_are_for_a_person_to_choose_from(simulator, tmp_path):
    made = sample.calendar(10)
    calendars = [{"name": "Calendar", "default": True, "events": made.events[:5]}]
    moving.mailbox(simulator, [], calendars=[*calendars, {"name": "Matters", "events": made.events[5:]}])
    connection = moving.connection_with(made, tmp_path, is_default_calendar=False)
    run = moving.migrate(connection, simulator)
    assert (run.state, run.failure_class, connection.calendar_id) == ("failed", "CalendarNotFound", "")


def test_no_calendar_holds_an_old_id_so_a_person_has_to_look(simulator, tmp_path):
    made = sample.calendar(10)
    simulator.mailbox(moving.ADDRESS, calendars=[{"name": "Calendar", "default": True, "events": []}])
    connection = moving.connection_with(made, tmp_path, is_default_calendar=False)
    run = moving.migrate(connection, simulator)
    assert (run.state, run.failure_class) == ("failed", "CalendarNotFound")
    assert Ticket.objects.get().kind == Ticket.Kind.CALENDAR_NOT_FOUND
    assert not Outcome.objects.exists()
    assert connection.state == State.MIGRATING


def test_in_another_account_a_calendar_that_is_not_the_default_is_found_by_its_one_name(simulator, tmp_path):
    made = sample.calendar(12)
    theirs = [{"name": "Calendar", "default": True, "events": []}, {"name": "matters", "events": made.events}]
    simulator.mailbox(moving.ADDRESS, calendars=theirs)
    connection = moving.connection_with(made, tmp_path, is_default_calendar=False, calendar_name="Matters")
    run = moving.migrate(connection, simulator, metadata_only=True)
    assert (run.state, run.by_metadata) == ("done", 12)


def test_two_calendars_of_the_same_name_are_for_a_person_to_choose_from(simulator, tmp_path):
    made = sample.calendar(5)
    theirs = [{"name": "Matters", "default": True, "events": made.events}, {"name": "Matters", "events": []}]
    simulator.mailbox(moving.ADDRESS, calendars=theirs)
    connection = moving.connection_with(made, tmp_path, is_default_calendar=False, calendar_name="Matters")
    run = moving.migrate(connection, simulator, metadata_only=True)
    assert (run.state, run.failure_class) == ("failed", "CalendarNotFound")


def test_an_appointment_moved_to_another_calendar_is_found_by_id_and_marked(simulator, tmp_path):
    made = sample.calendar(60, deleted=4)
    connection = moving.connection_with(made, tmp_path)
    moved = made.events[0]
    rest = [event for event in made.events if event is not moved]
    shared = {"name": "Shared", "owner": {"name": "Other", "address": "other@harperwolfe.example"}, "events": []}
    moving.mailbox(
        simulator, [], calendars=[
            {"name": "Calendar", "default": True, "events": rest}, {"name": "Private", "events": [moved]}, shared,
        ],
    )  # fmt: skip
    run = moving.migrate(connection, simulator)
    assert run.anomalies == 4
    row = SyncedEvent.objects.get(uid=moved["ref"])
    assert (row.link, row.calendar) == ("linked", "moved")
