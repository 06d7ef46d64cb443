"""What the bench works out by itself: the critical path of a run's requests, what must hold, and when it does not."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.bench import machine, musts, shape, table
from tests.bench.critical_path import critical_path
from tests.bench.musts import Result, most_requests

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def line(operation: str, start: float, end: float, path: str = "/v1.0/me", **more: Any) -> dict[str, Any]:
    times = {name: (NOON + timedelta(seconds=at)).isoformat() for name, at in (("start", start), ("end", end))}
    return {"operation": operation, "path": path, "query": {}, "parent": None, **times, **more}


def page(start: float, end: float, number: int = 0, calendar: str = "a") -> dict[str, Any]:
    query = {"$skip": str(number * 1000)} if number else {}
    return line("list", start, end, path=f"/v1.0/me/calendars/{calendar}/events", query=query)


BEGIN = [line("token", 0, 1), line("calendar", 2, 3)]


@pytest.mark.parametrize(
    ("journal", "seconds"),
    [
        ([], 0),
        (BEGIN, 2),
        # Pages follow each other, whatever lies between them; translations beside them count only if they are longer.
        ([*BEGIN, page(3, 4), page(5, 7, 1), line("translate", 3, 4), line("translate", 5, 5.5)], 2 + 3),
        ([*BEGIN, page(3, 4), line("translate", 3, 9)], 2 + 6),
        # Asked one after the other without need: as if side by side.
        ([*BEGIN, page(3, 4), line("translate", 4, 6), line("translate", 6, 8)], 2 + 2),
        ([*BEGIN, page(3, 4), page(4, 6, calendar="b"), page(6, 7, 1, calendar="b")], 2 + 3),
        # Batches wait for all that was read, and for each other; their items are part of them.
        ([*BEGIN, page(3, 4), line("batch", 5, 6), line("batch", 6, 8), line("get", 5, 6, parent=4)], 2 + 1 + 3),
        # Looking again: after all there was; the synced calendar and the others side by side.
        (
            [*BEGIN, page(3, 4), line("batch", 4, 5), line("calendars", 5, 6), page(6, 7), page(6, 9, calendar="b"),
             page(7, 8, 1)],
            2 + 1 + 1 + 1 + 3,
        ),
        # A third reading comes after the second.
        ([*BEGIN, page(3, 4), page(4, 5), page(5, 6)], 2 + 3),
    ],
    ids=["none", "one by one", "pages", "long translation", "needlessly", "two calendars", "batches", "again", "third"],
)  # fmt: skip
def test_the_critical_path_is_the_longest_chain_of_requests_that_had_to_follow_each_other(journal, seconds):
    assert critical_path(journal) == pytest.approx(seconds)
    assert critical_path(journal[::-1]) == pytest.approx(seconds)


FACTS = {
    "events": 100_000,
    "appointments": 101_000,
    "series": 500,
    "by_id": 99_000,
    "by_metadata": 800,
    "anomalies": 200,
}
OUTCOMES = {name: FACTS[name] for name in ("by_id", "by_metadata", "anomalies")}
GOOD = {
    "requests": 342, "in_flight": 4, "peak": 300.0, "finishing": 5.0, "wall": 14.0, "path": 10.0, "cpu": 6.0,
    "outcomes": OUTCOMES,
}  # fmt: skip


def result(latency: int = 150, events: int = 100_000, **figures: Any) -> Result:
    return Result("PostgreSQL 15", latency, FACTS | {"events": events}, GOOD | figures)


def floors(*results: Result) -> dict[tuple[str, int, int], dict[str, float]]:
    """A floor that takes twice as long for each event as for each of a calendar a tenth as large."""
    cpu = {10_000: 0.1, 100_000: 2.0}
    return {(one.database, one.latency, one.events): {"cpu": cpu.get(one.events, 0.0)} for one in results}


def missed(*results: Result) -> list[str]:
    return [one.words for one in musts.musts(list(results), floors(*results)) if not one.holds]


def test_the_sum_of_requests():
    assert most_requests(0, 0, 0) == 15
    assert most_requests(1000, 1000, 20) == 1 + 2 + 1 + 15
    assert most_requests(1001, 2001, 21) == 2 + 6 + 2 + 15


def test_figures_just_good_enough_miss_nothing():
    assert len(musts.musts([result()], {})) == 8
    assert missed(result()) == []


@pytest.mark.parametrize(
    ("figures", "words"),
    [
        ({"requests": 343}, "343 requests (at most 342)"),
        ({"in_flight": 5}, "5 in flight"),
        ({"peak": 301.0}, "peak memory 301 MB"),
        ({"finishing": 5.1}, "finishing transaction 5.10 s"),
        ({"wall": 14.1}, "14.1 s (at most 14.0"),
        ({"cpu": 6.1}, "61 ms of CPU"),
        ({"outcomes": OUTCOMES | {"by_id": 98_999}}, "outcomes as seeded"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_each_figure_that_is_worse_is_missed(figures, words):
    assert [words in one for one in missed(result(**figures))] == [True]


def test_fifty_times_fewer_requests_than_one_each():
    assert any("times fewer" in words for words in missed(result(events=10_000, requests=201, cpu=0.1)))
    assert missed(result(events=10_000, requests=200, cpu=0.1)) == []


def test_without_latency_the_time_is_not_held_against_the_path():
    assert missed(result(latency=0, wall=100.0)) == []


def test_a_small_calendar_is_not_held_to_what_large_ones_need_per_event():
    small = Result("PostgreSQL 15", 150, FACTS | {"events": 1000}, GOOD | {"requests": 10, "cpu": 0.4})
    assert missed(small, result()) == []


@pytest.mark.parametrize(("cpu", "count"), [(0.48, 0), (0.47, 1)])
def test_cost_grows_with_the_events_and_no_faster(cpu, count):
    found = missed(result(), result(events=10_000, requests=40, cpu=cpu))
    assert len([words for words in found if "CPU per event" in words]) == count


@pytest.mark.parametrize(("cpu", "count"), [(0.43, 0), (0.41, 1)])
def test_what_a_database_in_the_process_takes_itself_does_not_count(cpu, count):
    large, small = (
        Result("SQLite", 150, FACTS | {"events": events}, GOOD | {"cpu": cpu, "requests": 40})
        for events, cpu in ((100_000, 6.0), (10_000, cpu))
    )
    found = missed(small, large)
    assert len([words for words in found if "beyond the floor" in words]) == count


def test_the_calendar_that_is_measured_is_as_it_says():
    made, facts = shape.calendar(1000)
    assert (facts.events, facts.anomalies, facts.by_metadata) == (1000, 2, 8)
    assert facts.by_id + facts.by_metadata + facts.anomalies == facts.events
    assert facts.series == sum(bool(event.get("exceptions")) for event in made.events) == 4
    masters = sum("recurrence" in event for event in made.events)
    assert 20 <= masters <= 25
    never_synced = {event["ref"] for event in made.events} - {line["uid"] for line in made.lines}
    assert len(never_synced) == 20
    assert facts.appointments == len(made.events)


def test_what_was_not_measured_says_so():
    single = {"how": "gets", "latency": 150, "events": 1000, "requests": 1000, "wall": 38.0, "cpu": 2.0}
    lines = table.one_by_one([single], [1000, 10_000]).splitlines()
    assert "measured" in lines[2] and "1,000" in lines[2]
    assert "extrapolated from 1,000" in lines[3] and "10,000" in lines[3] and "380.0 s" in lines[3]


def test_the_machine_is_described():
    assert all(machine.describe().values())
