"""Single pages, as a service may send them: what is believed of a list, and what only of an appointment that was read."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import transaction

from calendars.models import EventVersion, SyncedEvent
from calendars.sync.pull import apply_page
from calendars.sync.service import Appointment
from calendars.sync.sides import Scope
from tests.calendars.sync.memory_service import Fault
from tests.calendars.sync.world import HEARING, SECOND, SERIES, THIRD, World

Doubt = SyncedEvent.Doubt


def show(world: World, *appointments: Appointment) -> None:
    with transaction.atomic():
        apply_page(Scope(world.connection, "appointment_id", 1), appointments)


def test_what_was_before_changes_nothing_however_late_it_is_shown(world: World):
    event = world.add()
    world.sync()
    there = world.id_of(event)
    before = world.there.listing()[there]
    world.there.change(there, subject="Since")
    world.sync()
    show(world, before)
    assert world.only_event().subject == "Since" and world.changes == []


def test_an_edited_date_goes_only_when_its_series_has_been_read(world: World):
    """A list may be older than what it does not show."""
    master = world.add(SERIES)
    world.sync()
    world.there.edit_occurrence(world.id_of(master), SECOND, subject="Theirs")
    world.sync()
    whole = world.only_there()
    show(world, replace(whole, exceptions=()))
    assert master.exceptions.count() == 1
    assert SyncedEvent.objects.get(event=master).doubt == Doubt.SAID
    world.sync()
    assert master.exceptions.count() == 1 and world.versions == []
    world.assert_in_step()


def test_an_id_that_has_gone_over_to_another_series_belongs_to_one_of_them(world: World):
    for subject in ("One", "Two"):
        world.there.add(replace(SERIES, subject=subject))
    world.sync()
    one, two = sorted(world.there.listing().values(), key=lambda item: item.content.subject)
    edited = Appointment("Edited=", replace(SERIES.on(SECOND[:10]), subject="Edited"), slot=SECOND)
    show(world, replace(one, exceptions=(edited,)))
    show(world, replace(two, exceptions=(edited,)))
    row = SyncedEvent.objects.get(appointment_id="Edited=")
    assert row.series == SyncedEvent.objects.get(appointment_id=two.id)


def test_one_that_cannot_be_read_stops_no_other(world: World):
    backwards = Appointment("Backwards=", replace(HEARING, end="2026-12-01T08:00:00"))
    nowhere = Appointment("Nowhere=", replace(HEARING, time_zone="Mars/Olympus"))
    series = Appointment("Series=", SERIES, exceptions=(replace(backwards, slot=SECOND),))
    long = Appointment("Long=", HEARING, version="v" * 256)
    nul = Appointment("Nul=", replace(HEARING, subject="Hear\0ing"))
    reminder = Appointment("Reminder=", replace(HEARING, reminder=-5))
    show(world, backwards, nowhere, series, long, nul, reminder, Appointment("Good=", HEARING))
    assert world.only_event().subject == "Hearing"


def test_a_page_that_shows_one_twice_shows_it_as_it_was_last(world: World):
    first = Appointment("Twice=", HEARING, version="1")
    show(world, first, replace(first, content=replace(HEARING, subject="Later"), version="2"))
    assert world.only_event().subject == "Later"


@pytest.mark.parametrize("lag", [0, 1])
def test_what_the_service_keeps_in_another_form_comes_back_and_what_was_said_is_kept(world: World, lag: int):
    """Whatever its clock says: what it answers to our change comes after it."""
    world.there.lag = timedelta(hours=lag)
    world.there.adjust = lambda content: replace(content, location=content.location[:5])
    event = world.add(location="A very long place")
    world.sync()
    event.refresh_from_db()
    assert event.location == "A ver" and world.status_of(event).name == "synced"
    world.change(event, location="Another long place", subject="Renamed")
    world.sync()
    event.refresh_from_db()
    assert (event.location, event.subject) == ("Anoth", "Renamed")
    assert [(one.why, one.side, one.said) for one in world.versions] == [
        (EventVersion.Why.ADJUSTED, "here", {"location": "A very long place"}),
        (EventVersion.Why.ADJUSTED, "here", {"location": "Another long place"}),
    ]
    world.assert_in_step()


def test_what_is_deleted_there_between_our_reading_and_our_telling_goes_here_at_once(world: World):
    event, other = world.add(), world.add(subject="Other")
    world.sync()
    there = world.id_of(event)
    world.change(event, subject="Ours")
    world.change(other, subject="Ours too")
    world.there.faults[world.there.requests + 2] = Fault(meanwhile=lambda: world.there.delete(there))
    world.sync()
    assert world.only_event() == other
    assert [one.said["subject"] for one in world.versions] == ["Ours"]
    world.assert_in_step()


def test_a_date_that_is_cancelled_there_stays_cancelled_whatever_is_written_of_it_later(world: World):
    master = world.add(SERIES)
    world.sync()
    world.there.cancel_occurrence(world.id_of(master), SECOND)
    world.clock.shift(60)
    world.edit_occurrence(master, SECOND, subject="Ours, later")
    world.sync()
    assert world.only_there().exceptions == () and master.exceptions.count() == 0
    assert [one.said["subject"] for one in world.versions] == ["Ours, later"]
    world.assert_in_step()


def test_a_date_that_the_series_has_no_more_goes_whatever_is_written_of_it_later(world: World):
    master = world.add(SERIES)
    world.edit_occurrence(master, THIRD, subject="Ours")
    world.sync()
    world.there.change(world.id_of(master), rrule="FREQ=WEEKLY;COUNT=2")
    world.clock.shift(60)
    world.edit_occurrence(master, THIRD, subject="Ours, later")
    world.sync()
    assert master.exceptions.count() == 0
    assert [one.said["subject"] for one in world.versions] == ["Ours, later"]
    world.assert_in_step()
