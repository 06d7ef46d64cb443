"""Appointments that their own service cannot read: they hold up no other, and are not taken for gone."""

import pytest

from calendars.models import Event
from calendars.sync import failing
from calendars.sync.content import Content
from tests import queue
from tests.calendars.sync.world import HEARING, SECOND, SERIES, World

RENAMED = "Renamed in Outlook"
AGAIN = failing.PAUSE * 60 + 60


def subjects(world: World) -> list[str]:
    return sorted(Event.objects.filter(series=None).values_list("subject", flat=True))


@pytest.fixture
def known(world: World) -> str:
    """A series that is in step, beside a single one; its service has lost the way to it, and its owner has renamed both."""
    world.add(SERIES)
    world.add()
    world.sync()
    series, single = (next(one.id for one in world.there.listing().values() if bool(one.content.rrule) is is_series)
                      for is_series in (True, False))  # fmt: skip
    world.there.change(series, subject=RENAMED)
    world.there.change(single, subject="Moved")
    world.there.spoil(series)
    world.pass_time(1200)
    queue.drain()
    return series


def test_what_others_say_arrives(world: World, known: str):
    assert subjects(world) == ["Moved", "Review"]
    assert world.state.wait_reason == "" and world.state.failing == [known]
    said = world.status_of(Event.objects.get(subject="Review"))
    assert said.name == "failed" and "asked again" in said.text


def test_it_arrives_when_its_service_reads_it_again(world: World, known: str):
    world.there.mend(known)
    world.pass_time(AGAIN)
    queue.drain()
    assert subjects(world) == ["Moved", RENAMED]
    assert world.state.failing == [] and world.state.failing_next is None
    world.assert_in_step()


def test_reading_everything_anew_does_not_take_it_for_gone(world: World, known: str):
    world.there.lose_marks()
    for _ in range(3):
        world.pass_time(1200)
        queue.drain()
    assert subjects(world) == ["Moved", "Review"] and world.versions == []
    assert world.state.wait_reason == "" and world.state.failing == [known]
    world.there.mend(known)
    world.pass_time(AGAIN)
    queue.drain()
    assert subjects(world) == ["Moved", RENAMED]
    world.assert_in_step()


def test_one_that_has_been_deleted_meanwhile_is_deleted_here(world: World, known: str):
    world.there.mend(known)
    world.there.delete(known)
    world.pass_time(AGAIN)
    queue.drain()
    assert subjects(world) == ["Moved"] and world.state.failing == []
    world.assert_in_step()


def test_what_is_changed_here_waits_and_says_so_while_the_others_are_told(world: World, known: str):
    ours, single = Event.objects.get(subject="Review"), Event.objects.get(subject="Moved")
    world.change(ours, location="Court 9")
    world.change(single, location="Court 4")
    queue.drain()
    assert world.status_of(single).name == "synced"
    said = world.status_of(ours)
    assert said.name == "waiting" and "tried again" in said.text
    world.there.mend(known)
    world.pass_time(AGAIN)
    world.sync()
    there = world.there.listing()[known].content
    assert (there.subject, there.location) == (RENAMED, "Court 9")
    world.assert_in_step()


def test_a_new_one_comes_once_when_it_can_be_read(world: World):
    world.sync()
    new = world.there.add(SERIES)
    world.there.spoil(new)
    world.there.add(HEARING)
    world.pass_time(1200)
    queue.drain()
    assert subjects(world) == ["Hearing"] and world.state.failing == [new]
    world.pass_time(AGAIN)
    queue.drain()
    assert subjects(world) == ["Hearing"] and world.state.failing == [new], "asked again, in vain"
    world.there.mend(new)
    world.there.edit_occurrence(new, SECOND, subject="Only once")
    world.pass_time(AGAIN)
    queue.drain()
    assert subjects(world) == ["Hearing", "Review"] and world.state.failing == []
    world.assert_in_step()


def test_too_many_at_once_are_an_outage_and_are_waited_out(world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(failing, "MOST", 1)
    for number in (1, 2):
        world.add(Content(f"Series {number}", False, SERIES.start, SERIES.end, SERIES.time_zone, rrule=SERIES.rrule))
    world.sync()
    ids = list(world.there.listing())
    for one in ids:
        world.there.change(one, location="Court 7")
        world.there.spoil(one)
    world.pass_time(1200)
    queue.drain()
    assert world.state.wait_reason == "busy" and world.state.failing == []
    for one in ids:
        world.there.mend(one)
    world.sync()
    assert {event.location for event in world.events} == {"Court 7"}
    world.assert_in_step()
