"""Changing and deleting a series or one of its occurrences."""

from __future__ import annotations

from typing import Any

from tests.simulator_tests.graph_steps import BOB, GUEST, WINDOW, Graph, create, mails, refused, times, weekly


def occurrence(graph: Graph, day: str) -> dict[str, Any]:
    found = graph.values(f"/me/events/{graph.id('series')}/instances", **WINDOW)
    return next(event for event in found if event["originalStart"].startswith(day))


def test_a_changed_occurrence_becomes_an_exception_with_the_same_id(graph: Graph) -> None:
    before = occurrence(graph, "2026-12-14")
    master = graph.get(f"/me/events/{graph.id('series')}")
    body = {"subject": "Once", **times("2026-12-14T15:00:00", "2026-12-14T16:00:00")}
    after = graph.call("PATCH", f"/me/events/{before['id']}", json=body).json()
    assert (after["id"], after["type"], after["originalStart"]) == (before["id"], "exception", before["originalStart"])
    assert after["start"]["dateTime"] == "2026-12-14T20:00:00.0000000"
    assert occurrence(graph, "2026-12-21")["subject"] == "Series"
    assert graph.get(f"/me/events/{master['id']}")["changeKey"] != master["changeKey"]


def test_a_deleted_occurrence_is_cancelled(graph: Graph) -> None:
    before = occurrence(graph, "2026-12-14")
    graph.call("DELETE", f"/me/events/{before['id']}")
    graph.call("DELETE", f"/me/events/{graph.id('moved')}")
    assert refused(graph.call("GET", f"/me/events/{before['id']}")) == (404, "ErrorItemNotFound")
    master = graph.get(
        f"/me/events/{graph.id('series')}", _select="cancelledOccurrences", _expand="exceptionOccurrences"
    )
    assert [text[-10:] for text in master["cancelledOccurrences"]] == ["2026-11-30", "2026-12-07", "2026-12-14"]
    assert master["exceptionOccurrences"] == []


def test_an_exception_cannot_cross_its_neighbour(graph: Graph) -> None:
    found = occurrence(graph, "2026-12-21")
    body = times("2026-12-14T12:00:00", "2026-12-14T13:00:00")
    crossing = graph.call("PATCH", f"/me/events/{found['id']}", json=body)
    assert refused(crossing) == (400, "ErrorOccurrenceCrossingBoundary")
    assert occurrence(graph, "2026-12-21")["type"] == "occurrence"


def test_a_new_pattern_drops_exceptions(graph: Graph) -> None:
    graph.call("PATCH", f"/me/events/{graph.id('series')}", json={"recurrence": weekly("2026-11-23", 3)})
    kept = graph.kept("series")
    assert (kept["exceptions"], kept["cancelled"]) == ([], [])
    found = graph.values(f"/me/events/{graph.id('series')}/instances", **WINDOW)
    assert [event["type"] for event in found] == ["occurrence"] * 3


def test_a_single_becomes_a_series_and_a_series_a_single(graph: Graph) -> None:
    path = f"/me/events/{graph.id('hearing')}"
    series = graph.call("PATCH", path, json={"recurrence": weekly("2026-11-23", 3)}).json()
    assert (series["type"], series["recurrence"]["range"]["recurrenceTimeZone"]) == (
        "seriesMaster",
        "Eastern Standard Time",
    )
    assert len(graph.values(f"{path}/instances", **WINDOW)) == 3
    single = graph.call("PATCH", path, json={"recurrence": None}).json()
    assert (single["id"], single["type"], single["recurrence"]) == (series["id"], "singleInstance", None)
    assert refused(graph.call("GET", f"{path}/instances", params=WINDOW)) == (400, "ErrorInvalidRequest")


def test_a_series_moved_in_time_keeps_its_pattern_and_drops_its_exceptions(graph: Graph) -> None:
    path = f"/me/events/{graph.id('series')}"
    body = times("2026-11-30T15:00:00", "2026-11-30T16:00:00")
    moved = graph.call("PATCH", path, json=body).json()
    assert moved["recurrence"]["range"]["startDate"] == "2026-11-30"
    found = graph.values(f"{path}/instances", **WINDOW)
    assert [event["type"] for event in found] == ["occurrence"] * 5
    assert found[0]["start"]["dateTime"] == "2026-11-30T20:00:00.0000000"


def test_what_an_exception_does_not_say_itself_it_has_from_its_series(graph: Graph) -> None:
    body = {"subject": "Review", "location": {"displayName": "Court 3"}, "showAs": "oof"}
    graph.call("PATCH", f"/me/events/{graph.id('series')}", json=body)
    moved = graph.get(f"/me/events/{graph.id('moved')}")
    assert (moved["subject"], moved["location"]["displayName"], moved["showAs"]) == ("Moved", "Court 3", "oof")
    assert moved["start"]["dateTime"] == "2026-12-01T16:00:00.0000000"
    assert occurrence(graph, "2026-12-14")["subject"] == "Review"


def test_an_occurrence_is_changed_with_its_own_key_and_has_no_pattern(graph: Graph) -> None:
    found = occurrence(graph, "2026-12-14")
    path = f"/me/events/{found['id']}"
    assert refused(graph.call("PATCH", path, json={"recurrence": weekly("2026-12-14")})) == (
        400,
        "ErrorPropertyValidationFailure",
    )
    etag = {"If-Match": found["@odata.etag"]}
    assert graph.call("PATCH", path, headers=etag, json={"subject": "Once"}).status_code == 200
    assert refused(graph.call("PATCH", path, headers=etag, json={"subject": "B"})) == (412, "ErrorIrresolvableConflict")
    assert refused(graph.call("DELETE", path, headers=etag)) == (412, "ErrorIrresolvableConflict")


def test_an_occurrence_goes_no_further_than_its_neighbours_stand(graph: Graph) -> None:
    """2026-11-30 stands on 1 December, 2026-12-07 is cancelled: 14 December may come forward to the 2nd."""
    path = f"/me/events/{occurrence(graph, '2026-12-14')['id']}"
    for day, status in ((1, 400), (21, 400), (20, 200), (2, 200)):
        body = times(f"2026-12-{day:02}T09:00:00", f"2026-12-{day:02}T10:00:00")
        assert graph.call("PATCH", path, json=body).status_code == status, day


def test_one_cancelled_occurrence_tells_attendees(graph: Graph) -> None:
    event = create(
        graph, recurrence=weekly("2026-11-24"), attendees=[GUEST], **times("2026-11-24T09:00:00", "2026-11-24T10:00:00")
    )
    second = graph.values(f"/me/events/{event['id']}/instances", **WINDOW)[1]
    graph.call("PATCH", f"/me/events/{second['id']}", json={"subject": "Once"})
    graph.call("DELETE", f"/me/events/{second['id']}")
    assert mails(graph) == [("invitation", [BOB]), ("update", [BOB]), ("cancellation", [BOB])]
    assert [mail["event"]["type"] for mail in graph.simulator.outbox()] == ["seriesMaster", "exception", "exception"]
