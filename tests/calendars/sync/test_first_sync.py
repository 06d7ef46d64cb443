"""The first sync after a move: what was changed meanwhile, what was never synced, and what was not found (R9, I5)."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from calendars import connections
from calendars.models import CalendarConnection, Event, EventVersion, HeldAppointment, LocalChange, Sync, SyncedEvent
from calendars.states import Cause, State
from calendars.sync import outbox
from calendars.sync import rows as words
from calendars.sync.content import Content
from tests.calendars.sync.world import HEARING, SECOND, SERIES, THIRD, World

Link = SyncedEvent.Link


@pytest.fixture
def world(world: World) -> World:
    """As a run leaves it: events and links, and no sync yet."""
    CalendarConnection.objects.update(state=State.MIGRATING)
    world.connection.refresh_from_db()
    return world


def known(world: World, content: Content = HEARING, *, there: bool = True, **columns) -> tuple[Event, str]:
    """An event that the old sync has synced, and what the run has found it to be."""
    event = world.add(content, tell=False)
    appointment_id = world.there.add(content) if there else None
    link = Link.LINKED if there else Link.ANOMALY
    SyncedEvent.objects.create(
        connection=world.connection, event=event, uid=event.uid, appointment_id=appointment_id,
        **{"link": link, "ews_id": f"old {event.uid}", **words.snapshot_columns(content), **columns},
    )  # fmt: skip
    return event, appointment_id or ""


def finish(world: World) -> None:
    connections.move(world.connection, Cause.RUN_DONE, actor=None, stopped_at=None)
    world.sync()


def test_the_end_of_a_run_asks_for_the_first_sync(world: World):
    event, _ = known(world)
    finish(world)
    assert world.state.synced_at is not None and world.status_of(event).name == "synced"
    assert world.there.writes == [] and world.versions == []
    world.assert_in_step()


def test_what_was_changed_here_meanwhile_is_told_once_though_nobody_noted_it(world: World):
    event, _ = known(world)
    series, _ = known(world, SERIES)
    world.change(event, tell=False, subject="Changed in the gap", body="Words of the gap")
    world.change(series, tell=False, exdates=[SECOND])
    finish(world)
    assert len(world.there.writes) == 2
    contents = [one.content for one in world.there.listing().values()]
    assert {one.subject for one in contents} == {"Changed in the gap", "Review"}
    world.assert_in_step()


def test_what_was_changed_there_meanwhile_comes_here(world: World):
    event, there = known(world)
    world.there.change(there, subject="Changed in the gap")
    finish(world)
    event.refresh_from_db()
    assert event.subject == "Changed in the gap" and world.there.writes == []
    world.assert_in_step()


@pytest.mark.parametrize("noted", [True, False])
def test_deletions_of_the_gap_are_carried_over_both_ways(world: World, noted: bool):
    ours, _ = known(world)
    theirs, there = known(world, replace(HEARING, subject="Other"))
    kept, _ = known(world, replace(HEARING, subject="Kept"))
    world.delete(ours, tell=noted)
    world.there.delete(there)
    finish(world)
    assert world.only_event() == kept and world.only_there().content.subject == "Kept"
    assert [version.uid for version in world.versions] == [theirs.uid]
    world.assert_in_step()


def test_what_was_made_in_the_gap_is_made_once_on_the_other_side(world: World):
    known(world)
    world.add(replace(HEARING, subject="Made here"), tell=False)
    series = world.add(SERIES, tell=False)
    world.edit_occurrence(series, SECOND, subject="Made here, moved")
    world.there.add(replace(HEARING, subject="Made there"))
    finish(world)
    assert len(world.there.listing()) == 4 and len(world.events) == 5
    world.assert_in_step()


def test_what_was_added_on_both_sides_by_hand_is_one_event(world: World):
    """The same appointment, typed twice; what differs is taken from there, and ours is kept."""
    event = world.add(replace(HEARING, subject="Lunch with  Quill", location="Café"))
    there = world.there.add(replace(HEARING, subject="lunch with quill", location="Kitchen"))
    finish(world)
    assert world.only_event() == event and world.id_of(event) == there and world.there.writes == []
    event.refresh_from_db()
    assert (event.subject, event.location) == ("lunch with quill", "Kitchen")
    (kept,) = world.versions
    assert (kept.why, kept.said) == (EventVersion.Why.LINKED, {"subject": "Lunch with  Quill", "location": "Café"})
    world.assert_in_step()


def test_equal_ones_on_both_sides_pair_up_and_the_rest_is_carried_over(world: World):
    for _ in range(3):
        world.add(HEARING)
    for _ in range(2):
        world.there.add(HEARING)
    finish(world)
    assert len(world.events) == len(world.there.listing()) == 3
    world.assert_in_step()


def test_a_series_added_on_both_sides_keeps_the_dates_of_both(world: World):
    master = world.add(SERIES)
    world.edit_occurrence(master, SECOND, subject="Ours")
    there = world.there.add(SERIES)
    world.there.edit_occurrence(there, THIRD, subject="Theirs")
    finish(world)
    assert sorted(one.subject for one in master.exceptions.all()) == ["Ours", "Theirs"]
    assert len(world.there.listing()) == 1
    world.assert_in_step()


def test_the_same_time_without_the_same_subject_is_another_event(world: World):
    world.add(HEARING)
    world.there.add(replace(HEARING, subject="Deposition"))
    world.there.add(replace(HEARING, rrule="FREQ=DAILY;COUNT=2"))
    finish(world)
    assert len(world.events) == len(world.there.listing()) == 3
    world.assert_in_step()


def test_what_was_known_of_another_service_says_nothing_of_this_one(world: World):
    """Neither what was gone there, nor when it was changed there."""
    event, there = known(
        world, doubt=SyncedEvent.Doubt.PROVEN, modified_there=timezone.now() + timedelta(days=1), change_key="old"
    )  # fmt: skip
    world.there.change(there, subject="Changed in the gap")
    elsewhere, moved = known(world, replace(HEARING, subject="Elsewhere"), doubt=SyncedEvent.Doubt.PROVEN)
    world.there.move_away(moved)
    finish(world)
    event.refresh_from_db()
    assert event.subject == "Changed in the gap" and elsewhere in world.events
    world.assert_in_step()


# --- Anomalies --------------------------------------------------------------------------------------------------------
def test_an_anomaly_is_never_told_whatever_is_done_to_it(world: World):
    event, _ = known(world, there=False)
    series, _ = known(world, SERIES, there=False)
    finish(world)
    assert not world.change(event, subject="Edited").synced_as.get().local_changes.exists()
    edited = world.edit_occurrence(series, SECOND, subject="Edited")
    LocalChange.objects.create(connection=world.connection, uid=event.uid, event=event, recorded_at=event.modified_at)
    world.sync()
    assert world.there.writes == [] and world.there.listing() == {}
    assert {world.status_of(one).name for one in (event, series, edited)} == {"anomaly"}
    world.delete(event)
    world.sync()
    assert world.there.writes == [] and SyncedEvent.objects.get(uid=event.uid).deleted_at is not None


def test_its_candidates_are_never_imported_and_never_changed(world: World):
    event, _ = known(world, there=False)
    near = world.there.add(replace(HEARING, start="2026-12-01T15:00:00", end="2026-12-01T16:00:00"))
    HeldAppointment.objects.create(connection=world.connection, synced_event=event.synced_as.get(), appointment_id=near)
    finish(world)
    world.there.change(near, location="Court 9")
    world.sync()
    assert world.only_event() == event and world.there.writes == [] and world.held == [near]
    world.assert_in_step()


def test_what_looks_like_an_anomaly_waits_for_a_person(world: World):
    event, _ = known(world, there=False)
    finish(world)
    there = world.there.add(HEARING)
    world.sync()
    assert world.only_event() == event and world.held == [there]
    shown = HeldAppointment.objects.get().shown
    assert (shown["subject"], shown["start"]) == ("Hearing", HEARING.start)
    world.assert_in_step()


def test_unless_a_person_has_decided_that_there_is_none(world: World):
    event, _ = known(world, there=False, kept_here=True)
    finish(world)
    there = world.there.add(HEARING)
    world.sync()
    assert {world.id_of(one) for one in world.events} == {None, there} and world.held == []
    assert world.status_of(event).name == "anomaly"


def test_the_very_appointment_that_comes_back_ends_the_anomaly(world: World):
    event, _ = known(world, there=False, ical_uid="ical-of-old")
    near = world.there.add(replace(HEARING, subject="Hearing, another"))
    HeldAppointment.objects.create(connection=world.connection, synced_event=event.synced_as.get(), appointment_id=near)
    world.change(event, location="Written since")
    finish(world)
    there = world.there.add(HEARING, ical_uid="ical-of-old")
    world.sync()
    assert world.id_of(event) == there and world.status_of(event).name == "synced"
    assert world.there.listing()[there].content.location == "Written since"
    # What was held for it is another appointment, and comes in with the next full pull.
    assert world.held == []
    Sync.objects.update(full_at=None)
    world.sync()
    assert len(world.events) == 2
    world.assert_in_step()


def test_a_new_event_equal_to_an_appointment_that_waits_is_not_made_again(world: World):
    anomaly, _ = known(world, there=False)
    finish(world)
    world.there.add(HEARING)
    world.sync()
    event = world.add(HEARING)
    world.sync()
    assert len(world.there.listing()) == 1
    assert world.status_of(event).name == "failed" and "waits" in world.status_of(event).text
    assert world.status_of(anomaly).name == "anomaly"


def test_a_copy_of_an_anomaly_is_an_event_like_any_other(world: World):
    anomaly, _ = known(world, there=False)
    finish(world)
    copy = world.add(HEARING)
    world.sync()
    assert world.id_of(copy) == world.only_there().id and world.status_of(anomaly).name == "anomaly"
    world.assert_in_step()


def test_a_date_of_a_series_that_was_not_found_stays_out_of_it(world: World):
    series, there = known(world, SERIES)
    edited = world.edit_occurrence(series, SECOND, subject="Not there")
    LocalChange.objects.all().delete()
    SyncedEvent.objects.create(
        connection=world.connection, event=edited, uid=edited.uid, link=Link.ANOMALY, series=series.synced_as.get(),
        **words.snapshot_columns(words.content_of(edited)), original_start=SECOND,
    )  # fmt: skip
    finish(world)
    assert world.there.writes == [] and world.only_there().exceptions == ()
    assert world.status_of(edited).name == "anomaly"
    # Its owner edits that very date: it may be the one, and a person decides.
    occurrence = world.there.edit_occurrence(there, SECOND, subject="Edited there")
    world.sync()
    assert world.held == [occurrence] and series.exceptions.get() == edited
    world.there.edit_occurrence(there, THIRD, subject="Another date")
    world.sync()
    assert series.exceptions.count() == 2 and world.there.writes == []


def test_an_anomaly_of_another_connection_is_not_made_anew_either(world: World):
    event, _ = known(world, there=False)
    SyncedEvent.objects.update(connection=_disconnected(world))
    finish(world)
    with transaction.atomic():
        outbox.record(world.connection, event, now=event.modified_at)
    world.sync()
    assert world.there.listing() == {} and world.status_of(event).name == "failed"


def _disconnected(world: World) -> CalendarConnection:
    return CalendarConnection.objects.create(
        member=world.connection.member, provider="outlook", account="old@lawfirm.example",
        state=State.DISCONNECTED, state_since=world.connection.state_since,
    )  # fmt: skip
