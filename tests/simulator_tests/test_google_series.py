"""Series at Google: rules, and instances that are changed or cancelled."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator_tests.google_steps import EVENTS, GUS, Google, refused, timed, whole
from tests.simulator_tests.graph_steps import meeting

DAILY = ["RRULE:FREQ=DAILY;COUNT=3"]


RULES = [
    ("DAILY;INTERVAL=2;COUNT=3", {"type": "daily", "interval": 2}, ["02", "04", "06"]),
    (
        "WEEKLY;WKST=MO;BYDAY=WE,FR;COUNT=3",
        {"type": "weekly", "daysOfWeek": ["wednesday", "friday"]},
        ["02", "04", "09"],
    ),
    ("WEEKLY;UNTIL=20261216T140000Z", {"type": "weekly", "daysOfWeek": ["wednesday"]}, ["02", "09", "16"]),
    ("WEEKLY;UNTIL=20261216T135959Z", {"type": "weekly"}, ["02", "09"]),
    ("MONTHLY;BYMONTHDAY=2;COUNT=2", {"type": "absoluteMonthly", "dayOfMonth": 2}, ["02", "02"]),
    ("MONTHLY;BYDAY=1WE;COUNT=2", {"type": "relativeMonthly", "index": "first"}, ["02", "06"]),
    ("MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=2", {"type": "relativeMonthly", "index": "last"}, ["31", "29"]),
    ("YEARLY;COUNT=2", {"type": "absoluteYearly", "month": 12, "dayOfMonth": 2}, ["02", "02"]),
    ("YEARLY;BYMONTH=12;BYDAY=1WE;COUNT=2", {"type": "relativeYearly", "month": 12}, ["02", "01"]),
    ("MONTHLY;BYMONTHDAY=2,16;COUNT=3", None, ["02", "16", "02"]),
]


@pytest.mark.parametrize(("rule", "pattern", "days"), RULES, ids=lambda value: value if isinstance(value, str) else "")
def test_rules_and_what_they_mean(google: Google, rule: str, pattern: dict[str, Any] | None, days: list[str]) -> None:
    made = google.insert(recurrence=[f"RRULE:FREQ={rule}"])
    assert made["recurrence"] == [f"RRULE:FREQ={rule}"]
    items = google.get(f"{EVENTS}/{made['id']}/instances")["items"]
    assert [item["start"]["dateTime"][8:10] for item in items] == days
    shown = google.kept(made["id"])["recurrence"].get("pattern")
    assert shown is None if pattern is None else pattern.items() <= shown.items()


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        ({"type": "absoluteMonthly", "interval": 1, "dayOfMonth": 31}, "FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1"),
        ({"type": "relativeMonthly", "interval": 2, "daysOfWeek": ["monday"], "index": "last"},
         "FREQ=MONTHLY;INTERVAL=2;BYDAY=-1MO"),
        ({"type": "relativeYearly", "interval": 1, "month": 11, "daysOfWeek": ["monday", "tuesday"], "index": "first"},
         "FREQ=YEARLY;BYMONTH=11;BYDAY=MO,TU;BYSETPOS=1"),
        ({"type": "daily", "interval": 1}, "FREQ=DAILY"),
    ],
)  # fmt: skip
def test_patterns_in_googles_words(google: Google, pattern: dict[str, Any], line: str) -> None:
    limits = {"type": "endDate", "startDate": "2026-11-24", "endDate": "2027-11-30"}
    event = meeting("rule", 24, recurrence={"pattern": pattern, "range": limits})
    google.simulator.edit(GUS, "rule", "create", event=event)
    shown = google.get(f"{EVENTS}/{google.id('rule')}")
    assert shown["recurrence"] == [f"RRULE:{line};UNTIL=20271201T045959Z"]


def test_dates_left_out_and_dates_added(google: Google) -> None:
    lines = [*DAILY, "EXDATE;TZID=America/New_York:20261203T090000", "RDATE;TZID=America/New_York:20261210T090000"]
    made = google.insert(recurrence=lines)
    items = google.get(f"{EVENTS}/{made['id']}/instances", showDeleted="true")["items"]
    assert [item["start"]["dateTime"][8:10] for item in items] == ["02", "04", "10"]
    assert made["recurrence"] == lines and google.kept(made["id"])["cancelled"] == ["2026-12-03"]
    whole_days = google.insert(**whole(2), recurrence=[*DAILY, "EXDATE;VALUE=DATE:20261203"])
    items = google.get(f"{EVENTS}/{whole_days['id']}/instances")["items"]
    assert [(item["id"][-9:], item["start"]) for item in items] == [
        ("_20261202", {"date": "2026-12-02"}), ("_20261204", {"date": "2026-12-04"}),
    ]  # fmt: skip


def test_an_instance_changed_is_an_exception(google: Google) -> None:
    made = google.insert(recurrence=["RRULE:FREQ=DAILY;COUNT=4"])
    second = google.instances(made["id"])[1]
    changed = google.patch(second["id"], summary="Moved", **timed(10))
    assert (changed["id"], changed["recurringEventId"]) == (second["id"], made["id"])
    assert changed["originalStartTime"] == second["originalStartTime"] == second["start"]
    assert changed["iCalUID"] == made["iCalUID"]
    (exception,) = google.kept(made["id"])["exceptions"]
    assert (exception["subject"], exception["originalStart"]) == ("Moved", "2026-12-03T14:00:00Z")
    assert google.get(f"{EVENTS}/{made['id']}")["etag"] == made["etag"], "the series did not change"
    wrong = google.call("PATCH", f"{EVENTS}/{second['id']}", json={"recurrence": DAILY})
    assert refused(wrong) == (400, "invalid")
    # What the exception did not change for itself it goes on having from its series.
    google.patch(made["id"], location="Court 3", summary="All others")
    shown = {item["id"]: (item["summary"], item["location"]) for item in google.instances(made["id"])}
    assert shown[second["id"]] == ("Moved", "Court 3") and set(shown.values()) == {
        ("All others", "Court 3"),
        ("Moved", "Court 3"),
    }


def test_an_instance_cancelled_and_confirmed_again(google: Google) -> None:
    made = google.insert(recurrence=DAILY)
    second = google.instances(made["id"])[1]
    path = f"{EVENTS}/{second['id']}"
    assert google.call("DELETE", path).status_code == 204
    assert refused(google.call("DELETE", path)) == (410, "deleted")
    assert google.get(path)["status"] == "cancelled"
    assert google.kept(made["id"])["cancelled"] == ["2026-12-03"]
    assert google.patch(second["id"], summary="Nobody asked")["status"] == "cancelled"
    assert google.patch(second["id"], status="confirmed", summary="Back")["summary"] == "Back"
    assert [item["status"] for item in google.instances(made["id"])] == ["confirmed"] * 3


def test_what_a_new_rule_has_room_for_stays(google: Google) -> None:
    made = google.insert(recurrence=["RRULE:FREQ=DAILY;COUNT=4"])
    items = google.instances(made["id"])
    google.patch(items[1]["id"], summary="Second")
    google.patch(items[3]["id"], summary="Fourth")
    google.call("DELETE", f"{EVENTS}/{items[2]['id']}")
    google.patch(made["id"], recurrence=DAILY)
    assert [(one["status"], one.get("summary")) for one in google.instances(made["id"])] == [
        ("confirmed", "Deposition"), ("confirmed", "Second"), ("cancelled", None),
    ]  # fmt: skip
    # With another start every slot is another one.
    google.patch(made["id"], **timed(2, 11))
    assert [(one["status"], one["id"][-7:]) for one in google.instances(made["id"])] == [("confirmed", "160000Z")] * 3
    assert google.get(f"{EVENTS}/{google.patch(made['id'], recurrence=[])['id']}").get("recurrence") is None
