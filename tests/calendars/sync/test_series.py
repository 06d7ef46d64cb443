"""Recurring events with edited and cancelled dates, changed on either side."""

import pytest

from calendars.models import Event, EventVersion
from calendars.sync import rows as words
from calendars.sync.content import Content
from tests.calendars.sync.world import FOURTH, SECOND, SERIES, THIRD, World

Why = EventVersion.Why
ELEVEN = {"start": "2026-12-14T11:00:00", "end": "2026-12-14T12:00:00"}


def in_step(world: World):
    master = world.add(SERIES)
    world.sync()
    return master, world.id_of(master)


def edited_dates(master: Event) -> dict[str, str]:
    return {one.original_start: one.subject for one in master.exceptions.order_by("original_start")}


def test_a_series_comes_here_whole(world: World):
    there = world.there.add(SERIES)
    world.there.edit_occurrence(there, SECOND, subject="Moved review", **ELEVEN)
    world.there.cancel_occurrence(there, THIRD)
    world.sync()
    (master,) = (event for event in world.events if event.series_id is None)
    assert words.content_of(master).part("rule") == SERIES.part("rule") and master.exdates == [THIRD]
    assert edited_dates(master) == {SECOND: "Moved review"}
    world.assert_in_step()


def test_a_series_goes_there_whole(world: World):
    master = world.add(SERIES)
    world.edit_occurrence(master, SECOND, subject="Moved review", **ELEVEN)
    world.cancel_occurrence(master, THIRD)
    world.sync()
    there = world.only_there()
    assert there.content.exdates == (THIRD,)
    assert [(one.slot, one.content.subject) for one in there.exceptions] == [(SECOND, "Moved review")]
    world.assert_in_step()


def test_a_date_edited_there_again_and_again_stays_one_event(world: World):
    master, there = in_step(world)
    for subject in ("Once", "Twice"):
        world.there.edit_occurrence(there, SECOND, subject=subject)
        world.sync()
        assert edited_dates(master) == {SECOND: subject}
        world.assert_in_step()


def test_a_date_edited_here_again_and_again_stays_one_there(world: World):
    master, _ = in_step(world)
    for subject in ("Once", "Twice"):
        world.edit_occurrence(master, SECOND, subject=subject)
        world.sync()
        (one,) = world.only_there().exceptions
        assert (one.slot, one.content.subject) == (SECOND, subject)
        world.assert_in_step()


def test_a_date_is_edited_into_another_zone_than_its_series(world: World):
    master, there = in_step(world)
    world.edit_occurrence(master, SECOND, time_zone="Europe/Berlin")
    world.sync()
    (edited,) = world.there.listing()[there].exceptions
    assert (edited.slot, edited.content.instants()[0].isoformat()) == (SECOND, "2026-12-14T08:00:00+00:00")
    world.assert_in_step()


def test_dates_edited_on_both_sides_are_both_there(world: World):
    master, there = in_step(world)
    world.edit_occurrence(master, SECOND, subject="Ours")
    world.there.edit_occurrence(there, THIRD, subject="Theirs")
    world.cancel_occurrence(master, FOURTH)
    world.sync()
    assert edited_dates(master) == {SECOND: "Ours", THIRD: "Theirs"}
    assert world.only_there().content.exdates == (FOURTH,)
    assert world.versions == []
    world.assert_in_step()


def test_one_date_edited_on_both_sides_is_merged(world: World):
    master, there = in_step(world)
    world.edit_occurrence(master, SECOND, subject="Ours")
    world.there.edit_occurrence(there, SECOND, location="Court 5")
    world.sync()
    (one,) = world.only_there().exceptions
    assert (one.content.subject, one.content.location) == ("Ours", "Court 5")
    world.assert_in_step()


def test_a_date_cancelled_there_goes_here_and_what_it_said_is_kept(world: World):
    master, there = in_step(world)
    world.edit_occurrence(master, SECOND, subject="Ours")
    world.sync()
    world.edit_occurrence(master, SECOND, subject="Ours, again")
    world.there.cancel_occurrence(there, SECOND)
    world.sync()
    master.refresh_from_db()
    assert edited_dates(master) == {} and master.exdates == [SECOND]
    assert [(one.why, one.said["subject"]) for one in world.versions] == [(Why.DELETED_THERE, "Ours, again")]
    world.assert_in_step()


def test_an_edited_date_taken_out_here_is_cancelled_there(world: World):
    master, there = in_step(world)
    world.there.edit_occurrence(there, SECOND, subject="Theirs")
    world.sync()
    world.cancel_occurrence(master, SECOND)
    world.sync()
    assert world.only_there().exceptions == () and world.only_there().content.exdates == (SECOND,)
    world.assert_in_step()


def test_a_date_taken_out_here_and_edited_there_later_comes_back(world: World):
    master, there = in_step(world)
    world.cancel_occurrence(master, SECOND)
    world.clock.shift(60)
    world.there.edit_occurrence(there, SECOND, subject="Theirs")
    world.sync()
    master.refresh_from_db()
    assert master.exdates == [] and edited_dates(master) == {SECOND: "Theirs"}
    world.assert_in_step()


