"""Our event beside the appointments that come close to it, line by line. Reads no rows."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from calendars.models import EventFields
from calendars.recurrence import comparable
from migration import report
from migration.anomalies.repeating import in_words
from migration.likeness import subject_key


@dataclass(frozen=True, slots=True)
class Value:
    """`key` is equal where two sayings are; `text` is for people."""

    key: object
    text: str


@dataclass(frozen=True, slots=True)
class Cell:
    text: str
    differs: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One field. `before`: what it said when it was last synced, where our event has been changed since."""

    label: str
    here: str
    before: str
    cells: tuple[Cell, ...]


LABELS = ("Subject", "When", "Repeats", "Location")


def side_by_side(now: EventFields, synced: EventFields, candidates: list[dict[str, Any]], zone: ZoneInfo) -> list[Line]:
    """`candidates`: what each showed when it was found (`HeldAppointment.shown`). Differences are those to our event now;
    times are in `zone`, the member's."""
    here, before = values(now, zone), values(synced, zone)
    there = [shown_values(shown, zone) for shown in candidates]
    return [
        Line(
            label,
            here[place].text,
            before[place].text if before[place].key != here[place].key else "",
            tuple(Cell(one[place].text, one[place].key != here[place].key) for one in there),
        )
        for place, label in enumerate(LABELS)
    ]


def values(one: EventFields, zone: ZoneInfo) -> tuple[Value, ...]:
    pattern = comparable(one.rrule, one.start, one.time_zone)
    return (
        _subject(one.subject),
        Value((one.all_day, _minute(one.starts_at), _minute(one.ends_at)), report.when(one, zone)),
        _repeats(pattern, bool(one.original_start)),
        _location(one.location),
    )


def shown_values(shown: dict[str, Any], zone: ZoneInfo) -> tuple[Value, ...]:
    return (
        _subject(shown.get("subject") or ""),
        Value(_shown_times(shown), report.shown_when(shown, zone)),
        _repeats(shown.get("pattern") or "", bool(shown.get("occurrence"))),
        _location(shown.get("location") or ""),
    )


def same_kind(one: EventFields, shown: dict[str, Any]) -> bool:
    """A series, one date of a series and a single event are never linked with each other: the sync would make one of
    the other."""
    return (bool(one.rrule), bool(one.original_start)) == (bool(shown.get("pattern")), bool(shown.get("occurrence")))


def looks_the_same(one: EventFields, shown: dict[str, Any], zone: ZoneInfo) -> bool:
    """Equal subject and times, so that nobody could tell the two apart in a calendar."""
    return [value.key for value in values(one, zone)[:2]] == [value.key for value in shown_values(shown, zone)[:2]]


def _subject(text: str) -> Value:
    return Value(subject_key(text), text or "(no subject)")


def _location(text: str) -> Value:
    return Value(subject_key(text), text or "–")


def _repeats(pattern: str, occurrence: bool) -> Value:
    return Value((pattern, occurrence), "One date of a series" if occurrence else in_words(pattern))


def _shown_times(shown: dict[str, Any]) -> object:
    bounds = report.shown_bounds(shown)
    return (bool(shown.get("all_day")), _minute(bounds[0]), _minute(bounds[1])) if bounds else None


def _minute(moment: datetime) -> int:
    return int(moment.timestamp()) // 60
