"""Which days a pattern names, and ids of occurrences."""

from __future__ import annotations

import datetime as dt
import http.client
from typing import Any

import pytest

from tests.simulator import ids, recurrence
from tests.simulator_tests.graph_steps import Graph

EVER = (dt.date(2026, 1, 1), dt.date(2030, 12, 31))
WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday"]


def days(pattern: dict[str, Any], start: str, count: int = 3) -> list[str]:
    limits = {"type": "numbered", "startDate": start, "numberOfOccurrences": count}
    return [day.isoformat() for day in recurrence.days({"pattern": pattern, "range": limits}, *EVER)]


@pytest.mark.parametrize(
    ("pattern", "start", "expected"),
    [
        ({"type": "daily", "interval": 3}, "2026-11-22", ["2026-11-22", "2026-11-25", "2026-11-28"]),
        (
            {"type": "weekly", "interval": 2, "daysOfWeek": ["sunday", "monday"], "firstDayOfWeek": "monday"},
            "2026-11-22",
            ["2026-11-22", "2026-11-30", "2026-12-06"],
        ),
        (
            {"type": "weekly", "interval": 2, "daysOfWeek": ["sunday", "monday"]},
            "2026-11-22",
            ["2026-11-22", "2026-11-23", "2026-12-06"],
        ),
        (
            {"type": "absoluteMonthly", "interval": 1, "dayOfMonth": 31},
            "2027-01-31",
            ["2027-01-31", "2027-02-28", "2027-03-31"],
        ),
        (
            {"type": "relativeMonthly", "interval": 1, "daysOfWeek": ["friday"], "index": "last"},
            "2026-11-27",
            ["2026-11-27", "2026-12-25", "2027-01-29"],
        ),
        (
            {"type": "relativeMonthly", "interval": 1, "daysOfWeek": WEEKDAYS, "index": "first"},
            "2026-11-02",
            ["2026-11-02", "2026-12-01", "2027-01-01"],
        ),
        (
            {"type": "absoluteYearly", "interval": 1, "month": 2, "dayOfMonth": 29},
            "2028-02-29",
            ["2028-02-29", "2029-02-28", "2030-02-28"],
        ),
        (
            {"type": "relativeYearly", "interval": 1, "month": 11, "daysOfWeek": ["thursday"], "index": "fourth"},
            "2026-11-26",
            ["2026-11-26", "2027-11-25", "2028-11-23"],
        ),
    ],
)
def test_patterns(pattern: dict[str, Any], start: str, expected: list[str]) -> None:
    assert days(pattern, start) == expected


def test_the_last_day_of_a_range_is_in_it_and_a_window_is_cut_out() -> None:
    limits = {"type": "endDate", "startDate": "2026-11-01", "endDate": "2026-11-05"}
    series = {"pattern": {"type": "daily", "interval": 1}, "range": limits}
    found = list(recurrence.days(series, dt.date(2026, 11, 4), dt.date(2026, 12, 1)))
    assert found == [dt.date(2026, 11, 4), dt.date(2026, 11, 5)]
    assert recurrence.contains(series, dt.date(2026, 11, 5))
    assert not recurrence.contains(series, dt.date(2026, 11, 6))


@pytest.mark.parametrize(
    ("pattern", "limits"),
    [
        ({"type": "hourly"}, {}),
        ({"type": "daily", "interval": 0}, {}),
        ({"type": "weekly"}, {}),
        ({"type": "weekly", "daysOfWeek": ["noday"]}, {}),
        ({"type": "absoluteMonthly", "dayOfMonth": 32}, {}),
        ({"type": "absoluteYearly", "dayOfMonth": 1, "month": 13}, {}),
        ({"type": "relativeMonthly", "daysOfWeek": ["monday"], "index": "fifth"}, {}),
        ({"type": "daily"}, {"type": "sometime"}),
        ({"type": "daily"}, {"type": "numbered", "numberOfOccurrences": 0}),
        ({"type": "daily"}, {"type": "endDate", "endDate": "2026-10-31"}),
        ({"type": "daily"}, {"startDate": "soon"}),
    ],
)
def test_patterns_that_make_no_sense(pattern: dict[str, Any], limits: dict[str, Any]) -> None:
    whole = {"pattern": pattern, "range": {"type": "noEnd", "startDate": "2026-11-01", **limits}}
    with pytest.raises(recurrence.BadRecurrence):
        recurrence.rule(whole)


def test_ids_of_occurrences_lead_back_to_series_and_day() -> None:
    for make in (lambda: ids.to_rest(ids.ews_id("1", "a", 5)), lambda: ids.immutable_id("1", "a", 5), lambda: "odd"):
        made = ids.occurrence_id(make(), dt.date(2026, 11, 23))
        assert ids.split_occurrence_id(made) == (ids.stem(make()), dt.date(2026, 11, 23))
    assert ids.split_occurrence_id(ids.immutable_id("1", "a", 5)) is None


def test_ids_keep_their_shape_over_many_items() -> None:
    for number in range(1, 300):
        ews, immutable = ids.ews_id("1", "a", number), ids.immutable_id("1", "a", number)
        assert ids.is_base64(ews)
        assert {"+", "/", "="} <= set(ews)
        assert ids.is_well_formed(ids.to_rest(ews))
        assert ids.is_well_formed(immutable)
        assert not ids.is_well_formed(ews)
        assert ids.from_entry(ids.to_entry(immutable)) == immutable


def test_preferences_in_several_headers_count_together(graph: Graph) -> None:
    connection = http.client.HTTPConnection(graph.simulator.url.removeprefix("http://"), timeout=30)
    connection.putrequest("GET", f"/v1.0/me/events/{graph.id('hearing')}")
    connection.putheader("Authorization", f"Bearer {graph.token}")
    connection.putheader("Prefer", 'IdType="ImmutableId"')
    connection.putheader("Prefer", 'outlook.timezone="Europe/Paris"')
    connection.endheaders()
    answer = connection.getresponse().read().decode()
    connection.close()
    assert graph.id("hearing") in answer
    assert '"timeZone":"Europe/Paris"' in answer
