"""Graph's event JSON as small typed records. Pure. See "event resource type" and "recurrencePattern resource type"."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from firms.zones import UnknownZone, zone_info

# What tells an appointment from others, and no more: the smaller the answer, the faster the page.
LISTED = "id,type,iCalUId,subject,start,end,isAllDay,location,recurrence,originalStartTimeZone"
SELECT = f"{LISTED},changeKey,lastModifiedDateTime,originalStart,seriesMasterId"
_NAMES = LISTED.split(",")
# What a list gave of an appointment, without names, in the order of LISTED, of the location its name. Nothing in it but
# the id has been looked at, since of nearly all nothing else is needed.
Listed = list[Any]


@dataclass(frozen=True, slots=True)
class Appointment:
    """`start` and `end` are instants in UTC; where `all_day`, midnight UTC of the raw dates, so that dates compare as
    dates. Empty where Graph gave none. `pattern` is the recurrence in one comparable form, empty for singles."""

    id: str
    kind: str
    subject: str
    start: datetime | None
    end: datetime | None
    all_day: bool
    location: str
    pattern: str
    ical_uid: str
    change_key: str
    modified: datetime | None
    original_start: datetime | None
    zone: str


@dataclass(frozen=True, slots=True)
class Series:
    """What only reading a master gives: its edited occurrences, and the starts that the pattern gave to the cancelled ones
    (UTC; where all-day, midnight UTC of the date), as far as the zone of the series is known."""

    exceptions: tuple[Appointment, ...]
    cancelled: tuple[datetime, ...]


def appointment(value: dict[str, Any]) -> Appointment:
    """Raises KeyError, TypeError or ValueError where there is no id, or what is there is not what Graph documents."""
    if not isinstance(value["id"], str) or not value["id"]:
        raise ValueError("an event without an id")
    all_day = bool(value.get("isAllDay"))
    zone = value.get("originalStartTimeZone") or ""
    return Appointment(
        id=value["id"],
        kind=value.get("type") or "singleInstance",
        subject=_text(value.get("subject")),
        start=_moment(value.get("start"), all_day, zone),
        end=_moment(value.get("end"), all_day, zone),
        all_day=all_day,
        location=_text((value.get("location") or {}).get("displayName")),
        pattern=pattern(value.get("recurrence")),
        ical_uid=_text(value.get("iCalUId")),
        change_key=value.get("changeKey") or "",
        modified=_instant(value.get("lastModifiedDateTime")),
        original_start=_slot(value.get("originalStart"), all_day, zone),
        zone=zone,
    )


def listed(value: dict[str, Any]) -> Listed:
    get, place = value.get, value.get("location")
    return [
        get("id"), get("type"), get("iCalUId"), get("subject"), get("start"), get("end"), get("isAllDay"),
        place.get("displayName") if isinstance(place, dict) else place, get("recurrence"), get("originalStartTimeZone"),
    ]  # fmt: skip


def of_listed(row: Listed) -> Appointment:
    """Raises as `appointment` does."""
    value = dict(zip(_NAMES, row, strict=True))
    return appointment(value | {"location": {"displayName": value["location"]}})


def series(value: dict[str, Any]) -> Series:
    """Of a master read with `$expand=exceptionOccurrences` and `$select=cancelledOccurrences`."""
    if not value.get("id"):
        raise ValueError("an answer that is no series has no occurrences to tell of, nor that there are none")
    # The pattern is the series': an occurrence may have been edited to last all day, or no longer to.
    all_day, zone = bool(value.get("isAllDay")), value.get("originalStartTimeZone") or ""
    return Series(
        exceptions=tuple(
            replace(appointment(one), original_start=_slot(one.get("originalStart"), all_day, zone))
            for one in value.get("exceptionOccurrences") or ()
        ),
        cancelled=_cancelled(value, all_day, zone),
    )


def _cancelled(value: dict[str, Any], all_day: bool, zone: str) -> tuple[datetime, ...]:
    # "OID.{id of the master}.{date}", the date in the zone of the pattern.
    days = [date.fromisoformat(one.rsplit(".", 1)[1]) for one in value.get("cancelledOccurrences") or ()]
    start = _moment(value.get("start"), all_day, zone)
    if all_day or start is None:
        return tuple(datetime.combine(day, time(), UTC) for day in days if all_day)
    limits = (value.get("recurrence") or {}).get("range") or {}
    try:
        local = zone_info(limits.get("recurrenceTimeZone") or zone)
    except UnknownZone:
        return ()
    clock = start.astimezone(local).time()
    return tuple(datetime.combine(day, clock, local).astimezone(UTC) for day in days)


def pattern(recurrence: dict[str, Any] | None) -> str:
    """A recurrence in a form in which equal ones are equal text: type, interval, days, range."""
    if not recurrence:
        return ""
    how, until = recurrence.get("pattern") or {}, recurrence.get("range") or {}
    kind, interval, month = how.get("type") or "", how.get("interval") or 1, how.get("month")
    if kind.endswith("Monthly") and interval % 12 == 0:
        # Every twelve months is every year, and Outlook keeps it so.
        kind, interval = kind.replace("Monthly", "Yearly"), interval // 12
        month = date.fromisoformat(until.get("startDate") or "").month
    parts = [kind, f"every {interval}"]
    if kind in ("weekly", "relativeMonthly", "relativeYearly"):
        parts.append("on " + ",".join(sorted(day.casefold() for day in how.get("daysOfWeek") or ())))
    if kind in ("relativeMonthly", "relativeYearly"):
        parts.append(f"{how.get('index') or 'first'}")
    if kind in ("absoluteMonthly", "absoluteYearly"):
        parts.append(f"day {how.get('dayOfMonth')}")
    if kind.endswith("Yearly"):
        parts.append(f"month {month}")
    if until.get("type") == "numbered":
        parts.append(f"{until.get('numberOfOccurrences')} times")
    elif until.get("type") == "endDate":
        parts.append(f"until {until.get('endDate')}")
    return " ".join(parts)


def _text(text: str | None) -> str:
    """Without what a database cannot store."""
    return (text or "").replace("\0", "")


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text).astimezone(UTC) if text else None


def _slot(text: str | None, all_day: bool, zone: str) -> datetime | None:
    """The start that the pattern of a series gave; of an all-day one midnight UTC of the date."""
    moment = _instant(text)
    return _midnight(moment, zone) if moment and all_day else moment


def _moment(value: dict[str, str] | None, all_day: bool, original_zone: str) -> datetime | None:
    """Asked for in UTC; another zone that Graph may answer in all the same is converted."""
    if not value:
        return None
    wall, zone = datetime.fromisoformat(value["dateTime"][:26]), value.get("timeZone") or "UTC"
    if wall.tzinfo is not None:
        raise ValueError("an offset in a dateTime")
    if all_day and wall.time() == time():
        return wall.replace(tzinfo=UTC)
    moment = wall.replace(tzinfo=UTC) if zone == "UTC" else wall.replace(tzinfo=zone_info(zone)).astimezone(UTC)
    return _midnight(moment, original_zone) if all_day else moment


def _midnight(moment: datetime, zone: str) -> datetime:
    """Midnight UTC of the date that an all-day event begins or ends on, given as an instant: its midnight is that of
    the zone it was made in. Where it is none there, the zone has been changed since, and the nearest one counts."""
    if moment.time() == time():
        return moment
    try:
        local = moment.astimezone(zone_info(zone)).replace(tzinfo=UTC)
    except UnknownZone:
        local = moment
    if local.time() != time():
        local = moment + timedelta(hours=12)
    return local.replace(hour=0, minute=0, second=0, microsecond=0)
