"""A simulator for the tests of itself, and a plain client of Graph."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from exchangelib import CalendarItem
from exchangelib.protocol import close_connections

from tests.simulator.client import Simulator
from tests.simulator_tests.ews_steps import FirmId, Outlook
from tests.simulator_tests.google_steps import GUS, Google
from tests.simulator_tests.graph_steps import ADA, Graph, firm_calendar
from tests.simulator_tests.receiver import Receiver, receiving


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


@pytest.fixture
def outlook(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[Outlook]:
    """Ada's mailbox, as in ``graph``, through exchangelib; what exchangelib keeps in the process is put away."""
    # Without it oauthlib sends no token over plain HTTP. Never set outside tests and demo.
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    CalendarItem.register("firm_id", FirmId)
    simulator.mailbox(ADA, name="Ada Byron", aliases=["countess@firm.example"], calendars=[firm_calendar()])
    yield Outlook(simulator)
    CalendarItem.deregister("firm_id")
    close_connections()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """An address on this machine that takes notifications."""
    with receiving() as found:
        yield found


@pytest.fixture
def google(simulator: Simulator) -> Iterator[Google]:
    """Gus, signed in, with what Ada has in ``graph``."""
    simulator.mailbox(GUS, provider="google", timeZone="America/New_York", calendars=[firm_calendar()])
    gus = Google(simulator)
    yield gus
    gus.session.close()
