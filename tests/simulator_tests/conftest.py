"""A simulator for the tests of itself, and a plain client of Graph."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.simulator.client import Simulator
from tests.simulator_tests.graph_steps import ADA, Graph, firm_calendar


@pytest.fixture(scope="session")
def running() -> Iterator[Simulator]:
    with Simulator.start() as simulator:
        yield simulator


@pytest.fixture
def simulator(running: Simulator) -> Simulator:
    """An empty world at a fixed time."""
    running.reset(seed=7, now="2026-11-22T08:00:00Z")
    return running


@pytest.fixture
def graph(simulator: Simulator) -> Graph:
    """Ada, signed in, with a hearing, a series with one moved and one cancelled occurrence, and a day off."""
    simulator.mailbox(ADA, name="Ada Byron", aliases=["countess@firm.example"], calendars=[firm_calendar()])
    return Graph(simulator, ADA)
