"""``/_sim/``, the command and the journal."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.simulator.client import Control, Refused, Simulator
from tests.simulator_tests.graph_steps import ADA, WINDOW, Graph, firm_calendar, meeting, refused, times

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "tests.simulator", "--port"]


def ids_of(simulator: Simulator, seed: int) -> tuple[Any, ...]:
    simulator.reset(seed=seed, now="2026-11-22T08:00:00Z")
    simulator.mailbox(ADA, calendars=[firm_calendar()])
    account = simulator.get_mailbox(ADA)
    (calendar,) = account["calendars"]
    events = [(e["ewsId"], e["immutableId"], e["iCalUId"]) for e in calendar["events"]]
    return account["oid"], account["tid"], calendar["id"], events, simulator.token(ADA)["access_token"]


def test_the_same_seed_gives_the_same_ids(simulator: Simulator) -> None:
    first = ids_of(simulator, 1)
    assert ids_of(simulator, 1) == first
    other = ids_of(simulator, 2)
    assert all(one != another for one, another in zip(first, other, strict=True))


def test_reset_forgets_everything(graph: Graph) -> None:
    graph.simulator.fault(status=500)
    graph.call("GET", "/me")
    graph.simulator.reset()
    assert (graph.simulator.journal(), graph.simulator.outbox(), graph.simulator.faults()) == ([], [], [])
    assert refused(graph.call("GET", "/me"))[0] == 401
    with pytest.raises(Refused) as refusal:
        graph.simulator.get_mailbox(ADA)
    assert refusal.value.status == 404


def test_the_clock_starts_where_it_is_told_and_advances(simulator: Simulator) -> None:
    assert simulator.reset(now="2030-01-01T00:00:00Z")[:16] == "2030-01-01T00:00"
    assert simulator.clock(advance=86_400)[:10] == "2030-01-02"
    assert simulator.clock()[:10] == "2030-01-02"


def test_a_mailbox_with_all_its_ids(graph: Graph) -> None:
    account = graph.simulator.get_mailbox("COUNTESS@firm.example")
    assert (account["address"], account["kind"], account["provider"]) == (ADA, "work", "outlook")
    (calendar,) = account["calendars"]
    assert [event["ref"] for event in calendar["events"]] == ["hearing", "series", "off"]
    series = calendar["events"][1]
    assert (series["type"], series["cancelled"]) == ("seriesMaster", ["2026-12-07"])
    (moved,) = series["exceptions"]
    assert (moved["ref"], moved["originalStart"]) == ("moved", "2026-11-30T14:00:00Z")
    every = [*calendar["events"], moved]
    assert len({event[form] for event in every for form in ("ewsId", "restId", "immutableId")}) == 12


def test_what_was_given_is_kept(simulator: Simulator) -> None:
    given = meeting("e", iCalUId="own", changeKey="k", lastModifiedDateTime="2026-01-02T03:04:05Z", ewsId="AAMk/+==")
    simulator.mailbox(ADA, calendars=[{"name": "C", "events": [given]}])
    ada = Graph(simulator, ADA)
    kept = ada.kept("e")
    assert {key: kept[key] for key in given} == given
    assert ada.get("/me/events/AAMk-_==", None)["changeKey"] == "k"


@pytest.mark.parametrize(
    ("operation", "ends_as"),
    [("delete", []), ("change", ["New"]), ("restore", ["Hearing"])],
)
def test_edits(simulator: Simulator, operation: str, ends_as: list[str]) -> None:
    simulator.mailbox(ADA, calendars=[{"name": "C", "events": [meeting("hearing")]}])
    before = Graph(simulator, ADA).kept("hearing")
    if operation == "restore":
        simulator.edit(ADA, "hearing", "delete")
        assert [event["ref"] for event in simulator.get_mailbox(ADA)["deleted"]] == ["hearing"]
    simulator.edit(ADA, "hearing", operation, **({"event": {"subject": "New"}} if operation == "change" else {}))
    ada = Graph(simulator, ADA)
    found = ada.values("/me/events")
    assert [event["subject"] for event in found] == ends_as
    assert all(event["id"] == before["immutableId"] and event["changeKey"] != before["changeKey"] for event in found)


def test_edits_of_one_occurrence(graph: Graph) -> None:
    graph.simulator.edit(ADA, "series", "change", occurrence="2026-12-14", subject="Once")
    graph.simulator.edit(ADA, "series", "delete", occurrence="2026-12-21")
    graph.simulator.edit(ADA, "moved", "change", subject="Moved again")
    kept = graph.kept("series")
    assert [event["subject"] for event in kept["exceptions"]] == ["Moved again", "Once"]
    assert kept["cancelled"] == ["2026-12-07", "2026-12-21"]


def test_edits_by_any_id(graph: Graph) -> None:
    series = graph.kept("series")
    instances = graph.values(f"/me/events/{series['immutableId']}/instances", **WINDOW)
    by_start = {one["originalStart"][:10]: one["id"] for one in instances}
    simulator = graph.simulator
    simulator.edit(ADA, None, "change", id=series["ewsId"], subject="Review")
    simulator.edit(ADA, None, "change", id=by_start["2026-12-14"], subject="Once")
    simulator.edit(ADA, None, "delete", id=by_start["2026-12-21"])
    kept = graph.kept("series")
    assert (kept["subject"], [event["subject"] for event in kept["exceptions"]]) == ("Review", ["Moved", "Once"])
    assert kept["cancelled"] == ["2026-12-07", "2026-12-21"]
    simulator.edit(ADA, None, "delete", id=series["restId"])
    assert simulator.edit(ADA, None, "restore", id=series["immutableId"])["exceptions"]
    assert graph.get(f"/me/events/{by_start['2026-12-14']}")["subject"] == "Once"
    made = simulator.edit(ADA, None, "create", event=meeting("x") | {"ref": None})
    assert (made["ref"], graph.get(f"/me/events/{made['immutableId']}")["subject"]) == (None, "X")
    with pytest.raises(Refused) as refusal:
        simulator.edit(ADA, None, "delete", id="nothing")
    assert refusal.value.status == 404


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"ref": "hearing", "op": "change", **times("2026-11-23T09:00:00", "2026-11-23T08:00:00")}, "before the start"),
        ({"ref": "hearing", "op": "explode"}, "op must be"),
        ({"ref": "hearing", "op": "restore"}, "is not deleted"),
        ({"ref": "hearing", "op": "change", "nonsense": 1}, "unknown nonsense"),
        ({"ref": "hearing", "op": "move", "calendar": "Nowhere"}, "0 calendars"),
        ({"ref": "hearing", "op": "change", "start": {"dateTime": "x", "timeZone": "UTC"}}, "not a date"),
        ({"ref": "hearing", "op": "delete", "occurrence": "2026-12-14"}, "only a series"),
        ({"ref": "series", "op": "delete", "occurrence": "2026-12-15"}, "no occurrence"),
        ({"ref": "new", "op": "create", "event": {"subject": "x"}}, "start"),
        ({"ref": "hearing", "op": "create", "event": meeting("x") | {"ref": "x"}}, "ref"),
        (
            {"ref": "new", "op": "create", "event": meeting("new"), "exceptions": [{"originalStart": "x"}]},
            "only a series",
        ),
    ],
)
def test_impossible_edits_change_nothing(graph: Graph, fields: dict[str, Any], reason: str) -> None:
    fields.get("event", {}).pop("ref", None)
    before = graph.simulator.get_mailbox(ADA)
    with pytest.raises(Refused, match=reason) as refusal:
        graph.simulator.edit(ADA, **fields)
    assert refusal.value.status == 400
    assert graph.simulator.get_mailbox(ADA) == before


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"nonsense": 1}, "unknown nonsense"),
        ({"kind": "robot"}, "kind must be"),
        ({"provider": "yahoo"}, "provider must be"),
        ({"timeZone": "Mars"}, "unknown time zone"),
        ({"aliases": "x"}, "aliases"),
        ({"calendars": [{"name": "A", "default": True}, {"name": "B", "default": True}]}, "two calendars"),
        ({"calendars": [{"name": "A", "events": [{"ref": "e"}]}]}, "start"),
        ({"calendars": [{"name": "A", "events": [meeting("e"), meeting("e")]}]}, "ref"),
        ({"calendars": [{"name": "A", "events": [meeting("e", ewsId="x"), meeting("f", ewsId="x")]}]}, "ewsId"),
        ({"calendars": [{"name": "A", "events": [meeting("e", translates="maybe")]}]}, "translates"),
        ({"calendars": [{"name": "A", "events": [meeting("e", isAllDay=True)]}]}, "midnight"),
        (
            {
                "calendars": [
                    {"name": "A", "events": [meeting("e", **times("2026-11-23T09:00:00", "2026-11-22T09:00:00"))]}
                ]
            },
            "end",
        ),
        ({"calendars": [{"name": "A", "events": [meeting("e", **times("2026-11-23T09:00:00", "x", "Mars"))]}]}, "zone"),
        ({"calendars": [{"name": "A", "events": [meeting("e", recurrence={"pattern": {}})]}]}, "recurrence"),
        ({"calendars": [{"name": "A", "events": [meeting("e", cancelled=["2026-11-23"])]}]}, "only a series"),
    ],
)
def test_impossible_mailboxes_are_not_made(simulator: Simulator, fields: dict[str, Any], reason: str) -> None:
    with pytest.raises(Refused, match=reason) as refusal:
        simulator.mailbox(ADA, **fields)
    assert refusal.value.status == 400
    with pytest.raises(Refused):
        simulator.get_mailbox(ADA)


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "clock", {"advance": -1}, 400),
        ("POST", "clock", {}, 400),
        ("POST", "reset", {"now": "soon"}, 400),
        ("POST", "tenants", {"tid": "t", "consent": "never"}, 400),
        ("POST", "tokens", {"address": "nobody@firm.example"}, 404),
        ("POST", "tokens", {}, 400),
        ("GET", "journal?since=x", None, 400),
        ("POST", "mailboxes", [], 400),
        ("GET", "nothing", None, 404),
        ("DELETE", "outbox", None, 405),
    ],
)
def test_wrong_calls_get_a_reason(simulator: Simulator, method: str, path: str, body: Any, status: int) -> None:
    with pytest.raises(Refused) as refusal:
        simulator.call(method, path, body)
    assert refusal.value.status == status
    assert refusal.value.reason


def test_a_body_that_is_no_json(simulator: Simulator) -> None:
    answer = requests.post(simulator.url + "/_sim/mailboxes", data="{", timeout=30)
    assert (answer.status_code, "no JSON" in answer.json()["error"]) == (400, True)


def test_the_journal_says_what_happened_without_secrets(graph: Graph) -> None:
    graph.get("/me/events", _top="5")
    form = {
        "grant_type": "refresh_token",
        "refresh_token": "very-secret",
        "client_secret": "very-secret",
        "client_id": "c",
    }
    requests.post(graph.simulator.url + "/organizations/oauth2/v2.0/token", data=form, timeout=30)
    first, second = graph.simulator.journal()
    expected = {
        "seq": 1, "mailbox": ADA, "method": "GET", "path": "/v1.0/me/events", "query": {"$top": "5"}, "body": None,
        "status": 200, "in_flight": 1, "parent": None, "operation": "list",
    }  # fmt: skip
    assert {key: first[key] for key in expected} == expected
    assert first["start"] <= first["end"]
    assert second["body"] == {
        "grant_type": "refresh_token",
        "refresh_token": "***",
        "client_secret": "***",
        "client_id": "c",
    }
    raw = requests.get(graph.simulator.url + "/_sim/journal", timeout=30).text
    assert "very-secret" not in raw
    assert graph.token not in raw
    assert [line["seq"] for line in graph.simulator.journal(since=1)] == [2]


def test_google_accounts_are_strangers_to_graph(simulator: Simulator) -> None:
    simulator.mailbox("gus@gmail.example", provider="google")
    assert refused(Graph(simulator, "gus@gmail.example").call("GET", "/me"))[0] == 401
    assert requests.get(simulator.url + "/calendar/v3/users/me/calendarList", timeout=30).status_code == 401
    assert requests.get(simulator.url + "/nowhere/at/all/here", timeout=30).status_code == 404


def test_the_command_serves_on_a_free_port() -> None:
    process = subprocess.Popen([*COMMAND, "0", "--page-cap", "2"], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process:
        url = process.stdout.readline().removeprefix("Simulator at ").strip()
        control = Control(url)
        assert control.reset(now="2030-01-01T00:00:00Z").startswith("2030")
        control.close()
        process.terminate()
    assert process.returncode == 0


def test_a_port_in_use_gets_a_sentence() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        command = [*COMMAND, str(port)]
        process = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert process.returncode == 2
    assert process.stderr == f"Port {port} on 127.0.0.1 is already in use; choose another with --port.\n"


def test_the_simulator_needs_neither_django_nor_the_product() -> None:
    code = (
        "import sys, tests.simulator.__main__, tests.simulator.client\n"
        "print(sorted({'django', 'caret_sync', 'firms', 'calendars', 'migration'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", code]
    process = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    assert process.stdout.strip() == "[]"
