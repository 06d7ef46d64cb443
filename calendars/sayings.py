"""What events say, line by line and in words, for whoever compares two sayings or takes up an earlier one."""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Any

from django.db.models import QuerySet

from calendars import wording
from calendars.models import Event, EventVersion
from calendars.sync.content import Content
from calendars.sync.rows import COLUMNS, content_of
from firms.models import User

_NAMES = {field.name for field in fields(Content)} - {"body_hash"}


@dataclass(frozen=True, slots=True)
class Line:
    label: str
    now: str
    other: str


@dataclass(frozen=True, slots=True)
class Version:
    """An earlier version of an event: `lines` are those in which it said something else than the event says now."""

    row: EventVersion
    lines: list[Line]


def compared(now: Content, other: Content) -> list[Line]:
    """The lines in which the two differ."""
    before, after = dict(_lines(now)), dict(_lines(other))
    return [Line(label, before[label], after[label]) for label in before if before[label] != after[label]]


def versions(event: Event) -> list[Version]:
    """Latest first; in one query."""
    now = content_of(event)
    rows = EventVersion.objects.filter(member=event.member_id, uid=event.uid).order_by("-at", "-pk")
    return [Version(row, compared(now, as_said(row, now))) for row in rows]


def as_said(version: EventVersion, base: Content) -> Content:
    """What a version said; what it does not speak of is as in `base`."""
    said: dict[str, Any] = {name: value for name, value in version.said.items() if name in _NAMES}
    if "exdates" in said:
        said["exdates"] = tuple(said["exdates"])
    return replace(base, **said)


def is_whole(version: EventVersion) -> bool:
    """Whether it says all that an event needs."""
    return {"subject", *COLUMNS["times"]} - {"floating", "starts_at", "ends_at"} <= version.said.keys()


def of_deleted(member: User) -> QuerySet[EventVersion]:
    """Versions of events that are there no more, latest first."""
    there = Event.objects.filter(member=member).values("uid")
    return EventVersion.objects.filter(member=member).exclude(uid__in=there).order_by("-at", "-pk")


def _lines(content: Content) -> Iterator[tuple[str, str]]:
    yield "Subject", content.subject or "(no subject)"
    yield "When", wording.when(content)
    yield "Repeats", wording.repeats(content) or "no"
    yield "Location", content.location or "–"
    yield "Notes", content.body or "–"
    yield "Show as", Event.ShowAs(content.show_as).label
    yield "Sensitivity", Event.Sensitivity(content.sensitivity).label
    yield "Reminder", wording.reminder(content.reminder)
