"""Requests that fail, pages that lie, grants that are refused: nothing is doubled and nothing is lost."""

import pytest
from django.db import transaction
from django.utils import timezone

from calendars import connections
from calendars.errors import (
    AccessDenied,
    BadRequest,
    Conflict,
    GrantRefused,
    ItemNotFound,
    OperatorFault,
    Refused,
    ServiceBlocked,
    TryLater,
)
from calendars.models import CalendarConnection, Event, Grant
from calendars.states import Cause, State
from calendars.sync import creating
from firms.models import AuditEntry
from tests import queue
from tests.calendars.sync.memory_service import Fault, time_out
from tests.calendars.sync.world import HEARING, SECOND, SERIES, World


def next_request(world: World, number: int = 1) -> int:
    return world.there.requests + number


# --- Creations whose end is unknown -----------------------------------------------------------------------------------
@pytest.mark.parametrize("before", [True, False], ids=["before it took effect", "after it took effect"])
@pytest.mark.parametrize("edited", [False, True], ids=["", "edited meanwhile"])
def test_a_time_out_makes_no_second_appointment(world: World, before: bool, edited: bool):
    event = world.add()
    world.there.faults[next_request(world, 2)] = time_out(before=before)
    with transaction.atomic():
        queue.drain()
    assert len(world.there.listing()) == (0 if before else 1)
    assert world.changes[0].started_at is not None and world.state.wait_reason == "unreachable"
    if edited:
        world.change(event, subject="Renamed since", start="2026-12-02T09:00:00", end="2026-12-02T10:00:00")
    world.sync()
    assert world.only_there().content.subject == ("Renamed since" if edited else "Hearing")
    assert world.only_event() == event and world.versions == []
    world.assert_in_step()


def test_a_creation_that_comes_through_late_is_changed_into_what_the_event_says_by_then(world: World):
    event = world.add()
    world.there.faults[next_request(world, 2)] = time_out(before=True)
    queue.drain()
    world.change(event, subject="Renamed since")
    key = creating.key_of(world.connection.member_id, event.uid)
    # Nobody has found it yet when the second one arrives.
    late = Fault(meanwhile=lambda: world.there.add(HEARING, key=key))
    world.there.faults[next_request(world, 4)] = late
    world.sync()
    assert world.only_there().content.subject == world.only_event().subject == "Renamed since"
    world.assert_in_step()


def test_what_was_deleted_here_while_nobody_knew_whether_it_was_there_goes_there_too(world: World):
    event = world.add()
    world.there.faults[next_request(world, 2)] = time_out(before=False)
    queue.drain()
    world.delete(event)
    world.sync()
    assert world.there.listing() == {} and world.events == [] and world.changes == []
    world.assert_in_step()


def test_what_was_deleted_before_anything_came_of_it_is_forgotten(world: World):
    event = world.add()
    world.there.faults[next_request(world, 2)] = time_out(before=True)
    queue.drain()
    world.delete(event)
    world.sync()
    assert world.there.listing() == {} and world.changes == []


def test_an_edit_there_of_what_we_do_not_know_of_yet_is_kept(world: World):
    world.add()
    world.there.faults[next_request(world, 2)] = time_out(before=False)
    queue.drain()
    later = {"start": "2026-12-03T09:00:00", "end": "2026-12-03T10:00:00"}
    world.there.change(world.only_there().id, subject="Renamed there", **later)
    world.sync()
    assert world.only_event().subject == "Renamed there"
    world.assert_in_step()


# --- Other requests ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("number", range(1, 6))
def test_whichever_request_fails_the_end_is_the_same(world: World, number: int, before: bool):
    event = world.add()
    gone = world.add(subject="Gone")
    series = world.add(SERIES)
    world.sync()
    world.change(event, subject="Ours")
    world.delete(gone)
    world.edit_occurrence(series, SECOND, subject="Moved")
    world.there.add(HEARING)
    world.there.faults[next_request(world, number)] = time_out(before=before)
    world.sync()
    assert sorted(one.content.subject for one in world.there.listing().values()) == ["Hearing", "Ours", "Review"]
    assert len(world.events) == 4 and world.versions == []
    world.assert_in_step()


