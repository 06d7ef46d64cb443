"""Series as real calendars hold them, through the whole run: every kind of pattern, and every kind of occurrence."""

import pytest

from tests.factories import NOW
from tests.migration import moving
from tests.migration.both_sides import AMBIGUOUS, ID, LIKENESS, NOT_FOUND, UID, BothSides, found, held, recurrence
from tests.simulator import ids

pytestmark = pytest.mark.django_db


FIRST = "2019-01-07T09:00:00"  # a Monday, the first of its month, years ago
KINDS = {
    "FREQ=DAILY": recurrence("daily", FIRST),
    "FREQ=DAILY;INTERVAL=2;UNTIL=20301231": recurrence("daily", FIRST, interval=2, until="2030-12-31"),
    "FREQ=WEEKLY;BYDAY=MO,WE,FR;WKST=SU": recurrence(
        "weekly", FIRST, daysOfWeek=["monday", "wednesday", "friday"], firstDayOfWeek="sunday"
    ),
    "FREQ=WEEKLY;INTERVAL=2": recurrence("weekly", FIRST, interval=2, daysOfWeek=["monday"]),
    "FREQ=WEEKLY;COUNT=500": recurrence("weekly", FIRST, daysOfWeek=["monday"], times=500),
    "FREQ=WEEKLY;UNTIL=20300107T140000Z": recurrence("weekly", FIRST, daysOfWeek=["monday"], until="2030-01-07"),
    "FREQ=MONTHLY": recurrence("absoluteMonthly", FIRST, dayOfMonth=7),
    "FREQ=MONTHLY;INTERVAL=3;COUNT=40": recurrence("absoluteMonthly", FIRST, dayOfMonth=7, interval=3, times=40),
    "FREQ=MONTHLY;BYDAY=1MO": recurrence("relativeMonthly", FIRST, daysOfWeek=["monday"], index="first"),
    "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=1;COUNT=99": recurrence(
        "relativeMonthly", FIRST, daysOfWeek=["monday"], index="first", times=99
    ),
    "FREQ=YEARLY": recurrence("absoluteYearly", FIRST, dayOfMonth=7, month=1),
    "FREQ=YEARLY;BYMONTH=1;BYDAY=1MO": recurrence(
        "relativeYearly", FIRST, daysOfWeek=["monday"], index="first", month=1
    ),
}


def test_series_of_every_kind_are_told_apart_by_their_pattern_alone(moved, simulator):
    """All at one time under one name, and a single one among them; every old id is lost."""
    both = BothSides()
    for rrule, there in reversed(KINDS.items()):
        both.add(rrule, FIRST, line={"rrule": rrule}, event=there)
    both.add("single", FIRST)
    both.events.reverse()
    links = found(moved(both), simulator)
    assert links == {uid: ("metadata", "subject_times", uid) for uid in [*KINDS, "single"]}


WEEKLY = {"rrule": "FREQ=WEEKLY;COUNT=40"}


def weekly(start: str, **fields):
    return recurrence("weekly", start, daysOfWeek=["monday"], times=40, **fields)


@pytest.mark.parametrize(("how", "outcome"), [(ID, "id"), (UID, "metadata"), (LIKENESS, "metadata")])
def test_occurrences_follow_their_series_whatever_became_of_them(moved, simulator, how, outcome):
    both = BothSides()
    start = "2026-09-07T09:00:00"  # the clocks go back on 1 November
    both.add("series", start, found=how, line=WEEKLY, event=weekly(start) | {"cancelled": ["2026-11-16"]})
    both.edited("renamed", "series", "2026-09-14T09:00:00", "2026-09-14T09:00:00", subject="Hearing, room changed")
    both.edited("moved", "series", "2026-09-21T09:00:00", "2026-09-23T15:00:00")
    both.edited("after the change", "series", "2026-11-02T09:00:00", "2026-11-02T11:00:00")
    both.edited("all day now", "series", "2026-11-09T09:00:00", "2026-11-09", all_day=True)
    # Edited here and cancelled there; edited here and ordinary again there; at a start the pattern does not give.
    both.edited("cancelled", "series", "2026-11-16T09:00:00", "2026-11-16T10:00:00", there=False)
    both.edited("ordinary", "series", "2026-11-23T09:00:00", "2026-11-23T12:00:00", there=False)
    both.edited("stray", "series", "2026-11-24T09:00:00", "2026-11-24T12:00:00", there=False)
    connection = moved(both)
    links = found(connection, simulator)
    series = next(key for key, name in moving.refs(simulator).items() if name == "series")
    assert links["series"][::2] == (outcome, "series")
    for uid in ("renamed", "moved", "after the change", "all day now"):
        assert links[uid] == (outcome, "occurrence", uid)
    monday = NOW.date()
    assert links["ordinary"] == (outcome, "occurrence", ids.occurrence_id(series, monday))
    assert links["cancelled"] == links["stray"] == NOT_FOUND


