"""Google's events one by one: chosen ids, merges, conditions, mails."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.simulator_tests.google_steps import EVENTS, GUS, Google, refused, timed, whole
from tests.simulator_tests.graph_steps import meeting, times
from tests.simulator_tests.page_steps import Page

DAILY = ["RRULE:FREQ=DAILY;COUNT=3"]


def test_a_new_event_and_what_the_simulator_shows_of_it(google: Google) -> None:
    made = google.insert(
        location="Court 3", description="<b>Bring</b> the file", transparency="transparent", visibility="private",
        reminders={"useDefault": False, "overrides": [{"method": "popup", "minutes": 45}, {"method": "email", "minutes": 60}]},
        colorId="7",
    )  # fmt: skip
    assert (made["status"], made["kind"], made["eventType"]) == ("confirmed", "calendar#event", "default")
    assert made["iCalUID"] == f"{made['id']}@google.com" and made["etag"].startswith('"')
    assert made["creator"] == made["organizer"] == {"email": GUS, "displayName": "Gus", "self": True}
    assert (made["created"], made["updated"]) == ("2026-11-22T08:00:00.000Z",) * 2
    event = google.kept(made["id"])
    assert (event["subject"], event["location"]["displayName"], event["showAs"]) == ("Deposition", "Court 3", "free")
    assert event["body"] == {"contentType": "html", "content": "<b>Bring</b> the file"}
    assert (event["sensitivity"], event["isReminderOn"], event["reminderMinutesBeforeStart"]) == ("private", True, 45)
    assert event["start"] == {"dateTime": "2026-12-02T09:00:00.0000000", "timeZone": "America/New_York"}
    read = google.get(f"{EVENTS}/{made['id']}")
    assert read == made and len(read["reminders"]["overrides"]) == 2 and read["colorId"] == "7"


def test_what_outlook_like_edits_do_is_shown_in_googles_words(google: Google) -> None:
    event = meeting("seeded", 24, subject="Seeded", showAs="free", sensitivity="confidential", isReminderOn=False)
    google.simulator.edit(GUS, "seeded", "create", event=event)
    shown = google.get(f"{EVENTS}/{google.id('seeded')}")
    assert (shown["summary"], shown["transparency"], shown["visibility"]) == ("Seeded", "transparent", "confidential")
    assert shown["reminders"] == {"useDefault": False}
    google.simulator.edit(GUS, "seeded", "change", isReminderOn=True, reminderMinutesBeforeStart=5, showAs="busy")
    changed = google.get(f"{EVENTS}/{google.id('seeded')}")
    assert changed["reminders"]["overrides"] == [{"method": "popup", "minutes": 5}]
    assert "transparency" not in changed and changed["etag"] != shown["etag"]


def test_an_id_of_our_choice_is_taken_once(google: Google) -> None:
    """How an insert whose answer was lost is repeated without a second event."""
    chosen = uuid.UUID(int=7).hex
    google.simulator.fault(operation="events.insert", cut=True, when="after", count=1)
    with pytest.raises(OSError):
        google.insert(id=chosen)
    body = {"summary": "Again", "id": chosen, **timed(2)}
    assert refused(google.call("POST", EVENTS, json=body)) == (409, "duplicate")
    assert google.get(f"{EVENTS}/{chosen}")["summary"] == "Deposition"
    google.call("DELETE", f"{EVENTS}/{chosen}")
    assert refused(google.call("POST", EVENTS, json=body)) == (409, "duplicate"), "it stays taken"
    for wrong in ("abc", "UPPER", "with-dash", "xyz12345", 7):
        assert refused(google.call("POST", EVENTS, json={**body, "id": wrong})) == (400, "invalid")


def test_a_uid_of_our_choice_is_taken_once(google: Google) -> None:
    made = google.insert(iCalUID="ours@firm.example")
    assert made["iCalUID"] == "ours@firm.example"
    body = {"iCalUID": "ours@firm.example", **timed(3)}
    assert refused(google.call("POST", EVENTS, json=body)) == (409, "duplicate")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({}, "required"),
        ({"start": {"date": "2026-12-02"}}, "required"),
        ({**timed(2), "end": {"date": "2026-12-03"}}, "invalid"),
        ({**timed(2), "end": {"dateTime": "2026-12-01T09:00:00Z"}}, "timeRangeEmpty"),
        (whole(2, 0), "timeRangeEmpty"),
        ({"start": {"dateTime": "2026-12-02T09:00:00"}, "end": {"dateTime": "2026-12-02T10:00:00"}}, "required"),
        (timed(2, zone="Moon/Sea"), "invalid"),
        ({"start": {"dateTime": "soon"}, "end": {"dateTime": "later"}}, "invalid"),
        ({**timed(2), "recurrence": ["RRULE:FREQ=HOURLY"]}, "invalid"),
        ({**timed(2), "recurrence": ["RRULE:FREQ=DAILY;COUNT=2;UNTIL=20261210"]}, "invalid"),
        ({**timed(2), "recurrence": ["DTSTART:20261202T090000Z", *DAILY]}, "invalid"),
        ({**timed(2), "recurrence": "RRULE:FREQ=DAILY"}, "invalid"),
        ({**timed(2), "recurrence": ["RRULE:FREQ=DAILY;UNTIL=20261201"]}, "invalid"),
        ({**timed(2), "summary": 7}, "invalid"),
        ({**timed(2), "attendees": [{"email": "nobody"}]}, "invalid"),
        ({"start": {"dateTime": "2026-12-02T09:00:00Z"}, "end": {"dateTime": "2026-12-02T10:00:00Z"}, "recurrence": DAILY},
         "required"),
    ],
)  # fmt: skip
def test_what_is_no_event(google: Google, body: dict[str, Any], reason: str) -> None:
    before = len(google.list()[0])
    assert refused(google.call("POST", EVENTS, json=body)) == (400, reason)
    assert len(google.list()[0]) == before
    assert refused(google.call("POST", EVENTS, data=b"{")) == (400, "parseError")


def test_a_patch_merges_and_null_takes_away(google: Google) -> None:
    made = google.insert(
        location="Court 3", description="File", colorId="7", extendedProperties={"private": {"firm": "1", "other": "2"}}
    )
    changed = google.patch(made["id"], summary="Moved", location=None, extendedProperties={"private": {"other": None}})
    assert (changed["summary"], changed["description"], changed["colorId"]) == ("Moved", "File", "7")
    assert "location" not in changed and changed["extendedProperties"] == {"private": {"firm": "1"}}
    assert changed["etag"] != made["etag"] and changed["start"] == made["start"]
    day = {"date": "2026-12-03", "dateTime": None, "timeZone": None}
    wrong = google.call("PATCH", f"{EVENTS}/{made['id']}", json={"start": {"date": "2026-12-03"}})
    assert refused(wrong) == (400, "invalid"), "an all-day start beside the time it had"
    changed = google.patch(made["id"], start=day, end={**day, "date": "2026-12-05"})
    assert (changed["start"], changed["end"]) == ({"date": "2026-12-03"}, {"date": "2026-12-05"})
    assert google.kept(made["id"])["isAllDay"] is True
    assert google.patch(made["id"], reminders={"useDefault": False, "overrides": []})["reminders"] == {
        "useDefault": False
    }


def test_an_update_replaces(google: Google) -> None:
    made = google.insert(location="Court 3", description="File", colorId="7")
    answer = google.call("PUT", f"{EVENTS}/{made['id']}", json={"summary": "Only this", **timed(4)})
    changed = answer.json()
    assert (changed["summary"], changed["start"]["dateTime"]) == ("Only this", "2026-12-04T09:00:00-05:00")
    assert not {"location", "description", "colorId"} & set(changed)
    assert refused(google.call("PUT", f"{EVENTS}/{made['id']}", json={"summary": "No times"})) == (400, "required")


def test_conditions(google: Google) -> None:
    made = google.insert()
    path = f"{EVENTS}/{made['id']}"
    changed = google.patch(made["id"], summary="Moved")
    stale = {"If-Match": made["etag"]}
    for method, body in (("PATCH", {"summary": "Lost"}), ("PUT", timed(5)), ("DELETE", None)):
        assert refused(google.call(method, path, json=body, headers=stale)) == (412, "conditionNotMet")
    assert google.call("GET", path, headers={"If-None-Match": changed["etag"]}).status_code == 304
    assert google.call("GET", path, headers={"If-None-Match": made["etag"]}).status_code == 200
    assert google.call("PATCH", path, json={"summary": "Won"}, headers={"If-Match": changed["etag"]}).status_code == 200


def test_what_says_nothing_new_changes_nothing(google: Google) -> None:
    made = google.insert(recurrence=DAILY)
    again = google.patch(made["id"], summary=made["summary"], start=made["start"], end=made["end"], recurrence=DAILY)
    assert again["etag"] == made["etag"]


def test_a_deleted_event_is_shown_as_cancelled_and_comes_back_when_confirmed(google: Google) -> None:
    made = google.insert()
    path = f"{EVENTS}/{made['id']}"
    answer = google.call("DELETE", path)
    assert (answer.status_code, answer.content) == (204, b"")
    assert refused(google.call("DELETE", path)) == (410, "deleted")
    assert (google.get(path)["status"], google.get(path)["summary"]) == ("cancelled", "Deposition")
    assert google.patch(made["id"], summary="Still gone")["status"] == "cancelled"
    assert google.patch(made["id"], status="confirmed", summary="Back")["summary"] == "Back"
    assert made["id"] in {item["id"] for item in google.list()[0]}
    assert google.patch(made["id"], status="cancelled")["status"] == "cancelled"
    assert refused(google.call("DELETE", f"{EVENTS}/nothing1")) == (404, "notFound")
    assert refused(google.call("GET", f"{EVENTS}/nothing1")) == (404, "notFound")


def test_nobody_gets_mail_unless_it_is_asked_for(google: Google) -> None:
    guests = [{"email": "bob@firm.example"}, {"email": GUS, "responseStatus": "accepted"}]
    made = google.insert(attendees=guests)
    assert made["attendees"][1] | {"self": True, "organizer": True} == made["attendees"][1]
    google.patch(made["id"], summary="Moved")
    google.call("DELETE", f"{EVENTS}/{made['id']}")
    assert google.simulator.outbox() == []
    sent = {"params": {"sendUpdates": "all"}}
    made = google.call("POST", EVENTS, json={"attendees": guests, **timed(3)}, **sent).json()
    carol = {"email": "carol@firm.example"}
    google.call("PATCH", f"{EVENTS}/{made['id']}", json={"attendees": [carol]}, **sent)
    google.call("DELETE", f"{EVENTS}/{made['id']}", params={"sendNotifications": "true"})
    assert [(mail["kind"], mail["to"]) for mail in google.simulator.outbox()] == [
        ("invitation", ["bob@firm.example"]), ("update", ["carol@firm.example"]), ("cancellation", ["bob@firm.example"]),
        ("cancellation", ["carol@firm.example"]),
    ]  # fmt: skip


def test_the_events_of_others_may_only_be_answered(google: Google) -> None:
    bob = {"emailAddress": {"name": "Bob", "address": "bob@firm.example"}}
    own = {"emailAddress": {"name": "Gus", "address": GUS}}
    event = {
        "subject": "Bob's",
        "organizer": bob,
        "attendees": [own],
        **times("2026-11-24T09:00:00", "2026-11-24T10:00:00"),
    }
    google.simulator.edit(GUS, "theirs", "create", event=event)
    theirs = google.id("theirs")
    shown = google.get(f"{EVENTS}/{theirs}")
    assert shown["organizer"] == {"email": "bob@firm.example", "displayName": "Bob"}
    assert shown["attendees"] == [{"email": GUS, "displayName": "Gus", "self": True, "responseStatus": "needsAction"}]
    wrong = google.call("PATCH", f"{EVENTS}/{theirs}", json={"summary": "Mine"})
    assert refused(wrong) == (403, "forbiddenForNonOrganizer")
    answer = google.patch(theirs, attendees=[{"email": GUS, "responseStatus": "accepted"}], colorId="3")
    assert answer["attendees"][0]["responseStatus"] == "accepted"
    assert refused(google.call("PATCH", f"{EVENTS}/{theirs}", json={"eventType": "focusTime"})) == (
        400,
        "eventTypeRestriction",
    )


def test_a_person_changes_these_events_on_the_simulators_page(google: Google) -> None:
    made = google.insert(summary="Twice a month", recurrence=["RRULE:FREQ=MONTHLY;BYMONTHDAY=2,16"])
    home = f"{google.simulator.url}/_sim/page/{GUS}"
    form = Page.get(f"{home}/edit?id={made['id']}")
    assert "FREQ=MONTHLY;BYMONTHDAY=2,16" in form.text
    form.send("save", subject="Twice")
    assert google.get(f"{EVENTS}/{made['id']}")["summary"] == "Twice"
    second = google.instances(made["id"])[1]
    Page.get(f"{home}/edit?id={second['id']}").send("save", subject="Once")
    assert google.get(f"{EVENTS}/{second['id']}")["summary"] == "Once"
    Page.get(f"{home}/edit?id={second['id']}").send("delete")
    assert google.get(f"{EVENTS}/{second['id']}")["status"] == "cancelled"
