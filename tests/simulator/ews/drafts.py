"""What a request writes into an appointment, as Graph's properties."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from tests.simulator import recurrence, times
from tests.simulator.events import DEFAULTS, Event
from tests.simulator.ews import fields, moments, recurring
from tests.simulator.ews.errors import EwsError
from tests.simulator.ews.soap import Element, Malformed, children, find, local, text

_SHOWN = {name: key for key, name in fields.SHOWN.items()}
_SENSITIVITY = {name: name.lower() for name in ("Normal", "Personal", "Private", "Confidential")}
_IMPORTANCE = {name: name.lower() for name in ("Low", "Normal", "High")}
_KINDS = {"RequiredAttendees": "required", "OptionalAttendees": "optional", "Resources": "resource"}
_TIMES = ("Start", "End", "StartTimeZone", "EndTimeZone", "IsAllDayEvent", "Recurrence")
# Taken and of no effect here.
_IGNORED = frozenset(
    (
        "ItemClass",
        "Culture",
        "ReminderDueBy",
        "When",
        "MeetingTimeZone",
        "ConferenceType",
        "MeetingWorkspaceUrl",
        "NetShowUrl",
    )
)
_UID = "UID"  # only a new appointment takes one
# What an appointment is without: the rest cannot be taken away.
_EMPTY: dict[str, dict[str, Any]] = {
    "Subject": {"subject": ""},
    "Body": {"body": {"contentType": "html", "content": ""}},
    "Categories": {"categories": []},
    "Location": {"location": {"displayName": ""}, "locations": []},
    "Recurrence": {"recurrence": None},
}


def _one_of(choices: dict[str, str]) -> Callable[[Element], str]:
    def read(element: Element) -> str:
        found = choices.get(element.text or "")
        if found is None:
            raise Malformed(f"{local(element)}: {element.text!r} is none of {', '.join(choices)}.")
        return found

    return read


def _flag(element: Element) -> bool:
    return _one_of({"true": "1", "1": "1", "false": "", "0": ""})(element) == "1"


def _minutes(element: Element) -> int:
    if not (element.text or "").isdecimal():
        raise Malformed(f"{local(element)} must be a number.")
    return int(element.text)


def _body(element: Element) -> dict[str, str]:
    kind = "html" if element.get("BodyType") == "HTML" else "text"
    return {"contentType": kind, "content": element.text or ""}


_SIMPLE: dict[str, tuple[str, Callable[[Element], Any]]] = {
    "Subject": ("subject", lambda element: element.text or ""),
    "Sensitivity": ("sensitivity", _one_of(_SENSITIVITY)),
    "Importance": ("importance", _one_of(_IMPORTANCE)),
    "Body": ("body", _body),
    "Categories": ("categories", lambda element: [child.text or "" for child in children(element)]),
    "ReminderIsSet": ("isReminderOn", _flag),
    "ReminderMinutesBeforeStart": ("reminderMinutesBeforeStart", _minutes),
    "LegacyFreeBusyStatus": ("showAs", _one_of(_SHOWN)),
    "Location": ("location", lambda element: {"displayName": element.text or ""}),
    "IsResponseRequested": ("responseRequested", _flag),
    "AllowNewTimeProposal": ("allowNewTimeProposals", _flag),
}


def read(given: dict[str, Element], zone: str, event: Event | None = None) -> dict[str, Any]:
    """The properties that elements (by their names) set, on an event where there is one.

    ``zone`` is what times without an offset are meant in. Raises :class:`Malformed` and :class:`EwsError`.
    """
    found: dict[str, Any] = {}
    people = list(event.get("attendees") or []) if event else []
    for name, element in given.items():
        if name in _SIMPLE:
            key, reader = _SIMPLE[name]
            found[key] = reader(element)
        elif name in _KINDS:
            people = [one for one in people if one.get("type", "required") != _KINDS[name]]
            people += [_attendee(held, _KINDS[name]) for held in children(element)]
            found["attendees"] = people
        elif name == _UID and event is None:
            found["iCalUId"] = element.text
        elif name not in _IGNORED and name not in _TIMES:
            raise EwsError("ErrorInvalidPropertySet")
    if set(given) & set(_TIMES):
        found.update(_when(given, zone, event))
    return found


def without(name: str, event: Event) -> dict[str, Any]:
    """The properties after one was taken away; raises :class:`EwsError`."""
    if name in _KINDS:
        return {"attendees": [one for one in event.get("attendees") or [] if one.get("type") != _KINDS[name]]}
    if name in _IGNORED:
        return {}
    if name not in _EMPTY or (name == "Recurrence" and event.master is not None):
        raise EwsError("ErrorInvalidPropertyDelete")
    return dict(_EMPTY[name])


def _attendee(element: Element, kind: str) -> dict[str, Any]:
    address = text(element, "t:Mailbox/t:EmailAddress")
    name = text(element, "t:Mailbox/t:Name", address)
    return {"type": kind, "emailAddress": {"name": name, "address": address}}


def _zone(given: dict[str, Element], name: str, default: str) -> str:
    found = str(given[name].get("Id")) if name in given else default
    if not times.is_supported(found):
        raise EwsError("ErrorTimeZone", f"The time zone {found} is unknown.")
    return times.windows_name(found)


def _moment(given: dict[str, Element], name: str, zone: str) -> dt.datetime | None:
    if name not in given:
        return None
    try:
        return moments.read(given[name].text or "", zone)
    except ValueError as error:
        raise Malformed(f"{name}: {given[name].text!r} is no time.") from error


def _when(given: dict[str, Element], zone: str, event: Event | None) -> dict[str, Any]:
    """Start, end, zones and pattern: only what differs from the event's, since a series that moves loses its exceptions."""
    own = moments.zone_of(event) if event else zone
    first_zone = _zone(given, "StartTimeZone", own)
    last_zone = _zone(given, "EndTimeZone", first_zone if event is None else moments.zone_of(event, "end"))
    start, end = _moment(given, "Start", first_zone), _moment(given, "End", last_zone)
    if event is None and (start is None or end is None):
        raise EwsError("ErrorCalendarInvalidPropertyValue", "A calendar item needs a start and an end.")
    start = start or moments.instant(event, "start")  # type: ignore[arg-type]
    end = end or moments.instant(event, "end")  # type: ignore[arg-type]
    all_day = _flag(given["IsAllDayEvent"]) if "IsAllDayEvent" in given else bool(event and event.is_all_day)
    found: dict[str, Any] = {"isAllDay": all_day, "originalStartTimeZone": first_zone, "originalEndTimeZone": last_zone}
    if all_day:
        found |= _whole_days(start, end, first_zone)
    else:
        found |= {"start": moments.wall(start, first_zone), "end": moments.wall(end, last_zone)}
    if times.instant(found["end"]) < times.instant(found["start"]):
        raise EwsError("ErrorCalendarEndDateIsEarlierThanStartDate")
    if "Recurrence" in given:
        found["recurrence"] = _pattern(given["Recurrence"], first_zone, event)
        _start_at_first(found)
    return found if event is None else _changed(found, event)


