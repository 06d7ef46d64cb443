"""Series between Exchange's elements and Graph's ``patternedRecurrence``."""

from __future__ import annotations

import datetime as dt
import re
from itertools import islice
from typing import Any

from tests.simulator import recurrence, times
from tests.simulator.events import Event
from tests.simulator.ews import moments
from tests.simulator.ews.errors import EwsError
from tests.simulator.ews.soap import Element, Malformed, children, local, make, text

_MONTHS = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
]  # fmt: skip
_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})(Z|[+-]\d{2}:\d{2})?$")
_WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday")
_GROUPS = {"day": (*_WEEK, "saturday", "sunday"), "weekday": _WEEK, "weekendday": ("saturday", "sunday")}
_GROUP_NAMES = {frozenset(days): name for name, days in (("Day", _GROUPS["day"]), ("Weekday", _WEEK),
                                                         ("WeekendDay", _GROUPS["weekendday"]))}  # fmt: skip


def write(event: Event) -> Element:
    """``t:Recurrence`` of a master."""
    value = event.data["recurrence"]
    pattern, limits = value["pattern"], value["range"]
    kind = str(pattern["type"])
    kind = kind[0].upper() + kind[1:]
    parts: dict[str, str] = {}
    if "Yearly" not in kind:
        parts["Interval"] = str(pattern.get("interval", 1))
    if kind in ("Weekly", "RelativeMonthly", "RelativeYearly"):
        parts["DaysOfWeek"] = _days(pattern["daysOfWeek"], grouped=kind != "Weekly")
    if kind.startswith("Relative"):
        parts["DayOfWeekIndex"] = str(pattern.get("index", "first")).capitalize()
    if kind.startswith("Absolute"):
        parts["DayOfMonth"] = str(pattern["dayOfMonth"])
    if "Yearly" in kind:
        parts["Month"] = _MONTHS[int(pattern["month"]) - 1]
    if kind == "Weekly":
        parts["FirstDayOfWeek"] = str(pattern.get("firstDayOfWeek", "sunday")).capitalize()
    found = [make(f"t:{name}", value) for name, value in parts.items()]
    return make("t:Recurrence", None, [make(f"t:{kind}Recurrence", None, found), _range(limits, event.zone)])


def _days(names: list[str], grouped: bool) -> str:
    group = _GROUP_NAMES.get(frozenset(name.lower() for name in names)) if grouped else None
    return group or " ".join(name.capitalize() for name in names)


def _range(limits: dict[str, Any], zone: str) -> Element:
    start = [make("t:StartDate", _dated(limits["startDate"], zone))]
    kind = str(limits["type"]).lower()
    if kind == "numbered":
        number = make("t:NumberOfOccurrences", str(limits["numberOfOccurrences"]))
        return make("t:NumberedRecurrence", None, [*start, number])
    if kind == "enddate":
        return make("t:EndDateRecurrence", None, [*start, make("t:EndDate", _dated(limits["endDate"], zone))])
    return make("t:NoEndRecurrence", None, start)


def _dated(day: str, zone: str) -> str:
    """An ``xs:date`` with the offset that the series' zone has then."""
    midnight = dt.datetime.fromisoformat(day).replace(tzinfo=times.zone(zone))
    offset = midnight.isoformat()[-6:]
    return day + ("Z" if offset == "+00:00" else offset)


def read(element: Element, zone: str) -> dict[str, Any]:
    """Graph's pattern of a ``t:Recurrence``; raises :class:`Malformed` and :class:`EwsError`."""
    parts = children(element)
    if len(parts) != 2:
        raise Malformed("Recurrence needs a pattern and a range.")
    kind = local(parts[0]).removesuffix("Recurrence")
    value = {
        "pattern": _read_pattern(parts[0], kind[:1].lower() + kind[1:]),
        "range": {**_read_range(parts[1]), "recurrenceTimeZone": zone},
    }
    try:
        if next(iter(recurrence.rule(value)), None) is None:
            raise EwsError("ErrorRecurrenceHasNoOccurrence")
    except recurrence.BadRecurrence as error:
        raise EwsError("ErrorCalendarInvalidRecurrence", str(error)) from error
    return value