def test_a_new_time_there_sweeps_the_edited_dates_away_here_and_they_are_kept(world: World):
    master, there = in_step(world)
    world.edit_occurrence(master, SECOND, subject="Ours")
    world.cancel_occurrence(master, THIRD)
    world.sync()
    world.there.change(there, start="2026-12-07T13:00:00", end="2026-12-07T14:00:00")
    world.sync()
    master.refresh_from_db()
    assert (master.start, master.exdates, edited_dates(master)) == ("2026-12-07T13:00:00", [], {})
    assert [one.said["subject"] for one in world.versions] == ["Ours"]
    world.assert_in_step()


def test_a_new_time_here_is_told_and_the_edited_dates_after_it(world: World):
    """There they go with the old time; here they still stand, on the same days."""
    master, _ = in_step(world)
    world.edit_occurrence(master, SECOND, subject="Ours")
    world.cancel_occurrence(master, THIRD)
    world.sync()
    edited = master.exceptions.get()
    world.change(master, start="2026-12-07T13:00:00", end="2026-12-07T14:00:00", exdates=["2026-12-21T13:00:00"])
    edited.original_start = "2026-12-14T13:00:00"
    world.change(edited, tell=False, original_start="2026-12-14T13:00:00")
    world.sync()
    there = world.only_there()
    assert there.content.start == "2026-12-07T13:00:00" and there.content.exdates == ("2026-12-21T13:00:00",)
    assert [(one.slot, one.content.subject) for one in there.exceptions] == [("2026-12-14T13:00:00", "Ours")]
    assert world.versions == []
    world.assert_in_step()


def test_what_a_new_time_of_ours_sweeps_away_there_is_kept(world: World):
    master, there = in_step(world)
    world.there.edit_occurrence(there, SECOND, subject="Theirs")
    world.change(master, start="2026-12-07T13:00:00", end="2026-12-07T14:00:00")
    world.sync()
    assert world.only_there().exceptions == ()
    assert [(one.side, one.said["subject"]) for one in world.versions] == [("there", "Theirs")]
    world.assert_in_step()


def test_a_series_that_ends_being_one_is_a_single_event(world: World):
    _, there = in_step(world)
    world.there.edit_occurrence(there, SECOND, subject="Theirs")
    world.sync()
    world.there.change(there, rrule="")
    world.sync()
    assert world.only_event().rrule == ""
    world.assert_in_step()


def test_a_single_event_becomes_a_series_on_either_side(world: World):
    event = world.add()
    world.sync()
    world.change(event, rrule="FREQ=DAILY;COUNT=3")
    world.sync()
    assert world.only_there().content.rrule == "FREQ=DAILY;COUNT=3"
    world.there.change(world.id_of(event), rrule="FREQ=DAILY;COUNT=4")
    world.sync()
    assert world.only_event().rrule == "FREQ=DAILY;COUNT=4"
    world.assert_in_step()


@pytest.mark.parametrize("side", ["here", "there"])
def test_a_series_is_deleted_with_its_dates(world: World, side: str):
    master, there = in_step(world)
    world.edit_occurrence(master, SECOND, subject="Ours")
    world.sync()
    if side == "here":
        world.delete(master)
    else:
        world.there.delete(there)
    world.sync()
    assert world.events == [] and world.there.listing() == {}
    assert len(world.versions) == (2 if side == "there" else 0)
    world.assert_in_step()
    world.there.restore(there)
    world.sync()
    assert sorted(event.subject for event in world.events) == ["Ours", "Review"]
    world.assert_in_step()


def test_a_date_that_is_put_back_is_told_where_the_service_can(world: World):
    master, _ = in_step(world)
    world.cancel_occurrence(master, SECOND)
    world.sync()
    world.change(master, exdates=[])
    world.sync()
    assert world.only_there().content.exdates == ()
    world.assert_in_step()


def test_and_refused_with_a_reason_where_it_cannot(world: World):
    world.there.restores = False
    master, _ = in_step(world)
    world.cancel_occurrence(master, SECOND)
    world.sync()
    world.change(master, exdates=[], subject="Renamed")
    world.sync()
    assert world.only_there().content.exdates == (SECOND,) and world.only_there().content.subject == "Renamed"
    status = world.status_of(master)
    assert status.name == "failed" and "single date" in status.text
    # It stands here as the member wants it, until the member changes it again.
    world.change(master, exdates=[SECOND])
    world.sync()
    world.assert_in_step()


def test_whole_days_repeat_too(world: World):
    leave = Content("Leave", True, "2026-12-07", "2026-12-08", "America/New_York", rrule="FREQ=WEEKLY;COUNT=3")
    there = world.there.add(leave)
    world.there.cancel_occurrence(there, "2026-12-14")
    world.there.edit_occurrence(there, "2026-12-21", start="2026-12-22", end="2026-12-23")
    world.sync()
    (master,) = (event for event in world.events if event.series_id is None)
    assert master.exdates == ["2026-12-14"] and list(edited_dates(master)) == ["2026-12-21"]
    world.assert_in_step()
