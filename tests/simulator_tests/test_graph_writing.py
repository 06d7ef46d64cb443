"""Creating, changing and deleting, and the mails it causes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.simulator_tests.graph_steps import (
    ADA,
    BOB,
    GUEST,
    WINDOW,
    Graph,
    create,
    draft,
    mails,
    meeting,
    refused,
    times,
    weekly,
)

MARK = "String {66f5a359-4659-4830-9070-00047ec6ac6e} Name LocalEventId"

ENDED = {
    "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"]},
    "range": {"type": "endDate", "startDate": "2026-11-24", "endDate": "2026-11-25"},
}


def test_a_created_event_is_there_and_mails_nobody(graph: Graph) -> None:
    event = create(graph, recurrence=weekly("2026-11-30"), **times("2026-11-30T09:00:00", "2026-11-30T10:00:00"))
    assert graph.get(f"/me/events/{event['id']}")["subject"] == "New"
    assert event["type"] == "seriesMaster"
    assert event["recurrence"]["range"]["recurrenceTimeZone"] == "Eastern Standard Time"
    assert len(graph.values(f"/me/events/{event['id']}/instances", **WINDOW)) == 5
    assert mails(graph) == []


def test_a_change_bumps_key_and_time(graph: Graph) -> None:
    before = graph.get(f"/me/events/{graph.id('hearing')}")
    answer = graph.call("PATCH", f"/me/events/{before['id']}", json={"subject": "Trial"})
    after = answer.json()
    assert answer.status_code == 200
    assert after["subject"] == "Trial"
    assert after["changeKey"] != before["changeKey"]
    assert after["@odata.etag"] == f'W/"{after["changeKey"]}"' == answer.headers["ETag"]
    assert after["lastModifiedDateTime"] > before["lastModifiedDateTime"]
    assert {key: after[key] for key in ("id", "iCalUId", "createdDateTime", "start")} == {
        key: before[key] for key in ("id", "iCalUId", "createdDateTime", "start")
    }


def test_if_match(graph: Graph) -> None:
    event = graph.get(f"/me/events/{graph.id('hearing')}")
    path, etag = f"/me/events/{event['id']}", {"If-Match": event["@odata.etag"]}
    assert graph.call("PATCH", path, headers=etag, json={"subject": "A"}).status_code == 200
    late = graph.call("PATCH", path, headers=etag, json={"subject": "B"})
    assert refused(late) == (412, "ErrorIrresolvableConflict")
    assert refused(graph.call("DELETE", path, headers=etag)) == (412, "ErrorIrresolvableConflict")
    assert graph.get(path)["subject"] == "A"


def test_a_repeated_transaction_adds_nothing(graph: Graph) -> None:
    first = create(graph, transactionId="one", attendees=[GUEST])
    again = create(graph, transactionId="one", attendees=[GUEST])
    assert again["id"] == first["id"]
    assert len(graph.values("/me/events", _filter="subject eq 'New'")) == 1
    assert mails(graph) == [("invitation", [BOB])]
    change = graph.call("PATCH", f"/me/events/{first['id']}", json={"transactionId": "two"})
    assert refused(change) == (400, "ErrorPropertyValidationFailure")


def test_a_transaction_stands_for_what_it_made_first(graph: Graph) -> None:
    first = create(graph, transactionId="one")
    other = graph.call("POST", "/me/events", json=draft(transactionId="one", subject="Other"))
    assert refused(other) == (400, "ErrorDuplicateTransactionId")
    graph.call("PATCH", f"/me/events/{first['id']}", json={"subject": "Changed"})
    assert create(graph, transactionId="one")["subject"] == "Changed"
    graph.call("DELETE", f"/me/events/{first['id']}")
    assert create(graph, transactionId="one")["id"] == first["id"]
    assert graph.values("/me/events", _filter="subject eq 'New' or subject eq 'Changed'") == []


def test_after_hours_a_transaction_is_forgotten(graph: Graph) -> None:
    first = create(graph, transactionId="one")
    graph.simulator.clock(4 * 3600)
    graph = Graph(graph.simulator, ADA)
    second = create(graph, transactionId="one")
    assert second["id"] != first["id"]
    assert len(graph.values("/me/events", _filter="subject eq 'New'")) == 2


def test_of_the_same_creations_at_once_one_makes_the_event(graph: Graph) -> None:
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: create(graph, transactionId="one")["id"], range(4)))
    assert len(set(made)) == 1
    assert len(graph.values("/me/events", _filter="subject eq 'New'")) == 1


def test_attendees_get_mail(graph: Graph) -> None:
    event = create(graph, attendees=[GUEST])
    path = f"/me/events/{event['id']}"
    assert event["attendees"][0]["status"]["response"] == "none"
    graph.call("PATCH", path, json={"categories": ["Red"]})
    graph.call("PATCH", path, json={"subject": "Later"})
    carol = {"emailAddress": {"address": "carol@firm.example"}}
    graph.call("PATCH", path, json={"attendees": [GUEST, carol]})
    assert graph.call("DELETE", path).status_code == 204
    assert mails(graph) == [
        ("invitation", [BOB]),
        ("update", [BOB]),
        ("update", ["carol@firm.example"]),
        ("cancellation", [BOB, "carol@firm.example"]),
    ]


def test_an_owner_in_outlook_mails_nobody(graph: Graph) -> None:
    graph.simulator.edit(ADA, "hearing", "change", attendees=[GUEST], subject="X")
    graph.simulator.edit(ADA, "hearing", "delete")
    assert mails(graph) == []


def test_a_deleted_event_is_gone(graph: Graph) -> None:
    path = f"/me/events/{graph.id('hearing')}"
    assert graph.call("DELETE", path).status_code == 204
    assert refused(graph.call("GET", path)) == (404, "ErrorItemNotFound")
    assert refused(graph.call("DELETE", path)) == (404, "ErrorItemNotFound")
    assert "Hearing" not in [event["subject"] for event in graph.values("/me/events")]


def test_extended_properties(graph: Graph) -> None:
    marked = create(graph, singleValueExtendedProperties=[{"id": MARK, "value": "Abc"}])
    assert "singleValueExtendedProperties" not in graph.get(f"/me/events/{marked['id']}")
    expand = f"singleValueExtendedProperties($filter=id eq '{MARK}')"
    read = graph.get(f"/me/events/{marked['id']}", _expand=expand)
    assert read["singleValueExtendedProperties"] == [{"id": MARK, "value": "Abc"}]
    for value, count in (("aBC", 1), ("other", 0)):
        wanted = f"singleValueExtendedProperties/Any(ep: ep/id eq '{MARK}' and ep/value eq '{value}')"
        assert len(graph.values("/me/events", _filter=wanted)) == count
    renamed = f"singleValueExtendedProperties/any(ep: ep/id eq '{MARK.lower()}' and ep/value eq 'Abc')"
    assert graph.values("/me/events", _filter=renamed) == []


def test_organizers_cancel_and_attendees_answer(graph: Graph) -> None:
    organizer = {"emailAddress": {"name": "Bob", "address": BOB}}
    graph.simulator.edit(ADA, "invited", "create", event={**draft(), "organizer": organizer})
    invited, own = f"/me/events/{graph.id('invited')}", f"/me/events/{create(graph, attendees=[GUEST])['id']}"
    assert graph.get(invited)["isOrganizer"] is False
    assert refused(graph.call("POST", f"{invited}/cancel", json={})) == (400, "ErrorInvalidRequest")
    assert refused(graph.call("POST", f"{own}/accept", json={})) == (400, "ErrorInvalidRequest")
    assert graph.call("POST", f"{invited}/accept", json={"sendResponse": False}).status_code == 202
    assert graph.get(invited)["responseStatus"]["response"] == "accepted"
    assert graph.call("POST", f"{own}/cancel", json={"comment": "Off"}).status_code == 202
    assert graph.call("POST", f"{invited}/decline", json={"comment": "No"}).status_code == 202
    for path in (invited, own):
        assert refused(graph.call("GET", path)) == (404, "ErrorItemNotFound")
    assert mails(graph) == [("invitation", [BOB]), ("cancellation", [BOB]), ("declined", [BOB])]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (draft(nothing=1), "RequestBroker--ParseUri"),
        ({"subject": "No times"}, "ErrorPropertyValidationFailure"),
        (draft(**times("2026-11-24T10:00:00", "2026-11-24T09:00:00")), "ErrorPropertyValidationFailure"),
        (draft(**times("2026-11-24T09:00:00", "2026-11-24T10:00:00", "Mars")), "TimeZoneNotSupportedException"),
        (draft(**times("tomorrow", "2026-11-24T10:00:00")), "BadRequest"),
        (draft(isAllDay=True), "ErrorPropertyValidationFailure"),
        (draft(isAllDay=True, **times("2026-11-24T00:00:00", "2026-11-24T00:00:00")), "ErrorPropertyValidationFailure"),
        (draft(showAs="asleep"), "BadRequest"),
        (draft(isAllDay="yes"), "BadRequest"),
        (draft(recurrence={"pattern": {"type": "hourly"}, "range": {}}), "ErrorPropertyValidationFailure"),
        (draft(recurrence=weekly("2026-11-30")), "ErrorPropertyValidationFailure"),
        (draft(recurrence=ENDED), "ErrorRecurrenceHasNoOccurrence"),
        (draft(reminderMinutesBeforeStart="5"), "BadRequest"),
        (draft(body={"contentType": "rtf", "content": "x"}), "BadRequest"),
        (draft(attendees=[GUEST] * 501), "ErrorPropertyValidationFailure"),
        ([], "BadRequest"),
    ],
)
def test_wrong_bodies(graph: Graph, body: Any, code: str) -> None:
    before = graph.simulator.get_mailbox(ADA)
    assert refused(graph.call("POST", "/me/events", json=body)) == (400, code)
    assert graph.simulator.get_mailbox(ADA) == before


def test_a_body_that_is_no_json_and_a_method_that_is_none(graph: Graph) -> None:
    kind = {"Content-Type": "application/json"}
    assert refused(graph.call("POST", "/me/events", headers=kind, data="{")) == (400, "BadRequest")
    assert refused(graph.call("POST", "/me/events", data="x")) == (400, "BadRequest")
    assert graph.call("DELETE", "/me/calendars").status_code == 405


def test_moved_in_outlook_the_immutable_id_stays(graph: Graph) -> None:
    graph.simulator.mailbox(BOB, calendars=[{"name": "A", "events": [meeting("e")]}, {"name": "B"}])
    bob = Graph(graph.simulator, BOB)
    old = bob.kept("e")
    graph.simulator.edit(BOB, "e", "move", calendar="B")
    new = bob.kept("e")
    assert new["immutableId"] == old["immutableId"]
    assert new["ewsId"] != old["ewsId"]
    assert refused(bob.call("GET", f"/me/events/{old['restId']}", None)) == (404, "ErrorItemNotFound")
    calendar = next(one for one in bob.values("/me/calendars") if one["name"] == "B")
    assert [one["id"] for one in bob.values(f"/me/calendars/{calendar['id']}/events")] == [old["immutableId"]]
    assert bob.values("/me/events") == []
