"""Google's lists: pages, sync tokens, filters, and what may not stand together."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.simulator.client import Simulator
from tests.simulator_tests.google_steps import EVENTS, GUS, Google, names, refused, timed
from tests.simulator_tests.graph_steps import firm_calendar, meeting

WEEKLY = ["RRULE:FREQ=WEEKLY;COUNT=4"]


def test_the_calendars_of_a_person(google: Google) -> None:
    shown = {"name": "Bea", "owner": {"name": "Bea", "address": "bea@gmail.example"}}
    google.simulator.mailbox(
        GUS, provider="google", timeZone="America/New_York", calendars=[firm_calendar(), {"name": "Hearings"}, shown]
    )
    google = Google(google.simulator)
    first, second, third = google.get("/users/me/calendarList")["items"]
    assert (first["id"], first["primary"], first["accessRole"], first["timeZone"]) == (
        GUS,
        True,
        "owner",
        "America/New_York",
    )
    assert (second["summary"], second["accessRole"], third["accessRole"]) == ("Hearings", "owner", "reader")
    page = google.get("/users/me/calendarList", maxResults=2)
    assert [one["id"] for one in page["items"]] == [first["id"], second["id"]] and page["nextPageToken"]
    assert google.get("/users/me/calendarList", minAccessRole="writer")["items"] == [first, second]
    for name in ("primary", GUS, GUS.upper()):
        assert google.get(f"/calendars/{name}")["id"] == GUS
    assert google.get(f"/calendars/{second['id']}/events")["items"] == []
    assert refused(google.call("GET", "/calendars/nobody@gmail.example/events")) == (404, "notFound")
    assert refused(google.call("POST", f"/calendars/{third['id']}/events", json=timed(2))) == (
        403,
        "requiredAccessLevel",
    )


def test_a_list_shows_masters_exceptions_and_cancelled_instances(google: Google) -> None:
    items, token = google.list()
    assert names(items) == [
        ("cancelled", None), ("confirmed", "Hearing"), ("confirmed", "Moved"), ("confirmed", "Off"), ("confirmed", "Series"),
    ]  # fmt: skip
    found = {item.get("summary"): item for item in items}
    assert found["Hearing"]["start"] == {"dateTime": "2026-11-23T09:00:00-05:00", "timeZone": "America/New_York"}
    assert (found["Off"]["start"], found["Off"]["end"]) == ({"date": "2026-11-25"}, {"date": "2026-11-26"})
    assert found["Series"]["recurrence"] == ["RRULE:FREQ=WEEKLY;WKST=SU;BYDAY=MO;COUNT=5"]
    assert found["Moved"]["recurringEventId"] == found["Series"]["id"] == google.id("series")
    assert found["Moved"]["originalStartTime"]["dateTime"] == "2026-11-30T09:00:00-05:00"
    assert found["Moved"]["iCalUID"] == found["Series"]["iCalUID"] == f"{google.id('series')}@google.com"
    assert found["Moved"]["id"] == f"{google.id('series')}_20261130T140000Z"
    assert set(found[None]) == {"kind", "etag", "id", "status", "recurringEventId", "originalStartTime"}
    assert found[None]["originalStartTime"]["dateTime"] == "2026-12-07T09:00:00-05:00"
    assert google.list(syncToken=token) == ([], token)


def test_changes_come_once_each_the_latest_state_of_each(google: Google) -> None:
    _, token = google.list()
    google.simulator.edit(GUS, "hearing", "change", subject="Hearing, moved")
    google.patch(google.id("hearing"), location="Court 3")
    gone = google.id("off")
    google.call("DELETE", f"{EVENTS}/{gone}")
    made = google.insert()
    items, token = google.list(syncToken=token)
    found = {item["id"]: item for item in items}
    assert (found[google.id("hearing")]["summary"], found[google.id("hearing")]["location"]) == (
        "Hearing, moved",
        "Court 3",
    )
    assert found[gone] == {"kind": "calendar#event", "etag": found[gone]["etag"], "id": gone, "status": "cancelled"}
    assert found[made["id"]]["etag"] == made["etag"] and len(items) == 3
    assert google.list(syncToken=token)[0] == []


def test_an_instance_is_a_change_of_its_own_and_none_of_its_series(google: Google) -> None:
    _, token = google.list()
    series = google.id("series")
    google.simulator.edit(GUS, "series", "change", occurrence="2026-12-14", subject="Elsewhere")
    google.simulator.edit(GUS, "series", "delete", occurrence="2026-12-21")
    items, _ = google.list(syncToken=token)
    assert names(items) == [("cancelled", None), ("confirmed", "Elsewhere")]
    assert {item["recurringEventId"] for item in items} == {series}
    assert {item["id"] for item in items} == {f"{series}_20261214T140000Z", f"{series}_20261221T140000Z"}


def test_pages_repeat_everything_and_the_token_comes_last(google: Google) -> None:
    for number in range(7):
        google.insert(summary=f"Many {number}")
    whole, _ = google.list()
    paged, token = google.list(maxResults=5)
    assert paged == whole and len(paged) == 12
    first = google.get(maxResults=5)
    assert "nextSyncToken" not in first and len(first["items"]) == 5
    google.insert(summary="Between two pages")
    google.simulator.edit(GUS, "hearing", "change", subject="Changed between two pages")
    wrong = google.call("GET", EVENTS, params={"pageToken": first["nextPageToken"], "singleEvents": "true"})
    assert refused(wrong) == (400, "invalid")
    second = google.get(maxResults=50, pageToken=first["nextPageToken"])
    late = google.list(syncToken=second["nextSyncToken"])[0]
    assert {item["summary"] for item in late} == {"Between two pages", "Changed between two pages"}
    # A round of changes has pages too, and wants its token beside that of the page.
    page = google.get(syncToken=token, maxResults=1)
    assert refused(google.call("GET", EVENTS, params={"pageToken": page["nextPageToken"]})) == (400, "invalid")
    rest = google.get(syncToken=token, pageToken=page["nextPageToken"])
    assert len(page["items"] + rest["items"]) == 2 and rest["nextSyncToken"]


def test_tokens_are_lost(google: Google) -> None:
    _, token = google.list()
    google.simulator.call("POST", "delta", {"address": GUS, "lose": "SyncStateNotFound"})
    answer = google.call("GET", EVENTS, params={"syncToken": token})
    assert refused(answer) == (410, "fullSyncRequired")
    _, token = google.list()
    assert google.list(syncToken=token)[0] == []
    google.simulator.fault(operation="events.list", status=410, count=1)
    assert refused(google.call("GET", EVENTS, params={"syncToken": token})) == (410, "fullSyncRequired")
    old = google.call("GET", EVENTS, params={"updatedMin": "2026-09-01T00:00:00Z"})
    assert refused(old) == (410, "updatedMinTooLongAgo")


@pytest.mark.parametrize(
    "beside",
    [
        {"timeMin": "2026-11-01T00:00:00Z"}, {"timeMax": "2027-11-01T00:00:00Z"}, {"updatedMin": "2026-11-20T00:00:00Z"},
        {"q": "Hearing"}, {"iCalUID": "x@google.com"}, {"orderBy": "updated"}, {"privateExtendedProperty": "a=b"},
        {"sharedExtendedProperty": "a=b"}, {"showDeleted": "false"}, {"singleEvents": "true"},
    ],
    ids=lambda value: next(iter(value)),
)  # fmt: skip
def test_what_may_not_stand_beside_a_token(google: Google, beside: dict[str, str]) -> None:
    _, token = google.list()
    answer = google.call("GET", EVENTS, params={"syncToken": token, **beside})
    assert answer.status_code == 400
    assert google.list(syncToken=token, showDeleted="true")[0] == []


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ({"syncToken": "nonsense"}, "invalid"),
        ({"pageToken": "nonsense"}, "invalid"),
        ({"maxResults": "0"}, "invalid"),
        ({"maxResults": "many"}, "invalid"),
        ({"timeMin": "2026-11-01T00:00:00"}, "invalid"),
        ({"timeMin": "tomorrow"}, "invalid"),
        ({"timeMin": "2026-11-02T00:00:00Z", "timeMax": "2026-11-01T00:00:00Z"}, "timeRangeEmpty"),
        ({"orderBy": "startTime"}, "badRequest"),
        ({"orderBy": "moon"}, "invalid"),
        ({"showDeleted": "1"}, "invalid"),
        ({"timeZone": "Moon/Sea"}, "invalid"),
        ({"eventTypes": "party"}, "invalid"),
        ({"moon": "1"}, "badRequest"),
    ],
)
def test_what_cannot_be_asked(google: Google, query: dict[str, str], reason: str) -> None:
    assert refused(google.call("GET", EVENTS, params=query)) == (400, reason)


def test_deleted_events_are_shown_to_who_asks(google: Google) -> None:
    gone = google.id("hearing")
    google.call("DELETE", f"{EVENTS}/{gone}")
    assert gone not in {item["id"] for item in google.list()[0]}
    assert {item["status"] for item in google.list(showDeleted="true")[0] if item["id"] == gone} == {"cancelled"}
    series = google.id("series")
    google.call("DELETE", f"{EVENTS}/{series}")
    items, _ = google.list(showDeleted="true")
    assert [item["status"] for item in items if item["id"].startswith(series)] == ["cancelled"]


def test_windows_bound_the_end_and_the_start(google: Google) -> None:
    def within(first: str, last: str, **more: Any) -> list[tuple[str, str | None]]:
        return names(google.list(timeMin=first, timeMax=last, **more)[0])

    hearing = ("confirmed", "Hearing")
    assert hearing in within("2026-11-23T14:59:00Z", "2026-11-23T18:00:00Z")
    assert hearing not in within("2026-11-23T15:00:00Z", "2026-11-23T18:00:00Z")
    assert hearing in within("2026-11-20T00:00:00Z", "2026-11-23T14:01:00Z")
    assert hearing not in within("2026-11-20T00:00:00Z", "2026-11-23T14:00:00Z")
    # A series counts by each of its occurrences.
    assert ("confirmed", "Series") in within("2026-12-14T00:00:00Z", "2026-12-15T00:00:00Z")
    assert ("confirmed", "Series") not in within("2026-12-28T00:00:00Z", "2027-12-15T00:00:00Z")


def test_single_events_come_by_start_and_without_their_masters(google: Google) -> None:
    found, token = google.list(singleEvents="true", orderBy="startTime", timeMin="2026-11-01T00:00:00Z")
    assert sorted(item["summary"] for item in found) == ["Hearing", "Moved", "Off", "Series", "Series", "Series"]
    days = [item["start"].get("dateTime", item["start"].get("date"))[:10] for item in found]
    assert days == sorted(days) and {item.get("recurrence") for item in found} == {None}
    assert token == "", "who sorts gets no sync token"
    _, token = google.list(singleEvents="true")
    google.simulator.edit(GUS, "series", "delete", occurrence="2026-12-14")
    (gone,) = google.list(singleEvents="true", syncToken=token)[0]
    assert (gone["status"], gone["originalStartTime"]["dateTime"]) == ("cancelled", "2026-12-14T09:00:00-05:00")


def test_times_are_shown_in_the_zone_asked_for(google: Google) -> None:
    (hearing,) = google.list(q="hearing", timeZone="Europe/London")[0]
    assert hearing["start"] == {"dateTime": "2026-11-23T14:00:00+00:00", "timeZone": "America/New_York"}
    assert google.get(timeZone="Europe/London")["timeZone"] == "Europe/London"


def test_events_are_found_by_uid_mark_and_kind(google: Google) -> None:
    marked = google.insert(extendedProperties={"private": {"firm": "matter-1"}, "shared": {"team": "red"}})
    uid = f"{google.id('series')}@google.com"
    pieces = google.list(iCalUID=uid, showDeleted="true")[0]
    assert names(pieces) == [("cancelled", None), ("confirmed", "Moved"), ("confirmed", "Series")]
    for query in ({"privateExtendedProperty": "firm=matter-1"}, {"sharedExtendedProperty": "team=red"}):
        assert [item["id"] for item in google.list(**query)[0]] == [marked["id"]]
    assert google.list(privateExtendedProperty="firm=matter-2")[0] == []
    google.simulator.edit(GUS, "cake", "create", event=meeting("cake", google={"eventType": "birthday"}))
    assert ("confirmed", "Cake") in names(google.list()[0])
    assert ("confirmed", "Cake") not in names(google.list(eventTypes="default")[0])
    assert names(google.list(eventTypes=["birthday", "focusTime"])[0]) == [("confirmed", "Cake")]


def test_a_series_that_came_from_exchange_keeps_its_instances_by_its_uid(google: Google) -> None:
    """Exchange writes an instance's date into such a UID; Google does not."""
    uid = "040000008200E00074C5B7101A82E00800000000" + "0" * 40
    weekly = {"pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["tuesday"]},
              "range": {"type": "numbered", "startDate": "2026-11-24", "numberOfOccurrences": 4}}  # fmt: skip
    pieces = {"exceptions": [{"originalStart": "2026-12-01", "subject": "Invited"}], "cancelled": ["2026-12-08"]}
    event = meeting("invited", 24, iCalUId=uid, recurrence=weekly, **pieces)
    google.simulator.edit(GUS, "invited", "create", event=event)
    found = google.list(iCalUID=uid, showDeleted="true")[0]
    assert sorted(item["status"] for item in found) == ["cancelled", "confirmed", "confirmed"]
    assert {item["iCalUID"] for item in found if item["status"] == "confirmed"} == {uid}


