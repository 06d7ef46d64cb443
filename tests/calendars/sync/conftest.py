"""A member whose calendar is in sync with a calendar in memory."""

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine

from calendars.states import State
from calendars.sync import services
from tests.calendars.sync.memory_service import MemoryCalendar, MemoryService
from tests.calendars.sync.world import World
from tests.factories import NOW, ConnectionFactory


@pytest.fixture
def world(db: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    settings.HTTP_TIMEOUT = 2
    calendar = MemoryCalendar()
    monkeypatch.setattr(services, "opener", lambda name: lambda connection, hold: MemoryService(calendar, hold))
    with time_machine.travel(NOW, tick=True) as clock:
        yield World(ConnectionFactory(state=State.GRAPH_SYNC), calendar, clock)
