"""What an event says, now or as last synced: from the file's words to the columns of `EventFields`. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from calendars import times
from calendars.importing.fields import BadLine
from calendars.importing.rules import check_rule

TIMED, DATED = "a wall-clock time without offset, like 2026-11-23T09:00:00", "a date, like 2026-11-23"


@dataclass(frozen=True, slots=True)
class EventText:
    """Wall-clock times in the stored form, but for `original_start`, whose form is the master's to say.

    `time_zone` None = floating.
    """

    subject: str
    all_day: bool
    start: str
    end: str
    time_zone: str | None
    rrule: str
    exdates: list[str]
    original_start: str
    location: str
    body: str
    show_as: str
    sensitivity: str
    reminder: int | None
    modified: datetime | None

    def __repr__(self) -> str:
        return "EventText(…)"


def event_text(said: dict[str, Any], *, in_series: bool, where: str = "") -> EventText:
    """`said` holds every field as read on its own; raises BadLine where they do not go together."""
    all_day, rrule = said["all_day"], said["rrule"]
    if rrule and in_series:
        raise BadLine(f"{where}rrule and series exclude each other: one is of a master, one of an edited occurrence")
    if said["exdates"] and not rrule:
        raise BadLine(f"{where}exdates without rrule: they belong to a master")
    if in_series != bool(said["original_start"]):
        raise BadLine(f"{where}series and original_start belong together: both, or neither")
    if rrule:
        check_rule(rrule)
    return EventText(
        **said
        | {
            "start": wall_clock("start", said["start"], all_day, where),
            "end": wall_clock("end", said["end"], all_day, where),
            "exdates": [wall_clock("each of exdates", date, all_day, where) for date in said["exdates"]],
        }
    )


def wall_clock(name: str, text: str, all_day: bool, where: str = "") -> str:
    try:
        return times.wall_clock(text, all_day)
    except ValueError:
        raise BadLine(f"{where}{name} is not {DATED if all_day else TIMED}") from None


def columns(text: EventText, member_zone: str, where: str = "") -> dict[str, Any]:
    """The columns of `EventFields`, but for those of an edited occurrence; raises BadLine."""
    zone = text.time_zone or member_zone
    starts_at = _instant("start", text.start, zone, text.all_day)
    ends_at = _instant("end", text.end, zone, text.all_day)
    if ends_at < starts_at:
        raise BadLine(f"{where}start is after end")
    if text.all_day and ends_at == starts_at:
        raise BadLine(f"{where}end must be a later day than start: where all-day, the end is exclusive")
    return {
        "subject": text.subject,
        "all_day": text.all_day,
        "start": text.start,
        "end": text.end,
        "time_zone": zone,
        "floating": text.time_zone is None,
        "starts_at": starts_at,
        "ends_at": ends_at,
        "rrule": text.rrule,
        "exdates": text.exdates,
        "location": text.location,
        "show_as": text.show_as,
        "sensitivity": text.sensitivity,
        "reminder": text.reminder,
    }


def original_columns(text: EventText, member_zone: str, master_all_day: bool) -> dict[str, Any]:
    """The columns of an edited occurrence: the start that its master's pattern gave it, in the master's form."""
    start = wall_clock("original_start", text.original_start, master_all_day)
    instant = _instant("original_start", start, text.time_zone or member_zone, master_all_day)
    return {"original_start": start, "original_starts_at": instant}


def _instant(name: str, text: str, zone: str, all_day: bool) -> datetime:
    try:
        return times.instant(text, zone, all_day)
    except ValueError:
        raise BadLine(f"{name} cannot be placed in its time zone") from None
