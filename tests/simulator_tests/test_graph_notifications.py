"""What subscribers are told of a change, and how it is delivered."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator import delivery
from tests.simulator.client import Refused, Simulator
from tests.simulator_tests.graph_steps import ADA, Graph, meeting, refused, times
from tests.simulator_tests.receiver import Receiver
from tests.simulator_tests.subscription_steps import EXPIRES, settled, subscribe


def test_what_is_told_of_changes(graph: Graph, receiver: Receiver) -> None:
    made = subscribe(graph, receiver)
    graph.simulator.edit(ADA, "hearing", "change", subject="Trial")
    (updated,) = receiver.wait(1)
    hearing = graph.get(f"/me/events/{graph.id('hearing')}")
    resource = updated["resource"]
    assert resource.startswith("Users/") and resource.endswith(f"/Events/{hearing['id']}")
    assert updated == {
        "path": "/hook", "subscriptionId": made["id"], "subscriptionExpirationDateTime": made["expirationDateTime"],
        "tenantId": graph.simulator.get_mailbox(ADA)["tid"], "clientState": "secret", "changeType": "updated",
        "resource": resource,
        "resourceData": {
            "@odata.type": "#Microsoft.Graph.Event", "@odata.id": resource, "@odata.etag": hearing["@odata.etag"],
            "id": hearing["id"],
        },
    }  # fmt: skip
    assert all("clientState" not in line for line in settled(graph.simulator)[0]["value"])
    assert "secret" not in str(graph.simulator.journal())


def told(lines: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(line["changeType"], line["resourceData"]["id"]) for line in lines]


def test_every_kind_of_change_is_told_whoever_made_it(graph: Graph, receiver: Receiver) -> None:
    simulator = graph.simulator
    subscribe(graph, receiver)
    made = graph.call(
        "POST", "/me/events", json={"subject": "N", **times("2026-11-24T09:00:00", "2026-11-24T10:00:00")}
    )
    event, series = made.json()["id"], graph.id("series")
    graph.call("PATCH", f"/me/events/{event}", json={"subject": "M"})
    graph.call("DELETE", f"/me/events/{event}")
    assert told(receiver.wait(3)) == [("created", event), ("updated", event), ("deleted", event)]
    moved = graph.id("moved")
    simulator.edit(ADA, "series", "change", occurrence="2026-11-30", subject="Again")
    simulator.edit(ADA, "series", "delete", occurrence="2026-11-30")
    assert told(receiver.wait(7)[3:]) == [
        ("updated", series),
        ("updated", moved),
        ("updated", series),
        ("deleted", moved),
    ]
    simulator.edit(ADA, "series", "delete")
    simulator.edit(ADA, "series", "restore")
    assert told(receiver.wait(9)[7:]) == [("deleted", series), ("created", series)]


def test_only_the_kinds_and_the_calendar_that_were_asked_for(graph: Graph, receiver: Receiver) -> None:
    simulator = graph.simulator
    simulator.mailbox(ADA, calendars=[{"name": "A", "default": True, "events": [meeting("e")]}, {"name": "B"}])
    other = graph.values("/me/calendars")[1]["id"]
    subscribe(graph, receiver, resource="/me/events", changeType="created, deleted")
    subscribe(graph, receiver, resource=f"me/calendars/{other}/events", notificationUrl=receiver.url + "/other")
    simulator.edit(ADA, "e", "move", calendar="B")
    simulator.edit(ADA, "e", "change", subject="In B")
    simulator.edit(ADA, "e", "move", calendar="A")
    simulator.edit(ADA, "e", "change", subject="In A")
    lines = receiver.wait(5)
    assert [line["changeType"] for line in lines if line["path"] == "/hook"] == ["deleted", "created"]
    assert [line["changeType"] for line in lines if line["path"] == "/other"] == ["created", "updated", "deleted"]
    assert len(settled(simulator)) <= 5
    assert len(receiver.got) == 5


def test_ids_have_the_format_of_the_subscription(graph: Graph, receiver: Receiver) -> None:
    subscribe(graph, receiver, None)
    graph.simulator.edit(ADA, "hearing", "change", subject="Trial")
    assert told(receiver.wait(1)) == [("updated", graph.id("hearing", "restId"))]


# Delivery


def test_what_is_not_accepted_comes_again_later(graph: Graph, receiver: Receiver) -> None:
    simulator = graph.simulator
    subscribe(graph, receiver)
    receiver.status = 503
    simulator.edit(ADA, "hearing", "change", subject="Trial")
    receiver.wait(1)
    receiver.status = 202
    simulator.clock(4)
    assert simulator.notifications()["waiting"] == 1
    simulator.clock(2)
    receiver.wait(2)
    tries = [(line["attempt"], line["status"], line["ok"]) for line in settled(simulator)]
    assert tries == [(1, 503, False), (2, 202, True)]


def test_an_answer_that_comes_late_counts_for_nothing(
    graph: Graph, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "ANSWER_WITHIN", 0.2)
    subscribe(graph, receiver)
    receiver.sleep = 0.4
    graph.simulator.edit(ADA, "hearing", "change", subject="Trial")
    receiver.wait(1)
    receiver.sleep = 0
    graph.simulator.clock(6)
    assert told(receiver.wait(2)) == [("updated", graph.id("hearing"))] * 2
    assert settled(graph.simulator)[0]["error"] == "no answer in time"


def test_after_four_hours_it_is_dropped_and_missed(graph: Graph, receiver: Receiver) -> None:
    subscribe(graph, receiver)
    receiver.status = 500
    graph.simulator.edit(ADA, "hearing", "change", subject="Trial")
    receiver.wait(1)
    graph.simulator.clock(4 * 3600 + 10)
    lines = receiver.wait(3)
    assert [line.get("lifecycleEvent") for line in lines] == [None, None, "missed"]
    assert lines[2]["path"] == "/life"


def test_switched_off_held_delayed_doubled_and_turned_round(graph: Graph, receiver: Receiver) -> None:
    simulator = graph.simulator
    subscribe(graph, receiver)
    simulator.notifications(deliver="off")
    simulator.edit(ADA, "hearing", "change", subject="Lost")
    assert settled(simulator) == []
    simulator.notifications(deliver="hold", copies=2, reverse=True)
    simulator.edit(ADA, "hearing", "change", subject="A")
    simulator.edit(ADA, "off", "delete")
    assert simulator.notifications()["waiting"] == 4
    assert receiver.got == []
    simulator.notifications(deliver="on")
    assert [line["changeType"] for line in receiver.wait(4)] == ["deleted", "updated"] * 2
    assert receiver.posts == [2, 2]
    simulator.notifications(copies=1, delay=60)
    simulator.edit(ADA, "hearing", "change", subject="B")
    assert simulator.notifications()["waiting"] == 1
    simulator.clock(61)
    receiver.wait(5)


def test_lifecycle_notices(graph: Graph, receiver: Receiver) -> None:
    simulator = graph.simulator
    made = subscribe(graph, receiver)
    path = f"/subscriptions/{made['id']}"
    assert simulator.lifecycle(ADA, "missed") == [made["id"]]
    simulator.lifecycle(ADA, "reauthorizationRequired", made["id"])
    lines = receiver.wait(2)
    assert lines[0] == {
        "path": "/life", "subscriptionId": made["id"], "subscriptionExpirationDateTime": made["expirationDateTime"],
        "tenantId": simulator.get_mailbox(ADA)["tid"], "clientState": "secret", "lifecycleEvent": "missed",
    }  # fmt: skip
    simulator.edit(ADA, "hearing", "change", subject="Unheard")
    assert graph.call("POST", f"{path}/reauthorize").status_code == 204
    simulator.edit(ADA, "off", "delete")
    assert receiver.wait(3)[2]["changeType"] == "deleted"
    simulator.lifecycle(ADA, "reauthorizationRequired")
    assert graph.call("PATCH", path, json={"expirationDateTime": EXPIRES}).status_code == 200
    assert simulator.subscriptions(ADA)[0]["paused"] is False
    simulator.lifecycle(ADA, "subscriptionRemoved")
    assert [line["lifecycleEvent"] for line in receiver.wait(5)[3:]] == [
        "reauthorizationRequired",
        "subscriptionRemoved",
    ]
    assert refused(graph.call("GET", path)) == (404, "ResourceNotFound")


def test_without_a_lifecycle_address_nothing_is_said(graph: Graph, receiver: Receiver) -> None:
    subscribe(graph, receiver, lifecycleNotificationUrl=None)
    graph.simulator.lifecycle(ADA, "subscriptionRemoved")
    assert graph.simulator.subscriptions() == []
    assert settled(graph.simulator) == []


@pytest.mark.parametrize("setting", [{"deliver": "maybe"}, {"delay": -1}, {"copies": 0}, {"reverse": 1}, {"x": 1}])
def test_settings_that_are_none(simulator: Simulator, setting: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        simulator.notifications(**setting)


def test_a_reset_forgets_subscriptions_and_notices(graph: Graph, receiver: Receiver) -> None:
    subscribe(graph, receiver)
    graph.simulator.notifications(deliver="hold")
    graph.simulator.edit(ADA, "hearing", "delete")
    graph.simulator.reset(seed=7)
    assert graph.simulator.subscriptions() == []
    state = graph.simulator.notifications()
    assert (state["deliver"], state["waiting"]) == ("on", 0)
