"""What an event says, as far as it is synced, and in which of its parts two sayings differ. Pure."""

import hashlib
import unicodedata
from collections.abc import Hashable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from calendars.recurrence import comparable
from calendars.times import instant
from firms.zones import UnknownZone, windows_zone

# What is compared, carried over and decided about together: a start without its end would be another event.
Part = Literal["subject", "times", "rule", "exdates", "location", "body", "show_as", "sensitivity", "reminder"]
PARTS: tuple[Part, ...] = (
    "subject", "times", "rule", "exdates", "location", "body", "show_as", "sensitivity", "reminder",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Content:
    """Exactly the synced fields, in the form of `EventFields`: wall-clock `start` and `end` in `time_zone` (IANA), dates
    where `all_day` (end exclusive); `rrule` RFC 5545 without "RRULE:"; `exdates` wall-clock starts, sorted; `reminder`
    minutes before the start or None. `body` is plain text; None where only its `body_hash` is known (a snapshot)."""

    subject: str
    all_day: bool
    start: str
    end: str
    time_zone: str
    rrule: str = ""
    exdates: tuple[str, ...] = ()
    location: str = ""
    body: str | None = ""
    body_hash: str = ""
    show_as: str = "busy"
    sensitivity: str = "normal"
    reminder: int | None = None

    def __repr__(self) -> str:
        return "Content(…)"

    def part(self, part: Part) -> Hashable:
        """A part in the form in which equal sayings are equal, whatever service wrote them down."""
        match part:
            case "subject" | "location":
                return _line(getattr(self, part))
            case "times":
                return (self.all_day, *self.instants(), self._zone() if self.rrule and not self.all_day else "")
            case "rule":
                return comparable(self.rrule, self.start, self.time_zone)
            case "exdates":
                return tuple(sorted(self.cancelled))
            case "body":
                return self.body_hash if self.body is None else hash_of(self.body)
            case _:
                value: Hashable = getattr(self, part)
                return value

    @property
    def cancelled(self) -> frozenset[str]:
        """The days of `exdates`: a series has one start a day at most, and days outlast a new time of day."""
        return frozenset(day_of(one) for one in self.exdates)

    def slot(self, day: str) -> str:
        """The start, in the form of this series', that it has on `day`."""
        return day if self.all_day else day + self.start[10:]

    def on(self, day: str) -> "Content":
        """What an occurrence of this series says that has not been edited."""
        start, end = (datetime.fromisoformat(one) for one in (self.start, self.end))
        moved = (datetime.fromisoformat(self.slot(day)) + (end - start)).isoformat()
        return replace(self, start=self.slot(day), end=moved[:10] if self.all_day else moved, rrule="", exdates=())

    def looks(self) -> Hashable:
        """Equal for those that a person would take for the same: subject in any case, and times to the minute."""
        subject = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", self.subject).casefold())
        times = tuple(moment.replace(second=0) for moment in self.instants())
        return bool(self.rrule), self.all_day, times, " ".join(subject.casefold().split())

    def instants(self) -> tuple[datetime, datetime]:
        return instant(self.start, self.time_zone, self.all_day), instant(self.end, self.time_zone, self.all_day)

    def _zone(self) -> str:
        """Outlook knows one name for all zones that keep the same time."""
        try:
            return windows_zone(self.time_zone)
        except UnknownZone:
            return self.time_zone


def as_it_is(content: Content) -> Content:
    return content


def differing(one: Content, other: Content) -> frozenset[Part]:
    return frozenset(part for part in PARTS if one.part(part) != other.part(part))


def day_of(slot: str) -> str:
    return slot[:10]


def hash_of(body: str) -> str:
    """Of a body as every service gives it back: line ends and white space at the ends of lines are theirs to choose."""
    lines = [line.rstrip() for line in body.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    text = "\n".join(lines).strip("\n")
    return hashlib.sha256(text.encode()).hexdigest() if text else ""


def _line(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip()