def test_updates_since_a_time(google: Google) -> None:
    google.simulator.edit(GUS, "hearing", "change", subject="Changed")
    gone = google.id("off")
    google.call("DELETE", f"{EVENTS}/{gone}")
    found = google.list(updatedMin="2026-11-22T00:00:00Z")[0]
    assert names(found) == [("cancelled", None), ("confirmed", "Changed")]
    assert google.list(orderBy="updated")[0][-1]["summary"] == "Changed"


def test_instances_of_a_series(google: Google) -> None:
    made = google.insert(recurrence=WEEKLY)
    path = f"{EVENTS}/{made['id']}/instances"
    items = google.get(path)["items"]
    assert [item["start"]["dateTime"][:10] for item in items] == [
        "2026-12-02",
        "2026-12-09",
        "2026-12-16",
        "2026-12-23",
    ]
    assert {item["recurringEventId"] for item in items} == {made["id"]} and "recurrence" not in items[0]
    google.call("DELETE", f"{EVENTS}/{items[1]['id']}")
    assert len(google.get(path)["items"]) == 3
    shown = google.get(path, showDeleted="true")["items"]
    assert [item["status"] for item in shown] == ["confirmed", "cancelled", "confirmed", "confirmed"]
    (one,) = google.get(path, originalStart="2026-12-16T14:00:00Z")["items"]
    assert one["id"] == items[2]["id"]
    assert google.get(path, originalStart="2026-12-17T14:00:00Z")["items"] == []
    assert [item["id"] for item in google.get(path, timeMin="2026-12-20T00:00:00Z")["items"]] == [items[3]["id"]]
    page = google.get(path, maxResults=2)
    assert len(page["items"]) == 2 and len(google.get(path, pageToken=page["nextPageToken"])["items"]) == 1
    assert refused(google.call("GET", f"{EVENTS}/{google.id('hearing')}/instances")) == (400, "badRequest")


def test_microsofts_accounts_are_strangers_here(simulator: Simulator) -> None:
    simulator.mailbox("ada@firm.example")
    token = simulator.token("ada@firm.example", service="google")["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    answer = requests.get(f"{simulator.url}/calendar/v3{EVENTS}", headers=headers, timeout=30)
    assert refused(answer) == (401, "authError")


def test_an_event_moved_to_another_calendar_keeps_its_id(google: Google) -> None:
    google.simulator.mailbox(GUS, provider="google", calendars=[firm_calendar(), {"name": "Other"}])
    google = Google(google.simulator)
    _, token = google.list()
    moved = google.id("hearing")
    google.simulator.edit(GUS, "hearing", "move", calendar="Other")
    assert [(item["id"], item["status"]) for item in google.list(syncToken=token)[0]] == [(moved, "cancelled")]
    other = google.get("/users/me/calendarList")["items"][1]["id"]
    assert [item["id"] for item in google.get(f"/calendars/{other}/events")["items"]] == [moved]
    google.simulator.edit(GUS, "hearing", "move", calendar="Calendar")
    assert names(google.list(syncToken=token)[0]) == [("confirmed", "Hearing")]
