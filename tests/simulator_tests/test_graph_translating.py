"""``translateExchangeIds`` and ``$batch``."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.client import Simulator
from tests.simulator_tests.graph_steps import ADA, BOB, IMMUTABLE, Graph, meeting, refused


def results(
    graph: Graph, wanted: list[str], source: str = "ewsId", target: str = "restImmutableEntryId"
) -> dict[str, Any]:
    answer = graph.translate(wanted, source, target)
    assert answer.status_code == 200, answer.text
    return {one["sourceId"]: one.get("targetId") for one in answer.json()["value"]}


def test_old_ids_become_immutable_ones(graph: Graph) -> None:
    kept = [graph.kept(ref) for ref in ("hearing", "series", "moved")]
    assert results(graph, [one["ewsId"] for one in kept]) == {one["ewsId"]: one["immutableId"] for one in kept}


def test_every_format_leads_back(graph: Graph) -> None:
    kept = graph.kept("hearing")
    forms = {"ewsId": kept["ewsId"], "restId": kept["restId"], "restImmutableEntryId": kept["immutableId"]}
    for target in ("entryId", "immutableEntryId"):
        forms[target] = results(graph, [kept["ewsId"]], "ewsId", target)[kept["ewsId"]]
        assert forms[target][-1] in "012"
    for source, given in forms.items():
        for target, wanted in forms.items():
            assert results(graph, [given], source, target) == {given: wanted}


def test_each_bad_id_has_its_error_and_the_call_succeeds(simulator: Simulator) -> None:
    events = [
        meeting("good"),
        meeting("bad", translates="error"),
        meeting("lost", translates="absent"),
        meeting("gone"),
    ]
    simulator.mailbox(ADA, calendars=[{"name": "C", "events": events}])
    simulator.mailbox(BOB, calendars=[{"name": "C", "events": [meeting("foreign")]}])
    ada = Graph(simulator, ADA)
    ews = {ref: ada.id(ref, "ewsId") for ref in ("good", "bad", "lost", "gone")}
    ews["foreign"] = Graph(simulator, BOB).id("foreign", "ewsId")
    simulator.edit(ADA, "gone", "delete")
    values = ada.translate([*ews.values(), "§"]).json()["value"]
    errors = {one["sourceId"]: one["errorDetails"]["code"] for one in values if "errorDetails" in one}
    assert errors == {
        ews["bad"]: "NotFound",
        ews["gone"]: "NotFound",
        ews["foreign"]: "NotFound",
        "§": "Value cannot be null.\r\nParameter name: rawBytes",
    }
    assert [one["sourceId"] for one in values if "targetId" in one] == [ews["good"]]
    assert all("targetId" not in one for one in values if "errorDetails" in one)


def test_formats_of_the_same_bytes_need_no_item(graph: Graph) -> None:
    kept = graph.kept("hearing")
    graph.simulator.edit(ADA, "hearing", "delete")
    assert results(graph, [kept["ewsId"]], "ewsId", "restId") == {kept["ewsId"]: kept["restId"]}


def test_folders_translate_but_not_to_immutable_ids(graph: Graph) -> None:
    (calendar,) = graph.simulator.get_mailbox(ADA)["calendars"]
    folder = calendar["ewsFolderId"]
    assert results(graph, [folder], "ewsId", "restId") == {folder: calendar["id"]}
    assert results(graph, [folder]) == {folder: None}


def test_order_is_not_kept(simulator: Simulator) -> None:
    simulator.mailbox(ADA, calendars=[{"name": "C", "events": [meeting(f"e{day}", day) for day in range(1, 21)]}])
    ada = Graph(simulator, ADA)
    wanted = [ada.id(f"e{day}", "ewsId") for day in range(1, 21)]
    found = [one["sourceId"] for one in ada.translate(wanted).json()["value"]]
    assert found != wanted
    assert sorted(found) == sorted(wanted)


@pytest.mark.parametrize(
    "body",
    [
        {"inputIds": ["x"] * 1001, "sourceIdType": "ewsId", "targetIdType": "restId"},
        {"inputIds": [], "sourceIdType": "ewsId", "targetIdType": "restId"},
        {"inputIds": "x", "sourceIdType": "ewsId", "targetIdType": "restId"},
        {"inputIds": ["x"], "sourceIdType": "hexEntryId", "targetIdType": "restId"},
        {"inputIds": ["x"], "sourceIdType": "ewsId"},
        {"inputIds": ["x"], "sourceIdType": "ewsId", "targetIdType": "restId", "more": 1},
        [],
    ],
)
def test_wrong_calls(graph: Graph, body: Any) -> None:
    assert graph.call("POST", "/me/translateExchangeIds", json=body).status_code == 400


def test_a_thousand_ids_are_not_too_many(graph: Graph) -> None:
    assert len(graph.translate([graph.id("hearing", "ewsId")] * 1000).json()["value"]) == 1000


def item(name: str, url: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "method": "GET", "url": url, **more}


def test_preferences_are_not_inherited_by_items(graph: Graph) -> None:
    kept = graph.kept("hearing")
    path = f"/me/events/{kept['immutableId']}?$select=subject"
    answers = graph.batch(item("1", path), item("2", path, headers={"Prefer": IMMUTABLE}))
    assert answers["1"]["body"]["id"] == kept["restId"]
    assert answers["2"]["body"]["id"] == kept["immutableId"]


def test_items_write_and_fail_each_for_itself(graph: Graph) -> None:
    change = {"method": "PATCH", "headers": {"Content-Type": "application/json"}, "body": {"subject": "B"}}
    path = f"/me/events/{graph.id('hearing')}"
    answers = graph.batch(
        item("1", path) | change,
        item("2", "/me/events/short", dependsOn=["1"]),
        item("3", path, dependsOn=["2"]),
        item("4", "/me/nothing"),
        item("5", path, dependsOn=["1"]) | {"method": "DELETE"},
    )
    assert {name: answer["status"] for name, answer in answers.items()} == {
        "1": 200, "2": 400, "3": 424, "4": 400, "5": 204,
    }  # fmt: skip
    assert answers["1"]["body"]["subject"] == "B"
    assert "body" not in answers["5"]


def test_answers_come_in_another_order(graph: Graph) -> None:
    items = [item(str(number), "/me") for number in range(20)]
    answer = graph.call("POST", "/$batch", json={"requests": items}).json()
    names = [entry["id"] for entry in answer["responses"]]
    assert names != [str(number) for number in range(20)]
    assert sorted(names, key=int) == [str(number) for number in range(20)]


@pytest.mark.parametrize(
    "items",
    [
        [item(str(number), "/me") for number in range(21)],
        [],
        [item("a", "/me"), item("A", "/me")],
        [item("", "/me")],
        [item("1", "/me", dependsOn=["2"])],
        [item("1", "/me", dependsOn=["2"]), item("2", "/me", dependsOn=["1"])],
        [item("1", "https://graph.microsoft.com/v1.0/me")],
        [item("1", "/$batch", headers={"Content-Type": "application/json"}, body={})],
        [item("1", "/me", body={"a": 1})],
        [{"id": "1", "method": "JUMP", "url": "/me"}],
        "none",
    ],
)
def test_wrong_batches_are_refused_whole(graph: Graph, items: Any) -> None:
    seq = graph.simulator.journal()[-1]["seq"] if graph.simulator.journal() else 0
    assert graph.call("POST", "/$batch", json={"requests": items}).status_code == 400
    assert len(graph.simulator.journal(seq)) == 1


def test_a_batch_may_depend_on_what_stands_below(graph: Graph) -> None:
    answers = graph.batch(item("1", "/me", dependsOn=["2"]), item("2", "/me"))
    assert {answer["status"] for answer in answers.values()} == {200}


def test_a_batch_needs_a_token(graph: Graph) -> None:
    answer = graph.call("POST", "/$batch", headers={"Authorization": ""}, json={"requests": [item("1", "/me")]})
    assert refused(answer) == (401, "InvalidAuthenticationToken")


def test_items_stand_in_the_journal_below_their_batch(graph: Graph) -> None:
    graph.batch(item("a", "/me/events", headers={"Prefer": IMMUTABLE}), item("b", "/me/calendars", dependsOn=["a"]))
    batch, first, second = graph.simulator.journal()
    assert (batch["operation"], batch["path"], batch["parent"]) == ("batch", "/v1.0/$batch", None)
    assert [(one["parent"], one["item"], one["operation"]) for one in (first, second)] == [
        (batch["seq"], "a", "list"),
        (batch["seq"], "b", "calendars"),
    ]
    assert (first["prefer"], second["prefer"]) == (IMMUTABLE, None)
    assert {first["mailbox"], batch["mailbox"]} == {ADA}
