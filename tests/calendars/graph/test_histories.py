"""The engine's histories, told of Graph: whatever both hands do and whatever goes wrong, both sides come to agree."""

import pytest
import time_machine
from django.test import override_settings
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings

from calendars.sync import services
from tests.calendars.graph.disturbed import Outlook
from tests.calendars.sync.histories import History, Step, histories
from tests.calendars.sync.world import World
from tests.campaign.scene import taken_back
from tests.factories import NOW
from tests.simulator.client import Simulator

pytestmark = pytest.mark.django_db
UNHURRIED = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


def carry_out(history: list[Step], simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    with override_settings(TASK_SECONDS=20), time_machine.travel(NOW, tick=True) as clock, taken_back():
        simulator.reset(seed=1, now=NOW.isoformat())
        outlook = Outlook(simulator)
        connection = outlook.connect()
        monkeypatch.setattr(services, "opener", lambda name: outlook.open)
        told = History(World(connection, outlook, clock))
        told.begin()
        # Outlook cannot bring back a date that was cancelled; that stands with the event, and both sides differ.
        told.carry_out([step for step in history if step[0] != "put back here"])
        told.come_to_rest()
        told.judge()


@hypothesis_settings(suppress_health_check=UNHURRIED, max_examples=5)
@given(history=histories)
def test_both_sides_converge_whatever_happens(history, simulator, monkeypatch):
    carry_out(history, simulator, monkeypatch)


@pytest.mark.soak
@hypothesis_settings(suppress_health_check=UNHURRIED, max_examples=300)
@given(history=histories)
def test_both_sides_converge_over_hundreds_of_histories(history, simulator, monkeypatch):
    carry_out(history, simulator, monkeypatch)
