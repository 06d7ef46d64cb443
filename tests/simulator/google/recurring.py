"""Series between Google's lines of RFC 5545 and what the mailbox keeps: Graph's pattern where there is one.

A series that Google was told keeps its ``lines`` as they were written, and what they mean in days of its zone: the ``rule``
(its UNTIL a date), the days that come ``also`` and those left out (``without``).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from tests.simulator import recurrence, times

_DAYS = {"MO": "monday", "TU": "tuesday", "WE": "wednesday", "TH": "thursday", "FR": "friday", "SA": "saturday",
         "SU": "sunday"}  # fmt: skip
_CODES = {name: code for code, name in _DAYS.items()}
_INDEX = {1: "first", 2: "second", 3: "third", 4: "fourth", -1: "last"}
_ORDINAL = {name: number for number, name in _INDEX.items()}
_FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")


class BadLines(ValueError):
    """The lines cannot be read; the message says why."""


def read(lines: Any, start: dict[str, Any], all_day: bool) -> dict[str, Any]:
    """What the mailbox keeps of ``recurrence`` lines, for a first instance at ``start``. Raises :class:`BadLines`."""
    if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
        raise BadLines("Invalid recurrence rule.")
    zone, first = start["timeZone"], times.local(start)
    rules: list[str] = []
    days: dict[str, list[str]] = {"RDATE": [], "EXDATE": []}
    for line in lines:
        name, _, value = line.partition(":")
        kind, *options = name.upper().split(";")
        if kind == "RRULE":
            rules.append(value)
        elif kind in days:
            own = next((option[5:] for option in name.split(";")[1:] if option.upper().startswith("TZID=")), zone)
            days[kind] += [_day(text, own, zone, options) for text in value.split(",") if text]
        else:
            raise BadLines(f"Invalid recurrence line: {line}")
    if len(rules) > 1:
        raise BadLines("The simulator knows one rule for a series.")
    parts = _parts(rules[0]) if rules else {}
    if "UNTIL" in parts:
        parts["UNTIL"] = _until(parts["UNTIL"], first, zone, all_day).strftime("%Y%m%d")
    kept = {
        "range": {**_range(parts), "startDate": first.date().isoformat(), "recurrenceTimeZone": zone},
        "rule": ";".join(f"{key}={value}" for key, value in parts.items()),
        "also": days["RDATE"], "without": days["EXDATE"], "lines": list(lines),
    }  # fmt: skip
    pattern = _pattern(parts, first.date())
    try:
        found = recurrence.rule(kept)
        if next(iter(found), None) is None:
            raise BadLines("The recurring event has no instances.")
    except recurrence.BadRecurrence as error:
        raise BadLines("Invalid recurrence rule.") from error
    return {**({"pattern": pattern} if pattern else {}), **kept}


def _parts(text: str) -> dict[str, str]:
    parts = dict(part.upper().split("=", 1) for part in text.strip(";").split(";") if "=" in part)
    if parts.get("FREQ") not in _FREQUENCIES or {"BYHOUR", "BYMINUTE", "BYSECOND"} & set(parts):
        raise BadLines("Invalid recurrence rule: the simulator knows rules of days.")
    if "COUNT" in parts and "UNTIL" in parts:
        raise BadLines("Invalid recurrence rule: COUNT and UNTIL exclude each other.")
    return parts


def _moment(text: str) -> dt.datetime:
    form = "%Y%m%d" if len(text) == 8 else "%Y%m%dT%H%M%S"
    try:
        return dt.datetime.strptime(text.upper().rstrip("Z"), form)
    except ValueError as error:
        raise BadLines(f"Invalid date in a recurrence rule: {text}") from error


def _day(text: str, own: str, zone: str, options: Iterable[str]) -> str:
    """The day of an EXDATE or RDATE in the series' zone."""
    if "VALUE=PERIOD" in options:
        raise BadLines("The simulator knows no periods.")
    moment = _moment(text)
    try:
        told_in = dt.UTC if text.upper().endswith("Z") else times.zone(own)
    except times.UnknownZone as error:
        raise BadLines(f"Invalid time zone in a recurrence rule: {own}") from error
    return (
        (moment if len(text) == 8 else moment.replace(tzinfo=told_in).astimezone(times.zone(zone))).date().isoformat()
    )


def _until(text: str, first: dt.datetime, zone: str, all_day: bool) -> dt.date:
    """The last day on which an instance may start."""
    moment = _moment(text)
    if len(text) == 8 or all_day:
        return moment.date()
    local = moment.replace(tzinfo=dt.UTC).astimezone(times.zone(zone)).replace(tzinfo=None)
    return local.date() if local.time() >= first.time() else local.date() - dt.timedelta(days=1)


def _range(parts: dict[str, str]) -> dict[str, Any]:
    if parts.get("COUNT", "").isdecimal():
        return {"type": "numbered", "numberOfOccurrences": int(parts["COUNT"])}
    if "UNTIL" in parts:
        day = parts["UNTIL"]
        return {"type": "endDate", "endDate": f"{day[:4]}-{day[4:6]}-{day[6:8]}"}
    return {"type": "noEnd"}


