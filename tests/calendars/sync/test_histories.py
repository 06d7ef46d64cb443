"""Whatever both hands do, and whatever goes wrong in between: both sides converge, nothing is doubled and nothing is lost.

A hundred histories in `make test`, two thousand in `make soak`.
"""

import copy
from dataclasses import replace

import pytest
import time_machine
from django.test import override_settings
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings

from calendars.states import State
from calendars.sync import services
from tests.calendars.sync.histories import History, Step, histories
from tests.calendars.sync.memory_service import MemoryCalendar, MemoryService
from tests.calendars.sync.world import World
from tests.campaign.scene import taken_back
from tests.factories import NOW, ConnectionFactory

pytestmark = pytest.mark.django_db
# One for each processor.
PARTS = 2


@pytest.mark.parametrize("part", range(PARTS))
def test_both_sides_converge_whatever_happens(part: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def serve(calendar: MemoryCalendar) -> MemoryCalendar:
        monkeypatch.setattr(services, "opener", lambda name: lambda connection, hold: MemoryService(calendar, hold))
        return calendar

    with time_machine.travel(NOW, tick=True) as clock:
        world = World(ConnectionFactory(state=State.GRAPH_SYNC), serve(MemoryCalendar()), clock)
        beginning = History(world)
        beginning.begin()

    @hypothesis_settings(
        suppress_health_check=[HealthCheck.too_slow], max_examples=hypothesis_settings().max_examples // PARTS
    )
    @given(histories)
    def carry_out(history: list[Step]) -> None:
        calendar = serve(copy.deepcopy(world.there))
        times = override_settings(HTTP_TIMEOUT=2, TASK_SECONDS=20)
        with times, time_machine.travel(NOW, tick=True) as clock, taken_back():
            clock.shift(60)
            here = replace(world, there=calendar, clock=clock)
            told = replace(beginning, world=here, tokens=dict(beginning.tokens), typed_twice=set())
            told.carry_out(history)
            told.come_to_rest()
            told.judge()

    carry_out()
