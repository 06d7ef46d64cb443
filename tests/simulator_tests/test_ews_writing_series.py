"""Series and single occurrences of them, as exchangelib writes them."""

from typing import Any

import pytest
from exchangelib import CalendarItem, EWSDate
from exchangelib.errors import (
    ErrorOccurrenceCrossingBoundary,
)
from exchangelib.properties import OccurrenceItemId
from exchangelib.recurrence import (
    AbsoluteMonthlyPattern,
    AbsoluteYearlyPattern,
    DailyPattern,
    Recurrence,
    RelativeMonthlyPattern,
    RelativeYearlyPattern,
    WeeklyPattern,
)

from tests.simulator_tests.ews_steps import Outlook, at, draft, shown
from tests.simulator_tests.graph_steps import ADA, meeting

PATTERNS: list[tuple[Any, dict[str, Any], list[str]]] = [
    (DailyPattern(interval=2), {"type": "daily", "interval": 2}, ["12-02", "12-04", "12-06"]),
    (
        WeeklyPattern(interval=1, weekdays=["Wednesday", "Friday"], first_day_of_week="Monday"),
        {"type": "weekly", "daysOfWeek": ["wednesday", "friday"], "firstDayOfWeek": "monday"},
        ["12-02", "12-04", "12-09"],
    ),
    (
        AbsoluteMonthlyPattern(interval=1, day_of_month=31),
        {"type": "absoluteMonthly", "dayOfMonth": 31},
        ["12-31", "01-31", "02-28"],
    ),
    (
        RelativeMonthlyPattern(interval=1, weekday="Weekday", week_number="First"),
        {"type": "relativeMonthly", "index": "first", "daysOfWeek": ["monday", "tuesday", "wednesday", "thursday", "friday"]},
        ["01-01", "02-01", "03-01"],
    ),
    (AbsoluteYearlyPattern(day_of_month=5, month="December"), {"type": "absoluteYearly", "month": 12}, ["12-05"] * 3),
    (
        RelativeYearlyPattern(weekday="Monday", week_number="Last", month="December"),
        {"type": "relativeYearly", "index": "last", "month": 12},
        ["12-28", "12-27", "12-25"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("pattern", "expected", "days"), PATTERNS, ids=lambda value: type(value).__name__)
def test_series_are_the_same_through_graph(
    outlook: Outlook, pattern: Any, expected: dict[str, Any], days: list[str]
) -> None:
    item = draft(outlook, recurrence=Recurrence(pattern=pattern, start=EWSDate(2026, 12, 2), number=3)).save()
    found = shown(outlook, item)
    assert expected.items() <= found["recurrence"]["pattern"].items()
    assert found["recurrence"]["range"]["numberOfOccurrences"] == 3
    window = {"startDateTime": "2026-12-01T00:00:00Z", "endDateTime": "2029-12-31T00:00:00Z"}
    instances = outlook.graph.values(f"/me/events/{found['id']}/instances", **window)
    assert [one["start"]["dateTime"][5:10] for one in instances] == days
    item.refresh()
    assert (item.type, item.recurrence.pattern) == ("RecurringMaster", pattern)
    first = item.recurrence.boundary.start
    assert item.start.date() == first and first.isoformat()[5:] == days[0], "a series starts with its first occurrence"


def _series(outlook: Outlook) -> CalendarItem:
    pattern = WeeklyPattern(interval=1, weekdays=["Wednesday"])
    item = draft(outlook, recurrence=Recurrence(pattern=pattern, start=EWSDate(2026, 12, 2), number=5))
    item.save()
    item.refresh()
    return item


def test_an_occurrence_is_changed_by_its_place_and_then_by_its_id(outlook: Outlook) -> None:
    master = _series(outlook)
    third = master.occurrence(3)
    third.refresh()
    third.subject, third.start, third.end = "Moved", at(17, 11), at(17, 12)
    third.save(update_fields=["subject", "start", "end"])
    master.refresh()
    (changed,) = master.modified_occurrences
    assert (changed.original_start, changed.start) == (at(16, 9), at(17, 11))
    (exception,) = outlook.account.fetch([changed])
    assert (exception.type, exception.subject, exception.uid) == ("Exception", "Moved", master.uid)
    exception.location = "Court 3"
    exception.save(update_fields=["location"])
    found = shown(outlook, exception)
    assert (found["type"], found["subject"], found["location"]["displayName"]) == ("exception", "Moved", "Court 3")
    assert found["seriesMasterId"] == shown(outlook, master)["id"]


def test_an_occurrence_is_cancelled_by_its_place(outlook: Outlook) -> None:
    master = _series(outlook)
    master.occurrence(2).delete()
    master.refresh()
    assert [gone.start for gone in master.deleted_occurrences] == [at(9, 9)]
    found = shown(outlook, master, _select="cancelledOccurrences,subject")
    assert [one[-10:] for one in found["cancelledOccurrences"]] == ["2026-12-09"]
    assert next(outlook.account.fetch([OccurrenceItemId(id=master.id, instance_index=3)])).start == at(16, 9)


def test_an_occurrence_stays_between_its_neighbours(outlook: Outlook) -> None:
    third = _series(outlook).occurrence(3)
    third.refresh()
    third.start, third.end = at(23, 11), at(23, 12)
    with pytest.raises(ErrorOccurrenceCrossingBoundary):
        third.save(update_fields=["start", "end"])


def test_saving_what_was_read_changes_nothing_in_a_series(outlook: Outlook) -> None:
    """Times and pattern that Graph wrote in other words: exceptions and cancelled occurrences stay."""
    pattern = {"type": "weekly", "interval": 1, "daysOfWeek": ["Monday"], "month": 0, "dayOfMonth": 0, "index": "first"}
    recurrence = {"pattern": pattern, "range": {"type": "noEnd", "startDate": "2026-11-23", "endDate": "0001-01-01"}}
    event = meeting("loose", recurrence=recurrence)
    outlook.simulator.edit(ADA, "loose", "create", event=event, cancelled=["2026-12-07"])
    outlook.simulator.edit(ADA, "loose", "change", occurrence="2026-11-30", subject="Elsewhere")
    master = outlook.fetch("loose")
    master.save(update_fields=["subject", "start", "end", "recurrence", "is_all_day"])
    found = outlook.fetch("loose")
    assert (found.start, found.recurrence) == (master.start, master.recurrence)
    assert len(found.modified_occurrences) == len(found.deleted_occurrences) == 1


def test_what_a_series_loses_when_it_is_moved_and_keeps_when_it_is_not(outlook: Outlook) -> None:
    master = _series(outlook)
    master.occurrence(2).delete()
    master.refresh()
    master.subject = "Renamed"
    master.save(update_fields=["subject", "start", "end", "recurrence"])  # the times and the pattern it has
    master.refresh()
    assert (master.subject, len(master.deleted_occurrences)) == ("Renamed", 1)
    master.start, master.end = at(2, 10), at(2, 11)
    master.save(update_fields=["start", "end"])
    master.refresh()
    assert (master.deleted_occurrences, master.start) == (None, at(2, 10))
    master.recurrence = None
    master.save(update_fields=["recurrence"])
    master.refresh()
    assert (master.type, shown(outlook, master)["type"]) == ("Single", "singleInstance")


def test_a_change_through_graph_shows_here_at_once(outlook: Outlook) -> None:
    master = _series(outlook)
    found = shown(outlook, master)
    window = {"startDateTime": "2026-12-01T00:00:00Z", "endDateTime": "2027-12-31T00:00:00Z"}
    second = outlook.graph.values(f"/me/events/{found['id']}/instances", **window)[1]
    outlook.graph.call(
        "PATCH", f"/me/events/{second['id']}", json={"subject": "By Graph", "showAs": "workingElsewhere"}
    )
    master.refresh()
    (exception,) = outlook.account.fetch(master.modified_occurrences)
    assert (exception.subject, exception.legacy_free_busy_status) == ("By Graph", "WorkingElsewhere")
