"""Each service's own troubles: answers that are lost, marks that are forgotten, waits that are asked for, access that ends."""

import pytest
from django.utils import timezone

from calendars.models import EventVersion, Grant, LocalChange, SyncedEvent
from calendars.states import State
from firms.models import AuditEntry
from tests import queue
from tests.calendars.sync.world import HEARING, SECOND, SERIES, World


def subjects(world: World) -> list[str]:
    return sorted(one.content.subject for one in world.there.listing().values())


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_creation_whose_answer_is_lost_makes_no_second_appointment(world: World, when: str):
    world.sync()
    event = world.add()
    # As often as a client tries by itself that may.
    world.there.fault(operation=world.there.creation, when=when, cut=True, count=9)
    queue.drain()
    world.there.simulator.clear_faults()
    assert len(world.there.listing()) == (0 if when == "before" else 1)
    assert LocalChange.objects.get().started_at is not None
    world.change(event, subject="Renamed since", start="2026-12-02T09:00:00", end="2026-12-02T10:00:00")
    world.sync()
    assert world.only_there().content.subject == "Renamed since" and world.only_event() == event
    world.assert_in_step()


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("number", range(1, 8))
def test_whichever_request_fails_the_end_is_the_same(world: World, number: int, when: str):
    event, gone, series = world.add(), world.add(subject="Gone"), world.add(SERIES)
    world.sync()
    world.change(event, subject="Ours")
    world.delete(gone)
    world.edit_occurrence(series, SECOND, subject="Moved")
    world.there.add(HEARING)
    world.there.fault(nth=number, when=when, cut=True)
    world.sync()
    assert subjects(world) == ["Hearing", "Ours", "Review"]
    assert len(world.events) == 4 and world.versions == []
    world.assert_in_step()


@pytest.mark.parametrize("number", range(1, 8))
def test_what_its_owner_changes_between_two_requests_is_kept(world: World, number: int):
    event = world.add()
    world.sync()
    there = world.id_of(event)
    world.change(event, subject="Ours")
    world.there.meanwhile[number] = lambda: world.there.change(there, location="Court 5")
    world.sync()
    world.there.meanwhile.clear()
    world.sync()
    event.refresh_from_db()
    assert event.subject == "Ours" and event.location in ("Court 5", HEARING.location)
    assert {one.why for one in world.versions} <= {EventVersion.Why.ADJUSTED}
    world.assert_in_step()


def test_a_lost_mark_is_answered_by_reading_everything(world: World):
    events = [world.add(subject=f"Hearing {number}") for number in range(4)]
    world.there.add(SERIES)
    for _ in range(2):  # by the second they have all been shown
        world.sync()
    world.there.change(world.id_of(events[0]), subject="Renamed")
    world.there.delete(world.id_of(events[1]))
    world.there.lose_marks()
    world.sync()
    assert subjects(world) == ["Hearing 2", "Hearing 3", "Renamed", "Review"]
    assert sorted(event.subject for event in world.events) == subjects(world)
    world.assert_in_step()


def test_what_came_and_went_between_two_pulls_goes_here_too(world: World):
    event = world.add()
    world.sync()
    world.there.delete(world.id_of(event))
    world.sync()
    assert world.events == []
    world.assert_in_step()


def test_what_somebody_added_on_both_sides_is_one(world: World):
    event = world.add(body="From here")
    there = world.there.add(HEARING)
    leave = world.add(subject="Leave", all_day=True, start="2026-12-03", end="2026-12-04")
    world.sync()
    assert world.id_of(event) == there and len(world.there.listing()) == 2
    assert {one.pk for one in world.events} == {event.pk, leave.pk}
    world.assert_in_step()


def test_a_wait_that_is_asked_for_is_kept_whoever_asks(world: World):
    event = world.add()
    world.sync()
    world.there.throttle(120)
    world.change(event, subject="Ours")
    queue.drain()
    row = world.state
    assert row.wait_reason in ("throttled", "busy") and 100 < (row.next_at - timezone.now()).total_seconds() <= 120
    asked = len(world.there.requests())
    world.change(event, location="Elsewhere")
    queue.drain()
    world.pass_time(60)
    queue.drain()
    assert len(world.there.requests()) == asked
    world.sync()
    assert world.only_there().content.location == "Elsewhere"
    world.assert_in_step()


def test_access_that_has_ended_is_said_once_and_nobody_is_asked_any_more(world: World):
    event = world.add()
    world.sync()
    world.there.refuse_grant()
    world.change(event, subject="Ours")
    queue.drain()
    world.connection.refresh_from_db()
    old = world.there.name == "ews"
    # The old sync is signed in to no more: its member waits for the move.
    assert world.connection.state == (State.OLD_SYNC if old else State.GRANT_LOST)
    assert AuditEntry.objects.filter(action="connection.grant_refused").count() == (0 if old else 1)
    assert Grant.objects.get().lost_at is not None
    assert (world.state.wait_reason, world.state.next_at) == ("grant", None)
    asked = len(world.there.simulator.journal())
    world.change(event, location="Elsewhere")
    queue.drain()
    world.pass_time(100_000)
    queue.drain()
    assert len(world.there.simulator.journal()) == asked
    assert SyncedEvent.objects.get().event == event and world.status_of(event).name == "waiting"


def test_who_signs_in_again_while_access_is_refused_is_not_asked_to_sign_in(world: World):
    event = world.add()
    world.sync()
    state = world.connection.state
    world.change(event, subject="Ours")
    world.there.fault(status=401, count=2)
    world.there.meanwhile[2] = lambda: world.there.grant(world.connection)
    queue.drain()
    world.connection.refresh_from_db()
    assert world.there.meanwhile == {} and world.connection.state == state
    assert Grant.objects.get().lost_at is None
    assert (world.state.wait_reason, world.state.next_at is None) == ("busy", False)
    world.sync()
    world.assert_in_step()


def test_nothing_is_told_that_was_not_noted_before(world: World):
    """The intent of each write is committed before its request."""
    noted = []
    world.there.before_push = lambda change: noted.append(LocalChange.objects.exclude(attempts=0).exists())
    event, series = world.add(), world.add(SERIES)
    world.edit_occurrence(series, SECOND, subject="Moved")
    world.sync()
    world.change(event, subject="Ours")
    world.delete(series)
    world.sync()
    assert len(noted) >= 5 and all(noted)
