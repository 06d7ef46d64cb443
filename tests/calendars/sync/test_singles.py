"""Single events, changed on either side."""

from dataclasses import replace

from calendars.models import EventVersion, SyncedEvent
from tests.calendars.sync.world import HEARING, World

Why = EventVersion.Why


def in_step(world: World):
    event = world.add()
    world.sync()
    return event, world.id_of(event)


def test_what_is_new_there_is_new_here(world: World):
    world.there.add(HEARING)
    world.sync()
    event = world.only_event()
    assert (event.subject, event.start, event.location) == ("Hearing", HEARING.start, "Court 3")
    assert world.status_of(event).name == "synced"
    world.assert_in_step()


def test_what_is_new_here_is_new_there(world: World):
    event = world.add(body="Bring the file.")
    assert world.status_of(event).name == "waiting"
    world.sync()
    assert world.only_there().content == replace(HEARING, body="Bring the file.")
    assert world.status_of(event).name == "synced"
    world.assert_in_step()


def test_a_change_there_arrives_here(world: World):
    event, there = in_step(world)
    world.there.change(there, subject="Deposition", start="2026-12-01T11:00:00", end="2026-12-01T12:00:00")
    world.sync()
    event.refresh_from_db()
    assert (event.subject, event.start, event.starts_at.hour) == ("Deposition", "2026-12-01T11:00:00", 16)
    assert world.versions == []
    world.assert_in_step()


def test_a_change_here_arrives_there_and_changes_nothing_else(world: World):
    event, _ = in_step(world)
    world.change(event, subject="Deposition")
    world.sync()
    assert world.only_there().content.subject == "Deposition"
    assert world.there.writes[-1].parts == {"subject"}
    world.assert_in_step()


def test_different_parts_changed_on_both_sides_are_both_kept(world: World):
    event, there = in_step(world)
    world.there.change(there, location="Court 5")
    world.change(event, subject="Deposition")
    world.sync()
    event.refresh_from_db()
    assert (event.subject, event.location) == ("Deposition", "Court 5")
    assert world.versions == []
    world.assert_in_step()


def test_of_the_same_part_changed_on_both_sides_the_later_change_wins_and_the_other_is_kept(world: World):
    event, there = in_step(world)
    world.change(event, subject="Ours")
    world.clock.shift(60)
    world.there.change(there, subject="Theirs, later")
    world.sync()
    event.refresh_from_db()
    assert event.subject == "Theirs, later"
    (lost,) = world.versions
    assert (lost.uid, lost.why, lost.side, lost.said) == (event.uid, Why.BOTH_CHANGED, "here", {"subject": "Ours"})
    world.there.change(there, subject="Theirs")
    world.clock.shift(60)
    world.change(event, subject="Ours, later")
    world.sync()
    assert world.only_there().content.subject == "Ours, later"
    assert (world.versions[-1].side, world.versions[-1].said) == ("there", {"subject": "Theirs"})
    world.assert_in_step()


def test_a_deletion_here_is_carried_over_and_its_tombstone_stays(world: World):
    event, there = in_step(world)
    world.delete(event)
    world.sync()
    assert world.there.listing() == {} and world.changes == []
    row = SyncedEvent.objects.get()
    assert (getattr(row, world.column), row.event, row.deleted_at is None) == (there, None, False)
    world.assert_in_step()


def test_a_deletion_there_is_carried_over_and_what_the_event_said_is_kept(world: World):
    event, there = in_step(world)
    world.change(event, body="Written since")
    world.there.delete(there)
    world.sync()
    assert world.events == [] and world.changes == []
    (kept,) = world.versions
    assert (kept.uid, kept.why, kept.said["body"]) == (event.uid, Why.DELETED_THERE, "Written since")
    world.assert_in_step()


def test_what_was_changed_there_after_it_was_deleted_here_comes_back(world: World):
    event, there = in_step(world)
    world.delete(event)
    world.clock.shift(60)
    world.there.change(there, subject="Deposition")
    world.sync()
    assert world.only_event().uid == event.uid and world.only_event().subject == "Deposition"
    world.assert_in_step()


def test_what_was_changed_there_before_it_was_deleted_here_is_deleted_and_kept(world: World):
    event, there = in_step(world)
    world.there.change(there, subject="Deposition")
    world.clock.shift(60)
    world.delete(event)
    world.sync()
    assert world.there.listing() == {} and world.events == []
    (kept,) = world.versions
    assert (kept.why, kept.side, kept.said["subject"]) == (Why.DELETED_HERE, "there", "Deposition")
    world.assert_in_step()


def test_what_its_owner_brings_back_there_comes_back_here(world: World):
    for delete in (world.delete, lambda event: world.there.delete(world.id_of(event))):
        event = world.add()
        world.sync()
        there = world.id_of(event)
        delete(event)
        world.sync()
        assert world.events == [] and world.there.listing() == {}
        world.there.restore(there)
        world.sync()
        assert world.only_event().uid == event.uid
        world.assert_in_step()
        world.delete(world.only_event())
        world.sync()


def test_a_change_and_its_taking_back_tell_nobody_anything(world: World):
    event, _ = in_step(world)
    writes = len(world.there.writes)
    world.change(event, subject="Other")
    world.change(event, subject="Hearing")
    world.sync()
    assert len(world.there.writes) == writes
    world.assert_in_step()
