"""Recurrence rules (RFC 5545, 3.3.10): which of them may come in. Pure."""

import re
from datetime import UTC, datetime
from functools import lru_cache

from dateutil.rrule import rrulestr

from calendars.importing.fields import BadLine

LONGEST = 500
SHAPE = re.compile(r"[A-Z]+=[^;=\s]+(?:;[A-Z]+=[^;=\s]+)*")
FREQUENCIES = {"DAILY", "WEEKLY", "MONTHLY", "YEARLY"}
COUNTED = re.compile(r"[1-9][0-9]{0,5}")
UNTIL = re.compile(r"[0-9]{8}(T[0-9]{6}Z?)?")
# dateutil takes numbers that no calendar has, and would look for such a day until the year 9999.
RANGES = {"BYMONTH": 12, "BYMONTHDAY": 31, "BYYEARDAY": 366, "BYWEEKNO": 53, "BYSETPOS": 366}


def check_rule(rule: str) -> None:
    """Raises BadLine unless `rule` is a recurrence rule by day, week, month or year, like FREQ=WEEKLY;COUNT=10."""
    if len(rule) > LONGEST or (problem := _problem(rule)):
        raise BadLine(f"rrule {f'is longer than {LONGEST} characters' if len(rule) > LONGEST else problem}")


@lru_cache(maxsize=4096)
def _problem(rule: str) -> str:
    if not SHAPE.fullmatch(rule):
        return "is not a recurrence rule like FREQ=WEEKLY;COUNT=10"
    named = [part.split("=") for part in rule.split(";")]
    parts = dict(part for part in named)
    if len(parts) < len(named):
        return "gives a part twice"
    if parts.get("FREQ") not in FREQUENCIES:
        return f"must have a FREQ of {', '.join(sorted(FREQUENCIES))}"
    if "COUNT" in parts and "UNTIL" in parts:
        return "has both COUNT and UNTIL"
    for name in ("COUNT", "INTERVAL"):
        if not COUNTED.fullmatch(parts.get(name, "1")):
            return f"has a {name} that is no whole number from 1"
    if "UNTIL" in parts and not UNTIL.fullmatch(parts["UNTIL"]):
        return "has an UNTIL that is no date or time of the form 20261123T090000Z"
    for name, most in RANGES.items():
        if name in parts and not all(_within(number, most) for number in parts[name].split(",")):
            return f"has a {name} out of range"
    return _refused_by_dateutil(rule, parts)


def _within(number: str, most: int) -> bool:
    return re.fullmatch(r"[+-]?[0-9]{1,3}", number) is not None and 1 <= abs(int(number)) <= most


def _refused_by_dateutil(rule: str, parts: dict[str, str]) -> str:
    # It wants the start aware where UNTIL is, and naive where UNTIL is.
    start = datetime(2026, 1, 1, tzinfo=UTC if parts.get("UNTIL", "").endswith("Z") else None)
    try:
        rrulestr(rule, dtstart=start)
    except (ValueError, TypeError, AttributeError, LookupError, OverflowError):
        return "is not a recurrence rule like FREQ=WEEKLY;COUNT=10"
    return ""
