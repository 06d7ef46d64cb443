"""What stands in the form of an appointment, and what Graph calls it. Wall clocks are in the mailbox's time zone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Any

from tests.simulator import times
from tests.simulator.drafts import plain_text
from tests.simulator.events import Event
from tests.simulator.mailbox import Mailbox

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_INDEX = ("first", "second", "third", "fourth", "last")
REPEATS = {
    "none": "Does not repeat", "daily": "Daily", "weekly": "Weekly, on the days below",
    "absoluteMonthly": "Monthly, on this date", "relativeMonthly": "Monthly, on this weekday",
    "absoluteYearly": "Yearly, on this date", "relativeYearly": "Yearly, on this weekday of the month",
}  # fmt: skip
_WHEN = ("all_day", "start_day", "start_time", "end_day", "end_time")


@dataclass(frozen=True)
class Fields:
    """``end_day`` is the last day, of an all-day event too. ``repeat`` "keep": as it is. ``reminder`` "": none."""

    id: str = ""
    calendar: str = ""
    subject: str = ""
    all_day: bool = False
    start_day: str = ""
    start_time: str = "09:00"
    end_day: str = ""
    end_time: str = "10:00"
    location: str = ""
    show: str = "busy"
    sensitivity: str = "normal"
    reminder: str = "15"
    body: str = ""
    repeat: str = "none"
    every: str = "1"
    weekdays: tuple[str, ...] = ()
    until: str = "never"
    until_day: str = ""
    count: str = "10"


def blank(mailbox: Mailbox, day: str | None, now: dt.datetime) -> Fields:
    """For a new appointment, on a day (today)."""
    day = day or now.astimezone(times.zone(mailbox.time_zone)).date().isoformat()
    default = mailbox.default_calendar
    return Fields(calendar=default.id if default else "", start_day=day, end_day=day)


def days(event: Event) -> tuple[dt.date, dt.date]:
    """First and last day of an appointment, in the mailbox's time zone."""
    if event.is_all_day:
        return event.start.date(), max(event.start, event.end - dt.timedelta(days=1)).date()
    zone = times.zone(event.mailbox.time_zone)
    last = max(event.start, event.end - dt.timedelta(microseconds=1))
    return event.start.astimezone(zone).date(), last.astimezone(zone).date()


def of(event: Event) -> Fields:
    """As an appointment is now."""
    zone = times.zone(event.mailbox.time_zone)
    start, end = event.start, event.end - dt.timedelta(days=event.is_all_day)
    if not event.is_all_day:
        start, end = start.astimezone(zone), end.astimezone(zone)
    found = Fields(
        id=event.immutable_id, calendar=event.calendar.id, subject=_text(event.get("subject")), all_day=event.is_all_day,
        start_day=start.date().isoformat(), end_day=end.date().isoformat(),
        location=_text((event.get("location") or {}).get("displayName")), show=event.get("showAs"),
        sensitivity=event.get("sensitivity"), body=_text(plain_text(event.get("body") or {})),
        reminder=str(event.get("reminderMinutesBeforeStart")) if event.get("isReminderOn") else "",
        repeat="keep" if event.is_master else "none",
    )  # fmt: skip
    return found if event.is_all_day else replace(found, start_time=f"{start:%H:%M}", end_time=f"{end:%H:%M}")


def _text(value: str | None) -> str:
    """As it comes back from a form in which nobody touched it."""
    return (value or "").replace("\r\n", "\n").strip()


def sent(pairs: Iterable[tuple[str, str]]) -> Fields:
    """As a form sent it."""
    pairs = list(pairs)
    known = {one.name for one in fields(Fields)} - {"all_day", "weekdays"}
    texts = {name: _text(value) for name, value in pairs if name in known}
    ticked = tuple(value for name, value in pairs if name == "weekdays" and value in WEEKDAYS)
    return Fields(all_day=("all_day", "on") in pairs, weekdays=ticked, **texts)