def _pattern(parts: dict[str, str], first: dt.date) -> dict[str, Any] | None:
    """Graph's pattern of a rule; None where it has no words for it."""
    frequency, interval = parts.get("FREQ"), parts.get("INTERVAL", "1")
    rest = set(parts) - {"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST"}
    pattern: dict[str, Any] = {"interval": int(interval) if interval.isdecimal() else 1}
    codes = parts.get("BYDAY", "").split(",") if "BYDAY" in parts else []
    if frequency == "DAILY":
        return None if rest else {"type": "daily", **pattern}
    if frequency == "WEEKLY":
        if rest - {"BYDAY"} or any(code not in _DAYS for code in codes):
            return None
        days = [_DAYS[code] for code in codes] or [list(_DAYS.values())[first.weekday()]]
        week = _DAYS.get(parts.get("WKST", "MO"), "monday")
        return {"type": "weekly", **pattern, "daysOfWeek": days, "firstDayOfWeek": week}
    if frequency == "YEARLY":
        month = parts.get("BYMONTH", str(first.month))
        if not month.isdecimal() or ("BYDAY" in parts and "BYMONTH" not in parts):
            return None
        pattern["month"] = int(month)
        rest -= {"BYMONTH"}
    kind = "Yearly" if frequency == "YEARLY" else "Monthly"
    return _in_month(kind, pattern, parts, rest, codes, first)


def _in_month(
    kind: str, pattern: dict[str, Any], parts: dict[str, str], rest: set[str], codes: list[str], first: dt.date
) -> dict[str, Any] | None:
    if rest <= {"BYMONTHDAY"}:
        day = parts.get("BYMONTHDAY", str(first.day))
        # Of a day that not every month has Outlook takes the last instead, which is another rule.
        return (
            {"type": f"absolute{kind}", **pattern, "dayOfMonth": int(day)}
            if day.isdecimal() and int(day) < 29
            else None
        )
    place = parts.get("BYSETPOS")
    if place is None and len(codes) == 1 and codes[0][-2:] in _DAYS:
        place, codes = codes[0][:-2].lstrip("+"), [codes[0][-2:]]
    index = _INDEX.get(int(place)) if place and place.lstrip("+-").isdecimal() else None
    if rest - {"BYDAY", "BYSETPOS"} or index is None or not codes or any(code not in _DAYS for code in codes):
        return None
    return {"type": f"relative{kind}", **pattern, "daysOfWeek": [_DAYS[code] for code in codes], "index": index}


def write(value: dict[str, Any], start: dict[str, Any], all_day: bool) -> list[str]:
    """The lines of a series: as they were told, or made of Graph's pattern."""
    if "lines" in value:
        return list(value["lines"])
    pattern, limits = value["pattern"], value["range"]
    kind = str(pattern["type"]).lower()
    parts = [f"FREQ={kind.removeprefix('absolute').removeprefix('relative').upper()}"]
    if pattern.get("interval", 1) != 1:
        parts.append(f"INTERVAL={pattern['interval']}")
    if kind.endswith("yearly"):
        parts.append(f"BYMONTH={pattern['month']}")
    if kind.startswith("absolute"):
        parts += _month_day(int(pattern["dayOfMonth"]))
    elif "daysOfWeek" in pattern and kind != "daily":
        codes = [_CODES[str(day).lower()] for day in pattern["daysOfWeek"]]
        if kind == "weekly":
            parts += [
                f"WKST={_CODES[str(pattern.get('firstDayOfWeek', 'sunday')).lower()]}",
                f"BYDAY={','.join(codes)}",
            ]
        else:
            place = _ORDINAL[str(pattern.get("index", "first")).lower()]
            parts += (
                [f"BYDAY={place}{codes[0]}"] if len(codes) == 1 else [f"BYDAY={','.join(codes)}", f"BYSETPOS={place}"]
            )
    return ["RRULE:" + ";".join([*parts, *_limit(limits, start, all_day)])]


def _month_day(day: int) -> list[str]:
    if day < 29:
        return [f"BYMONTHDAY={day}"]
    return [f"BYMONTHDAY={','.join(str(one) for one in range(28, day + 1))}", "BYSETPOS=-1"]


def _limit(limits: dict[str, Any], start: dict[str, Any], all_day: bool) -> list[str]:
    kind = str(limits["type"]).lower()
    if kind == "numbered":
        return [f"COUNT={limits['numberOfOccurrences']}"]
    if kind != "enddate":
        return []
    last = dt.date.fromisoformat(limits["endDate"])
    if all_day:
        return [f"UNTIL={last:%Y%m%d}"]
    return [f"UNTIL={times.at(last, dt.time(23, 59, 59), start['timeZone']):%Y%m%dT%H%M%SZ}"]
