"""Graph's ``patternedRecurrence`` and the days it names."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any, Literal

from dateutil import rrule

_DAYS = {
    "monday": rrule.MO, "tuesday": rrule.TU, "wednesday": rrule.WE, "thursday": rrule.TH,
    "friday": rrule.FR, "saturday": rrule.SA, "sunday": rrule.SU,
}  # fmt: skip
_INDEX = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1}
_TYPES: dict[str, Literal[0, 1, 2, 3]] = {
    "daily": rrule.DAILY, "weekly": rrule.WEEKLY,
    "absolutemonthly": rrule.MONTHLY, "relativemonthly": rrule.MONTHLY,
    "absoluteyearly": rrule.YEARLY, "relativeyearly": rrule.YEARLY,
}  # fmt: skip
_RANGES = ("enddate", "noend", "numbered")


class BadRecurrence(ValueError):
    """The recurrence cannot be read; the message says why."""


def _whole(holder: dict[str, Any], name: str, default: int | None = None) -> int:
    value = holder.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise BadRecurrence(f"recurrence: {name} must be a whole number from 1, not {value!r}")
    return value


def _day(holder: dict[str, Any], name: str) -> dt.date:
    try:
        return dt.date.fromisoformat(str(holder.get(name)))
    except ValueError as error:
        raise BadRecurrence(f"recurrence: {name} must be a date, not {holder.get(name)!r}") from error


def _weekdays(pattern: dict[str, Any]) -> list[rrule.weekday]:
    names = pattern.get("daysOfWeek")
    if not isinstance(names, list) or not names or any(str(name).lower() not in _DAYS for name in names):
        raise BadRecurrence(f"recurrence: daysOfWeek must be a list of days, not {names!r}")
    return [_DAYS[str(name).lower()] for name in names]


def _month_day(pattern: dict[str, Any]) -> dict[str, Any]:
    """Outlook takes the last day where a month is too short, RFC 5545 skips the month."""
    day = _whole(pattern, "dayOfMonth")
    if day > 31:
        raise BadRecurrence(f"recurrence: dayOfMonth must be 1 to 31, not {day}")
    return {"bymonthday": day} if day < 29 else {"bymonthday": tuple(range(28, day + 1)), "bysetpos": -1}


def _relative(pattern: dict[str, Any]) -> dict[str, Any]:
    index = _INDEX.get(str(pattern.get("index", "first")).lower())
    if index is None:
        raise BadRecurrence(f"recurrence: index must be first to last, not {pattern.get('index')!r}")
    return {"byweekday": _weekdays(pattern), "bysetpos": index}


def _parts(kind: str, pattern: dict[str, Any]) -> dict[str, Any]:
    """The rule's parts that depend on the pattern's type."""
    if kind == "daily":
        return {}
    if kind == "weekly":
        first = str(pattern.get("firstDayOfWeek", "sunday")).lower()
        if first not in _DAYS:
            raise BadRecurrence(f"recurrence: firstDayOfWeek must be a day, not {first!r}")
        return {"byweekday": _weekdays(pattern), "wkst": _DAYS[first]}
    parts = _month_day(pattern) if kind.startswith("absolute") else _relative(pattern)
    if kind.endswith("yearly"):
        parts["bymonth"] = _whole(pattern, "month")
        if parts["bymonth"] > 12:
            raise BadRecurrence(f"recurrence: month must be 1 to 12, not {parts['bymonth']}")
    return parts


def _end(limits: dict[str, Any], start: dt.date) -> dict[str, Any]:
    kind = str(limits.get("type", "")).lower()
    if kind not in _RANGES:
        raise BadRecurrence(f"recurrence: range.type must be endDate, noEnd or numbered, not {limits.get('type')!r}")
    if kind == "numbered":
        return {"count": _whole(limits, "numberOfOccurrences")}
    if kind == "noend":
        return {}
    end = _day(limits, "endDate")
    if end < start:
        raise BadRecurrence("recurrence: endDate is before startDate")
    return {"until": dt.datetime.combine(end, dt.time())}


def rule(recurrence: Any) -> rrule.rrule | rrule.rruleset:
    """The rule of a ``patternedRecurrence``, at midnights; raises :class:`BadRecurrence`.

    Of a series that Google was told (``rule``, with ``also`` and ``without``) what was told counts, not the pattern.
    """
    if isinstance(recurrence, dict) and "rule" in recurrence:
        return _told(recurrence)
    pattern = recurrence.get("pattern") if isinstance(recurrence, dict) else None
    limits = recurrence.get("range") if isinstance(recurrence, dict) else None
    if not isinstance(pattern, dict) or not isinstance(limits, dict):
        raise BadRecurrence("recurrence: pattern and range must both be there")
    kind = str(pattern.get("type", "")).lower()
    if kind not in _TYPES:
        raise BadRecurrence(f"recurrence: unknown pattern.type {pattern.get('type')!r}")
    start = _day(limits, "startDate")
    return rrule.rrule(
        _TYPES[kind],
        dtstart=dt.datetime.combine(start, dt.time()),
        interval=_whole(pattern, "interval", 1),
        **_parts(kind, pattern),
        **_end(limits, start),
    )


def _told(recurrence: dict[str, Any]) -> rrule.rruleset:
    """A rule of RFC 5545 on days, with further days and days left out."""
    start = dt.datetime.combine(_day(recurrence["range"], "startDate"), dt.time())
    found = rrule.rruleset()
    try:
        if recurrence["rule"]:
            found.rrule(rrule.rrulestr(recurrence["rule"], dtstart=start))
        else:
            found.rdate(start)
    except (ValueError, TypeError, AttributeError) as error:
        raise BadRecurrence(f"recurrence: {recurrence['rule']}: {error}") from error
    for name, add in (("also", found.rdate), ("without", found.exdate)):
        for day in recurrence.get(name) or []:
            add(dt.datetime.fromisoformat(day))
    return found


def days(recurrence: Any, first: dt.date, last: dt.date) -> Iterator[dt.date]:
    """The days of the pattern from ``first`` to ``last``, both included, in order; wall-clock days of its zone."""
    for moment in rule(recurrence).xafter(dt.datetime.combine(first, dt.time()), inc=True):
        if moment.date() > last:
            return
        yield moment.date()


def contains(recurrence: Any, day: dt.date) -> bool:
    """Does the pattern put an occurrence on this day?"""
    return next(days(recurrence, day, day), None) == day
