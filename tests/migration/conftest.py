"""The move of one member, as tests of what is found begin it."""

from collections.abc import Callable, Iterator

import pytest
import time_machine

from calendars.models import CalendarConnection
from migration.models import MigrationRun
from tests.factories import NOW
from tests.migration import moving
from tests.migration.both_sides import BothSides
from tests.sample import Sample


@pytest.fixture
def moved(simulator, tmp_path) -> Iterator[Callable[..., CalendarConnection]]:
    """`moved(both)` imports our side, fills the mailbox (fields of it may be given) and runs: the connection after it."""

    def move(both: BothSides, **fields) -> CalendarConnection:
        moving.mailbox(simulator, both.events, **fields)
        connection = moving.connection_with(Sample(lines=both.lines), tmp_path)
        run = moving.migrate(connection, simulator)
        assert run.state == MigrationRun.State.DONE
        moving.assert_only_read(simulator)
        assert run.by_id + run.by_metadata + run.anomalies == run.total == len(both.lines)
        return connection

    with time_machine.travel(NOW, tick=True):
        yield move
