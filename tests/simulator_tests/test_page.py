"""The pages on which a person sees and edits a mailbox."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.client import Simulator
from tests.simulator_tests.graph_steps import ADA, Graph, firm_calendar, meeting
from tests.simulator_tests.page_steps import Page

NEW_YORK = "America/New_York"


@pytest.fixture
def home(simulator: Simulator) -> str:
    """Ada's November, in New York."""
    hearings = {"name": "Hearings", "events": [meeting("court", 27, location={"displayName": "Court 3"})]}
    simulator.mailbox(ADA, name="Ada Byron", timeZone=NEW_YORK, calendars=[firm_calendar(), hearings])
    return f"{simulator.url}/_sim/page/{ADA}"


def event(simulator: Simulator, subject: str) -> dict[str, Any]:
    calendars = simulator.get_mailbox(ADA)["calendars"]
    (found,) = [one for calendar in calendars for one in calendar["events"] if one["subject"] == subject]
    return {**found, "calendar": next(one["name"] for one in calendars if found in one["events"])}


def clock(one: dict[str, Any]) -> tuple[str, str]:
    return one["start"]["dateTime"][:16], one["end"]["dateTime"][:16]


def test_mailboxes_lead_to_their_months(home: str) -> None:
    everybody = Page.get(home.rpartition("/")[0])
    assert "ada@firm.example" in everybody.text
    month = everybody.follow("Ada Byron")
    assert "Calendar of Ada Byron" in month.text
    assert "Monday, 23 November 09:00 – 10:00 Hearing 09:00 – 10:00 Series · whole series repeats" in month.text
    assert "Wednesday, 25 November All day Off" in month.text
    assert "Court Court 3 Hearings" in month.text
    december = month.follow("Next")
    assert "Tuesday, 1 December 11:00 – 12:00 Moved · whole series changed occurrence" in december.text
    assert "7 December" not in december.text
    assert "November 2026" in december.follow("Previous").text
    assert "AAkA" not in december.text


def test_every_field_has_a_label(home: str) -> None:
    assert Page.get(f"{home}/new").unlabelled == []
    assert Page.get(home).follow("whole series").unlabelled == []


def test_a_new_appointment(simulator: Simulator, home: str) -> None:
    form = Page.get(home).follow("New appointment")
    assert form.values("save")["start_day"] == "2026-11-22"
    page = form.send(
        "save", subject="Mediation <b>", start_day="2026-12-03", end_day="2026-12-03", start_time="14:00", end_time="15:30",
        location="Room 2", show="oof", sensitivity="private", reminder="", body="Bring\r\nfiles",
    )  # fmt: skip
    assert "Saved." in page.text
    assert "14:00 – 15:30 Mediation <b> Room 2 away private" in page.text
    made = event(simulator, "Mediation <b>")
    assert clock(made) == ("2026-12-03T14:00", "2026-12-03T15:30")
    assert (made["start"]["timeZone"], made["originalStartTimeZone"]) == (NEW_YORK, "Eastern Standard Time")
    assert (made["isReminderOn"], made["body"]["content"], made["calendar"]) == (False, "Bring\nfiles", "Calendar")
    assert simulator.outbox() == []


def test_what_is_sent_as_it_stood_changes_nothing(simulator: Simulator, home: str) -> None:
    simulator.edit(
        ADA, "hearing", "change", body={"contentType": "html", "content": "<p>Some <b>bold</b> words</p>\r\n"}
    )
    before = simulator.get_mailbox(ADA)
    month = Page.get(home)
    for words in ("Hearing", "Off", "Court", "Series", "whole series"):
        assert "Saved." in month.follow(words).send("save").text
    assert "Saved." in month.follow("Next").follow("Moved").send("save").text
    assert simulator.get_mailbox(ADA) == before


def test_a_change_in_time_subject_and_calendar(simulator: Simulator, home: str) -> None:
    old = event(simulator, "Hearing")
    form = Page.get(home).follow("Hearing")
    hearings = next(one["id"] for one in simulator.get_mailbox(ADA)["calendars"] if one["name"] == "Hearings")
    page = form.send("save", subject="Trial", start_time="11:00", end_day="2026-11-24", calendar=hearings)
    assert "11:00 – 10:00, 24 Nov Trial Hearings" in page.text
    new = event(simulator, "Trial")
    assert (new["immutableId"], new["calendar"]) == (old["immutableId"], "Hearings")
    assert clock(new) == ("2026-11-23T11:00", "2026-11-24T10:00")


def test_all_day_and_back(simulator: Simulator, home: str) -> None:
    page = Page.get(home).follow("Hearing").send("save", all_day="on", end_day="2026-11-24")
    assert "All day, to 24 Nov Hearing" in page.text
    made = event(simulator, "Hearing")
    assert (made["isAllDay"], *clock(made)) == (True, "2026-11-23T00:00", "2026-11-25T00:00")
    page.follow("Hearing").send("save", all_day=None, end_day="2026-11-23", start_time="08:00", end_time="09:00")
    made = event(simulator, "Hearing")
    assert (made["isAllDay"], *clock(made)) == (False, "2026-11-23T08:00", "2026-11-23T09:00")