def test_a_conflict_is_decided_anew(world: World):
    event = world.add()
    world.sync()
    there = world.only_there().id
    world.change(event, subject="Ours")
    # Between our reading and our writing its owner is faster.
    world.there.faults[next_request(world, 3)] = Fault(meanwhile=lambda: world.there.change(there, location="Court 5"))
    world.sync()
    event.refresh_from_db()
    assert (event.subject, event.location) == ("Ours", "Court 5") and world.versions == []
    world.assert_in_step()


def test_an_event_that_never_comes_to_rest_does_not_hold_the_others_up(world: World):
    event, other = world.add(), world.add(subject="Other")
    world.sync()
    world.change(event, subject="Ours")
    world.change(other, subject="Other, changed")
    for number in range(3, 12, 2):
        world.there.faults[next_request(world, number)] = Fault(Conflict(code="always"))
    queue.drain()
    assert world.status_of(other).name == "synced" and world.status_of(event).name == "waiting"
    world.sync()
    world.assert_in_step()


@pytest.mark.parametrize(
    ("error", "said"),
    [(Refused(code="rule"), "repeats"), (BadRequest(code="x"), "accept"), (AccessDenied(code="x"), "accept")],
)
def test_what_is_refused_stands_with_its_reason_and_the_order_goes_on(world: World, error: Exception, said: str):
    event, other = world.add(), world.add(subject="Other")
    world.there.faults[next_request(world, 2)] = Fault(error)
    world.sync()
    status = world.status_of(event)
    assert status.name == "failed" and said in status.text
    assert world.status_of(other).name == "synced"
    requests = world.there.requests
    world.sync()
    assert world.there.requests == requests + 1, "it is not asked for again"
    world.change(event, location="Elsewhere")
    assert world.status_of(event).name == "waiting"
    world.sync()
    world.assert_in_step()


# --- Pages that lie ---------------------------------------------------------------------------------------------------
def test_pages_that_repeat_what_was_before_change_nothing(world: World):
    world.there.replays = True
    event = world.add()
    world.sync()
    for subject in ("Once", "Twice", "Thrice"):
        world.there.change(world.id_of(event), subject=subject)
    world.sync()
    assert world.only_event().subject == "Thrice" and world.versions == []
    world.assert_in_step()


def test_what_is_called_gone_and_is_alive_stays(world: World):
    event = world.add()
    world.sync()
    there = world.id_of(event)
    world.there.alive_as_gone = {there, "never heard of"}
    world.sync()
    assert world.only_event() == event
    world.there.move_away(there)
    world.sync()
    assert world.only_event().synced_as.get().calendar == "moved"
    world.there.alive_as_gone = set()
    world.there.change(there, subject="In another calendar")
    world.sync()
    assert world.only_event().subject == "In another calendar"
    world.change(world.only_event(), location="Here")
    world.sync()
    world.assert_in_step()


def test_a_lost_mark_is_answered_by_reading_everything(world: World):
    events = [world.add(subject=f"Hearing {number}") for number in range(8)]
    world.sync()
    world.there.change(world.id_of(events[0]), subject="Renamed")
    world.there.delete(world.id_of(events[1]))
    world.there.forgotten = 10_000
    ids = {world.id_of(event) for event in events[2:]}
    world.sync()
    assert {world.id_of(event) for event in world.events} == {*ids, world.id_of(events[0])}
    assert Event.objects.get(pk=events[0].pk).subject == "Renamed"
    world.there.forgotten = 0
    world.assert_in_step()


# --- Pictures that look wrong -----------------------------------------------------------------------------------------
def emptied(world: World, total: int = 12, gone: int = 12) -> list[Event]:
    events = [world.add(subject=f"Hearing {number}") for number in range(total)]
    world.sync()
    for event in events[:gone]:
        world.there.delete(world.id_of(event))
    return events


