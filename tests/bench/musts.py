"""What the figures must be. Pure: from results to sentences, each with whether it holds."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

FEWER_THAN_GETS = 50
OVER_PATH, OVER_PATH_SECONDS = 1.3, 1.0
CPU_MS = 60
PEAK_MB = 300
FINISHING_SECONDS = 5
# How much more than proportionally the processor may work for the next larger calendar: noise, and a little for caches.
LINEAR = 1.25
IN_FLIGHT = 4
# From here on what a run needs at any size no longer counts.
LARGE = 10_000


@dataclass(frozen=True)
class Result:
    """One run of the engine: `figures` as `tests.bench.engine` gives them, with `requests`, `path`, `in_flight`."""

    database: str
    latency: int
    facts: dict[str, int]
    figures: dict[str, Any]

    @property
    def events(self) -> int:
        return self.facts["events"]

    @property
    def cpu_ms(self) -> float:
        """Of the worker, per 1,000 events."""
        return self.figures["cpu"] * 1000 / (self.events / 1000)

    @property
    def where(self) -> str:
        return f"{self.database}, {self.latency} ms, {self.events:,} events"


@dataclass(frozen=True)
class Must:
    holds: bool
    words: str


def most_requests(events: int, appointments: int, series: int, *, page: int = 1000, batch: int = 20) -> int:
    """⌈N/1000⌉ + 2⌈M/1000⌉ + ⌈S/20⌉ + 15."""
    return ceil(events / page) + 2 * ceil(appointments / page) + ceil(series / batch) + 15


Floors = Mapping[tuple[str, int, int], Mapping[str, Any]]


def musts(results: list[Result], floors: Floors) -> list[Must]:
    """`floors`: by database, latency and events."""
    largest = max((one.events for one in results), default=0)
    found: list[Must] = []
    for one in results:
        found += _of_any(one)
        if one.events >= min(LARGE, largest):
            found += _of_large(one)
    return found + _linear(results, floors)


def _of_any(one: Result) -> list[Must]:
    figures, facts = one.figures, one.facts
    seeded = {name: facts[name] for name in ("by_id", "by_metadata", "anomalies")}
    most = most_requests(facts["events"], facts["appointments"], facts["series"])
    must = [
        Must(figures["outcomes"] == seeded, f"{one.where}: outcomes as seeded"),
        Must(figures["requests"] <= most, f"{one.where}: {figures['requests']} requests (at most {most})"),
        Must(figures["in_flight"] <= IN_FLIGHT, f"{one.where}: {figures['in_flight']} in flight (at most {IN_FLIGHT})"),
        Must(figures["peak"] <= PEAK_MB, f"{one.where}: peak memory {figures['peak']:.0f} MB (at most {PEAK_MB})"),
        Must(
            figures["finishing"] <= FINISHING_SECONDS,
            f"{one.where}: finishing transaction {figures['finishing']:.2f} s (at most {FINISHING_SECONDS})",
        ),
    ]
    if one.latency:
        most_wall = OVER_PATH * figures["path"] + OVER_PATH_SECONDS
        words = f"{one.where}: {figures['wall']:.1f} s (at most {most_wall:.1f}, path {figures['path']:.1f} s)"
        must.append(Must(figures["wall"] <= most_wall, words))
    return must


def _of_large(one: Result) -> list[Must]:
    times = one.events / one.figures["requests"]
    must = [
        Must(
            times >= FEWER_THAN_GETS,
            f"{one.where}: {times:.0f} times fewer requests than one each (at least {FEWER_THAN_GETS})",
        )
    ]
    if one.database.startswith("PostgreSQL"):
        words = f"{one.where}: {one.cpu_ms:.0f} ms of CPU per 1,000 events (at most {CPU_MS})"
        must.append(Must(one.cpu_ms <= CPU_MS, words))
    return must


def _linear(results: list[Result], floors: Floors) -> list[Must]:
    """Each calendar beside the next smaller one, where both are large enough to tell. SQLite works inside the process,
    and more for each row the larger its file is: there the engine's own work is what it takes beyond the floor's."""

    def per_event(one: Result) -> float:
        inside = floors[one.database, one.latency, one.events]["cpu"] if one.database == "SQLite" else 0.0
        return (float(one.figures["cpu"]) - inside) / one.events

    must = []
    for one in results:
        same = [other for other in results if (other.database, other.latency) == (one.database, one.latency)]
        smaller = [other for other in same if LARGE <= other.events < one.events]
        if smaller:
            other = max(smaller, key=lambda other: other.events)
            growth, what = per_event(one) / per_event(other), " beyond the floor" if one.database == "SQLite" else ""
            words = (
                f"{one.where}: {growth:.2f} times the CPU per event{what} of {other.events:,} events (at most {LINEAR})"
            )
            must.append(Must(growth <= LINEAR, words))
    return must
