"""A member on the old sync whose mailbox the simulator has, and the service that her worker would have in hand."""

from collections.abc import Iterator

import pytest

from calendars import grants
from calendars.ews.service import EwsService
from calendars.ews.service import open as open_service
from calendars.models import CalendarConnection
from tests.factories import ConnectionFactory
from tests.simulator.client import Simulator

ADA = "ada@firm.example"


@pytest.fixture
def connection(db, simulator: Simulator) -> CalendarConnection:
    simulator.mailbox(ADA)
    connection = ConnectionFactory(account=ADA, member__email=ADA)
    given = simulator.token(ADA, service="ews")
    grants.store(connection, "ews", grants.Tokens(refresh_token=given["refresh_token"]))
    return connection


@pytest.fixture
def service(connection: CalendarConnection) -> Iterator[EwsService]:
    opened = open_service(connection, lambda: None)
    yield opened
    opened.close()