def test_an_occurrence_is_found_by_its_own_id_where_that_translates(moved, simulator):
    both = BothSides()
    both.add("series", found=ID, line=WEEKLY, event=weekly("2026-12-01") | {"exceptions": []})
    both.edited("edited", "series", "2026-12-07T09:00:00", "2026-12-08T09:00:00")
    both.events[0]["exceptions"][0]["ewsId"] = both.lines[-1]["ews_id"]
    assert found(moved(both), simulator)["edited"] == ("id", "translated", "edited")


def test_days_of_all_day_series_are_dates_in_whatever_zone(moved, simulator):
    both = BothSides()
    for zone in ("Pacific/Auckland", "America/Los_Angeles", "UTC"):
        daily = recurrence("daily", "2026-12-01", times=20, zone=zone)
        both.add(zone, "2026-12-01", subject=zone, zone=zone, line={"rrule": "FREQ=DAILY;COUNT=20"}, event=daily)
        both.edited(f"{zone} edited", zone, "2026-12-03", "2026-12-04", time_zone=zone, subject=f"{zone} edited")
        both.edited(f"{zone} ordinary", zone, "2026-12-05", "2026-12-09", time_zone=zone, there=False)
    connection = moved(both)
    links, names = found(connection, simulator), moving.refs(simulator)
    for zone in ("Pacific/Auckland", "America/Los_Angeles", "UTC"):
        assert links[f"{zone} edited"] == ("metadata", "occurrence", f"{zone} edited")
        master = next(key for key, name in names.items() if name == zone)
        fifth = ids.occurrence_id(master, NOW.date().replace(month=12, day=5))
        assert links[f"{zone} ordinary"] == ("metadata", "occurrence", fifth)


def test_what_a_series_became_in_outlook_or_here_does_not_hide_it(moved, simulator):
    """Patterns only break ties: subject, start and end as last synced are what counts."""
    both = BothSides()
    daily, day = recurrence("daily", "2026-12-01", times=5), "2026-12-01T{:02}:00:00"
    both.add("other pattern", day.format(8), line=WEEKLY, event=daily)
    both.add("became a series", day.format(9), event=daily)
    both.add("became a single", day.format(10), line=WEEKLY)
    both.add("became a single, by id", day.format(11), found=ID, line=WEEKLY)
    both.edited("lost with it", "became a single, by id", "2026-12-08T11:00:00", "2026-12-08T15:00:00", there=False)
    both.add("renamed in Outlook", day.format(12), found=UID, line=WEEKLY, event=daily | {"subject": "Trial"})
    here = {"subject": "Trial", "start": "2027-01-05T09:00:00", "end": "2027-01-05T10:00:00", "rrule": "FREQ=DAILY"}
    as_synced = {"subject": "Hearing", "start": day.format(13), "end": day.format(14), "rrule": "FREQ=WEEKLY"}
    both.add("edited here", day.format(13), line=here | {"as_synced": as_synced}, event=weekly("2026-12-01"))
    links = found(moved(both), simulator)
    assert links.pop("lost with it") == NOT_FOUND
    assert {uid: name for uid, (_, _, name) in links.items()} == {uid: uid for uid in links}


def test_series_that_nothing_else_tells_apart_are_told_apart_by_their_edited_occurrences(moved, simulator):
    both = BothSides()
    for uid, week in (("a", "2026-12-15"), ("b", "2026-12-08"), ("c", "2026-12-22")):
        both.add(uid, line=WEEKLY, event=recurrence("weekly", "2026-12-01", daysOfWeek=["tuesday"], times=40))
        both.edited(f"{uid} edited", uid, f"{week}T09:00:00", f"{week}T13:00:00", subject="Moved")
    # Outlook's ids go by the order in which they were made: not ours.
    both.events.reverse()
    links = found(moved(both), simulator)
    assert links == {
        uid: ("metadata", how, uid)
        for one in "abc"
        for uid, how in ((one, "subject_times"), (f"{one} edited", "occurrence"))
    }


def test_of_two_equal_series_for_one_of_ours_neither_is_taken_and_both_are_held(moved, simulator):
    both = BothSides()
    pattern = recurrence("weekly", "2026-12-01", daysOfWeek=["tuesday"], times=40)
    both.add("ours", line=WEEKLY, event=pattern)
    both.theirs("copy", "2026-12-01T09:00:00", **pattern)
    both.edited("edited", "ours", "2026-12-08T09:00:00", "2026-12-09T09:00:00", there=False)
    connection = moved(both)
    assert found(connection, simulator) == {"ours": AMBIGUOUS, "edited": NOT_FOUND}
    assert held(connection, simulator)["ours"] == {"ours", "copy"}
