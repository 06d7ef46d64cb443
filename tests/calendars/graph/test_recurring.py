"""Rules of RFC 5545 and Graph's patterns name the same days, or are refused: judged by dateutil on our side and by the
simulator's reading of Graph's pattern on the other."""

from datetime import date, datetime, timedelta
from itertools import takewhile

import pytest
from dateutil.rrule import rrulestr
from hypothesis import assume, given
from hypothesis import strategies as st

from calendars.graph import recurring
from calendars.recurrence import Unsayable, comparable
from tests.simulator import recurrence as outlook

ZONE = "America/New_York"
DAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
NAMES = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
YEARS = timedelta(days=9 * 365)
SPAN = datetime(2026, 1, 1), datetime(2028, 12, 31)
# The ends of months, where the two sides differ, come as often as all other days.
ENDS = [28, 29, 30, 31]
starts = st.one_of(
    st.datetimes(*SPAN), st.datetimes(*SPAN).filter(lambda moment: (moment + timedelta(days=4)).day < 5)
).map(lambda moment: moment.replace(microsecond=0))


@st.composite
def ends(draw, start: datetime) -> str:
    last = start + timedelta(days=draw(st.integers(0, 2000)))
    return draw(st.sampled_from(["", f";COUNT={draw(st.integers(1, 60))}", f";UNTIL={last:%Y%m%dT%H%M%S}"]))


@st.composite
def rules(draw, start: datetime) -> str:
    """Of all shapes, also of those that no pattern has words for; mostly such as begin with `start`."""
    day = DAYS[start.weekday()]
    number = (start.day - 1) // 7 + 1
    days = ",".join(draw(st.permutations(sorted({day, *draw(st.sets(st.sampled_from(DAYS), max_size=3))}))))
    interval = f";INTERVAL={draw(st.integers(1, 26))}"
    month = f";BYMONTH={start.month}"
    position = draw(st.sampled_from([number, -1, 1, 2, 5]))
    monthly = draw(st.sampled_from([
        "", f";BYMONTHDAY={start.day}", ";BYMONTHDAY=-1", f";BYDAY={number}{day}", f";BYDAY={position}{day}",
        f";BYDAY={day};BYSETPOS={position}", f";BYDAY={days};BYSETPOS={position}", f";BYDAY={days}",
        ";BYMONTHDAY=28,29,30;BYSETPOS=-1", ";BYMONTHDAY=28,29;BYSETPOS=-1", ";BYMONTHDAY=28,29,30,31;BYSETPOS=-1",
        f";BYMONTHDAY=1,{start.day}",
    ]))  # fmt: skip
    weekly = draw(st.sampled_from(["", f";BYDAY={day}", f";BYDAY={days}"]))
    first_day = draw(st.sampled_from(["", ";WKST=SU", ";WKST=WE", ";WKST=MO"]))
    shape = draw(st.sampled_from([
        f"FREQ=DAILY{interval}", f"FREQ=DAILY;BYDAY={days}", f"FREQ=WEEKLY{interval}{weekly}{first_day}",
        f"FREQ=MONTHLY{interval}{monthly}", f"FREQ=YEARLY{interval}", f"FREQ=YEARLY{month}{monthly}",
        f"FREQ=YEARLY{monthly}",
    ]))  # fmt: skip
    return shape + draw(ends(start))


def days_by_rule(rule: str, start: datetime) -> list[date]:
    """UNTIL in UTC is read as wall-clock time, as the series' zone has it."""
    parts = dict(part.split("=") for part in rule.split(";"))
    if parts.get("UNTIL", "").endswith("Z"):
        until = datetime.strptime(parts["UNTIL"], "%Y%m%dT%H%M%SZ") + timedelta(hours=1)  # Never 24 hours off.
        parts["UNTIL"] = f"{until:%Y%m%dT%H%M%S}"
    text = ";".join(f"{name}={value}" for name, value in parts.items())
    return [one.date() for one in takewhile(lambda one: one < start + YEARS, rrulestr(text, dtstart=start))]


