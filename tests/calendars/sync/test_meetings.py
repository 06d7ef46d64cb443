"""Appointments with other people in them, and those we have no words for."""

import pytest

from calendars.models import LocalChange, SyncedEvent
from tests.calendars.sync.world import HEARING, SECOND, SERIES, World


def meeting(world: World, content=HEARING, **kind):
    there = world.there.add(content, **kind)
    world.sync()
    return next(event for event in world.events if world.id_of(event) == there), there


def test_our_pages_know_whom_a_change_would_be_told(world: World):
    event, _ = meeting(world, attendees=3, organized=False)
    row = SyncedEvent.objects.get(event=event)
    assert (row.attendees, row.organized) == (3, False)


def test_a_members_own_edit_of_her_meeting_goes_out(world: World):
    event, _ = meeting(world, attendees=3)
    world.change(event, subject="Renamed")
    world.sync()
    assert world.only_there().content.subject == "Renamed"
    world.assert_in_step()


@pytest.mark.parametrize("attendees", [0, 3])
def test_what_nobody_asked_for_goes_in_where_others_would_be_written_to(world: World, attendees: int):
    """A difference that no member's edit explains: told where that mails nobody, taken back where it would."""
    event, there = meeting(world, attendees=attendees)
    world.change(event, tell=False, subject="Nobody knows why")
    world.there.change(there, location="Court 5")
    world.sync()
    subject = "Hearing" if attendees else "Nobody knows why"
    assert world.only_event().subject == world.only_there().content.subject == subject
    assert [one.said for one in world.versions] == ([{"subject": "Nobody knows why"}] if attendees else [])
    world.assert_in_step()


def test_of_a_meeting_of_others_only_her_own_affairs_go_out(world: World):
    event, _ = meeting(world, attendees=3, organized=False)
    world.change(event, reminder=30, show_as="free", subject="Mine")
    world.sync()
    there = world.only_there().content
    assert (there.reminder, there.show_as, there.subject) == (30, "free", "Hearing")
    assert world.status_of(event).name == "failed" and "organiser" in world.status_of(event).text
    world.change(event, subject="Hearing")
    world.sync()
    world.assert_in_step()


def test_what_its_organiser_changes_wins_over_what_was_refused(world: World):
    event, there = meeting(world, attendees=3, organized=False)
    world.change(event, subject="Mine")
    world.sync()
    world.there.change(there, subject="The organiser's")
    world.sync()
    assert world.only_event().subject == "The organiser's"
    assert [one.said for one in world.versions] == [{"subject": "Mine"}]
    world.assert_in_step()


def test_she_can_take_a_meeting_of_others_out_of_her_calendar(world: World):
    event, _ = meeting(world, attendees=3, organized=False)
    world.delete(event)
    world.sync()
    assert world.there.listing() == {}
    world.assert_in_step()


def test_a_series_of_others_keeps_its_dates(world: World):
    event, there = meeting(world, SERIES, attendees=3, organized=False)
    world.edit_occurrence(event, SECOND, subject="Mine")
    world.sync()
    assert world.only_there().exceptions == () and world.status_of(event.exceptions.get()).name == "failed"
    world.there.edit_occurrence(there, SECOND, subject="The organiser's")
    world.sync()
    assert event.exceptions.get().subject == "The organiser's"
    world.assert_in_step()


def test_what_we_have_no_words_for_is_shown_and_never_changed(world: World):
    event, there = meeting(world, unsayable="zone")
    assert world.status_of(event).name == "failed" and "time zone" in world.status_of(event).text
    writes = len(world.there.writes)
    world.change(event, subject="Ours")
    world.sync()
    assert len(world.there.writes) == writes and LocalChange.objects.get().refused == "zone"
    world.there.change(there, location="Court 5")
    world.sync()
    event.refresh_from_db()
    assert (event.subject, event.location) == ("Ours", "Court 5")
