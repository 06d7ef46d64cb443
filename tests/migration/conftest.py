"""How tests of the move begin: a member whose calendar moves, one who has been prompted, somebody of support."""

from collections.abc import Callable, Iterator

import pytest
import time_machine
from django.test import Client

from calendars.models import CalendarConnection, SyncedEvent
from firms.models import User
from migration.models import MigrationRun
from tests.factories import NOW
from tests.migration import moving
from tests.migration.both_sides import BothSides
from tests.migration.sign_in_steps import connection_of, mailbox_with, synced
from tests.sample import Sample
from tests.simulator.client import Simulator
from tests.staff import client_of, staff_of


@pytest.fixture
def moved(simulator, tmp_path) -> Iterator[Callable[..., CalendarConnection]]:
    """`moved(both)` imports our side, fills the mailbox (fields of it may be given) and runs: the connection after it."""

    def move(both: BothSides, **fields) -> CalendarConnection:
        moving.mailbox(simulator, both.events, **fields)
        connection = moving.connection_with(Sample(lines=both.lines), tmp_path)
        SyncedEvent.objects.filter(uid__in=both.deleted).update(deleted_at=NOW, event=None)
        run = moving.migrate(connection, simulator)
        assert run.state == MigrationRun.State.DONE
        moving.assert_only_read(simulator)
        assert run.by_id + run.by_metadata + run.anomalies == run.total == len(both.lines)
        return connection

    with time_machine.travel(NOW, tick=True):
        yield move


@pytest.fixture(autouse=True)
def moves_alone(no_daily_sync: None) -> None:
    """What a run leaves is looked at before the daily sync goes on from there."""


@pytest.fixture
def connection(simulator: Simulator) -> CalendarConnection:
    """A prompted member whose mailbox is there; whatever a test does, it must be as it was afterwards."""
    connection = connection_of()
    mailbox_with(simulator, synced(connection, 2))
    return connection


@pytest.fixture
def supporter(db) -> User:
    return staff_of("Support")


@pytest.fixture
def support(supporter) -> Client:
    return client_of(supporter)
