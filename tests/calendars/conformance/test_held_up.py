"""What goes wrong with one event holds no other up, and makes no second one of it."""

import pytest
from django.utils import timezone

from calendars.errors import TryLater
from calendars.models import CalendarConnection, Sync
from calendars.sync import push
from calendars.sync.creating import key_of
from calendars.sync.service import Change, Create
from tests import queue
from tests.calendars.sync.world import HEARING, World


def test_an_event_at_which_the_service_fails_by_itself_holds_no_other_up(world: World):
    poison, new = world.add(), world.add(subject="Other", start="2026-12-02T09:00:00", end="2026-12-02T10:00:00")
    world.sync()

    def fail(change: Change) -> None:
        if getattr(change, "id", "") == world.id_of(poison):
            raise TryLater("500", seconds=1, reason="busy")

    world.there.before_push = fail
    world.change(poison, subject="Ours")
    world.change(new, subject="Other, changed")
    queue.drain()
    assert world.status_of(new).name == "waiting", "it may be an outage"
    world.pass_time(90)
    queue.drain()
    assert (world.status_of(poison).name, world.status_of(new).name) == ("waiting", "synced")
    world.there.before_push = lambda change: None
    world.sync()
    assert {one.content.subject for one in world.there.listing().values()} == {"Ours", "Other, changed"}
    world.assert_in_step()


def test_a_creation_that_takes_effect_after_it_was_looked_for_is_not_made_twice(world: World):
    """The first request hangs somewhere; the event is edited; and it arrives just before the second."""
    if world.there.name == "ews":
        pytest.skip("Exchange has no key by which it would know the second for the first")
    event = world.add()
    hanging: list[Change] = []

    def hang(change: Change) -> None:
        hanging.append(change)
        raise TryLater("no answer", seconds=1, reason="unreachable")

    def arrive(change: Change) -> None:
        world.there.before_push = lambda change: None
        service = world.there.open(CalendarConnection.objects.get(), lambda: None)
        service.push(hanging[0])
        service.close()

    world.there.before_push = hang
    queue.drain()
    assert hanging == [Create(key_of(world.connection.member_id, event.uid), HEARING)]
    world.there.before_push = arrive
    world.change(event, subject="Renamed", start="2026-12-05T09:00:00", end="2026-12-05T10:00:00")
    world.sync()
    assert world.only_event() == event and world.only_there().content.subject == "Renamed"
    world.assert_in_step()


class Killed(BaseException):
    """As a worker that the system ends."""


def test_a_creation_that_is_given_up_is_not_looked_for_in_every_sync(world: World):
    event = world.add()

    def die(change: Change) -> None:
        raise Killed

    world.there.before_push = die
    for _ in range(push.ATTEMPTS):
        with pytest.raises(Killed):
            queue.drain()
        CalendarConnection.objects.update(lease_owner="")
        Sync.objects.update(next_at=timezone.now())
        world.pass_time()
    world.there.before_push = lambda change: None
    world.sync()
    assert world.status_of(event).name == "failed" and world.there.listing() == {}
    world.sync()
    asked = len(world.there.requests())
    world.sync()
    another = len(world.there.requests()) - asked
    world.change(event, subject="Once more")
    world.sync()
    assert world.only_there().content.subject == "Once more"
    world.assert_in_step()
    asked = len(world.there.requests())
    world.sync()
    assert another == len(world.there.requests()) - asked, "as many as where nothing waits"
