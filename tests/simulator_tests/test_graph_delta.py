"""What changed in a window: rounds, pages, marks."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.client import Refused, Simulator
from tests.simulator_tests.graph_steps import ADA, WINDOW, Graph, meeting, refused, times, weekly

DELTA = "/me/calendarView/delta"
SPARSE = {"@odata.type", "@odata.etag", "id", "seriesMasterId", "type", "start", "end"}
Lines = list[dict[str, Any]]


def play(graph: Graph, link: str, prefer: str | None = 'IdType="ImmutableId"', **query: str) -> tuple[Lines, str]:
    """All lines of a round, and the link to the next."""
    page = graph.get(link, prefer, **query)
    lines: Lines = list(page["value"])
    while "@odata.nextLink" in page:
        page = graph.get(page["@odata.nextLink"], prefer)
        lines += page["value"]
    return lines, page["@odata.deltaLink"]


def begin(graph: Graph, path: str = DELTA) -> tuple[Lines, str]:
    return play(graph, path, **WINDOW)


def removed(lines: Lines) -> list[str]:
    return [line["id"] for line in lines if line.get("@removed") == {"reason": "deleted"}]


def kinds(lines: Lines) -> list[str]:
    return [line.get("type", "@removed") for line in lines]


def test_a_full_round_brings_singles_masters_exceptions_and_sparse_occurrences(graph: Graph) -> None:
    lines, _ = begin(graph)
    series = [line for line in lines if graph.id("series") in (line["id"], line.get("seriesMasterId"))]
    assert kinds(series) == ["seriesMaster", "occurrence", "exception", "occurrence", "occurrence"]
    assert series[0]["recurrence"]["pattern"]["type"] == "weekly"
    assert all(set(line) == SPARSE for line in series if line["type"] == "occurrence")
    assert (series[2]["subject"], series[2]["originalStart"]) == ("Moved", "2026-11-30T14:00:00Z")
    assert {line["subject"] for line in lines if line["type"] == "singleInstance"} == {"Hearing", "Off"}
    seen = {(line["id"], line["start"]["dateTime"]) for line in lines if line["type"] != "seriesMaster"}
    assert seen == {(event["id"], event["start"]["dateTime"]) for event in graph.values("/me/calendarView", **WINDOW)}


def test_what_came_and_went_since_the_mailbox_was_empty_is_told(simulator: Simulator) -> None:
    simulator.mailbox(ADA)
    graph = Graph(simulator, ADA)
    _, link = begin(graph)
    fresh = simulator.edit(ADA, "fresh", "create", event=meeting("fresh", 26))
    simulator.edit(ADA, "fresh", "delete")
    assert removed(play(graph, link)[0]) == [fresh["immutableId"]]


def test_a_later_round_brings_only_what_changed(graph: Graph, simulator: Simulator) -> None:
    _, link = begin(graph)
    lines, link = play(graph, link)
    assert lines == []
    simulator.edit(ADA, "hearing", "change", subject="Trial")
    simulator.edit(ADA, "fresh", "create", event=meeting("fresh", 26))
    lines, link = play(graph, link)
    assert [line["subject"] for line in lines] == ["Trial", "Fresh"]
    off = graph.id("off")
    simulator.edit(ADA, "off", "delete")
    lines, link = play(graph, link)
    assert (removed(lines), len(lines)) == ([off], 1)
    simulator.edit(ADA, "off", "restore")
    lines, link = play(graph, link)
    assert [(line["id"], line.get("subject")) for line in lines] == [(off, "Off")]
    assert play(graph, link)[0] == []


def test_a_changed_series_comes_whole_and_a_cancelled_occurrence_is_just_not_there(
    graph: Graph, simulator: Simulator
) -> None:
    _, link = begin(graph)
    simulator.edit(ADA, "series", "delete", occurrence="2026-12-14")
    lines, link = play(graph, link)
    assert kinds(lines) == ["seriesMaster", "occurrence", "exception", "occurrence"]
    simulator.edit(ADA, "series", "change", occurrence="2026-12-21", subject="Once")
    lines, link = play(graph, link)
    assert kinds(lines) == ["seriesMaster", "occurrence", "exception", "exception"]
    simulator.edit(ADA, "series", "delete")
    assert kinds(play(graph, link)[0]) == ["@removed"]


def test_told_if_asked_for_a_cancelled_occurrence_and_one_moved_out_have_lines(
    graph: Graph, simulator: Simulator
) -> None:
    simulator.delta(ADA, silent=False)
    before, link = begin(graph)
    assert removed(before) == []
    ids = {line["start"]["dateTime"][:10]: line["id"] for line in before if line["type"] == "occurrence"}
    simulator.edit(ADA, "series", "delete", occurrence="2026-12-14")
    simulator.edit(
        ADA, "series", "change", occurrence="2026-12-21", **times("2027-03-01T09:00:00", "2027-03-01T10:00:00")
    )
    gone = removed(play(graph, link)[0])
    assert {ids["2026-12-14"], ids["2026-12-21"]} < set(gone)
    assert len(gone) == 3  # and the one cancelled before


@pytest.mark.parametrize("outside", [True, False])
def test_what_happens_outside_the_window_looks_deleted(graph: Graph, simulator: Simulator, outside: bool) -> None:
    simulator.delta(ADA, outside=outside)
    far = times("2028-01-10T09:00:00", "2028-01-10T10:00:00")
    simulator.edit(ADA, "far", "create", event={"subject": "Far", **far})
    lines, link = begin(graph)
    assert graph.id("far") not in [line["id"] for line in lines]
    simulator.edit(ADA, "later", "create", event={"subject": "Later", **far})
    simulator.edit(ADA, "off", "change", isAllDay=False, **far)
    lines, link = play(graph, link)
    told = [graph.id("later")] if outside else []
    assert removed(lines) == [*told, graph.id("off")]
    assert graph.get(f"/me/events/{graph.id('off')}")["subject"] == "Off"
    simulator.edit(ADA, "series", "change", recurrence=weekly("2028-01-10"), **far)
    assert removed(play(graph, link)[0]) == [graph.id("series")]


def test_calendars_are_followed_one_by_one(graph: Graph, simulator: Simulator) -> None:
    simulator.mailbox(ADA, calendars=[{"name": "A", "events": [meeting("e")]}, {"name": "B"}])
    paths = [f"/me/calendars/{one['id']}/calendarView/delta" for one in graph.values("/me/calendars")]
    (_, link_a), (_, link_b) = (begin(graph, path) for path in paths)
    simulator.edit(ADA, "e", "move", calendar="B")
    (gone, link_a), (come, link_b) = play(graph, link_a), play(graph, link_b)
    assert removed(gone) == [graph.id("e")] == [line["id"] for line in come]
    simulator.edit(ADA, "e", "move", calendar="A")
    (come, _), (gone, _) = play(graph, link_a), play(graph, link_b)
    assert removed(gone) == [graph.id("e")] == [line["id"] for line in come if "subject" in line]


def test_pages_are_small_if_wished_and_never_split_a_series(graph: Graph, simulator: Simulator) -> None:
    for number in range(12):
        simulator.edit(ADA, f"n{number}", "create", event=meeting(f"n{number}"))
    prefer = 'IdType="ImmutableId", odata.maxpagesize=2'
    answer = graph.call("GET", DELTA, prefer, params=WINDOW)
    assert answer.headers["Preference-Applied"].endswith("odata.track-changes")
    page, sizes = answer.json(), []
    assert page["value"] == []
    while "@odata.nextLink" in page:
        page = graph.get(page["@odata.nextLink"], prefer)
        sizes.append(len(page["value"]))
    assert sizes == [1, 5, *[2] * 6, 1]
    assert [line["subject"] for line in play(graph, page["@odata.deltaLink"])[0]] == []
    simulator.delta(ADA, empty="never")
    assert len(graph.get(DELTA, **WINDOW)["value"]) == 10


def test_what_changes_in_the_middle_of_a_round_comes_in_the_next(graph: Graph, simulator: Simulator) -> None:
    prefer = 'IdType="ImmutableId", odata.maxpagesize=1'
    page = graph.get(graph.get(DELTA, prefer, **WINDOW)["@odata.nextLink"], prefer)
    simulator.edit(ADA, "off", "change", subject="Away")
    simulator.edit(ADA, "hearing", "delete")
    lines, link = play(graph, page["@odata.nextLink"], prefer)
    assert "Away" not in [line.get("subject") for line in lines]
    assert [line.get("subject") for line in play(graph, link)[0]] == ["Away", None]


def test_a_round_can_be_repeated_from_either_link(graph: Graph, simulator: Simulator) -> None:
    _, link = begin(graph)
    simulator.edit(ADA, "hearing", "change", subject="Trial")
    assert play(graph, link)[0] == play(graph, link)[0] != []


def test_links_do_for_either_format_of_ids(graph: Graph, simulator: Simulator) -> None:
    _, link = begin(graph)
    rest, immutable = graph.id("hearing", "restId"), graph.id("hearing")
    simulator.edit(ADA, "hearing", "delete")
    assert removed(play(graph, link, None)[0]) == [rest]
    assert removed(play(graph, link)[0]) == [immutable]


def test_restored_it_has_another_rest_id_and_the_old_one_is_gone(graph: Graph, simulator: Simulator) -> None:
    _, link = begin(graph)
    old = graph.id("hearing", "restId")
    simulator.edit(ADA, "hearing", "delete")
    simulator.edit(ADA, "hearing", "restore")
    lines, _ = play(graph, link, None)
    assert [line["id"] for line in lines] == [old, graph.id("hearing", "restId")]
    assert [line.get("subject") for line in play(graph, link)[0]] == ["Hearing"]


def test_times_and_bodies_come_as_preferred(graph: Graph, simulator: Simulator) -> None:
    simulator.delta(ADA, empty="never")
    page = graph.get(DELTA, 'outlook.timezone="Eastern Standard Time", outlook.body-content-type="text"', **WINDOW)
    hearing = page["value"][0]
    assert hearing["start"] == {"dateTime": "2026-11-23T09:00:00.0000000", "timeZone": "Eastern Standard Time"}
    assert hearing["body"]["contentType"] == "text"


# Traps


def test_every_line_twice(graph: Graph, simulator: Simulator) -> None:
    once, _ = begin(graph)
    simulator.delta(ADA, double=True)
    assert play(graph, DELTA, 'IdType="ImmutableId", odata.maxpagesize=1', **WINDOW)[0] == once + once


def test_a_round_that_repeats_the_one_before(graph: Graph, simulator: Simulator) -> None:
    _, link = begin(graph)
    simulator.edit(ADA, "hearing", "change", subject="Trial")
    _, link = play(graph, link)
    simulator.edit(ADA, "off", "delete")
    simulator.delta(ADA, replay=1)
    lines, link = play(graph, link)
    assert [line.get("subject") for line in lines] == ["Trial", None]
    assert play(graph, link)[0] == []


def test_a_first_round_that_is_repeated_tells_what_has_gone_since(graph: Graph, simulator: Simulator) -> None:
    first, link = begin(graph)
    simulator.edit(ADA, "off", "delete")
    simulator.delta(ADA, replay=1)
    lines, link = play(graph, link)
    assert len([line for line in lines if "@removed" in line]) == 1
    assert {line["id"] for line in lines} == {line["id"] for line in first}
    assert play(graph, link)[0] == []


def test_empty_pages_wherever_a_round_begins(graph: Graph, simulator: Simulator) -> None:
    simulator.delta(ADA, empty="always")
    _, link = begin(graph)
    page = graph.get(link)
    assert page["value"] == [] and "@odata.nextLink" in page
    assert graph.get(page["@odata.nextLink"])["value"] == []


def test_lost_states(graph: Graph, simulator: Simulator) -> None:
    _, link = begin(graph)
    next_link = graph.get(DELTA, **WINDOW)["@odata.nextLink"]
    simulator.delta(ADA, lose="SyncStateNotFound")
    for lost in (link, next_link):
        assert refused(graph.call("GET", lost)) == (410, "SyncStateNotFound")
    _, link = begin(graph)
    simulator.delta(ADA, lose="resyncRequired")
    answer = graph.call("GET", link)
    assert refused(answer) == (410, "resyncRequired")
    assert len(play(graph, answer.headers["Location"])[0]) == 7


def test_states_grow_old(graph: Graph, simulator: Simulator) -> None:
    simulator.delta(ADA, life=1000)
    _, link = begin(graph)
    simulator.clock(900)
    _, link = play(graph, link)
    simulator.clock(900)
    play(graph, link)
    simulator.clock(150)
    assert refused(graph.call("GET", link)) == (410, "SyncStateNotFound")


def test_no_state_outlives_its_mailbox(graph: Graph, simulator: Simulator) -> None:
    _, link = begin(graph)
    simulator.mailbox(ADA, calendars=[{"name": "Calendar", "default": True}])
    assert refused(graph.call("GET", link)) == (410, "SyncStateNotFound")


@pytest.mark.parametrize(
    "trap", [{"empty": "often"}, {"replay": 1.5}, {"outside": 1}, {"life": -1}, {"lose": "all"}, {"x": 1}]
)
def test_traps_that_are_none(graph: Graph, simulator: Simulator, trap: dict[str, Any]) -> None:
    with pytest.raises(Refused) as caught:
        simulator.delta(ADA, **trap)
    assert caught.value.status == 400


# Refusals


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({}, "ErrorInvalidParameter"),
        (WINDOW | {"$select": "subject"}, "ErrorInvalidUrlQuery"),
        (WINDOW | {"$filter": "isAllDay eq true"}, "ErrorInvalidUrlQuery"),
        (WINDOW | {"$orderby": "subject"}, "ErrorInvalidUrlQuery"),
        (WINDOW | {"$expand": "extensions"}, "ErrorInvalidUrlQuery"),
        (WINDOW | {"$search": "x"}, "ErrorInvalidUrlQuery"),
        (WINDOW | {"$top": "5"}, "ErrorInvalidUrlQuery"),
        (WINDOW | {"colour": "red"}, "BadRequest"),
        (WINDOW | {"endDateTime": "2026-01-01T00:00:00Z"}, "ErrorPropertyValidationFailure"),
        (WINDOW | {"endDateTime": "2032-01-01T00:00:00Z"}, "ErrorInvalidRequest"),
        (WINDOW | {"endDateTime": "soon"}, "ErrorInvalidParameter"),
    ],
)
def test_what_delta_does_not_take(graph: Graph, query: dict[str, str], code: str) -> None:
    assert refused(graph.call("GET", DELTA, params=query)) == (400, code)


def test_names_of_the_window_in_any_case(graph: Graph) -> None:
    lower = {name.lower(): value for name, value in WINDOW.items()}
    assert len(play(graph, DELTA, **lower)[0]) == 7


def test_tokens_that_are_none(graph: Graph, simulator: Simulator) -> None:
    _, link = begin(graph)
    token = link.partition("$deltatoken=")[2]
    for query in ({"$deltatoken": "latest"}, {"$deltatoken": token[:-1]}, {"$skiptoken": token}):
        assert refused(graph.call("GET", DELTA, params=query)) == (410, "SyncStateInvalid")
    simulator.mailbox("bob@firm.example")
    bob = Graph(simulator, "bob@firm.example")
    assert refused(bob.call("GET", DELTA, params={"$deltatoken": token})) == (410, "SyncStateInvalid")
    answer = graph.call("GET", DELTA, params={"$deltatoken": token, "$skiptoken": token})
    assert refused(answer) == (400, "BadRequest")