def test_a_calendar_that_is_suddenly_empty_is_refused_and_recorded(world: World):
    events = emptied(world)
    world.change(events[0], subject="Edited here")
    world.sync()
    assert len(world.events) == 12
    assert world.state.refused == {"gone": 12, "of": 12} and world.state.refused_at is not None
    assert AuditEntry.objects.filter(action="sync.refused").count() == 1
    # Everything else goes on, and nothing is told of what is in doubt.
    world.there.add(HEARING)
    world.sync()
    assert len(world.events) == 13 and len(world.there.writes) == 12
    assert AuditEntry.objects.filter(action="sync.refused").count() == 1


def test_it_was_a_mistake_of_the_service_and_nothing_is_lost(world: World):
    events = emptied(world)
    there = [world.id_of(event) for event in events]
    world.sync()
    for one in there:
        world.there.restore(one)
    world.sync()
    assert world.state.refused is None and len(world.events) == 12
    world.assert_in_step()


def test_a_few_are_gone_and_go(world: World, settings):
    emptied(world, total=12, gone=9)
    world.sync()
    assert len(world.events) == 3 and world.state.refused is None
    settings.SYNC_REFUSE_LEAST = 2
    world.there.delete(world.id_of(world.events[0]))
    world.sync()
    assert len(world.events) == 2
    world.assert_in_step()


# --- Grants and services ----------------------------------------------------------------------------------------------
def test_a_grant_refused_for_good_moves_the_connection_and_asks_nobody_twice(world: World):
    Grant.objects.create(connection=world.connection, service="graph", secret=b"x")
    event = world.add()
    world.sync()
    world.change(event, subject="Ours")
    world.there.faults[next_request(world)] = Fault(GrantRefused(code="invalid_grant"))
    queue.drain()
    world.connection.refresh_from_db()
    assert world.connection.state == State.GRANT_LOST and world.connection.stopped_at is not None
    assert Grant.objects.get().lost_at is not None
    assert AuditEntry.objects.filter(action="connection.grant_refused").count() == 1
    requests = world.there.requests
    world.change(event, location="Court 9")
    queue.drain()
    assert world.there.requests == requests and world.status_of(event).name == "waiting"
    # Signed in again: it goes on where it was.
    connections.move(world.connection, Cause.SAME_ACCOUNT, actor=world.connection.member, stopped_at=None)
    world.sync()
    assert world.only_there().content.location == "Court 9"
    world.assert_in_step()


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OperatorFault(code="invalid_client"), "operator"),
        (ServiceBlocked(code="403"), "blocked"),
        (AccessDenied(code="403"), "denied"),
        (ItemNotFound(code="calendar"), "trouble"),
        (TryLater(seconds=900, reason="throttled", asked=True), "throttled"),
    ],
)
def test_other_refusals_disconnect_nobody_and_are_kept(world: World, error: Exception, reason: str, settings):
    settings.SYNC_BLOCKED_SECONDS = 3600
    world.sync()
    world.there.faults[next_request(world)] = Fault(error)
    event = world.add()
    queue.drain()
    world.connection.refresh_from_db()
    row = world.state
    assert world.connection.state == State.GRAPH_SYNC and row.wait_reason == reason and row.next_at > timezone.now()
    requests = world.there.requests
    # Whoever asks meanwhile has to wait as well.
    world.change(event, location="Elsewhere")
    queue.drain()
    assert world.there.requests == requests
    world.sync()
    world.assert_in_step()


def test_after_the_old_syncs_cutoff_nothing_is_asked(world: World, settings):
    CalendarConnection.objects.update(state=State.OLD_SYNC)
    world.connection.refresh_from_db()
    settings.SYNC_CUTOFF = timezone.now()
    world.add()
    queue.drain()
    assert world.there.requests == 0
