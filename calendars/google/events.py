"""Google's events as appointments, and what we say as Google's fields. Pure. See "Events" in Calendar API's reference."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from calendars.sync.content import Content, Part
from calendars.sync.service import Appointment
from firms.zones import UnknownZone, iana_zone, zone_info

_SENSITIVITY = {"private": "private", "confidential": "confidential"}
_VISIBILITY = {"private": "private", "confidential": "confidential", "personal": "private"}


def appointment(
    value: Mapping[str, Any],
    calendar_zone: str,
    pieces: Iterable[Mapping[str, Any]] = (),
    default_reminder: int | None = None,
) -> Appointment:
    """Of a single, or of a master with the `pieces` of its series: instances edited or cancelled.

    `calendar_zone` counts where an event names none. Raises KeyError, TypeError or ValueError for what is not as documented.
    """
    whole = _appointment(value, calendar_zone, default_reminder)
    cancelled, edited = [], []
    for piece in pieces:
        slot = _wall(piece["originalStartTime"], whole.content.time_zone)
        if piece.get("status") == "cancelled":
            cancelled.append(slot)
        else:
            one = _appointment(piece, whole.content.time_zone, default_reminder)
            edited.append(replace(one, series_id=whole.id, slot=slot))
    exdates = tuple(sorted({*whole.content.exdates, *cancelled}))
    return replace(whole, content=replace(whole.content, exdates=exdates), exceptions=tuple(edited))


def _appointment(value: Mapping[str, Any], calendar_zone: str, default_reminder: int | None) -> Appointment:
    start, end = value["start"], value["end"]
    zone, unsayable = _zone(start.get("timeZone") or calendar_zone)
    rrule, exdates, more = _recurrence(value.get("recurrence") or (), zone)
    attendees = value.get("attendees") or ()
    organizer = value.get("organizer") or {}
    content = Content(
        subject=_text(value.get("summary")),
        all_day="date" in start,
        start=_wall(start, zone),
        end=_wall(end, zone),
        time_zone=zone,
        rrule=rrule,
        exdates=exdates,
        location=_text(value.get("location")),
        body=_text(value.get("description")),
        show_as="free" if value.get("transparency") == "transparent" else "busy",
        sensitivity=_SENSITIVITY.get(value.get("visibility") or "", "normal"),
        reminder=_reminder(value.get("reminders") or {}, default_reminder),
    )
    return Appointment(
        id=value["id"],
        content=content,
        ical_uid=_text(value.get("iCalUID")),
        version=value.get("etag") or "",
        modified=datetime.fromisoformat(value["updated"]).astimezone(UTC) if value.get("updated") else None,
        attendees=len([one for one in attendees if not one.get("self")]),
        organized=not organizer or bool(organizer.get("self")),
        unsayable=("zone" if unsayable and rrule else "") or ("rule" if more else ""),
    )


def sayable(content: Content) -> Content:
    """What Google can say of it: free or busy, and three kinds of privacy."""
    return replace(
        content,
        show_as="free" if content.show_as == "free" else "busy",
        sensitivity=_SENSITIVITY.get(_VISIBILITY.get(content.sensitivity, ""), "normal"),
    )


def fields(content: Content, parts: Iterable[Part]) -> dict[str, Any]:
    """The body of an insert or a patch that says these parts."""
    said: dict[str, Any] = {}
    for part in parts:
        match part:
            case "subject":
                said["summary"] = content.subject
            case "times":
                # A merge: what an all-day event was told in, a timed one must be told to forget.
                said["start"], said["end"] = _theirs(content.start, content), _theirs(content.end, content)
            case "rule" | "exdates":
                said["recurrence"] = _lines(content)
            case "location":
                said["location"] = content.location
            case "body":
                said["description"] = content.body or ""
            case "show_as":
                said["transparency"] = "transparent" if content.show_as == "free" else "opaque"
            case "sensitivity":
                said["visibility"] = _VISIBILITY.get(content.sensitivity, "default")
            case "reminder":
                minutes = content.reminder
                overrides = [] if minutes is None else [{"method": "popup", "minutes": minutes}]
                said["reminders"] = {"useDefault": False, "overrides": overrides}
    return said


def instance_moment(slot: str, zone: str) -> str:
    """A slot as `instances` wants its `originalStart`."""
    if len(slot) == 10:
        return slot
    return datetime.fromisoformat(slot).replace(tzinfo=zone_info(zone)).isoformat()


def _theirs(text: str, content: Content) -> dict[str, str | None]:
    if content.all_day:
        return {"date": text, "dateTime": None, "timeZone": None}
    moment = datetime.fromisoformat(text).replace(tzinfo=zone_info(content.time_zone)).isoformat()
    return {"date": None, "dateTime": moment, "timeZone": iana_zone(content.time_zone)}


def _wall(value: Mapping[str, Any], zone: str) -> str:
    if "date" in value:
        return date.fromisoformat(value["date"]).isoformat()
    moment = datetime.fromisoformat(value["dateTime"])
    local = moment if moment.tzinfo is None else moment.astimezone(zone_info(zone))
    return local.replace(tzinfo=None, microsecond=0).isoformat()


def _zone(name: str) -> tuple[str, bool]:
    try:
        return iana_zone(name), False
    except UnknownZone:
        return "UTC", True


def _recurrence(lines: Iterable[str], zone: str) -> tuple[str, tuple[str, ...], bool]:
    """Rule, exception dates, and whether there is more than one rule says: further rules or dates."""
    rules, exdates, more = [], [], False
    for line in lines:
        name, _, rest = line.partition(":")
        kind = name.upper().split(";")[0]
        if kind == "RRULE":
            rules.append(rest)
        elif kind == "EXDATE":
            own = next((option[5:] for option in name.split(";")[1:] if option.upper().startswith("TZID=")), zone)
            exdates += [_exdate(one, own, zone) for one in rest.split(",") if one]
        else:
            more = True
    return (rules[0] if rules else ""), tuple(sorted(exdates)), more or len(rules) > 1


def _exdate(text: str, own: str, zone: str) -> str:
    if len(text) == 8:
        return datetime.strptime(text, "%Y%m%d").date().isoformat()
    moment = datetime.strptime(text.rstrip("Z"), "%Y%m%dT%H%M%S")
    aware = moment.replace(tzinfo=UTC if text.endswith("Z") else zone_info(own))
    return aware.astimezone(zone_info(zone)).replace(tzinfo=None).isoformat()


def _lines(content: Content) -> list[str]:
    if not content.rrule:
        return []
    dates = [one.replace("-", "").replace(":", "") for one in content.exdates]
    if not dates:
        return [f"RRULE:{content.rrule}"]
    kind = "EXDATE;VALUE=DATE" if content.all_day else f"EXDATE;TZID={iana_zone(content.time_zone)}"
    return [f"RRULE:{content.rrule}", f"{kind}:{','.join(dates)}"]


def _reminder(said: Mapping[str, Any], default: int | None) -> int | None:
    if said.get("useDefault", True):
        return default
    minutes = [int(one["minutes"]) for one in said.get("overrides") or () if one.get("method") == "popup"]
    return min(minutes, default=None)


def _text(text: str | None) -> str:
    """Without what a database cannot store: NUL and halves of characters."""
    return (text or "").replace("\0", "").encode("utf-8", "ignore").decode()