def _read_pattern(element: Element, kind: str) -> dict[str, Any]:
    pattern: dict[str, Any] = {"type": kind, "interval": _whole(element, "t:Interval", "1")}
    names = text(element, "t:DaysOfWeek").lower().split()
    if names:
        pattern["daysOfWeek"] = [day for name in names for day in _GROUPS.get(name, (name,))]
    if kind == "weekly":
        pattern["firstDayOfWeek"] = text(element, "t:FirstDayOfWeek", "Sunday").lower()
    if kind.startswith("relative"):
        pattern["index"] = text(element, "t:DayOfWeekIndex", "First").lower()
    if kind.startswith("absolute"):
        pattern["dayOfMonth"] = _whole(element, "t:DayOfMonth", "0")
    if kind.endswith("Yearly"):
        pattern["month"] = _month(text(element, "t:Month"))
    return pattern


def _month(name: str) -> int:
    if name not in _MONTHS:
        raise Malformed(f"{name!r} is no month.")
    return _MONTHS.index(name) + 1


def _whole(element: Element, path: str, default: str) -> int:
    found = text(element, path, default)
    if not found.isdecimal():
        raise Malformed(f"{path}: {found!r} is no number.")
    return int(found)


def _read_range(element: Element) -> dict[str, Any]:
    limits: dict[str, Any] = {"startDate": _date(text(element, "t:StartDate"))}
    kind = local(element)
    if kind == "NumberedRecurrence":
        return {**limits, "type": "numbered", "numberOfOccurrences": _whole(element, "t:NumberOfOccurrences", "0")}
    if kind == "EndDateRecurrence":
        return {**limits, "type": "endDate", "endDate": _date(text(element, "t:EndDate"))}
    if kind == "NoEndRecurrence":
        return {**limits, "type": "noEnd"}
    raise Malformed(f"Recurrence: unknown range {kind}.")


def _date(value: str) -> str:
    """An ``xs:date``; its zone means nothing here."""
    found = _DATE.match(value.strip())
    if found is None:
        raise Malformed(f"{value!r} is no date.")
    return found[1]


def slot_at(master: Event, index: int) -> dt.date | None:
    """The day of the occurrence with this 1-based index; deleted ones count, so that an index never shifts."""
    slots = recurrence.rule(master.data["recurrence"])
    return next((moment.date() for moment in islice(slots, index - 1, index)), None)


def occurrences(master: Event, which: str) -> Element | None:
    """``t:ModifiedOccurrences`` or ``t:DeletedOccurrences``; None where there are none."""
    if which == "DeletedOccurrences":
        found = [_deleted(master, slot) for slot in sorted(master.cancelled)]
    else:
        found = [_occurrence("t:Occurrence", held) for _, held in sorted(master.exceptions.items())]
    return make(f"t:{which}", None, found) if found else None


def edge(master: Event, which: str) -> Element | None:
    """``t:FirstOccurrence`` or ``t:LastOccurrence``; None where a series has no end."""
    value = master.data["recurrence"]
    if which == "LastOccurrence" and str(value["range"]["type"]).lower() == "noend":
        return None
    slots = [moment.date() for moment in islice(recurrence.rule(value), None if which == "LastOccurrence" else 1)]
    return _occurrence(f"t:{which}", master.occurrence(slots[-1])) if slots else None


def _deleted(master: Event, slot: dt.date) -> Element:
    return make("t:DeletedOccurrence", None, [make("t:Start", moments.stamp(moments.slot_start(master, slot)))])


def _occurrence(tag: str, event: Event) -> Element:
    assert event.master is not None and event.slot is not None
    item_id = make("t:ItemId", Id=event.ews_id, ChangeKey=str(event.data["changeKey"]))
    starts = (
        ("Start", moments.instant(event, "start")),
        ("End", moments.instant(event, "end")),
        ("OriginalStart", moments.slot_start(event.master, event.slot)),
    )
    return make(tag, None, [item_id, *(make(f"t:{side}", moments.stamp(moment)) for side, moment in starts)])
