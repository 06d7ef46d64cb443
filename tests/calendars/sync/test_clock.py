"""Syncs by the clock: who is due, how often, how many at once; and what a page costs the database."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import OrmQ

from calendars import connections, leases, tasks
from calendars.models import CalendarConnection, Event, Grant, Sync
from calendars.states import Cause, State
from calendars.sync import clock, services, waking
from calendars.sync.pull import apply_page
from calendars.sync.service import Appointment
from calendars.sync.sides import Scope
from tests import queue
from tests.calendars.racing import at_once
from tests.calendars.sync.memory_service import Fault
from tests.calendars.sync.world import HEARING, SECOND, SERIES, World
from tests.factories import ConnectionFactory


def due(minutes: float = -1, **columns) -> Sync:
    connection = ConnectionFactory(**{"state": State.GRAPH_SYNC, **columns.pop("connection", {})})
    when = timezone.now() + timedelta(minutes=minutes)
    return Sync.objects.create(**{"connection": connection, "next_at": when, "done": 1, **columns})


def queued() -> list[int]:
    return [row.task["args"][0] for row in OrmQ.objects.order_by("pk")]


def test_who_is_due_is_enqueued_once_the_longest_overdue_first(world: World):
    second, first, later = due(-1), due(-2), due(+1)
    paused = due(-1, next_at=None, wait_reason="grant")
    assert clock.enqueue_due(timezone.now()) == 2
    assert queued() == [first.connection_id, second.connection_id]
    assert clock.enqueue_due(timezone.now()) == 0, "whose task waits is not due again at once"
    assert later.connection_id not in queued() and paused.connection_id not in queued()


def test_a_lost_task_is_found_and_one_that_is_held_is_let_be(world: World):
    lost, busy = due(), due()
    clock.enqueue_due(timezone.now())
    OrmQ.objects.all().delete()
    leases.take(busy.connection, owner="somebody", seconds=3600)
    world.clock.shift(600)
    clock.enqueue_due(timezone.now())
    assert lost.connection_id in queued() and busy.connection_id not in queued()


def test_no_more_than_the_queue_has_room_for(world: World, settings, monkeypatch):
    settings.SYNC_DUE_LIMIT = 5
    monkeypatch.setattr(clock, "BATCH", 2)
    for _ in range(8):
        due()
    assert clock.enqueue_due(timezone.now()) == 5
    assert clock.enqueue_due(timezone.now()) == 0, "the queue is full"
    OrmQ.objects.all().delete()
    assert clock.enqueue_due(timezone.now()) == 3


def syncing_ids(states: dict[State, Sync]) -> set[int]:
    return {states[state].connection_id for state in (State.GRAPH_SYNC, State.GOOGLE_SYNC, State.OLD_SYNC)}


def test_only_what_may_sync_is_asked_for(world: World, settings, monkeypatch):
    states = {state: due(connection={"state": state, "provider": "google" if state == State.GOOGLE_SYNC else "outlook"})
              for state in State}  # fmt: skip
    assert clock.enqueue_due(timezone.now()) == 3
    assert set(queued()) == syncing_ids(states)
    # After the cutoff the old sync is nobody's any more, and a service that is not there is not asked.
    OrmQ.objects.all().delete()
    settings.SYNC_CUTOFF = timezone.now()
    monkeypatch.setattr(services, "opener", lambda name: None if name == Grant.Service.GOOGLE else object())
    world.clock.shift(600)
    clock.enqueue_due(timezone.now())
    assert set(queued()) & syncing_ids(states) == {states[State.GRAPH_SYNC].connection_id}


def test_connections_that_were_never_synced_are_spread_over_the_time_between_two_polls(world: World, settings):
    for _ in range(20):
        ConnectionFactory(state=State.GOOGLE_SYNC, provider="google")
    clock.enqueue_due(timezone.now())
    times = [row.next_at for row in Sync.objects.all()]
    assert len(times) == 21 and OrmQ.objects.count() == 0
    assert max(times) - min(times) > timedelta(seconds=settings.SYNC_POLL_SECONDS / 2)


def test_the_next_poll_comes_sooner_where_nobody_tells_us_of_changes(world: World, settings):
    world.sync()
    wait = (world.state.next_at - timezone.now()).total_seconds()
    assert 0.7 * settings.SYNC_POLL_SECONDS < wait < 1.3 * settings.SYNC_POLL_SECONDS
    Sync.objects.update(subscription_until=timezone.now() + timedelta(days=2))
    world.sync()
    wait = (world.state.next_at - timezone.now()).total_seconds()
    assert 0.7 * settings.SYNC_POLL_SUBSCRIBED_SECONDS < wait < 1.3 * settings.SYNC_POLL_SUBSCRIBED_SECONDS


def test_a_poll_brings_what_nobody_told_us_of(world: World, settings):
    world.sync()
    world.there.add(HEARING)
    world.pass_time(2 * settings.SYNC_POLL_SECONDS)
    queue.drain()
    assert world.only_event().subject == "Hearing"


def test_everything_is_read_from_the_beginning_now_and_then(world: World, settings):
    """What the service has forgotten to tell comes to light."""
    event = world.add()
    world.sync()
    world.sync()
    world.there.items.pop(world.id_of(event))
    world.sync()
    assert world.only_event() == event
    world.clock.shift(timedelta(days=1.3 * settings.SYNC_FULL_DAYS))
    world.sync()
    assert world.events == []


def test_whoever_begins_to_sync_is_synced_at_once(world: World):
    CalendarConnection.objects.update(state=State.GRANT_LOST)
    world.connection.refresh_from_db()
    Sync.objects.create(connection=world.connection, wait_reason="grant", next_at=None, attempts=4)
    connections.move(world.connection, Cause.SAME_ACCOUNT, actor=None)
    row = world.state
    assert queued() == [world.connection.pk] and (row.wait_reason, row.attempts) == ("", 0)


def test_what_is_wanted_while_a_worker_is_at_it_is_not_forgotten(world: World):
    world.sync()

    def somebody_asks() -> None:
        world.there.add(HEARING)
        waking.wake(CalendarConnection.objects.get(pk=world.connection.pk))
        OrmQ.objects.all().delete()

    world.add()
    # Its page has come already, and the task that was to look for more is lost.
    world.there.faults[world.there.requests + 2] = Fault(meanwhile=somebody_asks)
    queue.drain()
    assert len(world.events) == 2


def test_a_task_too_many_does_nothing(world: World):
    world.sync()
    requests = world.there.requests
    tasks.sync_connection(world.connection.pk)
    tasks.sync_connection(0)
    assert world.there.requests == requests


# --- What it costs ----------------------------------------------------------------------------------------------------
def page(count: int, subject: str = "Hearing") -> list[Appointment]:
    singles = [
        Appointment(f"S{number}", replace(HEARING, subject=f"{subject} {number}"), version=subject)
        for number in range(count)
    ]
    series = [
        Appointment(
            f"R{number}", replace(SERIES, subject=f"{subject} {number}"), version=subject,
            exceptions=(Appointment(f"X{number}", replace(SERIES.on(SECOND[:10]), subject=subject), slot=SECOND),),
        )
        for number in range(count)
    ]  # fmt: skip
    return [*singles, *series]


def cost(world: World, appointments: list[Appointment]) -> int:
    with CaptureQueriesContext(
        database,
    ) as queries:
        apply_page(Scope(world.connection, "appointment_id", 1), appointments)
    return len(queries)


def test_a_page_costs_the_same_whatever_is_on_it(world: World):
    few = [cost(world, page(1)), cost(world, page(1, "Renamed")), cost(world, page(1, "Renamed"))]
    Event.objects.all().delete()
    world.connection.synced_events.all().delete()
    many = [cost(world, page(40)), cost(world, page(40, "Renamed")), cost(world, page(40, "Renamed"))]
    assert many == few and max(few) < 25
    assert Event.objects.count() == 120


# --- Two at once ------------------------------------------------------------------------------------------------------
@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_of_two_clocks_each_takes_its_own(monkeypatch):
    monkeypatch.setattr(services, "opener", lambda name: object())
    monkeypatch.setattr(clock, "BATCH", 3)
    for _ in range(12):
        due()
    taken = at_once(lambda: clock.enqueue_due(timezone.now()), lambda: clock.enqueue_due(timezone.now()))
    assert sum(taken) == 12 and len(queued()) == len(set(queued())) == 12
