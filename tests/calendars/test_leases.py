from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings

from calendars import connections, cutoff, leases
from calendars.models import CalendarConnection
from calendars.states import Cause, State
from tests.factories import NOW, ConnectionFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def connection() -> CalendarConnection:
    return ConnectionFactory(epoch=4)


def reread(connection: CalendarConnection) -> CalendarConnection:
    return CalendarConnection.objects.get(pk=connection.pk)


def take(connection: CalendarConnection, owner: str = "first", grace: float = 0) -> leases.Lease | None:
    return leases.take(connection, owner=owner, seconds=90, grace=grace)


def test_a_lease_names_its_owner_its_end_and_what_it_was_taken_on(connection: CalendarConnection):
    lease = take(connection)
    assert lease == leases.Lease(connection.pk, "first", 1, State.OLD_SYNC, 4, 90)
    row = reread(connection)
    assert (row.lease_owner, row.lease_fence, row.lease_until) == ("first", 1, NOW + timedelta(seconds=90))
    assert (row.state, row.epoch) == (State.OLD_SYNC, 4)


def test_whoever_comes_second_gets_none_until_the_first_releases(connection: CalendarConnection):
    lease = take(connection)
    assert take(reread(connection), "second") is None
    assert take(reread(connection), "first") is None, "not even the owner takes it twice"
    leases.release(lease)
    row = reread(connection)
    assert (row.lease_owner, row.lease_until, row.lease_fence) == ("", None, 1)
    assert take(row, "second").fence == 2


@pytest.mark.parametrize(
    ("passed", "grace", "free"), [(89, 0, False), (90, 0, False), (91, 0, True), (91, 30, False), (121, 30, True)]
)
def test_a_dead_worker_loses_its_lease_once_it_ran_out_and_the_grace_is_over(
    connection: CalendarConnection, clock: time_machine.Traveller, passed: int, grace: float, free: bool
):
    take(connection)
    clock.shift(passed)
    taken = take(reread(connection), "second", grace)
    assert bool(taken) is free
    assert reread(connection).lease_fence == (2 if free else 1)


def test_holding_extends_and_whoever_was_overtaken_changes_nothing(
    connection: CalendarConnection, clock: time_machine.Traveller
):
    frozen = take(connection)
    clock.shift(60)
    leases.hold(frozen)
    assert reread(connection).lease_until == NOW + timedelta(seconds=150)
    clock.shift(100)
    leases.hold(frozen)  # run out, and nobody has taken over: still its own
    clock.shift(100)
    successor = take(reread(connection), "second")
    before = reread(connection).lease_until
    with pytest.raises(leases.LeaseLost):
        leases.hold(frozen)
    leases.release(frozen)
    row = reread(connection)
    assert (row.lease_owner, row.lease_fence, row.lease_until) == ("second", 2, before)
    leases.hold(successor)


def test_the_same_owner_with_an_older_fence_is_overtaken_too(
    connection: CalendarConnection, clock: time_machine.Traveller
):
    frozen = take(connection)
    clock.shift(100)
    assert take(reread(connection), "first").fence == 2
    with pytest.raises(leases.LeaseLost):
        leases.hold(frozen)
    leases.release(frozen)
    assert reread(connection).lease_owner == "first"


def test_whoever_read_the_connection_before_another_worked_on_it_must_read_again(connection: CalendarConnection):
    stale = reread(connection)
    leases.release(take(connection, "second"))
    assert take(stale) is None
    assert reread(connection).lease_fence == 1


def test_a_move_ends_the_work_of_whoever_held_the_connection_but_not_their_release(connection: CalendarConnection):
    lease = take(connection)
    connections.move(reread(connection), Cause.LOGIN, actor=connection.member)
    with pytest.raises(leases.LeaseLost):
        leases.hold(lease)
    assert reread(connection).lease_owner == "first", "its last request may still be under way"
    assert take(reread(connection), "second") is None
    leases.release(lease)
    assert take(reread(connection), "second").epoch == 5


def test_a_move_there_and_back_ends_it_too(connection: CalendarConnection):
    lease = take(connection)
    row = reread(connection)
    connections.move(row, Cause.CUTOFF, actor=None)
    connections.move(row, Cause.CUTOFF_MOVED, actor=None)
    with pytest.raises(leases.LeaseLost):
        leases.hold(lease)


def test_work_decided_on_an_older_state_or_epoch_gets_no_lease(connection: CalendarConnection):
    stale = reread(connection)
    connections.move(connection, Cause.LOGIN, actor=connection.member)
    assert take(stale) is None
    assert take(reread(connection)).state == State.REAUTH_REQUIRED


@pytest.mark.parametrize("state", State)
def test_the_old_sync_runs_only_in_its_state_and_before_the_cutoff(state: State):
    at = settings.SYNC_CUTOFF
    before = at - timedelta(microseconds=1)
    assert cutoff.old_sync_may_run(state, before, at) is (state == State.OLD_SYNC)
    assert not cutoff.old_sync_may_run(state, at, at)
    assert not cutoff.old_sync_may_run(state, at + timedelta(days=1), at)
