"""Series taken apart as RFC 5545 has it: whatever shortcuts we take, the dates are dateutil's."""

from datetime import UTC, date, datetime, time, timedelta
from time import process_time
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from calendars import agenda, occurrences
from calendars.models import Event

ZONES = (
    "America/New_York",
    "Europe/London",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Pacific/Kiritimati",
    "America/Havana",
)
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def listed(choices: tuple[str, ...]) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(choices), min_size=1, max_size=3, unique=True).map(",".join)


@st.composite
def rules(draw) -> str:
    frequency = draw(st.sampled_from(("DAILY", "WEEKLY", "MONTHLY", "YEARLY")))
    parts = {"FREQ": frequency, "INTERVAL": str(draw(st.integers(1, 5)))}
    choice = draw(st.sampled_from(("plain", "days", "positions", "numbers", "picked", "months")))
    if choice == "months":
        parts["BYMONTH"] = draw(listed(("2", "6", "11")))
    elif choice == "picked" and frequency == "WEEKLY":
        parts |= {"BYDAY": "MO,WE,FR", "BYSETPOS": "2"}
    elif choice == "days" or (choice != "plain" and frequency in ("DAILY", "WEEKLY")):
        parts["BYDAY"] = draw(listed(DAYS))
        parts["WKST"] = draw(st.sampled_from(("MO", "SU")))
    elif choice == "positions":
        parts["BYDAY"] = draw(listed(("1MO", "2TU", "4FR", "-1SU")))
    elif choice == "numbers":
        parts["BYMONTHDAY"] = draw(listed(("1", "15", "29", "31", "-1")))
    elif choice == "picked":
        parts |= {"BYDAY": "MO,TU,WE,TH,FR", "BYSETPOS": draw(st.sampled_from(("1", "-1")))}
    if draw(st.booleans()):
        parts["COUNT"] = str(draw(st.integers(1, 300)))
    return ";".join(f"{name}={value}" for name, value in parts.items())


starts = st.datetimes(datetime(2015, 1, 1), datetime(2027, 6, 1)).map(lambda one: one.replace(second=0, microsecond=0))
lengths = st.sampled_from((0, 30, 60, 8 * 60, 26 * 60, 5 * 24 * 60)).map(lambda minutes: timedelta(minutes=minutes))
windows = st.dates(date(2026, 1, 1), date(2027, 12, 1))


@given(rules(), starts, st.integers(0, 800))
@settings(max_examples=150)
def test_starting_nearer_gives_what_counting_from_the_start_gives(rule, start, later):
    since = start + timedelta(days=later, minutes=later % 3 - 1)
    series = SimpleNamespace(rrule=rule, start=start.isoformat(), time_zone="UTC", all_day=False)
    before = since + timedelta(days=90)
    expected = [one for one in rrulestr(rule, dtstart=start).between(since, before, inc=True) if one < before]
    assert list(occurrences.slots(series, since, before)) == expected


@given(rules(), starts, lengths, windows, st.sampled_from(ZONES), st.sampled_from(ZONES), st.booleans())
def test_the_dates_between_two_days_are_dateutils_that_touch_them(rule, start, lasts, first, there, here, all_day):
    """The zone of the event and that of whoever looks; every date of the rule is looked at, one by one."""
    last = first + timedelta(days=41)
    if all_day:
        start, lasts = datetime.combine(start, time()), timedelta(days=lasts.days + 1)
    text = [occurrences.wall_clock(one, all_day) for one in (start, start + lasts)]
    master = Event(rrule=rule, start=text[0], end=text[1], time_zone=there, all_day=all_day)
    zone, seen = ZoneInfo(here), []
    for one in rrulestr(rule, dtstart=start).between(datetime.min, datetime.combine(last, time()) + timedelta(days=3)):
        begin, end = shown(one, there, here, all_day), shown(one + lasts, there, here, all_day)
        if begin.date() <= last and max(begin, end - timedelta(microseconds=1)).date() >= first:
            seen.append(begin)
    since, before = (datetime.combine(day, time(), zone) for day in (first, last + timedelta(days=1)))
    found = [
        one.start
        for one in agenda._dates(master, set(), zone, since, before)
        if one.first_day <= last and one.last_day >= first
    ]
    assert found == seen


def shown(moment: datetime, there: str, here: str, all_day: bool) -> datetime:
    if all_day:
        return moment.replace(tzinfo=ZoneInfo(here))
    return moment.replace(tzinfo=ZoneInfo(there)).astimezone(UTC).astimezone(ZoneInfo(here))


@pytest.mark.parametrize(
    "rule", ["FREQ=NONSENSE", "FREQ=DAILY;BYDAY=XX", "FREQ=DAILY;COUNT=x", "nonsense", "FREQ=DAILY;UNTIL=soon"]
)
def test_a_rule_that_cannot_be_read_gives_the_first_date(rule):
    series = SimpleNamespace(rrule=rule, start="2026-11-23T09:00:00", time_zone="UTC", all_day=False)
    assert list(occurrences.slots(series, datetime(2026, 1, 1))) == [datetime(2026, 11, 23, 9)]
    assert list(occurrences.slots(series, datetime(2027, 1, 1))) == []


@pytest.mark.parametrize(
    "rule", ["FREQ=DAILY", "FREQ=DAILY;COUNT=99999", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;COUNT=99999"]
)
def test_nobody_counts_through_a_century_of_days(rule):
    """Counting would take seconds of the processor's time for each series."""
    series = SimpleNamespace(rrule=rule, start="1900-01-01T09:00:00", time_zone="UTC", all_day=False)
    begun = process_time()
    for day in range(1, 29):
        since = datetime(2026, 2, day)
        assert list(occurrences.slots(series, since, since + timedelta(days=14)))
    assert process_time() - begun < 1


def test_a_day_that_no_month_has_is_not_looked_for_until_the_year_9999():
    series = SimpleNamespace(
        rrule="FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", start="2026-11-23T09:00:00", time_zone="UTC", all_day=False
    )
    assert not occurrences.is_readable(series)


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("2026-11-30T09:00:00", True),
        ("2026-11-30T09:00:01", False),
        ("2026-11-24T09:00:00", False),
        ("2026-11-16T09:00:00", False),
        ("2026-11-30", False),
        ("2026-02-30T09:00:00", False),
        ("9999-12-31T09:00:00", False),
    ],
)
def test_a_start_that_the_rule_gives(text, is_one):
    series = SimpleNamespace(rrule="FREQ=WEEKLY", start="2026-11-23T09:00:00", time_zone="UTC", all_day=False)
    assert occurrences.is_slot(series, text) is is_one


def test_the_hour_that_comes_twice_does_not_turn_an_event_around():
    """From 1:30 before the clocks go back to 1:10 after, forty minutes later."""
    event = Event(start="2026-11-01T05:30:00", end="2026-11-01T06:10:00", time_zone="UTC")
    shown = agenda.entry(event, ZoneInfo("America/New_York"), date.min)
    assert (shown.start.astimezone(UTC).minute, shown.end.astimezone(UTC).minute) == (30, 10)


def test_an_event_in_the_hour_that_never_comes_does_not_end_before_it_starts():
    event = Event(start="2027-03-14T02:30:00", end="2027-03-14T03:00:00", time_zone="America/New_York")
    shown = agenda.entry(event, ZoneInfo("America/New_York"), date.min)
    assert shown.start == shown.end and shown.start.hour == 3
