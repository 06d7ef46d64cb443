"""A member with a Google Calendar that the simulator has, and the service that her worker would have in hand."""

from collections.abc import Iterator

import pytest

from calendars import grants
from calendars.google.service import GoogleService
from calendars.google.service import open as open_service
from calendars.models import CalendarConnection
from calendars.states import Provider, State
from tests.factories import ConnectionFactory
from tests.simulator.client import Simulator

GUS = "gus@firm.example"


@pytest.fixture
def connection(db, simulator: Simulator) -> CalendarConnection:
    simulator.mailbox(GUS, provider="google")
    connection = ConnectionFactory(
        account=GUS, member__email=GUS, provider=Provider.GOOGLE, state=State.GOOGLE_SYNC
    )  # fmt: skip
    given = simulator.token(GUS, service="google")
    grants.store(connection, "google", grants.Tokens(refresh_token=given["refresh_token"]))
    return connection


@pytest.fixture
def service(connection: CalendarConnection) -> Iterator[GoogleService]:
    opened = open_service(connection, lambda: None)
    yield opened
    opened.close()
