"""The bodies of event writes."""

from __future__ import annotations

import datetime as dt
from typing import Any

from tests.simulator import extended, recurrence, times
from tests.simulator.events import EXTENDED, PROPERTIES
from tests.simulator.graph.errors import bad, invalid, unknown_property, unknown_zone

# Sent by clients that hand back what they read; the service drops them.
_READ_ONLY = frozenset(
    ("id", "changeKey", "createdDateTime", "lastModifiedDateTime", "bodyPreview", "hasAttachments", "isCancelled",
     "isDraft",
     "isOrganizer", "organizer", "originalStart", "originalStartTimeZone", "originalEndTimeZone", "responseStatus",
     "seriesMasterId", "type", "webLink", "onlineMeeting", "onlineMeetingUrl", "iCalUId")
)  # fmt: skip
_ENUMS = {
    "showAs": ("free", "tentative", "busy", "oof", "workingElsewhere", "unknown"),
    "sensitivity": ("normal", "personal", "private", "confidential"),
    "importance": ("low", "normal", "high"),
}
_BOOLEANS = (
    "isAllDay",
    "isReminderOn",
    "responseRequested",
    "allowNewTimeProposals",
    "hideAttendees",
    "isOnlineMeeting",
)
_OBJECTS = ("body", "location", "start", "end", "recurrence")
_LISTS = ("attendees", "categories", "locations")
MOST_ATTENDEES = 500


def read(body: Any, creating: bool) -> tuple[dict[str, Any], dict[str, str]]:
    """The properties to set and the extended properties; raises :class:`GraphError` 400."""
    if not isinstance(body, dict):
        raise bad("Unable to read JSON request payload.")
    fields: dict[str, Any] = {}
    for name, value in body.items():
        if name == EXTENDED or "@odata." in name or name in _READ_ONLY:
            continue
        if name not in PROPERTIES:
            raise unknown_property(name, "event")
        # python-o365 writes booleans as words, and the service takes them.
        fields[name] = value == "true" if name in _BOOLEANS and value in ("true", "false") else value
    if not creating and "transactionId" in fields:
        raise invalid("The property 'transactionId' cannot be changed.")
    _check_types(fields)
    for side in ("start", "end"):
        if side in fields:
            _check_moment(fields[side])
        elif creating:
            raise invalid(f"The property '{side}' is required.")
    if fields.get("recurrence") is not None:
        _check_recurrence(fields["recurrence"])
    return fields, _extended(body.get(EXTENDED))


def _check_types(fields: dict[str, Any]) -> None:
    for name, choices in _ENUMS.items():
        if name in fields and fields[name] not in choices:
            raise bad(f"Requested value '{fields[name]}' was not found for the property '{name}'.")
    for names, kind in ((_BOOLEANS, bool), (_OBJECTS, dict), (_LISTS, list)):
        for name in names:
            value = fields.get(name)
            if name in fields and not isinstance(value, kind) and not (value is None and kind is not bool):
                raise bad(f"Cannot convert the value of the property '{name}' to its type.")
    if not isinstance(fields.get("subject", ""), str | None):
        raise bad("Cannot convert the value of the property 'subject' to its type.")
    minutes = fields.get("reminderMinutesBeforeStart", 0)
    if isinstance(minutes, bool) or not isinstance(minutes, int):
        raise bad("Cannot convert the value of the property 'reminderMinutesBeforeStart' to its type.")
    kind = (fields.get("body") or {}).get("contentType", "html")
    if str(kind).lower() not in ("text", "html"):
        raise bad(f"Requested value '{kind}' was not found for the property 'contentType'.")
    if len(fields.get("attendees") or []) > MOST_ATTENDEES:
        raise invalid(f"An event has at most {MOST_ATTENDEES} attendees.")


def _check_moment(value: Any) -> None:
    if isinstance(value, dict) and not times.is_supported(value.get("timeZone")):
        raise unknown_zone(value.get("timeZone"))
    try:
        times.local(value)
    except ValueError as error:
        raise bad(f"The value '{value}' of a start or end is not valid: {error}") from error


def check_whole(data: dict[str, Any], recurring: bool = True) -> None:
    """What must hold for start, end and (if it is ``recurring`` anew) pattern together; raises :class:`GraphError` 400."""
    start, end = times.local(data["start"]), times.local(data["end"])
    if data.get("isAllDay"):
        if start.time() != dt.time() or end.time() != dt.time():
            raise invalid("The Event.Start and Event.End of an all-day event need to be set to midnight.")
        if data["start"]["timeZone"] != data["end"]["timeZone"]:
            raise invalid("The start and end of an all-day event must be in the same time zone.")
        if (end - start).days < 1:
            raise invalid("The duration of an event marked as All day must be at least 24 hours.")
    elif times.instant(data["end"]) < times.instant(data["start"]):
        raise invalid("The end of the event is before its start.")
    if recurring and data.get("recurrence"):
        _check_first_day(data)


def _check_first_day(data: dict[str, Any]) -> None:
    """``range.startDate`` "must be the same value as the start property of the recurring event"."""
    limits = data["recurrence"]["range"]
    first = times.local(data["start"]).date()
    if not data.get("isAllDay"):
        zone = times.zone(limits.get("recurrenceTimeZone") or data["start"]["timeZone"])
        first = times.instant(data["start"]).astimezone(zone).date()
    if first.isoformat() != limits["startDate"]:
        raise invalid("The startDate of the recurrence range must be the day on which the event starts.")


def _check_recurrence(value: Any) -> None:
    try:
        recurrence.rule(value)
    except recurrence.BadRecurrence as error:
        raise invalid(str(error)) from error
    if next(iter(recurrence.rule(value)), None) is None:
        raise bad("Recurrence has no occurrences in the specified range.", "ErrorRecurrenceHasNoOccurrence")
    zone = value["range"].get("recurrenceTimeZone")
    if zone and not times.is_supported(zone):
        raise unknown_zone(zone)


def _extended(entries: Any) -> dict[str, str]:
    found = {}
    for entry in entries or []:
        if not isinstance(entry, dict) or not isinstance(entry.get("id"), str) or "value" not in entry:
            raise invalid("An extended property needs an id and a value.")
        if len(entry["id"].split()) < 2:
            raise bad(f"The property Id '{entry['id']}' is invalid.", "ErrorInvalidExtendedProperty")
        found[extended.canonical(entry["id"])] = str(entry["value"])
    return found
