"""Graph's `patternedRecurrence` and the rules that we hold. Pure. See "recurrencePattern resource type" and
"recurrenceRange resource type"."""

from datetime import date
from typing import Any, get_args

from calendars.recurrence import DAYS, Kind, Pattern, Unsayable, first_of, pattern_of, rrule_of
from firms.zones import UnknownZone, windows_zone

_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAY_OF = dict(zip(_NAMES, DAYS, strict=True))
_NAME_OF = dict(zip(DAYS, _NAMES, strict=True))
_INDEX = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1}
_INDEX_NAME = {number: name for name, number in _INDEX.items()}
_KIND = {kind.casefold(): kind for kind in get_args(Kind)}
_NEVER = "0001-01-01"


def rrule(recurrence: dict[str, Any], start: str, time_zone: str) -> str:
    """The rule of a series with this wall-clock start; `time_zone` is that of the recurrence (any where all-day).

    Raises Unsayable, also where the series does not begin with its start.
    """
    try:
        pattern = _pattern(recurrence.get("pattern") or {}, recurrence["range"])
        rule = rrule_of(pattern, start, time_zone)
        begins = recurrence["range"].get("startDate") or start[:10]
        if begins != start[:10]:
            _check_anchor(pattern, rule, begins, start, time_zone)
        return rule
    except (KeyError, TypeError, ValueError, AttributeError):
        raise Unsayable from None


def recurrence(rule: str, start: str, time_zone: str) -> dict[str, Any]:
    """What gives exactly the rule's occurrences; raises Unsayable, and UnknownZone where Windows lacks the zone."""
    pattern = pattern_of(rule, start, time_zone)
    how: dict[str, Any] = {"type": pattern.kind, "interval": pattern.interval}
    if pattern.days:
        how["daysOfWeek"] = [_NAME_OF[day] for day in pattern.days]
    if pattern.kind == "weekly":
        how["firstDayOfWeek"] = _NAME_OF[pattern.first_day]
    if pattern.index:
        how["index"] = _INDEX_NAME[pattern.index]
    if pattern.day:
        how["dayOfMonth"] = pattern.day
    if pattern.month:
        how["month"] = pattern.month
    zone = zone_to_tell(time_zone) if len(start) == len("2026-11-23") else windows_zone(time_zone)
    return {"pattern": how, "range": {"startDate": start[:10], "recurrenceTimeZone": zone, **_ends(pattern)}}


def zone_to_tell(time_zone: str) -> str:
    """For what has no need of its zone: UTC where Windows has none that keeps the same time."""
    try:
        return windows_zone(time_zone)
    except UnknownZone:
        return "UTC"


def _pattern(how: dict[str, Any], limits: dict[str, Any]) -> Pattern:
    kind, (count, until) = _KIND[str(how["type"]).casefold()], _ends_of(limits)
    relative, absolute = kind.startswith("relative"), kind.startswith("absolute")
    named = [_DAY_OF[str(day).casefold()] for day in how.get("daysOfWeek") or ()]
    return Pattern(
        kind=kind,
        interval=int(how.get("interval") or 1),
        days=tuple(day for day in DAYS if day in named) if relative or kind == "weekly" else (),
        index=_INDEX[str(how.get("index") or "first").casefold()] if relative else 0,
        day=int(how["dayOfMonth"]) if absolute else 0,
        month=int(how["month"]) if kind.endswith("Yearly") else 0,
        first_day=_DAY_OF[str(how.get("firstDayOfWeek") or "sunday").casefold()],
        count=count,
        until=until,
    )


def _ends_of(limits: dict[str, Any]) -> tuple[int, date | None]:
    match str(limits["type"]).casefold():
        case "noend":
            return 0, None
        case "enddate":
            return 0, date.fromisoformat(limits["endDate"])
        case "numbered" if int(limits["numberOfOccurrences"]) > 0:
            return int(limits["numberOfOccurrences"]), None
    raise Unsayable


def _check_anchor(pattern: Pattern, rule: str, begins: str, start: str, time_zone: str) -> None:
    """Whether a pattern that begins on another day than the series' first occurrence comes to that occurrence first."""
    first = first_of(rule, begins + start[10:], time_zone)
    if begins > start[:10] or first is None or first.isoformat()[: len(start)] != start:
        raise Unsayable


def _ends(pattern: Pattern) -> dict[str, Any]:
    if pattern.count:
        return {"type": "numbered", "numberOfOccurrences": pattern.count, "endDate": _NEVER}
    if pattern.until:
        return {"type": "endDate", "endDate": pattern.until.isoformat(), "numberOfOccurrences": 0}
    return {"type": "noEnd", "endDate": _NEVER, "numberOfOccurrences": 0}
