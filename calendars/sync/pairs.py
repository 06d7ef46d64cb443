"""An event and its appointment, and what is decided about the two: the words of `calendars.sync.plan`. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from calendars.sync.content import Content, as_it_is
from calendars.sync.merging import Merged, Parts, Rules
from calendars.sync.service import Appointment


@dataclass(frozen=True, slots=True)
class Item:
    """An event or an edited occurrence as we know it. `here`: as it is now, None where it is not (any more). `known`: as
    last synced, None where it is not linked. `changed_here`: when it was last changed or, of a tombstone, deleted.
    `row` is whatever the caller knows it by. `sayable`: what the service can say of it."""

    here: Content | None = None
    changed_here: datetime | None = None
    known: Content | None = None
    known_there: datetime | None = None
    deleted: bool = False
    id: str = ""
    slot: str = ""
    anomaly: bool = False
    # Of an anomaly: a person has decided that it has no counterpart.
    kept_here: bool = False
    row: Any = None
    sayable: Callable[[Content], Content] = as_it_is

    @property
    def said(self) -> Content | None:
        """As it is now, in the service's words: what is compared with what it says there."""
        return self.sayable(self.here) if self.here else None


@dataclass(frozen=True, slots=True)
class Pair:
    """An event of ours and its appointment. `asked`: a change here waits to be told. `proven`: what `there` shows has been
    read by id, and is no replay of a list. `held`: ids of appointments that wait for a person."""

    own: Item
    there: Appointment
    occurrences: tuple[Item, ...] = ()
    asked: bool = False
    proven: bool = False
    held: frozenset[str] = frozenset()

    def rules(self, there: Appointment | None = None) -> Rules:
        """For the appointment, or one of its edited occurrences."""
        there = there or self.there
        return Rules(self.asked, there.attendees > 0 or not there.organized, there.organized, not self.there.unsayable)


@dataclass(frozen=True, slots=True)
class Own:
    """To be told: these parts of the event, or of the master of a series."""

    content: Content
    parts: Parts


@dataclass(frozen=True, slots=True)
class Cancel:
    day: str


@dataclass(frozen=True, slots=True)
class Restore:
    days: frozenset[str]


@dataclass(frozen=True, slots=True)
class Edit:
    """To be told: these parts of one occurrence, edited there (`there`) or not yet."""

    day: str
    item: Item | None
    there: Appointment | None
    content: Content
    parts: Parts


@dataclass(frozen=True, slots=True)
class Remove:
    """To be told: the event was deleted here."""


Outward = Own | Cancel | Restore | Edit | Remove


@dataclass(frozen=True, slots=True)
class Occurrence:
    """What becomes of one date's event here: "create", "change", "remove", or "keep" as it is. `there` is what is to be
    known of it afterwards, None where it is not edited there."""

    do: Literal["create", "change", "remove", "keep"]
    item: Item | None
    there: Appointment | None
    merged: Merged | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """`do`: "leave" it untouched; "doubt" it, until it has been read; "agree", which may change both sides; "revive" an
    event that was deleted; "delete" what was deleted here. `exdates` are our event's afterwards. `overruled`: edited
    occurrences there that a new time or rule of ours sweeps away. `held`: edited occurrences there that may be
    those of anomalies, each with its own."""

    do: Literal["leave", "doubt", "agree", "revive", "delete"]
    merged: Merged | None = None
    exdates: tuple[str, ...] = ()
    occurrences: tuple[Occurrence, ...] = ()
    outward: tuple[Outward, ...] = ()
    overruled: tuple[Appointment, ...] = ()
    held: tuple[tuple[Item, Appointment], ...] = ()
