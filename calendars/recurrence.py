"""Recurrence rules: RFC 5545's, which we hold, and the patterns that Outlook has words for, in Graph as in EWS. Pure.

See RFC 5545, 3.3.10, and "recurrencePattern resource type" and "recurrenceRange resource type". The two differ where a
month is too short for a day: RFC 5545 leaves that month out, Outlook takes its last day.
"""

import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

from dateutil.rrule import rrulestr

from firms.zones import zone_info

Kind = Literal["daily", "weekly", "absoluteMonthly", "relativeMonthly", "absoluteYearly", "relativeYearly"]
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_NAMES = dict(zip(DAYS, ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"), strict=True))
_INDEX = {1: "first", 2: "second", 3: "third", 4: "fourth", -1: "last"}
_BY_DAY = re.compile(r"([+-]?\d+)?([A-Z]{2})")
# What each kind of rule may hold beside FREQ, INTERVAL, COUNT, UNTIL and WKST for Outlook to have words for it.
_SAYABLE = {
    "DAILY": {"BYDAY"},
    "WEEKLY": {"BYDAY"},
    "MONTHLY": {"BYDAY", "BYMONTHDAY", "BYSETPOS"},
    "YEARLY": {"BYDAY", "BYMONTHDAY", "BYSETPOS", "BYMONTH"},
}
_ALWAYS = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST"}
# The days that each month has at least and at most; 0 = whatever month it is.
_SHORTEST = {0: 28, 2: 28, 4: 30, 6: 30, 9: 30, 11: 30}
_LONGEST = {2: 29, 4: 30, 6: 30, 9: 30, 11: 30}
Rule = dict[str, str]


class Unsayable(Exception):
    """One side has no words for how the other's series repeats."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """How a series repeats, as Outlook says it.

    `days` in the order of DAYS, of "weekly" and the relative ones. `index` 1 to 4 or -1 (the last), of the relative
    ones. `day` of the absolute ones: 1 to 31, and the last one of months that are shorter. `month` of the yearly ones.
    `first_day` counts only where weeks are left out. `count` occurrences, or as many as begin on or before `until` (a day in
    the series' zone), or without end.
    """

    kind: Kind
    interval: int = 1
    days: tuple[str, ...] = ()
    index: int = 0
    day: int = 0
    month: int = 0
    first_day: str = "MO"
    count: int = 0
    until: date | None = None


def pattern_of(rrule: str, start: str, time_zone: str) -> Pattern:
    """What gives exactly the occurrences that the rule gives to a series with this stored wall-clock `start` (a date where
    all-day). Raises Unsayable where no pattern does, and where the series does not begin with its start."""
    rule = _parts(rrule)
    pattern = _read(rule, start, time_zone)
    if pattern.day > _SHORTEST.get(pattern.month, 31) and _skips(rule):
        raise Unsayable
    rrule_of(pattern, start, time_zone)
    return pattern


def rrule_of(pattern: Pattern, start: str, time_zone: str) -> str:
    """The rule, without "RRULE:", that gives the pattern's occurrences to a series with this stored wall-clock `start`.

    Raises Unsayable for a pattern that is none, or that does not begin with `start`.
    """
    rule = ";".join(f"{name}={value}" for name, value in _words(pattern, start, time_zone).items())
    if first_of(rule, start, time_zone) != datetime.fromisoformat(start):
        raise Unsayable
    return rule


def first_of(rrule: str, start: str, time_zone: str) -> datetime | None:
    """The first wall-clock start (naive) that the rule gives on or after `start`; raises Unsayable for what is no rule."""
    rule = _parts(rrule)
    try:
        if "UNTIL" in rule:
            last = datetime.combine(_last_day(rule["UNTIL"], start, time_zone), time.max)
            rule["UNTIL"] = last.strftime("%Y%m%dT%H%M%S")
        text = ";".join(f"{name}={value}" for name, value in rule.items())
        return next(iter(rrulestr(text, dtstart=datetime.fromisoformat(start))), None)
    except (ValueError, TypeError, AttributeError, LookupError, OverflowError):
        # dateutil raises any of them for a rule that it does not understand.
        raise Unsayable from None


def comparable(rrule: str, start: str, time_zone: str) -> str:
    """The rule as `calendars.graph.appointments.pattern` writes Graph's: equal series give equal text.

    `start` is the stored wall-clock start of the series, a date where all-day. A rule that Outlook cannot say gives its
    own parts in order. The first day of the week is left out: services fill in different ones by themselves; and the 31st
    is the last day of any month, which is what the old sync has made of it.
    """
    if not rrule:
        return ""
    try:
        pattern = _read(_parts(rrule), start, time_zone)
    except Unsayable:
        return ";".join(f"{name}={value}" for name, value in sorted(_parts(rrule).items()))
    said = [pattern.kind, f"every {pattern.interval}"]
    if pattern.days:
        said.append("on " + ",".join(sorted(_NAMES[day] for day in pattern.days)))
    if pattern.index:
        said.append(_INDEX[pattern.index])
    if pattern.day:
        said.append(f"day {pattern.day}")
    if pattern.month:
        said.append(f"month {pattern.month}")
    if pattern.count:
        said.append(f"{pattern.count} times")
    elif pattern.until:
        said.append(f"until {pattern.until.isoformat()}")
    return " ".join(said)


def _parts(rrule: str) -> Rule:
    return dict(part.split("=", 1) for part in rrule.removeprefix("RRULE:").upper().split(";") if "=" in part)


def _read(rule: Rule, start: str, time_zone: str) -> Pattern:
    """The pattern that comes nearest: a day that some months lack is taken as Outlook takes it."""
    try:
        count, until = int(rule.get("COUNT", "0")), rule.get("UNTIL")
        if ("COUNT" in rule and count < 1) or (count and until):
            raise Unsayable
        last = _last_day(until, start, time_zone) if until else None
        return replace(_repeats(rule, date.fromisoformat(start[:10])), count=count, until=last)
    except ValueError:
        raise Unsayable from None


def _repeats(rule: Rule, first: date) -> Pattern:
    frequency, interval = rule.get("FREQ", ""), int(rule.get("INTERVAL", "1"))
    if frequency not in _SAYABLE or rule.keys() - _ALWAYS - _SAYABLE[frequency] or interval < 1:
        raise Unsayable
    found = [_BY_DAY.fullmatch(part) for part in rule.get("BYDAY", "").split(",") if part]
    days = tuple(day for day in DAYS if any(one and one[2] == day for one in found))
    numbers = [one[1] for one in found if one and one[1]]
    if len(days) < len(found):
        raise Unsayable
    if frequency in ("DAILY", "WEEKLY"):
        return _by_week(rule, interval, days, numbers, first)
    return _by_month(rule, interval, days, numbers, first)


def _by_week(rule: Rule, interval: int, days: tuple[str, ...], numbers: list[str], first: date) -> Pattern:
    daily, first_day = rule["FREQ"] == "DAILY", rule.get("WKST", "MO")
    if numbers or (daily and days and interval != 1) or first_day not in DAYS:
        raise Unsayable
    if daily and not days:
        return Pattern("daily", interval)
    return Pattern("weekly", interval, days or (DAYS[first.weekday()],), first_day=first_day if interval != 1 else "MO")


def _by_month(rule: Rule, interval: int, days: tuple[str, ...], numbers: list[str], first: date) -> Pattern:
    yearly, month = rule["FREQ"] == "YEARLY", int(rule.get("BYMONTH", first.month))
    if (yearly and "BYMONTH" not in rule and (days or "BYMONTHDAY" in rule)) or not 1 <= month <= 12:
        raise Unsayable
    if not yearly and interval % 12 == 0:
        # Every twelve months is every year, and Outlook keeps it so.
        yearly, interval = True, interval // 12
    month = month if yearly else 0
    if days:
        index = _position(rule, numbers, len(days))
        return Pattern("relativeYearly" if yearly else "relativeMonthly", interval, days, index=index, month=month)
    day = _day(rule, first, month)
    return Pattern("absoluteYearly" if yearly else "absoluteMonthly", interval, day=day, month=month)


def _position(rule: Rule, numbers: list[str], days: int) -> int:
    """ "The second Tuesday" is 2TU, or TU with BYSETPOS=2; "the last working day" has several days and needs BYSETPOS."""
    position = rule.get("BYSETPOS") or (numbers.pop() if len(numbers) == 1 and days == 1 else "")
    if numbers or "BYMONTHDAY" in rule or not position or int(position) not in _INDEX:
        raise Unsayable
    return int(position)


def _day(rule: Rule, first: date, month: int) -> int:
    """The 31st is Outlook's last day of any month, which RFC 5545 calls -1, or the last of 28, 29, 30 and 31."""
    days = _month_days(rule) or [first.day]
    last_of = rule.get("BYSETPOS") == "-1" and days == list(range(28, days[-1] + 1))
    if ("BYSETPOS" in rule and not last_of) or (len(days) > 1 and not last_of):
        raise Unsayable
    day = 31 if days == [-1] else days[-1]
    if not 1 <= day <= 31:
        raise Unsayable
    return min(day, _LONGEST.get(month, 31))


def _skips(rule: Rule) -> bool:
    """Whether months without the day are left out: RFC 5545's way, for which Outlook has no words."""
    return "BYSETPOS" not in rule and _month_days(rule) != [-1]


def _month_days(rule: Rule) -> list[int]:
    return sorted(int(day) for day in rule["BYMONTHDAY"].split(",")) if "BYMONTHDAY" in rule else []


def _words(pattern: Pattern, start: str, time_zone: str) -> Rule:
    """The parts of a rule, in the order in which they are written."""
    relative, absolute = pattern.kind.startswith("relative"), pattern.kind.startswith("absolute")
    yearly, weekly = pattern.kind.endswith("Yearly"), pattern.kind == "weekly"
    if (
        pattern.interval < 1
        or ((relative or weekly) and not pattern.days)
        or (relative and pattern.index not in _INDEX)
        or (absolute and not 1 <= pattern.day <= 31)
        or (yearly and not 1 <= pattern.month <= 12)
    ):
        raise Unsayable
    rule = {"FREQ": "YEARLY" if yearly else "MONTHLY" if relative or absolute else pattern.kind.upper()}
    if pattern.interval != 1:
        rule["INTERVAL"] = str(pattern.interval)
    if yearly:
        rule["BYMONTH"] = str(pattern.month)
    if absolute:
        rule |= _month_day(pattern)
    elif relative and len(pattern.days) == 1:
        rule["BYDAY"] = f"{pattern.index}{pattern.days[0]}"
    elif relative or weekly:
        rule["BYDAY"] = ",".join(pattern.days)
        rule |= {"BYSETPOS": str(pattern.index)} if relative else {}
    if pattern.count:
        rule["COUNT"] = str(pattern.count)
    elif pattern.until:
        rule["UNTIL"] = _until(pattern.until, start, time_zone)
    if weekly and pattern.interval != 1 and pattern.first_day != "MO":
        rule["WKST"] = pattern.first_day
    return rule


def _month_day(pattern: Pattern) -> Rule:
    """Outlook's day in RFC 5545's words: the last of those days that a month has."""
    day, longest = min(pattern.day, _LONGEST.get(pattern.month, 31)), _LONGEST.get(pattern.month, 31)
    if day <= _SHORTEST.get(pattern.month, 31):
        return {"BYMONTHDAY": str(day)}
    if day == longest:
        return {"BYMONTHDAY": "-1"}
    return {"BYMONTHDAY": ",".join(str(one) for one in range(28, day + 1)), "BYSETPOS": "-1"}


def _last_day(until: str, start: str, time_zone: str) -> date:
    """The last day on which an occurrence may begin, in the zone of the series."""
    if len(until) == 8:
        return datetime.strptime(until, "%Y%m%d").date()
    moment = datetime.strptime(until.rstrip("Z"), "%Y%m%dT%H%M%S")
    if len(start) == 10:
        return moment.date()
    if until.endswith("Z"):
        moment = moment.replace(tzinfo=UTC).astimezone(zone_info(time_zone)).replace(tzinfo=None)
    too_early = moment.time() < datetime.fromisoformat(start).time()
    return moment.date() - timedelta(days=1) if too_early else moment.date()


def _until(last: date, start: str, time_zone: str) -> str:
    """UTC, as RFC 5545 wants it of a series with a zone; a date where all-day."""
    if len(start) == 10:
        return last.strftime("%Y%m%d")
    try:
        moment = datetime.combine(last, datetime.fromisoformat(start).time(), zone_info(time_zone)).astimezone(UTC)
    except OverflowError:
        raise Unsayable from None
    return moment.strftime("%Y%m%dT%H%M%SZ")
