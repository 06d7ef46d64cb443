"""A member on Graph sync whose mailbox the simulator has, and the service that her worker would have in hand."""

from collections.abc import Iterator

import pytest
import time_machine

from calendars import grants
from calendars.graph.service import GraphService
from calendars.graph.service import open as open_service
from calendars.models import CalendarConnection
from calendars.states import State
from tests.calendars.graph.steps import ADA
from tests.factories import NOW, ConnectionFactory
from tests.simulator.client import Simulator


def synced_mailbox(simulator: Simulator) -> CalendarConnection:
    """Anew, since the simulator's clock goes by the one that a test has set."""
    simulator.reset(seed=1, now=NOW.isoformat())
    calendars = [{"name": "Calendar", "default": True}, {"name": "Private"}]
    simulator.mailbox(ADA, timeZone="America/New_York", calendars=calendars)
    calendar = simulator.get_mailbox(ADA)["calendars"][0]
    connection = ConnectionFactory(
        account=ADA, member__email=ADA, state=State.GRAPH_SYNC, calendar_id=calendar["id"]
    )  # fmt: skip
    given = simulator.token(ADA, service="graph", scope="Calendars.ReadWrite User.Read offline_access")
    grants.store(connection, "graph", grants.Tokens(refresh_token=given["refresh_token"]))
    return connection


@pytest.fixture
def connection(db, simulator: Simulator) -> Iterator[CalendarConnection]:
    with time_machine.travel(NOW, tick=True):
        yield synced_mailbox(simulator)


@pytest.fixture
def service(connection: CalendarConnection) -> Iterator[GraphService]:
    opened = open_service(connection, lambda: None)
    yield opened
    opened.close()