def days_in_outlook(recurrence: dict, start: date) -> list[date]:
    return list(outlook.days(recurrence, start, start + YEARS - timedelta(days=1)))


@given(st.data())
def test_what_graph_is_told_is_what_the_rule_says_and_comes_back_as_the_same(data):
    start = data.draw(starts)
    rule = data.draw(rules(start))
    wall = start.isoformat()
    try:
        told = recurring.recurrence(rule, wall, ZONE)
    except Unsayable:
        assume(False)
    ours = days_by_rule(rule, start)
    assert days_in_outlook(told, start.date()) == ours and ours[0] == start.date()
    back = recurring.rrule(told, wall, ZONE)
    assert recurring.recurrence(back, wall, ZONE) == told
    assert comparable(back, wall, ZONE) == comparable(rule, wall, ZONE)


@st.composite
def recurrences(draw) -> dict:
    kind = draw(st.sampled_from(["daily", "weekly", "absoluteMonthly", "relativeMonthly", "absoluteYearly",
                                 "relativeYearly"]))  # fmt: skip
    how = {"type": kind, "interval": draw(st.integers(1, 14)), "firstDayOfWeek": draw(st.sampled_from(NAMES))}
    how["daysOfWeek"] = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=7, unique=True))
    how["index"] = draw(st.sampled_from(["first", "second", "third", "fourth", "last"]))
    how["dayOfMonth"], how["month"] = draw(st.integers(1, 31) | st.sampled_from(ENDS)), draw(st.integers(1, 12))
    begins = draw(starts).date()
    limits = {"startDate": begins.isoformat(), "recurrenceTimeZone": "Eastern Standard Time"}
    last = begins + timedelta(days=draw(st.integers(0, 2000)))
    limits |= draw(st.sampled_from([
        {"type": "noEnd", "endDate": "0001-01-01"}, {"type": "endDate", "endDate": last.isoformat()},
        {"type": "numbered", "numberOfOccurrences": draw(st.integers(1, 60)), "endDate": "0001-01-01"},
    ]))  # fmt: skip
    return {"pattern": how, "range": limits}


@given(recurrences(), st.times().map(lambda clock: clock.replace(microsecond=0)))
def test_what_outlook_says_is_what_the_rule_says_and_goes_back_as_the_same(recurrence, clock):
    begins = date.fromisoformat(recurrence["range"]["startDate"])
    there = days_in_outlook(recurrence, begins)
    assume(there and there[0] < begins + YEARS / 2)
    start = datetime.combine(there[0], clock)
    rule = recurring.rrule(recurrence, start.isoformat(), ZONE)
    assert days_by_rule(rule, start)[: len(there)] == there
    assert days_in_outlook(recurring.recurrence(rule, start.isoformat(), ZONE), begins) == there


@pytest.mark.parametrize(
    ("rule", "start"),
    [
        ("FREQ=MONTHLY", "2026-12-31T09:00:00"),  # leaves February out, where Outlook takes the 28th
        ("FREQ=MONTHLY;BYMONTHDAY=29", "2026-12-29T09:00:00"),
        ("FREQ=YEARLY", "2028-02-29T09:00:00"),
        ("FREQ=WEEKLY;BYDAY=MO", "2026-12-15T09:00:00"),  # a Tuesday
        ("FREQ=MONTHLY;BYDAY=MO", "2026-12-07T09:00:00"),
        ("FREQ=MONTHLY;BYDAY=5TU", "2026-12-29T09:00:00"),
        ("FREQ=MONTHLY;BYMONTHDAY=-2", "2026-12-30T09:00:00"),
        ("FREQ=YEARLY;BYWEEKNO=51", "2026-12-15T09:00:00"),
        ("FREQ=DAILY;INTERVAL=2;BYDAY=TU", "2026-12-15T09:00:00"),
        ("FREQ=WEEKLY;BYHOUR=9,17", "2026-12-15T09:00:00"),
        ("FREQ=WEEKLY;COUNT=2;UNTIL=20270101", "2026-12-15T09:00:00"),
        ("FREQ=WEEKLY;UNTIL=20261201", "2026-12-15T09:00:00"),
        ("FREQ=HOURLY", "2026-12-15T09:00:00"),
        ("FREQ=WEEKLY;INTERVAL=0", "2026-12-15T09:00:00"),
        ("nonsense", "2026-12-15T09:00:00"),
    ],
)
def test_what_outlook_has_no_words_for_is_refused(rule, start):
    with pytest.raises(Unsayable):
        recurring.recurrence(rule, start, ZONE)


