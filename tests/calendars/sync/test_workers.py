"""Workers that die, are frozen or overtaken, or work as long as they may: whoever comes next goes on where they were."""

from dataclasses import replace

import pytest
from django.db.models import F
from django.utils import timezone
from django_q.models import OrmQ

from calendars.models import CalendarConnection, LocalChange, Sync
from calendars.sync import push, services, worker
from tests import queue
from tests.calendars.sync.memory_service import Fault
from tests.calendars.sync.world import HEARING, World


def next_request(world: World, number: int = 1) -> int:
    return world.there.requests + number


class Killed(BaseException):
    """No code of ours runs after it."""


def test_a_worker_that_dies_is_followed_by_another(world: World):
    world.add()
    world.there.faults[next_request(world, 2)] = Fault(Killed(), before=False)
    with pytest.raises(Killed):
        queue.drain()
    # As after SIGKILL: the lease stands, no task is left.
    CalendarConnection.objects.update(lease_owner="dead", lease_until=timezone.now(), lease_fence=F("lease_fence") + 1)
    world.clock.shift(3600)
    world.pass_time()
    queue.drain()
    world.only_there()
    world.sync()
    world.assert_in_step()


def test_a_change_that_kills_its_worker_each_time_is_given_up_and_the_rest_goes_on(world: World, monkeypatch):
    bad, good = world.add(subject="Deadly"), world.add(subject="Good")
    create = push.creating.create

    def deadly(work, event, changes):
        if event.subject == "Deadly":
            raise Killed
        return create(work, event, changes)

    monkeypatch.setattr(push.creating, "create", deadly)
    for _ in range(push.ATTEMPTS):
        with pytest.raises(Killed):
            queue.drain()
        CalendarConnection.objects.update(lease_owner="")
        Sync.objects.update(next_at=timezone.now())
        world.pass_time()
    queue.drain()
    assert world.status_of(bad).name == "failed" and world.status_of(good).name == "synced"


def test_a_sync_that_kills_its_worker_each_time_stops_trying(world: World):
    world.there.faults = {number: Fault(Killed()) for number in range(1, 100)}
    world.add()
    for _ in range(worker.MAX_ATTEMPTS):
        with pytest.raises(Killed):
            queue.drain()
        CalendarConnection.objects.update(lease_owner="")
        Sync.objects.update(next_at=timezone.now())
        world.pass_time()
    queue.drain()
    row = world.state
    assert (row.wait_reason, row.next_at, world.there.requests) == ("stopped", None, worker.MAX_ATTEMPTS)
    world.pass_time(1_000_000)
    assert OrmQ.objects.count() == 0


def another_takes_over(world: World) -> None:
    rows = CalendarConnection.objects.filter(pk=world.connection.pk)
    rows.update(lease_owner="another", lease_fence=F("lease_fence") + 1, lease_until=timezone.now())


def test_a_frozen_worker_writes_nothing_once_another_has_taken_over(world: World):
    event = world.add()
    world.sync()
    world.there.change(world.id_of(event), subject="Theirs")
    mark = world.state.mark
    world.there.faults[next_request(world)] = Fault(meanwhile=lambda: another_takes_over(world))
    world.change(event, location="Ours")
    queue.drain()
    assert world.only_event().subject == "Hearing" and world.state.mark == mark
    world.clock.shift(3600)
    world.sync()
    assert world.only_event().subject == "Theirs" and world.only_there().content.location == "Ours"
    world.assert_in_step()


def test_a_worker_that_was_frozen_at_its_beginning_forgets_nothing(world: World, monkeypatch):
    world.add()
    world.sync()
    world.delete(world.add(subject="Never told"), tell=False)
    opener = services.opener("graph")

    def freezing(*args):
        another_takes_over(world)
        return opener(*args)

    with monkeypatch.context() as patched:
        patched.setattr(services, "opener", lambda name: freezing)
        queue.drain()
    assert len(world.changes) == 1
    world.clock.shift(3600)
    world.sync()
    world.assert_in_step()


def test_a_task_hands_on_and_the_next_goes_on_where_it_was(world: World, settings):
    settings.TASK_SECONDS = 0
    for number in range(10):
        world.there.add(replace(HEARING, subject=f"Hearing {number}"))
    for number in range(4):
        world.add(subject=f"Ours {number}")
    world.sync()
    assert len(world.events) == len(world.there.listing()) == 14
    assert LocalChange.objects.count() == 0
    world.assert_in_step()
