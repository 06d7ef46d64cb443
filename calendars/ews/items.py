"""exchangelib's calendar items as appointments, and what we say as its fields. See "CalendarItem" in EWS's reference."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from exchangelib import EWSDate, EWSDateTime, EWSTimeZone
from exchangelib.ewsdatetime import UTC as EWS_UTC
from exchangelib.extended_properties import ExtendedProperty
from exchangelib.items import CalendarItem
from exchangelib.properties import Body

from calendars.errors import Refused
from calendars.ews import recurrence
from calendars.recurrence import Unsayable
from calendars.sync.content import Content, Part
from calendars.sync.service import KEY_NAME, KEY_SET, Appointment
from firms.zones import UnknownZone, iana_zone, zone_info


class SyncKey(ExtendedProperty):
    """Written with each appointment of ours, so that one whose answer was lost is found again."""

    property_set_id = KEY_SET
    property_name = KEY_NAME
    property_type = "String"


CalendarItem.register("caret_sync_key", SyncKey)

FIELDS = (
    "subject", "start", "end", "is_all_day", "_start_timezone", "type", "uid", "recurrence", "modified_occurrences",
    "deleted_occurrences", "recurrence_id", "original_start", "location", "text_body", "legacy_free_busy_status",
    "sensitivity", "reminder_is_set", "reminder_minutes_before_start", "last_modified_time", "is_cancelled",
    "my_response_type", "required_attendees", "optional_attendees", "resources",
)  # fmt: skip
_FREE_BUSY = {
    "Free": "free", "Tentative": "tentative", "Busy": "busy", "OOF": "oof", "WorkingElsewhere": "workingElsewhere",
    "NoData": "unknown",
}  # fmt: skip
_SHOW_AS = {ours: theirs for theirs, ours in _FREE_BUSY.items()}
# exchangelib's fields of each part, for an update that names what it changes.
_FIELDS_OF: Mapping[Part, tuple[str, ...]] = {
    "subject": ("subject",),
    "times": ("start", "end", "is_all_day"),
    "rule": ("recurrence",),
    "location": ("location",),
    "body": ("body",),
    "show_as": ("legacy_free_busy_status",),
    "sensitivity": ("sensitivity",),
    "reminder": ("reminder_is_set", "reminder_minutes_before_start"),
}


def appointment(item: CalendarItem, exceptions: Iterable[CalendarItem] = ()) -> Appointment:
    """Of a single or a master with its edited occurrences, fetched with FIELDS."""
    return _appointment(item, exceptions=tuple(_exception(one, item) for one in exceptions))


def _exception(item: CalendarItem, master: CalendarItem) -> Appointment:
    said = _content(master)[0]
    slot = _wall(item.original_start or item.recurrence_id, said.time_zone, said.all_day)
    return _appointment(item, series_id=master.id, slot=slot)


def _appointment(item: CalendarItem, **more: Any) -> Appointment:
    said, unsayable = _content(item)
    attendees = [*(item.required_attendees or ()), *(item.optional_attendees or ()), *(item.resources or ())]
    return Appointment(
        id=item.id,
        content=said,
        ical_uid=item.uid or "",
        version=item.changekey or "",
        modified=_utc(item.last_modified_time),
        attendees=len(attendees),
        organized=item.my_response_type in (None, "Organizer", "Unknown"),
        cancelled=bool(item.is_cancelled),
        unsayable=unsayable,
        **more,
    )


def _content(item: CalendarItem) -> tuple[Content, str]:
    """And the reason why some of it has no words here, if it has none."""
    zone, unsayable = _zone(item._start_timezone)
    all_day = bool(item.is_all_day)
    start, end = _wall(item.start, zone, all_day), _wall(item.end, zone, all_day)
    if all_day:
        # exchangelib counts the last day in.
        end = (date.fromisoformat(end) + timedelta(days=1)).isoformat()
    rrule = ""
    if item.recurrence is not None:
        try:
            rrule = recurrence.rrule(item.recurrence, start, zone)
        except Unsayable:
            unsayable = unsayable or "rule"
    else:
        unsayable = ""  # a single's instants say enough
    content = Content(
        subject=_text(item.subject),
        all_day=all_day,
        start=start,
        end=end,
        time_zone=zone,
        rrule=rrule,
        exdates=tuple(sorted(_wall(one.start, zone, all_day) for one in item.deleted_occurrences or ())),
        location=_text(item.location),
        body=_text(item.text_body),
        show_as=_FREE_BUSY.get(item.legacy_free_busy_status or "Busy", "unknown"),
        sensitivity=(item.sensitivity or "Normal").casefold(),
        reminder=item.reminder_minutes_before_start if item.reminder_is_set else None,
    )
    return content, unsayable


def fields(content: Content, parts: Iterable[Part]) -> dict[str, Any]:
    """What exchangelib is to write for these parts, by its field's name. Raises Refused where EWS has no words for it."""
    said: dict[str, Any] = {}
    wanted = {name for part in parts for name in _FIELDS_OF.get(part, ())}
    if wanted & {"start", "end", "is_all_day"}:
        zone = EWSTimeZone(content.time_zone)
        said |= {"is_all_day": content.all_day, "_start_timezone": zone, "_end_timezone": zone}
        said |= {"start": _theirs(content.start, zone), "end": _theirs(content.end, zone, last=content.all_day)}
    if "recurrence" in wanted:
        try:
            said["recurrence"] = recurrence.theirs(content.rrule, content.start, content.time_zone)
        except Unsayable:
            raise Refused(code="rule") from None
    simple = {
        "subject": content.subject,
        "location": content.location or None,
        "body": Body(content.body or ""),
        "legacy_free_busy_status": _SHOW_AS.get(content.show_as, "Busy"),
        "sensitivity": content.sensitivity.capitalize(),
        "reminder_is_set": content.reminder is not None,
        "reminder_minutes_before_start": content.reminder or 0,
    }
    return said | {name: value for name, value in simple.items() if name in wanted}


def _theirs(text: str, zone: EWSTimeZone, *, last: bool = False) -> EWSDate | EWSDateTime:
    if len(text) == 10:
        return EWSDate.fromisoformat((date.fromisoformat(text) - timedelta(days=int(last))).isoformat())
    return EWSDateTime.from_datetime(datetime.fromisoformat(text).replace(tzinfo=zone))


def _zone(zone: EWSTimeZone | None) -> tuple[str, str]:
    """The IANA name; UTC, and why, for a zone that only the mailbox knows."""
    if zone is None:
        return "UTC", ""
    try:
        return iana_zone(str(zone.key)), ""
    except UnknownZone:
        return "UTC", "zone"


def _wall(moment: EWSDate | EWSDateTime | None, zone: str, all_day: bool) -> str:
    if moment is None:
        return ""
    if not isinstance(moment, datetime):
        return str(moment.isoformat())
    local = moment.astimezone(zone_info(zone)).replace(tzinfo=None, microsecond=0)
    return local.date().isoformat() if all_day else local.isoformat()


def _utc(moment: EWSDateTime | None) -> datetime | None:
    return datetime.fromtimestamp(moment.astimezone(EWS_UTC).timestamp(), UTC) if moment else None


def _text(text: str | None) -> str:
    """Without what a database cannot store: NUL and halves of characters."""
    return (text or "").replace("\0", "").encode("utf-8", "ignore").decode()
