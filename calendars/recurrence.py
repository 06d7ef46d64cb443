"""Recurrence rules of RFC 5545 in the form in which two series are compared. Pure."""

import re
from datetime import UTC, date, datetime, timedelta

from firms.zones import zone_info

_DAYS = {
    "MO": "monday", "TU": "tuesday", "WE": "wednesday", "TH": "thursday",
    "FR": "friday", "SA": "saturday", "SU": "sunday",
}  # fmt: skip
_INDEX = {1: "first", 2: "second", 3: "third", 4: "fourth", -1: "last"}
_BY_DAY = re.compile(r"([+-]?\d+)?([A-Z]{2})")
# What each kind of rule may hold beside FREQ, INTERVAL, COUNT, UNTIL and WKST for Graph to have words for it.
_SAYABLE = {
    "DAILY": {"BYDAY"},
    "WEEKLY": {"BYDAY"},
    "MONTHLY": {"BYDAY", "BYMONTHDAY", "BYSETPOS"},
    "YEARLY": {"BYDAY", "BYMONTHDAY", "BYSETPOS", "BYMONTH"},
}
_ALWAYS = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST"}
LAST_DAY = 31


class _Unsayable(Exception):
    """Graph's patterns have no words for the rule."""


def comparable(rrule: str, start: str, time_zone: str) -> str:
    """The rule as `calendars.graph.appointments.pattern` writes Graph's: equal series give equal text.

    `start` is the stored wall-clock start of the series, a date where all-day. A rule that Graph cannot say gives its
    own parts in order. The first day of the week is left out: services fill in different ones by themselves.
    """
    if not rrule:
        return ""
    rule = dict(part.split("=", 1) for part in rrule.removeprefix("RRULE:").upper().split(";") if "=" in part)
    try:
        return " ".join([*_pattern(rule, date.fromisoformat(start[:10])), *_range(rule, start, time_zone)])
    except (_Unsayable, ValueError):
        return ";".join(f"{name}={value}" for name, value in sorted(rule.items()))


def _pattern(rule: dict[str, str], first: date) -> list[str]:
    frequency, interval = rule.get("FREQ", ""), int(rule.get("INTERVAL", "1"))
    if rule.keys() - _ALWAYS - _SAYABLE.get(frequency, set()):
        raise _Unsayable
    days = [_BY_DAY.fullmatch(part) for part in rule.get("BYDAY", "").split(",") if part]
    names = ",".join(sorted(_DAYS[day[2]] for day in days if day and day[2] in _DAYS))
    numbers = {day[1] for day in days if day and day[1]}
    if frequency == "WEEKLY" or (frequency == "DAILY" and days and interval == 1):
        if numbers:
            raise _Unsayable
        return ["weekly", f"every {interval}", f"on {names or list(_DAYS.values())[first.weekday()]}"]
    if frequency == "DAILY":
        if days:
            raise _Unsayable
        return ["daily", f"every {interval}"]
    if frequency == "MONTHLY" and interval % 12 == 0:
        frequency, interval = "YEARLY", interval // 12
    elif frequency == "YEARLY" and "BYMONTH" not in rule and (days or "BYMONTHDAY" in rule):
        raise _Unsayable
    words = _relative(rule, names, numbers, len(days)) if days else _absolute(rule, first)
    kind = ("relative" if days else "absolute") + frequency.capitalize()
    month = [f"month {int(rule.get('BYMONTH', first.month))}"] if frequency == "YEARLY" else []
    return [kind, f"every {interval}", *words, *month]


def _relative(rule: dict[str, str], names: str, numbers: set[str], days: int) -> list[str]:
    """ "The second Tuesday" is 2TU, or TU with BYSETPOS=2; "the last working day" has several days and needs BYSETPOS."""
    position = rule.get("BYSETPOS") or (numbers.pop() if len(numbers) == 1 and days == 1 else "")
    if numbers or "BYMONTHDAY" in rule or not position or int(position) not in _INDEX:
        raise _Unsayable
    return [f"on {names}", _INDEX[int(position)]]


def _absolute(rule: dict[str, str], first: date) -> list[str]:
    """The 31st is Outlook's last day of any month, which RFC 5545 calls -1, or the last of 28, 29, 30 and 31."""
    days = sorted(int(day) for day in rule.get("BYMONTHDAY", str(first.day)).split(","))
    last_of = rule.get("BYSETPOS") == "-1" and days == list(range(28, days[-1] + 1))
    if "BYSETPOS" in rule and not last_of:
        raise _Unsayable
    day = LAST_DAY if days == [-1] else days[-1]
    if day < 1 or (len(days) > 1 and not last_of):
        raise _Unsayable
    return [f"day {day}"]


def _range(rule: dict[str, str], start: str, time_zone: str) -> list[str]:
    if "COUNT" in rule:
        return [f"{int(rule['COUNT'])} times"]
    return [f"until {_last_day(rule['UNTIL'], start, time_zone).isoformat()}"] if "UNTIL" in rule else []


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
