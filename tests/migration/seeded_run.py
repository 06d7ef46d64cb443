"""A calendar whose every outcome is known beforehand, and what a run over it must have left."""

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine

from calendars.models import CalendarConnection, SyncedEvent
from calendars.states import State
from migration.models import MigrationRun, Outcome
from tests import sample
from tests.factories import NOW
from tests.migration import moving
from tests.simulator.client import Simulator


@pytest.fixture
def clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture
def seeded(simulator: Simulator, tmp_path: Any) -> tuple[sample.Sample, CalendarConnection]:
    made = sample.calendar(160, deleted=4, renumbered=6)
    moving.mailbox(simulator, made.events)
    return made, moving.connection_with(made, tmp_path)


def outcomes(run: MigrationRun) -> dict[str, tuple[str, str, str]]:
    rows = Outcome.objects.filter(run=run).values_list("synced_event__uid", "outcome", "how", "appointment_id")
    return {uid: rest for uid, *rest in rows}


def assert_as_seeded(
    made: sample.Sample, connection: CalendarConnection, run: MigrationRun, simulator: Simulator
) -> None:
    """The truth that only the sample and the simulator know."""
    assert run.state == MigrationRun.State.DONE
    assert connection.state == State.GRAPH_SYNC and connection.stopped_at is None and connection.migrated_at
    names = moving.refs(simulator)
    linked = {
        row.uid: names[row.appointment_id] if row.appointment_id else None
        for row in SyncedEvent.objects.filter(connection=connection)
    }
    assert linked == made.truth
    found = outcomes(run)
    assert {uid for uid, (outcome, *_) in found.items() if outcome == "anomaly"} == set(made.deleted)
    assert {uid for uid, (outcome, *_) in found.items() if outcome == "metadata"} == set(made.renumbered)
    assert (run.by_id, run.by_metadata, run.anomalies) == (150, 6, 4)
    assert run.by_id + run.by_metadata + run.anomalies == run.total == len(made.lines)
    moving.assert_only_read(simulator)
