"""Events between Google's resource and what the mailbox keeps, which is Graph's properties and Google's own beside them."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from tzlocal.windows_tz import win_tz

from tests.simulator import drafts, times
from tests.simulator.events import GOOGLE, Event
from tests.simulator.google import recurring
from tests.simulator.google.errors import GoogleError, invalid, required
from tests.simulator.mailbox import Mailbox

DEFAULT_REMINDER = 10  # minutes, of every calendar
_ANSWERS = {
    "none": "needsAction", "notResponded": "needsAction", "accepted": "accepted", "organizer": "accepted",
    "declined": "declined", "tentativelyAccepted": "tentative",
}  # fmt: skip
_GIVEN = {"needsAction": "none", "accepted": "accepted", "declined": "declined", "tentative": "tentativelyAccepted"}
_MAPPED = frozenset(
    ("summary", "description", "location", "start", "end", "recurrence", "transparency", "visibility", "reminders",
     "attendees", "status", "iCalUID")
)  # fmt: skip
_READ_ONLY = frozenset(
    ("kind", "etag", "id", "htmlLink", "created", "updated", "creator", "organizer", "recurringEventId",
     "originalStartTime", "sequence", "endTimeUnspecified", "attendeesOmitted", "hangoutLink", "locked")
)  # fmt: skip
_TAG = re.compile(r"<\w+[^>]*>")


def iana(name: str) -> str:
    return win_tz.get(name, name)


def etag(event: Event) -> str:
    return f'"{event.revision:016d}"'


def moment(value: dt.datetime, all_day: bool, zone: str, own: str) -> dict[str, str]:
    """A start, end or slot: a date, or a time in the answer's zone with the zone that the event itself has."""
    if all_day:
        return {"date": value.date().isoformat()}
    return {"dateTime": value.astimezone(times.zone(zone)).isoformat(timespec="seconds"), "timeZone": iana(own)}


def person(address: str, name: str | None, mailbox: Mailbox) -> dict[str, Any]:
    own = address.casefold() in {one.casefold() for one in mailbox.names()}
    return {"email": address, **({"displayName": name} if name else {}), **({"self": True} if own else {})}


def slot_of(event: Event, zone: str) -> dict[str, Any]:
    """``recurringEventId`` and ``originalStartTime`` of an occurrence."""
    master = event.master
    assert master is not None and event.slot is not None
    slot = moment(master.slot_start(event.slot), master.is_all_day, zone, master.zone)
    return {"recurringEventId": master.immutable_id, "originalStartTime": slot}


def uid_of(event: Event) -> str:
    """At Google all instances share the series' calendar UID, where Exchange writes their date into it."""
    return str((event.master or event).data["iCalUId"])


def cancelled(event: Event, zone: str) -> dict[str, Any]:
    """All that is sure to be there of a cancelled occurrence."""
    head = {"kind": "calendar#event", "etag": etag(event), "id": event.immutable_id, "status": "cancelled"}
    return {**head, **slot_of(event, zone)}


def render(event: Event, zone: str) -> dict[str, Any]:
    """The whole resource; times in ``zone``."""
    extras = event.data.get(GOOGLE) or {}
    found: dict[str, Any] = {
        "kind": "calendar#event", "etag": etag(event), "id": event.immutable_id, "status": extras.get("status", "confirmed"),
        "htmlLink": f"https://www.google.com/calendar/event?eid={event.immutable_id}",
        "created": _stamp(event.get("createdDateTime")), "updated": _stamp(event.get("lastModifiedDateTime")),
        "summary": event.get("subject"), "description": (event.get("body") or {}).get("content"),
        "location": (event.get("location") or {}).get("displayName"), **_people(event),
        "start": moment(event.start, event.is_all_day, zone, event.data["start"]["timeZone"]),
        "end": moment(event.end, event.is_all_day, zone, event.data["end"]["timeZone"]),
    }  # fmt: skip
    if event.is_master:
        found["recurrence"] = recurring.write(event.data["recurrence"], event.data["start"], event.is_all_day)
    if event.master is not None:
        found |= slot_of(event, zone)
    sensitivity = event.get("sensitivity")
    found |= {
        "transparency": "transparent" if event.get("showAs") == "free" else None,
        "visibility": extras.get("visibility") if sensitivity == "normal" else _visibility(sensitivity),
        "iCalUID": uid_of(event), "sequence": 0, "reminders": _reminders(event, extras),
        "eventType": "default", **{key: value for key, value in extras.items() if key not in _MAPPED},
    }  # fmt: skip
    return {key: value for key, value in found.items() if value not in (None, "", [])}


def _stamp(value: object) -> str:
    return f"{str(value)[:19]}.000Z"


def _visibility(sensitivity: str) -> str | None:
    return {"private": "private", "personal": "private", "confidential": "confidential"}.get(sensitivity)


def _people(event: Event) -> dict[str, Any]:
    owner = event.calendar.owner
    held = (event.data.get("organizer") or {}).get("emailAddress") or owner
    organizer = person(str(held.get("address") or event.mailbox.address), held.get("name"), event.mailbox)
    attendees = [_attendee(one, event.mailbox, organizer["email"]) for one in event.get("attendees") or []]
    return {"creator": organizer, "organizer": organizer, "attendees": attendees}


def _attendee(one: dict[str, Any], mailbox: Mailbox, organizer: str) -> dict[str, Any]:
    held = one.get("emailAddress") or {}
    found = person(str(held.get("address")), held.get("name"), mailbox)
    answer = str((one.get("status") or {}).get("response", "none"))
    found["responseStatus"] = _ANSWERS.get(answer, "needsAction")
    if found["email"].casefold() == organizer.casefold():
        found["organizer"] = True
    return {
        **found,
        **{key: True for key, kind in (("optional", "optional"), ("resource", "resource")) if one.get("type") == kind},
    }