@pytest.mark.parametrize(
    ("fields", "pattern", "limits"),
    [
        ({"repeat": "daily", "every": "2"}, {"type": "daily", "interval": 2}, {"type": "noEnd"}),
        (
            {"repeat": "weekly", "weekdays": ["monday", "friday"], "until": "count", "count": "4"},
            {"type": "weekly", "interval": 1, "daysOfWeek": ["monday", "friday"], "firstDayOfWeek": "sunday"},
            {"type": "numbered", "numberOfOccurrences": 4},
        ),
        (
            {"repeat": "weekly", "until": "date", "until_day": "2027-01-31"},
            {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"], "firstDayOfWeek": "sunday"},
            {"type": "endDate", "endDate": "2027-01-31"},
        ),
        ({"repeat": "absoluteMonthly"}, {"type": "absoluteMonthly", "interval": 1, "dayOfMonth": 30}, {"type": "noEnd"}),
        (
            {"repeat": "relativeMonthly"},
            {"type": "relativeMonthly", "interval": 1, "daysOfWeek": ["monday"], "index": "last"},
            {"type": "noEnd"},
        ),
        (
            {"repeat": "absoluteYearly"},
            {"type": "absoluteYearly", "interval": 1, "dayOfMonth": 30, "month": 11},
            {"type": "noEnd"},
        ),
        (
            {"repeat": "relativeYearly"},
            {"type": "relativeYearly", "interval": 1, "daysOfWeek": ["monday"], "index": "last", "month": 11},
            {"type": "noEnd"},
        ),
    ],
)  # fmt: skip
def test_a_new_series(
    simulator: Simulator, home: str, fields: dict[str, Any], pattern: dict[str, Any], limits: dict[str, Any]
) -> None:
    page = Page.get(f"{home}/new?day=2026-11-30").send("save", subject="Again", **fields)
    assert "Again · whole series" in page.text
    made = event(simulator, "Again")["recurrence"]
    assert made["pattern"] == pattern
    assert made["range"] == {"startDate": "2026-11-30", "recurrenceTimeZone": "Eastern Standard Time", **limits}


def test_one_occurrence_changed_and_one_cancelled(simulator: Simulator, home: str) -> None:
    december = Page.get(f"{home}?month=2026-12")
    form = december.follow("Series")
    assert "one occurrence" in form.text
    december = form.send("save", start_time="16:00", end_time="17:00", subject="Later")
    assert "Monday, 14 December 16:00 – 17:00 Later · whole series changed occurrence" in december.text
    december = december.follow("Series").send("delete")
    assert "This occurrence is cancelled." in december.text
    kept = event(simulator, "Series")
    assert [one["subject"] for one in kept["exceptions"]] == ["Moved", "Later"]
    assert kept["cancelled"] == ["2026-12-07", "2026-12-21"]


def test_the_whole_series(simulator: Simulator, home: str) -> None:
    form = Page.get(home).follow("whole series")
    assert "As it is: weekly, Monday, 5 times" in form.source
    form.send("save", subject="Review")
    assert len(event(simulator, "Review")["exceptions"]) == 1
    Page.get(home).follow("whole series").send("save", start_time="10:00", end_time="11:00")
    moved = event(simulator, "Review")
    assert (clock(moved)[0], moved["exceptions"]) == ("2026-11-23T10:00", [])
    Page.get(home).follow("whole series").send("save", repeat="none")
    assert event(simulator, "Review")["type"] == "singleInstance"


def test_deleted_and_restored(simulator: Simulator, home: str) -> None:
    page = Page.get(home).follow("Hearing").send("delete")
    assert "Deleted 2026-11-23 Hearing" in page.text
    assert [one["subject"] for one in simulator.get_mailbox(ADA)["deleted"]] == ["Hearing"]
    page = page.send("restore")
    assert "Restored." in page.text
    assert simulator.get_mailbox(ADA)["deleted"] == []
    Page.get(home).follow("whole series").send("delete")
    assert "whole series" not in Page.get(f"{home}?month=2026-12").text


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"start_day": "soon"}, "The first day must be a date."),
        ({"end_day": "2026-11-20"}, "The end is before the start."),
        ({"start_time": "noon"}, "must be times"),
        ({"repeat": "weekly", "every": "0"}, "whole number from 1"),
        ({"repeat": "weekly", "until": "count", "count": "x"}, "How many times"),
        ({"repeat": "weekly", "until": "date", "until_day": "2026-01-01"}, "before it begins"),
        ({"repeat": "hourly"}, "Choose how it repeats."),
        ({"reminder": "-5"}, "The reminder"),
        ({"calendar": "nowhere"}, "calendars are called"),
    ],
)
def test_what_cannot_be_saved_is_said_and_nothing_is_lost(
    simulator: Simulator, home: str, fields: dict[str, str], reason: str
) -> None:
    before = simulator.get_mailbox(ADA)
    page = Page.get(f"{home}/new").send("save", **{"subject": "Kept", **fields})
    assert page.status == 400
    assert reason in page.text
    assert page.values("save")["subject"] == "Kept"
    assert simulator.get_mailbox(ADA) == before


def test_pages_that_are_not_there(simulator: Simulator, home: str) -> None:
    gone = Page.get(home).follow("Hearing")
    simulator.edit(ADA, "hearing", "delete")
    for page in (
        Page.get(f"{home}/edit?id=x"), Page.get(f"{home}/nothing"), Page.get(f"{home}/edit/more"), gone.send("save"),
        Page.get(home.replace("ada", "nobody")), gone.send("delete"), Page.get(f"{home}/save"),
    ):  # fmt: skip
        assert (page.status, page.links) == (404, [("All mailboxes", "/_sim/page")])
    assert "Nothing this month." in Page.get(f"{home}?month=2030-01").text
    assert "November 2026" in Page.get(f"{home}?month=x").text


def test_what_others_created_can_be_edited(graph: Graph) -> None:
    times = {
        side: {"dateTime": f"2026-11-24T{hour}:00:00", "timeZone": "UTC"} for side, hour in (("start", 15), ("end", 16))
    }
    graph.call("POST", "/me/events", json={"subject": "From here", **times})
    month = Page.get(f"{graph.simulator.url}/_sim/page/{ADA}?month=2026-11")
    month.follow("From here").send("save", subject="From there")
    assert event(graph.simulator, "From there")["ref"] is None