def changes(mailbox: Mailbox, wanted: Fields, before: Fields | None) -> dict[str, Any]:
    """Graph's properties that differ (all of them for a new appointment); raises ValueError, for the person to read."""

    def differs(*names: str) -> bool:
        return before is None or any(getattr(wanted, name) != getattr(before, name) for name in names)

    found: dict[str, Any] = {}
    if differs("subject"):
        found["subject"] = wanted.subject
    if differs(*_when(wanted)):
        found |= _times(mailbox, wanted)
    if differs("location"):
        found["location"] = {"displayName": wanted.location}
    if differs("show"):
        found["showAs"] = wanted.show
    if differs("sensitivity"):
        found["sensitivity"] = wanted.sensitivity
    if differs("reminder"):
        found["isReminderOn"] = bool(wanted.reminder)
        if wanted.reminder:
            found["reminderMinutesBeforeStart"] = _whole(wanted.reminder, "The reminder", 0)
    if differs("body"):
        found["body"] = {"contentType": "text", "content": wanted.body}
    if differs("repeat"):
        found["recurrence"] = _recurrence(mailbox, wanted)
    return found


def _when(wanted: Fields) -> tuple[str, ...]:
    """The fields that say when; of an all-day appointment the clocks say nothing."""
    return ("all_day", "start_day", "end_day") if wanted.all_day else _WHEN


def _day(text: str, what: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{what} must be a date.") from error


def _whole(text: str, what: str, least: int = 1) -> int:
    if not text.isdecimal() or int(text) < least:
        raise ValueError(f"{what} must be a whole number from {least}.")
    return int(text)


def _times(mailbox: Mailbox, wanted: Fields) -> dict[str, Any]:
    start, end = _day(wanted.start_day, "The first day"), _day(wanted.end_day, "The last day")
    clocks = (dt.time(), dt.time())
    if wanted.all_day:
        end += dt.timedelta(days=1)
    else:
        try:
            clocks = dt.time.fromisoformat(wanted.start_time), dt.time.fromisoformat(wanted.end_time)
        except ValueError as error:
            raise ValueError("Start and end must be times of the day.") from error
    moments = dt.datetime.combine(start, clocks[0]), dt.datetime.combine(end, clocks[1])
    if moments[1] < moments[0] or (wanted.all_day and end <= start):
        raise ValueError("The end is before the start.")
    stamps = [{"dateTime": times.seven(one), "timeZone": mailbox.time_zone} for one in moments]
    return {"isAllDay": wanted.all_day, "start": stamps[0], "end": stamps[1]}


def _recurrence(mailbox: Mailbox, wanted: Fields) -> dict[str, Any] | None:
    if wanted.repeat == "none":
        return None
    if wanted.repeat not in REPEATS:
        raise ValueError("Choose how it repeats.")
    start = _day(wanted.start_day, "The first day")
    pattern: dict[str, Any] = {"type": wanted.repeat, "interval": _whole(wanted.every, "How often it repeats")}
    if wanted.repeat == "weekly":
        pattern |= {"daysOfWeek": list(wanted.weekdays or (WEEKDAYS[start.weekday()],)), "firstDayOfWeek": "sunday"}
    elif wanted.repeat.startswith("absolute"):
        pattern["dayOfMonth"] = start.day
    elif wanted.repeat.startswith("relative"):
        pattern |= {"daysOfWeek": [WEEKDAYS[start.weekday()]], "index": _INDEX[(start.day - 1) // 7]}
    if wanted.repeat.endswith("Yearly"):
        pattern["month"] = start.month
    return {"pattern": pattern, "range": _range(mailbox, wanted, start)}


def _range(mailbox: Mailbox, wanted: Fields, start: dt.date) -> dict[str, Any]:
    limits: dict[str, Any] = {
        "startDate": start.isoformat(), "recurrenceTimeZone": times.windows_name(mailbox.time_zone),
    }  # fmt: skip
    if wanted.until == "date":
        last = _day(wanted.until_day, "The day after which it ends")
        if last < start:
            raise ValueError("It would end before it begins.")
        return {"type": "endDate", "endDate": last.isoformat(), **limits}
    if wanted.until == "count":
        return {"type": "numbered", "numberOfOccurrences": _whole(wanted.count, "How many times"), **limits}
    return {"type": "noEnd", **limits}