def _reminders(event: Event, extras: dict[str, Any]) -> dict[str, Any]:
    on, minutes = event.data.get("isReminderOn"), event.data.get("reminderMinutesBeforeStart")
    if on is None and minutes is None:
        return {"useDefault": True}
    told = extras.get("reminders")
    if told is not None and _alarm(told) == (on, minutes):
        return dict(told)
    on = True if on is None else on
    minutes = event.get("reminderMinutesBeforeStart") if minutes is None else minutes
    return {"useDefault": False, **({"overrides": [{"method": "popup", "minutes": minutes}]} if on else {})}


def _alarm(told: dict[str, Any]) -> tuple[bool | None, int | None]:
    if told.get("useDefault"):
        return None, None
    popups = [int(one["minutes"]) for one in told.get("overrides") or [] if one.get("method") == "popup"]
    return bool(popups), min(popups, default=None)


def read(resource: dict[str, Any], mailbox: Mailbox, zone: str) -> dict[str, Any]:
    """What the mailbox keeps of a resource; a time without a zone of its own is in ``zone``. Raises :class:`GoogleError`."""
    all_day, start, end = _times(resource, zone)
    description = _text(resource, "description")
    found: dict[str, Any] = {
        "subject": _text(resource, "summary"), "isAllDay": all_day, "start": start, "end": end, "recurrence": None,
        "body": {"contentType": "html" if _TAG.search(description) else "text", "content": description},
        "location": {"displayName": _text(resource, "location")},
        "showAs": "free" if resource.get("transparency") == "transparent" else "busy",
        "sensitivity": resource["visibility"] if resource.get("visibility") in ("private", "confidential") else "normal",
        "attendees": [_invited(one) for one in resource.get("attendees") or []],
    }  # fmt: skip
    if resource.get("recurrence"):
        if "dateTime" in resource["start"] and not resource["start"].get("timeZone"):
            raise required("Missing time zone definition for start time.")
        try:
            found["recurrence"] = recurring.read(resource["recurrence"], start, all_day)
        except recurring.BadLines as error:
            raise invalid(str(error)) from error
    extras = {key: value for key, value in resource.items() if key not in _MAPPED | _READ_ONLY and value is not None}
    extras |= {
        key: resource[key]
        for key, keep in (("visibility", "public"), ("status", "tentative"))
        if resource.get(key) == keep
    }
    found["isReminderOn"], found["reminderMinutesBeforeStart"] = _alarm(
        resource.get("reminders") or {"useDefault": True}
    )
    if (resource.get("reminders") or {}).get("overrides"):
        extras["reminders"] = resource["reminders"]
    found[GOOGLE] = {key: value for key, value in extras.items() if (key, value) != ("eventType", "default")}
    return found


def _text(resource: dict[str, Any], name: str) -> str:
    value = resource.get(name)
    if value is not None and not isinstance(value, str):
        raise invalid(f"Invalid value for: {name}")
    return value or ""


def _invited(one: Any) -> dict[str, Any]:
    if not isinstance(one, dict) or "@" not in str(one.get("email")):
        raise invalid("Invalid attendee email.")
    kind = "resource" if one.get("resource") else "optional" if one.get("optional") else "required"
    answer = _GIVEN.get(str(one.get("responseStatus", "needsAction")), "none")
    name = one.get("displayName") or one["email"]
    return {"type": kind, "emailAddress": {"name": name, "address": one["email"]}, "status": {"response": answer}}


def _times(resource: dict[str, Any], zone: str) -> tuple[bool, dict[str, str], dict[str, str]]:
    sides = []
    for side in ("start", "end"):
        value = resource.get(side)
        if not isinstance(value, dict) or not (value.get("date") or value.get("dateTime")):
            raise required(f"Missing {side} time.")
        if value.get("date") and value.get("dateTime"):
            raise invalid(f"Invalid {side} time.")
        sides.append(_read_moment(value, side, zone))
    if ("date" in resource["start"] and bool(resource["start"]["date"])) is not bool(resource["end"].get("date")):
        raise invalid("The start and end times must either both be date or both be dateTime.")
    all_day = bool(resource["start"].get("date"))
    start, end = sides
    empty = times.local(end) <= times.local(start) if all_day else times.instant(end) < times.instant(start)
    if empty:
        raise GoogleError(400, "timeRangeEmpty")
    return all_day, start, end


def _read_moment(value: dict[str, Any], side: str, zone: str) -> dict[str, str]:
    name = str(value.get("timeZone") or zone)
    try:
        there = times.zone(name)
    except times.UnknownZone as error:
        raise invalid(f"Invalid time zone definition for {side} time.") from error
    try:
        if value.get("date"):
            return {"dateTime": f"{dt.date.fromisoformat(value['date'])}T00:00:00.0000000", "timeZone": name}
        told = times.parse(value["dateTime"])
    except (ValueError, TypeError) as error:
        raise invalid(f"Invalid value for: {side}") from error
    if told.tzinfo is None and not value.get("timeZone"):
        raise required(f"Missing time zone definition for {side} time.")
    wall = told if told.tzinfo is None else told.astimezone(there)
    return {"dateTime": times.seven(wall), "timeZone": name}


def own(event: Event) -> bool:
    """Is it the account's own, so that all of it may be changed?"""
    return drafts.is_organizer(event.data, event.mailbox)