@pytest.mark.parametrize(
    ("until", "start", "last"),
    [
        ("20270105", "2026-12-15T09:00:00", "2027-01-05"),
        ("20270105T140000Z", "2026-12-15T09:00:00", "2027-01-05"),  # nine in New York
        ("20270105T135959Z", "2026-12-15T09:00:00", "2027-01-04"),
        ("20270106T030000Z", "2026-12-15T22:00:00", "2027-01-05"),
        ("20270105T090000", "2026-12-15T09:00:00", "2027-01-05"),
        ("20270105", "2026-12-15", "2027-01-05"),
    ],
)
def test_the_last_day_is_that_of_the_series_zone(until, start, last):
    told = recurring.recurrence(f"FREQ=DAILY;UNTIL={until}", start, ZONE)
    assert told["range"]["endDate"] == last
    back = recurring.rrule(told, start, ZONE)
    assert recurring.recurrence(back, start, ZONE) == told


def test_a_rule_says_when_it_ends_as_rfc_5545_wants_it():
    timed = {"pattern": {"type": "daily", "interval": 1},
             "range": {"type": "endDate", "startDate": "2026-07-01", "endDate": "2026-12-01"}}  # fmt: skip
    assert recurring.rrule(timed, "2026-07-01T09:00:00", ZONE) == "FREQ=DAILY;UNTIL=20261201T140000Z"
    assert recurring.rrule(timed, "2026-07-01", ZONE) == "FREQ=DAILY;UNTIL=20261201"


@pytest.mark.parametrize("change", [
    {"pattern": None}, {"range": None}, {"pattern": {"type": "hebrewYearly"}}, {"pattern": {"type": "weekly"}},
    {"pattern": {"type": "absoluteMonthly"}}, {"pattern": {"type": "relativeMonthly", "daysOfWeek": ["someday"]}},
    {"pattern": {"type": "absoluteYearly", "dayOfMonth": 15}}, {"range": {"type": "sometime"}},
    {"range": {"type": "numbered", "numberOfOccurrences": 0}}, {"range": {"type": "endDate", "endDate": "soon"}},
    {"pattern": {"type": "daily", "interval": -1}}, {"pattern": {"type": "weekly", "daysOfWeek": ["monday"]}},
    {"range": {"type": "noEnd", "startDate": "2026-12-16"}}, {"pattern": "weekly"},
])  # fmt: skip
def test_what_graph_does_not_document_has_no_words_here(change):
    fine = {"pattern": {"type": "daily", "interval": 1}, "range": {"type": "noEnd", "startDate": "2026-12-15"}}
    assert recurring.rrule(fine, "2026-12-15T09:00:00", ZONE) == "FREQ=DAILY"
    with pytest.raises(Unsayable):
        recurring.rrule({**fine, **change}, "2026-12-15T09:00:00", ZONE)


def test_the_zone_is_told_by_its_windows_name():
    assert recurring.recurrence("FREQ=DAILY", "2026-12-15T09:00:00", "America/Detroit")["range"][
        "recurrenceTimeZone"
    ] == ("Eastern Standard Time")
