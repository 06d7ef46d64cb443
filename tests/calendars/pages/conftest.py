"""A member on Graph sync, her browser, and two events of hers; tests that need other people have their own."""

from collections.abc import Iterator

import pytest
import time_machine

from tests.calendars.pages.steps import a_browser_of, an_event
from tests.factories import NOW, ConnectionFactory


@pytest.fixture
def november() -> Iterator[None]:
    """The clock stands still."""
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def connection():
    return ConnectionFactory(state="graph_sync")


@pytest.fixture
def member(connection):
    return connection.member


@pytest.fixture
def browser(member):
    return a_browser_of(member)


@pytest.fixture
def event(member):
    return an_event(member, "2026-12-01T09:00:00", "2026-12-01T10:00:00", location="Court 3", body="Notes")


@pytest.fixture
def series(member):
    """Tuesdays at noon; the 15th was taken out, and on the 8th it is at three."""
    series = an_event(
        member, "2026-12-01T12:00:00", "2026-12-01T13:00:00", "Lunch", rrule="FREQ=WEEKLY;BYDAY=TU",
        exdates=["2026-12-15T12:00:00"],
    )  # fmt: skip
    an_event(
        member, "2026-12-08T15:00:00", "2026-12-08T16:00:00", "Late lunch", series=series,
        original_start="2026-12-08T12:00:00",
    )  # fmt: skip
    return series
