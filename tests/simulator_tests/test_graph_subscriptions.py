"""Subscriptions: the handshake, what is refused, and how long they live."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator import delivery
from tests.simulator.client import Simulator
from tests.simulator_tests.graph_steps import ADA, BOB, Graph, refused
from tests.simulator_tests.receiver import Receiver
from tests.simulator_tests.subscription_steps import EXPIRES, settled, spec, subscribe


def test_created_after_a_handshake_with_both_addresses(graph: Graph, receiver: Receiver) -> None:
    made = subscribe(graph, receiver)
    assert receiver.asked == ["/hook", "/life"]
    assert made["expirationDateTime"] == "2026-11-24T08:00:00.0000000Z"
    assert (made["resource"], made["changeType"], made["clientState"]) == (
        "me/events",
        "created,updated,deleted",
        "secret",
    )
    assert graph.get(f"/subscriptions/{made['id']}")["id"] == made["id"]
    assert [one["id"] for one in graph.get("/subscriptions")["value"]] == [made["id"]]
    (shown,) = graph.simulator.subscriptions(ADA)
    assert (shown["mailbox"], shown["paused"]) == (ADA, False)


@pytest.mark.parametrize(
    "wrong",
    [
        {"shake": 202},
        {"shake": 404},
        {"kind": "text/html"},
        {"say": lambda token: token + " "},
        {"say": lambda token: ""},
    ],
)
def test_a_wrong_handshake(graph: Graph, receiver: Receiver, wrong: dict[str, Any]) -> None:
    for name, value in wrong.items():
        setattr(receiver, name, value)
    answer = graph.call("POST", "/subscriptions", json=spec(receiver))
    assert refused(answer) == (400, "ValidationError")
    assert graph.simulator.subscriptions() == []


def test_a_slow_handshake_and_one_with_nobody(
    graph: Graph, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = graph.call("POST", "/subscriptions", json=spec(receiver, notificationUrl="http://127.0.0.1:9/hook"))
    assert refused(nobody) == (400, "ValidationError")
    monkeypatch.setattr(delivery, "HANDSHAKE_WITHIN", 0.2)
    receiver.sleep = 0.4
    answer = graph.call("POST", "/subscriptions", json=spec(receiver))
    assert refused(answer) == (400, "ValidationError")
    assert "timed out" in answer.text


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"changeType": "moved"}, "InvalidRequest"),
        ({"changeType": None}, "InvalidRequest"),
        ({"resource": "me/messages"}, "BadRequest"),
        ({"resource": "me/calendar"}, "InvalidRequest"),
        ({"resource": "me/events?$filter=isAllDay"}, "InvalidRequest"),
        ({"resource": "me/calendars/nope/events"}, "ErrorInvalidIdMalformed"),
        ({"notificationUrl": "http://elsewhere.example/hook"}, "InvalidRequest"),
        ({"lifecycleNotificationUrl": "ftp://127.0.0.1/x"}, "InvalidRequest"),
        ({"expirationDateTime": "2026-11-25T06:31:00Z"}, "InvalidRequest"),
        ({"expirationDateTime": "2026-11-22T07:00:00Z"}, "InvalidRequest"),
        ({"expirationDateTime": "soon"}, "InvalidRequest"),
        ({"expirationDateTime": None}, "InvalidRequest"),
        ({"clientState": "x" * 129}, "InvalidRequest"),
        ({"latestSupportedTlsVersion": "v9"}, "InvalidRequest"),
        ({"includeResourceData": True}, "InvalidRequest"),
        ({"colour": "red"}, "BadRequest"),
    ],
)
def test_bodies_that_are_refused(graph: Graph, receiver: Receiver, fields: dict[str, Any], code: str) -> None:
    assert refused(graph.call("POST", "/subscriptions", json=spec(receiver, **fields))) == (400, code)
    assert receiver.asked == []


def test_only_with_a_scope_and_only_for_oneself(simulator: Simulator, graph: Graph, receiver: Receiver) -> None:
    simulator.mailbox(BOB, calendars=[{"name": "C"}, {"name": "Ada", "owner": {"name": "Ada", "address": ADA}}])
    bob = Graph(simulator, BOB)
    foreign = bob.call("POST", "/subscriptions", json=spec(receiver, resource=f"users/{ADA}/events"))
    assert refused(foreign) == (403, "ErrorAccessDenied")
    shared = Graph(simulator, ADA, scope="User.Read Calendars.Read.Shared")
    assert refused(shared.call("POST", "/subscriptions", json=spec(receiver))) == (403, "ErrorAccessDenied")
    made = subscribe(graph, receiver, resource=f"users/{ADA}/events")
    assert refused(bob.call("GET", f"/subscriptions/{made['id']}")) == (404, "ResourceNotFound")


# Life


def test_it_lives_no_longer_than_asked_for_and_can_be_renewed(graph: Graph, receiver: Receiver) -> None:
    path = f"/subscriptions/{subscribe(graph, receiver, expirationDateTime='2026-11-22T08:50:00Z')['id']}"
    graph.simulator.clock(2400)
    renewed = graph.call("PATCH", path, json={"expirationDateTime": "2026-11-22T09:00:00Z"})
    assert (renewed.status_code, renewed.json()["expirationDateTime"][:16]) == (200, "2026-11-22T09:25")
    graph.simulator.clock(2600)
    graph = Graph(graph.simulator, ADA)
    assert graph.call("GET", path).status_code == 200
    graph.simulator.clock(200)
    for answer in (
        graph.call("GET", path),
        graph.call("DELETE", path),
        graph.call("PATCH", path, json={"expirationDateTime": EXPIRES}),
        graph.call("POST", f"{path}/reauthorize"),
    ):
        assert refused(answer) == (404, "ResourceNotFound")
    assert graph.get("/subscriptions")["value"] == []
    graph.simulator.edit(ADA, "hearing", "change", subject="Nobody hears")
    assert settled(graph.simulator) == []


def test_nothing_but_its_end_can_be_changed(graph: Graph, receiver: Receiver) -> None:
    path = f"/subscriptions/{subscribe(graph, receiver)['id']}"
    for body in ({}, {"clientState": "x"}, {"expirationDateTime": EXPIRES, "lifecycleNotificationUrl": receiver.url}):
        assert refused(graph.call("PATCH", path, json=body)) == (400, "InvalidRequest")
    late = graph.call("PATCH", path, json={"expirationDateTime": "2027-01-01T00:00:00Z"})
    assert refused(late) == (400, "InvalidRequest")
    assert graph.call("DELETE", path).status_code == 204
    assert refused(graph.call("GET", path)) == (404, "ResourceNotFound")


def test_a_subscription_asked_for_in_a_batch(graph: Graph, receiver: Receiver) -> None:
    item = {
        "id": "1", "method": "POST", "url": "/subscriptions", "headers": {"Content-Type": "application/json"},
        "body": spec(receiver),
    }  # fmt: skip
    assert graph.batch(item)["1"]["status"] == 201
    assert len(graph.simulator.subscriptions(ADA)) == 1
