"""A member who comes from the service before us, in the middle of her old sync: it goes on where it stood."""

import pytest

from calendars.models import CalendarConnection, Grant, Sync, SyncedEvent
from tests import queue
from tests.calendars.sync.world import HEARING, World

pytestmark = pytest.mark.parametrize("world", ["ews"], indirect=True)


def taken_over(world: World, mark: str = "") -> None:
    """As the importer leaves it: events, ids, snapshots, and the mark; nothing of a sync of ours."""
    for number in range(5):
        world.add(subject=f"Hearing {number}")
    world.sync()
    # A round that has shown them.
    world.sync()
    CalendarConnection.objects.update(sync_state=mark or world.state.mark)
    Sync.objects.all().delete()
    SyncedEvent.objects.update(seen_in=0, modified_there=None)
    world.connection.refresh_from_db()


def operations(world: World, since: int) -> list[str]:
    return [line["operation"] for line in world.there.requests(since)]


def test_it_is_not_read_from_the_beginning(world: World):
    world.sync()
    taken_over(world)
    kept, renamed, gone, *_ = world.events
    world.there.change(world.id_of(renamed), subject="Renamed there")
    world.there.delete(world.id_of(gone))
    world.there.add(HEARING)
    world.change(kept, location="Ours")
    asked = len(world.there.simulator.journal())
    world.sync()
    assert operations(world, asked).count("SyncFolderItems") == 1
    read = [line["body"].count("<t:ItemId ") for line in world.there.requests(asked) if line["operation"] == "GetItem"]
    assert sum(read) < 12, "those that changed, the one that is gone, and the one that was told"
    assert sorted(event.subject for event in world.events) == [
        "Hearing", "Hearing 0", "Hearing 3", "Hearing 4", "Renamed there",
    ]  # fmt: skip
    assert CalendarConnection.objects.get().sync_state == "", "it is used once"
    world.assert_in_step()
    # All is listed again within days, and finds nothing new.
    world.pass_time(9 * 24 * 3600)
    queue.drain()
    assert "SyncFolderItems" in operations(world, asked)
    world.assert_in_step()


def test_a_mark_that_exchange_does_not_know_costs_a_listing_and_doubles_nothing(world: World):
    taken_over(world, mark="H4sIAAA=")
    gone = world.events[0]
    world.there.delete(world.id_of(gone))
    world.sync()
    assert len(world.events) == len(world.there.listing()) == 4
    world.assert_in_step()


def test_without_a_grant_nothing_is_asked(world: World):
    taken_over(world)
    Grant.objects.all().delete()
    asked = len(world.there.simulator.journal())
    world.change(world.events[0], subject="Ours")
    queue.drain()
    world.pass_time(100_000)
    queue.drain()
    assert len(world.there.simulator.journal()) == asked and world.state.wait_reason == "grant"
    assert CalendarConnection.objects.get().sync_state != "", "and the mark is kept for later"
