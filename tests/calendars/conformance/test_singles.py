"""The engine's stories of single events, told of each service."""

import pytest

from calendars.models import SyncedEvent
from tests.calendars.sync.test_singles import *  # noqa: F403
from tests.calendars.sync.test_singles import (
    in_step,
    test_a_deletion_here_is_carried_over_and_its_tombstone_stays,
    test_what_its_owner_brings_back_there_comes_back_here,
)
from tests.calendars.sync.world import HEARING, SECOND, SERIES, World

only = pytest.mark.parametrize("world", ["graph", "google"], indirect=True)
test_a_deletion_here_is_carried_over_and_its_tombstone_stays = only(
    test_a_deletion_here_is_carried_over_and_its_tombstone_stays
)
test_what_its_owner_brings_back_there_comes_back_here = only(test_what_its_owner_brings_back_there_comes_back_here)


@pytest.mark.parametrize("side", ["here", "there"])
@pytest.mark.parametrize("world", ["ews"], indirect=True)
def test_what_is_gone_on_both_sides_leaves_nothing_that_a_move_would_look_for(world: World, side: str):
    event, there = in_step(world)
    series = world.add(SERIES)
    world.edit_occurrence(series, SECOND, subject="Edited")
    world.sync()
    world.cancel_occurrence(series, SECOND)
    if side == "here":
        world.delete(event)
    else:
        world.there.delete(there)
    world.sync()
    assert [row.event for row in SyncedEvent.objects.all()] == [series]
    world.assert_in_step()


@pytest.mark.parametrize("world", ["ews"], indirect=True)
def test_what_exchange_gives_another_id_when_it_comes_back_is_another_event(world: World):
    """Also what was moved to another calendar: there EWS gives a copy, and calls the old id gone."""
    event, _ = in_step(world)
    for take_away in (world.there.delete, world.there.move_away):
        take_away(world.id_of(world.only_event()))
        world.sync()
        assert world.events == []
        world.there.bring_back()
        world.sync()
        assert world.only_event().uid != event.uid and world.only_event().subject == HEARING.subject
        world.assert_in_step()


@pytest.mark.parametrize("world", ["google"], indirect=True)
def test_what_google_has_no_words_for_stays_here_and_is_told_as_near_as_it_can(world: World):
    away = world.add(show_as="oof", sensitivity="personal")
    series = world.add(subject="Series", rrule="FREQ=DAILY;COUNT=3", show_as="tentative")
    day = world.edit_occurrence(series, "2026-12-02T09:00:00", show_as="oof", subject="Edited")
    world.sync()
    said = {one.content.subject: one.content for one in world.there.listing().values()}
    assert (said["Hearing"].show_as, said["Hearing"].sensitivity) == ("busy", "private")
    writes = len(world.there.writes)
    world.there.change(world.id_of(away), location="Court 5")
    world.there.lose_marks()
    world.sync()
    world.sync()
    for event in (away, series, day):
        event.refresh_from_db()
    assert (away.show_as, away.sensitivity, away.location) == ("oof", "personal", "Court 5")
    assert (series.show_as, day.show_as) == ("tentative", "oof")
    assert len(world.there.writes) == writes and world.versions == []
    world.assert_in_step()
    # What is changed there, in words that it has, is a change.
    world.there.change(world.id_of(away), show_as="free")
    world.sync()
    away.refresh_from_db()
    assert away.show_as == "free"