def _whole_days(start: dt.datetime, end: dt.datetime, zone: str) -> dict[str, Any]:
    """Times that are not midnight are pushed out to it."""
    first = start.astimezone(times.zone(zone)).date()
    last = end.astimezone(times.zone(zone))
    until = last.date() if last.time() == dt.time() else last.date() + dt.timedelta(days=1)
    days = {"start": first, "end": max(until, first + dt.timedelta(days=1))}
    return {side: {"dateTime": f"{day}T00:00:00.0000000", "timeZone": zone} for side, day in days.items()}


def _pattern(element: Element, zone: str, event: Event | None) -> dict[str, Any]:
    if event is not None and event.master is not None:
        raise EwsError("ErrorInvalidPropertySet")
    found = recurring.read(element, zone)
    kept = event.data.get("recurrence") if event is not None else None
    # Said anew in the same words it is the same pattern.
    if event is not None and kept and recurring.read(recurring.write(event), zone) == found:
        return dict(kept)
    return found


def _start_at_first(found: dict[str, Any]) -> None:
    """A series starts with the first day of its pattern, and its range too."""
    pattern = found["recurrence"]
    first = next(iter(recurrence.rule(pattern))).date()
    found["recurrence"] = {**pattern, "range": {**pattern["range"], "startDate": first.isoformat()}}
    shift = first - times.local(found["start"]).date()
    for side in ("start", "end"):
        moment = times.local(found[side]) + shift
        found[side] = {**found[side], "dateTime": times.seven(moment)}


def _changed(found: dict[str, Any], event: Event) -> dict[str, Any]:
    same_zones = (found["originalStartTimeZone"], found["originalEndTimeZone"]) == (
        moments.zone_of(event), moments.zone_of(event, "end"),
    )  # fmt: skip
    for side, kept in (("start", event.start), ("end", event.end)):
        moment = times.local(found[side]).replace(tzinfo=dt.UTC) if found["isAllDay"] else times.instant(found[side])
        if moment == kept and same_zones and found["isAllDay"] == event.is_all_day:
            del found[side]
    return {name: value for name, value in found.items() if value != event.data.get(name, DEFAULTS.get(name))}


def path_name(path: Element) -> str:
    """The element that a ``t:FieldURI`` stands for."""
    uri = str(path.get("FieldURI") or "")
    if local(path) != "FieldURI" or ":" not in uri:
        raise Malformed("An update needs the path of a property.")
    return uri.partition(":")[2]


def one_property(change: Element) -> Element:
    """The one property in the item of a ``t:SetItemField``; raises :class:`EwsError`."""
    found = children(find(change, "t:CalendarItem"))
    if len(found) != 1:
        raise EwsError("ErrorIncorrectUpdatePropertyCount")
    return found[0]
