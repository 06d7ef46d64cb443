"""The engine's stories of meetings, told of each service: who is written to, and for whose edits."""

import pytest

from tests.calendars.sync.test_meetings import *  # noqa: F403
from tests.calendars.sync.test_meetings import meeting
from tests.calendars.sync.world import SECOND, SERIES, THIRD, World

# What no service can be made to say here; the services' own tests have it.
del test_what_we_have_no_words_for_is_shown_and_never_changed  # noqa: F821


def told(world: World) -> list[str]:
    return [mail["kind"] for mail in world.there.simulator.outbox()]


def test_attendees_are_written_to_for_a_members_own_edit_and_for_nothing_else(world: World):
    event, there = meeting(world, attendees=3)
    series, series_there = meeting(world, SERIES, attendees=2)
    world.there.change(there, location="Court 5")
    world.there.edit_occurrence(series_there, SECOND, location="Court 6")
    world.change(event, tell=False, subject="Nobody knows why")
    world.there.lose_marks()
    world.sync()
    world.assert_in_step()
    assert told(world) == []
    world.change(world.events[0], subject="Renamed")
    world.sync()
    assert told(world) == ["update"]
    # A date that was edited there, one that was not, and the whole.
    world.cancel_occurrence(series, SECOND)
    world.cancel_occurrence(series, THIRD)
    world.delete(event)
    world.sync()
    assert told(world).count("cancellation") == 3 and world.there.simulator.outbox()[0]["subject"] == "Renamed"


@pytest.mark.parametrize("organized", [True, False])
def test_a_meeting_comes_here_and_stays_as_it_is_there(world: World, organized: bool):
    meeting(world, attendees=3, organized=organized)
    world.assert_in_step()
    assert world.there.writes == [] and told(world) == []
