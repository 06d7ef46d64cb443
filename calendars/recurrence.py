"""Recurrence rules of RFC 5545 in the form in which two series are compared. Pure."""

from datetime import UTC, date, datetime

from firms.zones import zone_info

_DAYS = {
    "MO": "monday", "TU": "tuesday", "WE": "wednesday", "TH": "thursday",
    "FR": "friday", "SA": "saturday", "SU": "sunday",
}  # fmt: skip
_INDEX = {1: "first", 2: "second", 3: "third", 4: "fourth", -1: "last"}
_KINDS = {"DAILY": "daily", "WEEKLY": "weekly", "MONTHLY": "Monthly", "YEARLY": "Yearly"}


def comparable(rrule: str, start: str, time_zone: str) -> str:
    """The rule as `calendars.graph.appointments.pattern` writes Graph's: equal series give equal text.

    `start` is the stored wall-clock start of the series. A rule that Graph cannot say gives its own text.
    """
    if not rrule:
        return ""
    rule = dict(part.split("=", 1) for part in rrule.removeprefix("RRULE:").upper().split(";") if "=" in part)
    first = date.fromisoformat(start[:10])
    kind = _KINDS.get(rule.get("FREQ", ""))
    if kind is None:
        return rrule
    days, index = _days(rule, first)
    if kind in ("Monthly", "Yearly"):
        kind = ("relative" if index else "absolute") + kind
    parts = [kind, f"every {rule.get('INTERVAL', '1')}"]
    if kind == "weekly" or index:
        parts.append("on " + ",".join(sorted(days)))
    if index:
        parts.append(index)
    if kind.startswith("absolute"):
        parts.append(f"day {rule.get('BYMONTHDAY', first.day)}")
    if kind.endswith("Yearly"):
        parts.append(f"month {rule.get('BYMONTH', first.month)}")
    if "COUNT" in rule:
        parts.append(f"{rule['COUNT']} times")
    elif "UNTIL" in rule:
        parts.append(f"until {_until(rule['UNTIL'], time_zone)}")
    return " ".join(parts)


def _days(rule: dict[str, str], first: date) -> tuple[list[str], str]:
    """Names of the weekdays, and which of the month: "first" … "last", or empty where the rule counts none."""
    by_day = [part for part in rule.get("BYDAY", "").split(",") if part]
    numbers = {part[:-2] for part in by_day if part[:-2]} | set(filter(None, [rule.get("BYSETPOS", "")]))
    names = [_DAYS.get(part[-2:], part) for part in by_day] or [list(_DAYS.values())[first.weekday()]]
    return names, _INDEX.get(int(numbers.pop()), "other") if len(numbers) == 1 else ""


def _until(text: str, time_zone: str) -> str:
    if len(text) == 8:
        return datetime.strptime(text, "%Y%m%d").date().isoformat()
    moment = datetime.strptime(text.rstrip("Z"), "%Y%m%dT%H%M%S")
    if text.endswith("Z"):
        return moment.replace(tzinfo=UTC).astimezone(zone_info(time_zone)).date().isoformat()
    return moment.date().isoformat()
