"""Steps that the tests of subscriptions share."""

from __future__ import annotations

import time
from typing import Any

from tests.simulator.client import Simulator
from tests.simulator_tests.graph_steps import IMMUTABLE, Graph
from tests.simulator_tests.receiver import Receiver

EXPIRES = "2026-11-24T08:00:00Z"


def spec(receiver: Receiver, **fields: Any) -> dict[str, Any]:
    wanted = {
        "changeType": "created,updated,deleted", "notificationUrl": receiver.url + "/hook?a=1",
        "lifecycleNotificationUrl": receiver.url + "/life", "resource": "me/events", "expirationDateTime": EXPIRES,
        "clientState": "secret", **fields,
    }  # fmt: skip
    return {name: value for name, value in wanted.items() if value is not None}


def subscribe(graph: Graph, receiver: Receiver, prefer: str | None = IMMUTABLE, **fields: Any) -> dict[str, Any]:
    answer = graph.call("POST", "/subscriptions", prefer, json=spec(receiver, **fields))
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def settled(simulator: Simulator) -> list[dict[str, Any]]:
    """The deliveries, once nothing is due or under way any more."""
    for _ in range(400):
        state = simulator.notifications()
        if not state["posting"] and not state["waiting"]:
            return simulator.deliveries()
        time.sleep(0.01)
    raise AssertionError(state)
