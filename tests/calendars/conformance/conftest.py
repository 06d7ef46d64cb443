"""A member whose calendar is in sync with a simulated service: with Graph, with EWS, with Google, one after the other."""

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine

from calendars.sync import services
from tests.calendars.conformance.services import SERVICES
from tests.calendars.sync.world import World
from tests.factories import NOW
from tests.simulator.client import Simulator


@pytest.fixture(params=SERVICES)
def world(
    request: pytest.FixtureRequest, db: Any, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    with time_machine.travel(NOW, tick=True) as clock:
        # Anew, since the simulator's clock goes by the one that has just been set.
        simulator.reset(seed=1, now=NOW.isoformat())
        there = SERVICES[request.param](simulator)
        connection = there.connect()
        monkeypatch.setattr(services, "opener", lambda name: there.open)
        yield World(connection, there, clock, there.column, there.sayable)
