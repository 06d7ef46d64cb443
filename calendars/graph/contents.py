"""What Graph's event JSON says, as far as it is synced, and what Graph is told. Pure. See "event resource type"."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from calendars.graph import appointments, recurring
from calendars.graph.recurring import zone_to_tell
from calendars.recurrence import Unsayable
from calendars.sync.content import Content, Part
from calendars.sync.service import Appointment
from calendars.times import instant
from firms.zones import UnknownZone, iana_zone, windows_zone, zone_info

# Attendees are counted and never written; categories, attachments and the rest are not even looked at.
FIELDS = (
    "id,type,subject,body,start,end,isAllDay,location,showAs,sensitivity,isReminderOn,reminderMinutesBeforeStart,"
    "recurrence,iCalUId,changeKey,lastModifiedDateTime,originalStart,originalStartTimeZone,seriesMasterId,attendees,"
    "isOrganizer,isCancelled"
)
# Of a series, what places its occurrences.
FRAME = "id,type,start,end,isAllDay,recurrence,originalStartTimeZone"
_SHOW_AS = {"free", "tentative", "busy", "oof", "workingElsewhere"}
_SENSITIVITY = {"normal", "personal", "private", "confidential"}


def appointment(value: dict[str, Any]) -> Appointment:
    """Of a single, or of a master read with `$expand=exceptionOccurrences` and `$select=cancelledOccurrences`.

    Raises KeyError, TypeError or ValueError for what is not as Graph documents.
    """
    base = appointments.appointment(value)
    content = _content(value, base)
    if not value.get("recurrence"):
        return _appointment(value, base, content)
    series = appointments.series(value)
    content, unsayable = _recurring(value, content, series.cancelled)
    edited = zip(value.get("exceptionOccurrences") or (), series.exceptions, strict=True)
    exceptions = tuple(_occurrence(one, found, base.id, content) for one, found in edited)
    return replace(_appointment(value, base, content), exceptions=exceptions, unsayable=unsayable)


def occurrence(value: dict[str, Any], frame: dict[str, Any]) -> Appointment:
    """Of an occurrence, edited or not; `frame`: its master, with at least the fields of FRAME. Raises as above."""
    (found,) = appointments.series({**frame, "exceptionOccurrences": [value]}).exceptions
    return _occurrence(value, found, frame["id"], appointment(frame).content)


def written(content: Content, parts: Iterable[Part]) -> dict[str, Any]:
    """What Graph is told of these parts; `recurrence` None where a series is to be none any more. Exdates are not
    written: their occurrences are deleted.

    A series is told its times and its rule together, since each follows from the other. Raises Unsayable and UnknownZone;
    ValueError where the body is known by its hash alone.
    """
    wanted = set(parts)
    if content.rrule and wanted & {"times", "rule"}:
        wanted |= {"times", "rule"}
    if content.body is None and "body" in wanted:
        raise ValueError("a body that is not known")
    said: dict[Part, dict[str, Any]] = {
        "subject": {"subject": content.subject},
        "location": {"location": {"displayName": content.location}},
        "body": {"body": {"contentType": "text", "content": content.body}},
        "show_as": {"showAs": content.show_as},
        "sensitivity": {"sensitivity": content.sensitivity},
        "reminder": {"isReminderOn": content.reminder is not None}
        | ({} if content.reminder is None else {"reminderMinutesBeforeStart": content.reminder}),
    }
    told = {name: value for part, fields in said.items() if part in wanted for name, value in fields.items()}
    if "times" in wanted:
        told |= _times(content)
    if "rule" in wanted:
        told["recurrence"] = (
            recurring.recurrence(content.rrule, content.start, content.time_zone) if content.rrule else None
        )
    return told


def slot_of(moment: datetime, master: Content) -> str:
    """An instant that the pattern of a series gave (midnight UTC of the date where all-day), in the form of its start.

    The clock is the series': only its day can be read from the instant where daylight saving skips that time.
    """
    return _wall(moment, master.time_zone, master.all_day)[:10] + master.start[10:]


def _appointment(value: dict[str, Any], base: appointments.Appointment, content: Content) -> Appointment:
    return Appointment(
        id=base.id,
        content=content,
        ical_uid=base.ical_uid,
        version=base.change_key,
        modified=base.modified,
        attendees=len(value.get("attendees") or ()),
        organized=value.get("isOrganizer") is not False,
        cancelled=bool(value.get("isCancelled")),
    )


def _occurrence(value: dict[str, Any], found: appointments.Appointment, master_id: str, master: Content) -> Appointment:
    if found.original_start is None:
        raise ValueError("an occurrence without its place in the series")
    slot = slot_of(found.original_start, master)
    return replace(_appointment(value, found, _content(value, found)), series_id=master_id, slot=slot)


def _content(value: dict[str, Any], base: appointments.Appointment) -> Content:
    """Without what makes it a series."""
    if base.start is None or base.end is None:
        raise ValueError("an event without a start or an end")
    zone = _zone(value)
    sure = base.all_day or all(_tells(one, zone, bool(value.get("recurrence"))) for one in (base.start, base.end))
    if not zone or not sure:
        zone = "UTC"
    minutes = value.get("reminderMinutesBeforeStart")
    return Content(
        subject=base.subject,
        all_day=base.all_day,
        start=_wall(base.start, zone, base.all_day),
        end=_wall(base.end, zone, base.all_day),
        time_zone=zone,
        location=base.location,
        body=_text(value.get("body")),
        show_as=value["showAs"] if value.get("showAs") in _SHOW_AS else "unknown",
        sensitivity=value["sensitivity"] if value.get("sensitivity") in _SENSITIVITY else "normal",
        reminder=max(0, int(minutes)) if value.get("isReminderOn") and minutes is not None else None,
    )


def _recurring(value: dict[str, Any], content: Content, cancelled: Iterable[datetime]) -> tuple[Content, str]:
    """With its rule and exdates; without, and the reason, where they have no words here."""
    if not content.all_day and content.time_zone != _zone(value):
        return content, "zone"
    try:
        rule = recurring.rrule(value["recurrence"], content.start, content.time_zone)
    except Unsayable:
        return content, "rule"
    exdates = tuple(sorted({slot_of(one, content) for one in cancelled}))
    return replace(content, rrule=rule, exdates=exdates), ""


def _zone(value: dict[str, Any]) -> str:
    """The IANA name of the zone that it was made in, of a series of the one it recurs in; empty where only Outlook
    knows it ("tzone://Microsoft/Custom")."""
    limits = (value.get("recurrence") or {}).get("range") or {}
    try:
        return iana_zone(limits.get("recurrenceTimeZone") or value.get("originalStartTimeZone") or "")
    except UnknownZone:
        return ""


def _text(body: dict[str, Any] | None) -> str:
    return str((body or {}).get("content") or "").replace("\0", "").replace("\r\n", "\n")


def _wall(moment: datetime, zone: str, all_day: bool) -> str:
    """As `calendars.times` reads it."""
    if all_day:
        return moment.date().isoformat()
    return moment.astimezone(zone_info(zone)).replace(tzinfo=None, microsecond=0).isoformat()


def _tells(moment: datetime, zone: str, recurs: bool) -> bool:
    """Whether the clock of the zone can say it: not in the last hours of the year 9999; nor, of a single, the second of
    two equal times on the night it goes back."""
    try:
        wall = _wall(moment, zone, False)
        return recurs or instant(wall, zone, False) == moment.replace(microsecond=0)
    except (OverflowError, ValueError):
        return False


def _times(content: Content) -> dict[str, Any]:
    return {
        "isAllDay": content.all_day,
        "start": _moment(content.start, content),
        "end": _moment(content.end, content),
    }


def _moment(wall: str, content: Content) -> dict[str, str]:
    """In the event's zone; of a single whose zone Windows lacks, or whose time the clocks skip or repeat, the instant."""
    if content.all_day:
        return {"dateTime": f"{wall}T00:00:00", "timeZone": zone_to_tell(content.time_zone)}
    moment = instant(wall, content.time_zone, False)
    if content.rrule:
        if _wall(moment, content.time_zone, False) != wall:
            # A time that the clocks skip: the series would begin, and go on, at another.
            raise Unsayable
        return {"dateTime": wall, "timeZone": windows_zone(content.time_zone)}
    zone = zone_to_tell(content.time_zone)
    if zone == "UTC" or not _is_unique(wall, content.time_zone):
        return {"dateTime": moment.replace(tzinfo=None).isoformat(), "timeZone": "UTC"}
    return {"dateTime": wall, "timeZone": zone}


def _is_unique(wall: str, zone: str) -> bool:
    local = datetime.fromisoformat(wall).replace(tzinfo=zone_info(zone))
    return local.utcoffset() == local.replace(fold=1).utcoffset()
