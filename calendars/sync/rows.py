"""What an event says, between `Content` and the columns of our rows."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from calendars.models import Event, SyncedEvent
from calendars.sync.content import Content, Part, hash_of
from calendars.sync.service import Appointment
from calendars.times import instant

# The columns that say a part, by which a change of it is written and kept.
COLUMNS: dict[Part, tuple[str, ...]] = {
    "subject": ("subject",),
    "times": ("all_day", "start", "end", "time_zone", "floating", "starts_at", "ends_at"),
    "rule": ("rrule",),
    "exdates": ("exdates",),
    "location": ("location",),
    "body": ("body",),
    "show_as": ("show_as",),
    "sensitivity": ("sensitivity",),
    "reminder": ("reminder",),
}
DERIVED = {"floating", "starts_at", "ends_at"}
WORDS = (
    "subject", "all_day", "start", "end", "time_zone", "rrule", "location", "show_as", "sensitivity", "reminder",
)  # fmt: skip
LONGEST = {field.attname: field.max_length for field in SyncedEvent._meta.concrete_fields if field.max_length}


def content_of(row: Event | SyncedEvent) -> Content:
    words = {name: getattr(row, name) for name in WORDS}
    body = {"body": row.body} if isinstance(row, Event) else {"body": None, "body_hash": row.body_hash}
    return Content(**words, **body, exdates=tuple(row.exdates))


def columns_of(content: Content) -> dict[str, Any]:
    """All columns of `EventFields` but those of an edited occurrence; raises ValueError for times that are none."""
    starts_at, ends_at = (instant(one, content.time_zone, content.all_day) for one in (content.start, content.end))
    if ends_at < starts_at:
        raise ValueError("an end before the start")
    words = {name: getattr(content, name) for name in WORDS}
    return words | {"exdates": list(content.exdates), "floating": False, "starts_at": starts_at, "ends_at": ends_at}


def check(there: Appointment) -> None:
    """Raises ValueError for what our rows cannot hold, of the appointment or of an edited occurrence."""
    for one in (there, *there.exceptions):
        ids = {
            "appointment_id": one.id,
            "ical_uid": one.ical_uid,
            "change_key": one.version,
            "unsayable": one.unsayable,
        }
        columns = event_columns(one.content) | ids | {"original_start": one.slot}
        texts = {name: value for name, value in columns.items() if isinstance(value, str)}
        if any(len(text) > LONGEST.get(name, len(text)) or "\0" in text for name, text in texts.items()):
            raise ValueError("a text too long, or one that is none")
        if not 0 <= (one.content.reminder or 0) < 2**31:
            raise ValueError("a reminder after the start")


def event_columns(content: Content) -> dict[str, Any]:
    return columns_of(content) | {"body": content.body or ""}


def snapshot_columns(content: Content) -> dict[str, Any]:
    body_hash = content.body_hash if content.body is None else hash_of(content.body)
    return columns_of(content) | {"body_hash": body_hash}


def slot_columns(slot: str, master: Content) -> dict[str, Any]:
    """Of an edited occurrence of `master`."""
    return {
        "original_start": slot,
        "original_starts_at": instant(slot, master.time_zone, len(slot) == len("2026-11-23")),
    }


def said(content: Content, parts: Iterable[Part]) -> dict[str, Any]:
    """The columns that say `parts`, for `EventVersion`."""
    every = event_columns(content)
    return {name: every[name] for part in parts for name in COLUMNS[part] if name not in DERIVED}


def as_json(content: Content) -> dict[str, Any]:
    """For `LocalChange.told`; `from_json` reads it."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(content).items()}


def from_json(told: dict[str, Any]) -> Content:
    return Content(**told | {"exdates": tuple(told["exdates"])})
