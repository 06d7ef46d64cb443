"""Throttling, and answers that go wrong on request."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
import requests

from tests.simulator.client import Refused, Simulator
from tests.simulator_tests.graph_steps import ADA, BOB, IMMUTABLE, Graph, meeting, refused, times


def wait_until(condition: Callable[[], bool]) -> None:
    """Look again and again, for at most half a minute."""
    for _ in range(3000):
        if condition():
            return
        threading.Event().wait(0.01)
    raise AssertionError("it never came true")


def held(graph: Graph, count: int, pool: ThreadPoolExecutor, path: str = "/me/events") -> tuple[str, list[Future[Any]]]:
    """Requests that the server has and does not answer yet."""
    fault = graph.simulator.fault(hold=True, operation="list", count=count)
    waiting = [pool.submit(graph.call, "GET", path) for _ in range(count)]
    wait_until(lambda: graph.simulator.faults()[-1]["holding"] == count)
    return fault, waiting


def test_a_fifth_request_in_flight_is_refused(graph: Graph) -> None:
    graph.simulator.mailbox(BOB)
    with ThreadPoolExecutor(4) as pool:
        fault, waiting = held(graph, 4, pool)
        fifth = graph.call("GET", "/me/events")
        assert refused(fifth) == (429, "ApplicationThrottled")
        assert "MailboxConcurrency" in fifth.json()["error"]["message"]
        assert int(fifth.headers["Retry-After"]) >= 1
        assert Graph(graph.simulator, BOB).get("/me/events")["value"] == []
        graph.simulator.release(fault)
        assert [answer.result().status_code for answer in waiting] == [200] * 4
    assert graph.call("GET", "/me/events").status_code == 200
    assert max(line["in_flight"] for line in graph.simulator.journal()) == 5


def test_a_batch_runs_four_items_at_a_time(graph: Graph) -> None:
    items = [{"id": str(number), "method": "GET", "url": "/me/calendars"} for number in range(20)]
    fault = graph.simulator.fault(batch_item=True, hold=True)
    with ThreadPoolExecutor(1) as pool:
        batch = pool.submit(graph.batch, *items)
        wait_until(lambda: graph.simulator.faults()[0]["holding"] == 4)
        graph.simulator.release(fault)
        assert {answer["status"] for answer in batch.result(30).values()} == {200}
    assert max(line["in_flight"] for line in graph.simulator.journal()) == 4


def test_items_of_a_batch_count_as_they_run(graph: Graph) -> None:
    items = [{"id": str(number), "method": "GET", "url": "/me/calendars"} for number in range(20)]
    chain = [item | ({"dependsOn": [str(number - 1)]} if number else {}) for number, item in enumerate(items)]
    with ThreadPoolExecutor(4) as pool:
        fault, waiting = held(graph, 3, pool)
        assert {answer["status"] for answer in graph.batch(*chain).values()} == {200}
        one_more = pool.submit(graph.call, "GET", "/me/events")
        graph.simulator.release(fault)
        assert all(answer.result().status_code == 200 for answer in [*waiting, one_more])
        fault, waiting = held(graph, 4, pool)
        answers = graph.batch(*chain)
        assert (answers["0"]["status"], answers["0"]["headers"]["Retry-After"]) == (429, "1")
        assert answers["19"]["status"] == 424
        graph.simulator.release(fault)
        assert all(answer.result().status_code == 200 for answer in waiting)


def test_ten_thousand_requests_in_ten_minutes(graph: Graph) -> None:
    # Through the world itself: ten thousand calls over HTTP prove no more.
    simulator = graph.simulator
    world = simulator._server.simulation.world
    mailbox = world.mailboxes[ADA]
    for _ in range(9_999):
        assert world.count_request(mailbox) is None
    assert graph.call("GET", "/me/events").status_code == 200
    refusal = graph.call("GET", "/me/events")
    assert refused(refusal) == (429, "ApplicationThrottled")
    wait = int(refusal.headers["Retry-After"])
    assert 0 < wait <= 602
    simulator.clock(advance=wait)
    assert graph.call("GET", "/me/events").status_code == 200


def test_status_before_the_effect(graph: Graph) -> None:
    headers = {"Retry-After": "7"}
    graph.simulator.fault(operation="change", status=429, headers=headers, count=1)
    path = f"/me/events/{graph.id('hearing')}"
    answer = graph.call("PATCH", path, json={"subject": "X"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
    assert graph.kept("hearing")["subject"] == "Hearing"
    assert graph.call("PATCH", path, json={"subject": "X"}).status_code == 200


def test_status_after_the_effect(graph: Graph) -> None:
    graph.simulator.fault(operation="POST", status=504, when="after")
    body = {"subject": "X", "transactionId": "1", **times("2026-11-24T09:00:00", "2026-11-24T10:00:00")}
    assert graph.call("POST", "/me/events", json=body).status_code == 504
    graph.simulator.clear_faults()
    assert graph.call("POST", "/me/events", json=body).status_code == 201
    assert len(graph.values("/me/events", _filter="subject eq 'X'")) == 1


@pytest.mark.parametrize(("when", "subject"), [("before", "Hearing"), ("after", "X")])
def test_a_cut_connection(graph: Graph, when: str, subject: str) -> None:
    graph.simulator.fault(path="/events/", cut=True, when=when, count=1)
    with pytest.raises(requests.ConnectionError):
        graph.call("PATCH", f"/me/events/{graph.id('hearing')}", json={"subject": "X"})
    assert graph.kept("hearing")["subject"] == subject
    line = graph.simulator.journal()[-1]
    assert (line["operation"], line["status"]) == ("change", None)


def test_a_truncated_answer(graph: Graph) -> None:
    graph.simulator.fault(operation="change", truncate=20, count=1)
    path = f"/me/events/{graph.id('hearing')}"
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        graph.call("PATCH", path, json={"subject": "X"})
    assert graph.kept("hearing")["subject"] == "X"
    graph.simulator.fault(operation="get", truncate=20, count=1)
    answer = graph.call("GET", path, stream=True)
    assert int(answer.headers["Content-Length"]) > 20
    with pytest.raises(requests.RequestException):
        answer.json()
    answer.close()


def test_a_body_of_ones_own(graph: Graph) -> None:
    graph.simulator.fault(
        operation="list", body={"value": [], "@odata.nextLink": f"{graph.simulator.url}/v1.0/me/calendars"}, count=1
    )
    graph.simulator.fault(operation="calendar", status=502, body="<h1>Bad gateway</h1>")
    assert len(graph.values("/me/events")) == 1
    gateway = graph.call("GET", "/me/calendar")
    assert (gateway.status_code, gateway.text) == (502, "<h1>Bad gateway</h1>")


def test_nth_count_and_which_mailbox(graph: Graph) -> None:
    graph.simulator.mailbox(BOB)
    bob = Graph(graph.simulator, BOB)
    graph.simulator.fault(mailbox="countess@firm.example", operation="list", nth=2, count=2, status=503)
    assert [bob.call("GET", "/me/events").status_code for _ in range(3)] == [200] * 3
    assert [graph.call("GET", "/me/calendars").status_code for _ in range(3)] == [200] * 3
    assert [graph.call("GET", "/me/events").status_code for _ in range(5)] == [200, 503, 503, 200, 200]
    graph.simulator.clear_faults()
    graph.simulator.fault(nth=[1, 3], status=503)
    assert [graph.call("GET", "/me/events").status_code for _ in range(4)] == [503, 200, 503, 200]


def test_paths_as_text_and_as_expression(graph: Graph) -> None:
    graph.simulator.fault(path="$skip=2", status=500)
    graph.simulator.fault(path=r"^/v1\.0/me/calendars\?\$top=[12]$", status=502)
    page = graph.get("/me/events", _top="2")
    assert graph.call("GET", page["@odata.nextLink"]).status_code == 500
    assert graph.call("GET", "/me/calendars?$top=1").status_code == 502
    assert graph.call("GET", "/me/calendars?$top=3").status_code == 200


def test_one_item_of_a_batch(graph: Graph) -> None:
    items = [{"id": str(number), "method": "GET", "url": "/me/calendars"} for number in range(3)]
    graph.simulator.fault(batch_item="1", status=429, headers={"Retry-After": "3"})
    answers = graph.batch(*items)
    assert {name: answer["status"] for name, answer in answers.items()} == {"0": 200, "1": 429, "2": 200}
    assert answers["1"]["headers"]["Retry-After"] == "3"
    graph.simulator.clear_faults()
    graph.simulator.fault(batch_item=True, operation="calendars", status=503)
    assert {answer["status"] for answer in graph.batch(*items).values()} == {503}
    assert graph.call("GET", "/me/calendars").status_code == 200
    graph.simulator.clear_faults()
    graph.simulator.fault(batch_item="2", cut=True)
    with pytest.raises(requests.ConnectionError):
        graph.batch(*items)


def test_the_whole_batch(graph: Graph) -> None:
    graph.simulator.fault(operation="batch", status=503)
    answer = graph.call("POST", "/$batch", json={"requests": [{"id": "1", "method": "GET", "url": "/me"}]})
    assert answer.status_code == 503
    assert [line["operation"] for line in graph.simulator.journal()] == ["batch"]


@pytest.mark.parametrize(("when", "subject"), [("before", "Hearing"), ("after", "X")])
def test_held_until_released(graph: Graph, when: str, subject: str) -> None:
    path = f"/me/events/{graph.id('hearing')}"
    fault = graph.simulator.fault(operation="change", hold=True, when=when)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(graph.call, "PATCH", path, json={"subject": "X"})
        wait_until(lambda: graph.simulator.faults()[0]["holding"] == 1)
        assert graph.kept("hearing")["subject"] == subject
        assert not waiting.done()
        graph.simulator.release(fault)
        assert waiting.result(30).status_code == 200
    assert graph.kept("hearing")["subject"] == "X"


def test_a_delay_changes_nothing(graph: Graph) -> None:
    graph.simulator.fault(operation="list", delay=0.01)
    assert graph.call("GET", "/me/events").status_code == 200
    assert graph.simulator.faults()[0]["applied"] == 1


def test_latency_and_identity_are_under_faults_too(simulator: Simulator) -> None:
    simulator.fault(operation="token", status=503, body={"error": "temporarily_unavailable"})
    answer = requests.post(
        simulator.url + "/organizations/oauth2/v2.0/token", data={"code": "secret", "grant_type": "x"}, timeout=30
    )
    assert (answer.status_code, answer.json()) == (503, {"error": "temporarily_unavailable"})
    with Simulator.start(latency=1) as slow:
        slow.mailbox(ADA, calendars=[{"name": "C", "events": [meeting("e")]}])
        assert Graph(slow, ADA).call("GET", "/me/events", IMMUTABLE).status_code == 200


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"operation": "list"},
        {"status": 99},
        {"status": "503"},
        {"status": 503, "operation": "lst"},
        {"status": 503, "nth": 0},
        {"status": 503, "count": True},
        {"status": 503, "when": "never"},
        {"status": 503, "path": "^("},
        {"status": 503, "headers": []},
        {"delay": -1},
        {"cut": True, "nonsense": 1},
    ],
)
def test_rules_that_make_no_sense(simulator: Simulator, rule: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refusal:
        simulator.fault(**rule)
    assert refusal.value.status == 400
    assert simulator.faults() == []


def test_nobody_to_release(simulator: Simulator) -> None:
    with pytest.raises(Refused) as refusal:
        simulator.release("7")
    assert refusal.value.status == 404
