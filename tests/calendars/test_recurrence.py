"""One form for both ways of saying how a series recurs: RFC 5545's, which we hold, and Graph's."""

import pytest

from calendars.graph.appointments import pattern
from calendars.recurrence import comparable

START = "2026-12-15T09:00:00"  # a Tuesday, the third of its month
ZONE = "America/New_York"


def graph(kind: str, *, ends: dict | None = None, **how) -> str:
    limits = {"startDate": "2026-12-15", **(ends or {"type": "noEnd"})}
    return pattern({"pattern": {"type": kind, "interval": 1, **how}, "range": limits})


@pytest.mark.parametrize(
    ("rrule", "kind", "how"),
    [
        ("FREQ=DAILY", "daily", {}),
        ("FREQ=DAILY;INTERVAL=3", "daily", {"interval": 3}),
        ("FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR", "weekly",
         {"daysOfWeek": ["monday", "tuesday", "wednesday", "thursday", "friday"]}),
        ("FREQ=WEEKLY", "weekly", {"daysOfWeek": ["tuesday"]}),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TH,TU;WKST=SU", "weekly",
         {"interval": 2, "daysOfWeek": ["tuesday", "thursday"], "firstDayOfWeek": "monday"}),
        ("FREQ=MONTHLY", "absoluteMonthly", {"dayOfMonth": 15}),
        ("FREQ=MONTHLY;BYMONTHDAY=31", "absoluteMonthly", {"dayOfMonth": 31}),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", "absoluteMonthly", {"dayOfMonth": 31}),
        ("FREQ=MONTHLY;BYMONTHDAY=28,29,30;BYSETPOS=-1", "absoluteMonthly", {"dayOfMonth": 30}),
        ("FREQ=MONTHLY;BYDAY=3TU", "relativeMonthly", {"daysOfWeek": ["tuesday"], "index": "third"}),
        ("FREQ=MONTHLY;BYDAY=+3TU", "relativeMonthly", {"daysOfWeek": ["tuesday"], "index": "third"}),
        ("FREQ=MONTHLY;BYDAY=TU;BYSETPOS=3", "relativeMonthly", {"daysOfWeek": ["tuesday"], "index": "third"}),
        ("FREQ=MONTHLY;BYDAY=FR,MO;BYSETPOS=-1", "relativeMonthly",
         {"daysOfWeek": ["monday", "friday"], "index": "last"}),
        ("FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=15", "absoluteYearly", {"dayOfMonth": 15, "month": 12}),
        ("FREQ=YEARLY", "absoluteYearly", {"dayOfMonth": 15, "month": 12}),
        ("FREQ=YEARLY", "absoluteMonthly", {"dayOfMonth": 15, "interval": 12}),
        ("FREQ=YEARLY;BYMONTH=11;BYMONTHDAY=2", "absoluteYearly", {"dayOfMonth": 2, "month": 11}),
        ("FREQ=YEARLY;BYMONTH=11;BYDAY=4TH", "relativeYearly",
         {"daysOfWeek": ["thursday"], "index": "fourth", "month": 11}),
    ],
)  # fmt: skip
def test_equal_series_give_equal_text(rrule, kind, how):
    assert comparable(rrule, START, ZONE) == graph(kind, **how)


@pytest.mark.parametrize(
    ("rrule", "start", "ends"),
    [
        ("COUNT=10", START, {"type": "numbered", "numberOfOccurrences": 10}),
        ("UNTIL=20270105", START, {"type": "endDate", "endDate": "2027-01-05"}),
        ("UNTIL=20270105T090000", START, {"type": "endDate", "endDate": "2027-01-05"}),
        ("UNTIL=20270105T085959", START, {"type": "endDate", "endDate": "2027-01-04"}),
        # 09:00 in New York; and its whole day, which ends in UTC on the next.
        ("UNTIL=20270105T140000Z", START, {"type": "endDate", "endDate": "2027-01-05"}),
        ("UNTIL=20270106T045959Z", START, {"type": "endDate", "endDate": "2027-01-05"}),
        # A whole day has no zone.
        ("UNTIL=20270105T000000Z", "2026-12-15", {"type": "endDate", "endDate": "2027-01-05"}),
    ],
)
def test_ends_are_numbers_or_last_days_in_the_zone_of_the_series(rrule, start, ends):
    assert comparable(f"FREQ=DAILY;{rrule}", start, ZONE) == graph("daily", ends=ends)


@pytest.mark.parametrize(
    "rrule",
    [
        "FREQ=MONTHLY;BYDAY=MO",  # every Monday
        "FREQ=MONTHLY;BYDAY=1MO,3MO",
        "FREQ=MONTHLY;BYDAY=1MO,1TU",  # two days, where Graph's "first of both" is one
        "FREQ=MONTHLY;BYDAY=5MO",
        "FREQ=MONTHLY;BYMONTHDAY=1,15",
        "FREQ=MONTHLY;BYMONTHDAY=-2",
        "FREQ=MONTHLY;BYMONTHDAY=28,30;BYSETPOS=-1",
        "FREQ=MONTHLY;BYMONTHDAY=13;BYDAY=FR",
        "FREQ=MONTHLY;BYMONTH=1,7",
        "FREQ=MONTHLY;BYSETPOS=2;BYDAY=MO,TU;BYMONTHDAY=1",
        "FREQ=YEARLY;BYMONTH=1,7",
        "FREQ=YEARLY;BYDAY=20MO",
        "FREQ=YEARLY;BYMONTHDAY=13",
        "FREQ=YEARLY;BYWEEKNO=20",
        "FREQ=DAILY;INTERVAL=2;BYDAY=MO,TU",
        "FREQ=DAILY;BYMONTH=1",
        "FREQ=WEEKLY;BYDAY=MO;BYHOUR=9",
    ],
)
def test_what_graph_cannot_say_is_like_nothing_of_graphs_but_like_itself(rrule):
    text = comparable(rrule, START, ZONE)
    parts = sorted(rrule.split(";"))
    assert text == ";".join(parts) == comparable("RRULE:" + ";".join(reversed(parts)), START, ZONE)


def test_rules_that_differ_differ():
    texts = {
        comparable(rrule, START, ZONE)
        for rrule in (
            "FREQ=WEEKLY", "FREQ=WEEKLY;INTERVAL=2", "FREQ=WEEKLY;BYDAY=TU,TH", "FREQ=WEEKLY;COUNT=9",
            "FREQ=WEEKLY;COUNT=10", "FREQ=WEEKLY;UNTIL=20270105", "FREQ=WEEKLY;UNTIL=20270106", "FREQ=DAILY",
            "FREQ=MONTHLY", "FREQ=MONTHLY;BYDAY=3TU", "FREQ=MONTHLY;BYDAY=-1TU", "FREQ=YEARLY",
        )
    }  # fmt: skip
    assert len(texts) == 12


def test_no_rule_is_no_pattern():
    assert comparable("", START, ZONE) == pattern(None) == ""
