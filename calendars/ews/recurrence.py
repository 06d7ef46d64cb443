"""How a series repeats, between exchangelib's words and `calendars.recurrence`. See "Recurrence" in EWS's reference."""

from datetime import date, datetime
from typing import Any

from dateutil.rrule import rrulestr
from exchangelib import EWSDate
from exchangelib.recurrence import (
    AbsoluteMonthlyPattern,
    AbsoluteYearlyPattern,
    DailyPattern,
    EndDatePattern,
    NumberedPattern,
    Recurrence,
    RelativeMonthlyPattern,
    RelativeYearlyPattern,
    WeeklyPattern,
)

from calendars.errors import Refused
from calendars.recurrence import DAYS, Pattern, Unsayable, pattern_of, rrule_of
from calendars.sync.content import Content

# exchangelib counts from 1: days of the week, then any day, working day, and day off; weeks of a month, the fifth the last.
_SETS = {8: DAYS, 9: DAYS[:5], 10: DAYS[5:]}
_LAST_WEEK = 5
# No series is looked through for longer than this.
MOST = 10_000


def rrule(recurrence: Recurrence, start: str, zone: str) -> str:
    """RFC 5545's rule for a series with this stored start; raises Unsayable."""
    boundary = recurrence.boundary
    limits: dict[str, Any] = {}
    if isinstance(boundary, NumberedPattern):
        limits["count"] = boundary.number
    elif isinstance(boundary, EndDatePattern):
        limits["until"] = date(boundary.end.year, boundary.end.month, boundary.end.day)
    return rrule_of(_pattern(recurrence.pattern, limits), start, zone)


def _pattern(said: Any, limits: dict[str, Any]) -> Pattern:
    match said:
        case DailyPattern():
            return Pattern("daily", said.interval, **limits)
        case WeeklyPattern():
            days = tuple(DAYS[day - 1] for day in sorted(_numbers(said.weekdays)))
            return Pattern("weekly", said.interval, days, first_day=DAYS[said.first_day_of_week - 1], **limits)
        case AbsoluteMonthlyPattern():
            return Pattern("absoluteMonthly", said.interval, day=said.day_of_month, **limits)
        case AbsoluteYearlyPattern():
            return Pattern("absoluteYearly", day=said.day_of_month, month=said.month, **limits)
        case RelativeMonthlyPattern():
            return Pattern("relativeMonthly", said.interval, _days(said.weekday), index=_index(said), **limits)
        case RelativeYearlyPattern():
            return Pattern("relativeYearly", days=_days(said.weekday), index=_index(said), month=said.month, **limits)
    raise Unsayable


def theirs(rrule: str, start: str, zone: str) -> Recurrence | None:
    """exchangelib's words for our rule, None where there is none; raises Unsayable."""
    if not rrule:
        return None
    pattern = pattern_of(rrule, start, zone)
    begin = EWSDate.fromisoformat(start[:10])
    limits: dict[str, Any] = {"start": begin}
    if pattern.count:
        limits["number"] = pattern.count
    elif pattern.until:
        limits["end"] = EWSDate(pattern.until.year, pattern.until.month, pattern.until.day)
    return Recurrence(pattern=_their_pattern(pattern), **limits)


def _their_pattern(pattern: Pattern) -> Any:
    interval = pattern.interval
    yearly = pattern.kind.endswith("Yearly")
    if yearly and interval != 1:
        raise Unsayable  # EWS knows every year, and no other interval of years
    match pattern.kind:
        case "daily":
            return DailyPattern(interval=interval)
        case "weekly":
            days = [DAYS.index(day) + 1 for day in pattern.days]
            first = DAYS.index(pattern.first_day) + 1
            return WeeklyPattern(interval=interval, weekdays=days, first_day_of_week=first)
        case "absoluteMonthly":
            return AbsoluteMonthlyPattern(interval=interval, day_of_month=pattern.day)
        case "absoluteYearly":
            return AbsoluteYearlyPattern(day_of_month=pattern.day, month=pattern.month)
        case "relativeMonthly":
            return RelativeMonthlyPattern(
                interval=interval, weekday=_weekday(pattern.days), week_number=_week(pattern.index)
            )
        case "relativeYearly":
            return RelativeYearlyPattern(
                weekday=_weekday(pattern.days), week_number=_week(pattern.index), month=pattern.month
            )


def number_of(master: Content, slot: str) -> int:
    """Which occurrence of its series, counted from 1 and with those cancelled, the pattern puts at `slot`.

    Raises Refused where the pattern has none there.
    """
    starts = rrulestr(_naive(master), dtstart=datetime.fromisoformat(master.start))
    wanted = datetime.fromisoformat(slot)
    for number, start in enumerate(starts, 1):
        if start == wanted:
            return number
        if start > wanted or number >= MOST:
            break
    raise Refused(code="refused")


def _naive(master: Content) -> str:
    """The rule with its last day as wall-clock time, as the start is."""
    pattern = pattern_of(master.rrule, master.start, master.time_zone)
    parts = [part for part in master.rrule.split(";") if not part.upper().startswith("UNTIL=")]
    return ";".join([*parts, f"UNTIL={pattern.until:%Y%m%d}T235959"] if pattern.until else parts)


def _numbers(days: Any) -> list[int]:
    return [day if isinstance(day, int) else _NAMES.index(day) + 1 for day in days]


_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def _days(weekday: int) -> tuple[str, ...]:
    return _SETS.get(weekday) or (DAYS[weekday - 1],)


def _weekday(days: tuple[str, ...]) -> int:
    for number, together in _SETS.items():
        if days == together:
            return number
    if len(days) != 1:
        raise Unsayable
    return DAYS.index(days[0]) + 1


def _index(said: Any) -> int:
    return -1 if said.week_number == _LAST_WEEK else int(said.week_number)


def _week(index: int) -> int:
    return _LAST_WEEK if index == -1 else index
