"""One account with its calendars and appointments, and the changes that Outlook itself makes to them.

Nothing here sends mail or checks permissions; that is the business of the services. Hold ``world.lock``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.simulator import ids, times
from tests.simulator.events import Event
from tests.simulator.traps import Traps

_RESTRUCTURING = ("start", "end", "recurrence", "isAllDay")


@dataclass(frozen=True)
class Gone:
    """What is left of a single or series that a calendar no longer holds: deleted, or moved to another."""

    ews_id: str
    immutable_id: str
    revision: int
    added: int


@dataclass(frozen=True)
class Transaction:
    """What a ``transactionId`` was used for, and when."""

    event: Event
    wanted: dict[str, Any]
    at: dt.datetime


@dataclass(eq=False)
class Calendar:
    """A calendar as one mailbox sees it; of another ``owner`` when it was shared with it."""

    mailbox: Mailbox
    name: str
    ews_id: str
    is_default: bool = False
    owner: dict[str, str] = field(default_factory=dict)
    can_edit: bool = True
    color: str = "auto"
    change_key: str = ""
    events: dict[str, Event] = field(default_factory=dict)  # masters and singles by immutable id
    gone: dict[str, Gone] = field(default_factory=dict)  # by ewsId

    @property
    def id(self) -> str:
        """A container has one id, whatever the request prefers."""
        return self.mailbox.calendar_id(self)


@dataclass(eq=False)
class Mailbox:
    """An account. ``address`` is what it is known by in ``/_sim/``; ``mail`` may be None."""

    address: str
    provider: str = "outlook"
    tid: str = ""
    oid: str = ""
    upn: str = ""
    mail: str | None = None
    aliases: list[str] = field(default_factory=list)
    kind: str = "work"
    name: str = ""
    time_zone: str = "UTC"
    seed: str = "1"
    calendars: dict[str, Calendar] = field(default_factory=dict)  # by id, in the order they are listed
    refs: dict[str, Event] = field(default_factory=dict)
    deleted: dict[str, Event] = field(default_factory=dict)  # by immutable id, for "restore"
    transactions: dict[str, Transaction] = field(default_factory=dict)
    revision: int = (
        1  # of the last change; each event has that of its own, and so has each ``Calendar.gone``; 0 = before all
    )
    generation: int = 0  # of its sync states; those of an earlier one are lost
    traps: Traps = field(default_factory=Traps)
    # Told of each change: "created", "updated" or "deleted", what, and in which calendar.
    watch: Callable[[str, Event, Calendar], None] = lambda change, event, calendar: None
    _index: dict[str, Event] = field(default_factory=dict)  # by restId and immutable id
    _series: dict[str, Event] = field(default_factory=dict)  # by the stem of either id
    _by_ews: dict[str, Event] = field(default_factory=dict)
    _items: int = 0

    def names(self) -> list[str]:
        """Every name it can be found by. Not ``mail``: anybody's administrator can write anything there."""
        return [name for name in (self.address, self.upn, self.oid, self.graph_id, *self.aliases) if name]

    @property
    def graph_id(self) -> str:
        """``id`` of ``/me``: the object id; of a personal account its last 16 hex digits."""
        return self.oid.replace("-", "")[-16:] if self.kind == "personal" else self.oid

    @property
    def default_calendar(self) -> Calendar | None:
        return next((calendar for calendar in self.calendars.values() if calendar.is_default), None)

    def next_ids(self) -> tuple[str, str]:
        """The ewsId and immutable id of the next item."""
        self._items += 1
        key = self.address.casefold()
        return ids.ews_id(self.seed, key, self._items), ids.immutable_id(self.seed, key, self._items)

    def ids_for(self, given: str | None) -> tuple[str, str]:
        """The same for an item whose ewsId is ``given``."""
        ews, immutable = self.next_ids()
        return given or ews, immutable

    def folder_id(self, number: int) -> str:
        """The ewsId of a calendar that was given none."""
        return ids.folder_id(self.seed, self.address.casefold(), "calendar", number)

    def calendar_id(self, calendar: Calendar) -> str:
        return ids.to_rest(calendar.ews_id)

    def moved_id(self, event: Event) -> str:
        """The ewsId of an event that has come to another calendar: that of a new item."""
        return self.next_ids()[0]

    def occurrence_ids(self, master: Event, slot: dt.date) -> tuple[str, str]:
        """The ewsId and the immutable id of the occurrence of a day."""
        rest = ids.occurrence_id(master.rest_id, slot)
        return ids.to_ews(rest), ids.occurrence_id(master.immutable_id, slot)

    def new_uid(self, created: dt.datetime, number: object) -> str:
        """The iCalUId of an event that was given none."""
        return ids.ical_uid(created, self.seed, self.address.casefold(), number)

    def index(self, event: Event) -> None:
        """Make an event findable by its ids and its ref."""
        self._index[event.rest_id] = self._index[event.immutable_id] = event
        self._by_ews[event.ews_id] = event
        if event.is_master:
            self._series[ids.stem(event.rest_id)] = self._series[ids.stem(event.immutable_id)] = event
        if event.ref:
            self.refs[event.ref] = event

    def unindex(self, event: Event) -> None:
        """Take the event's ids away, not its ref, so that it can be restored."""
        for key in (event.rest_id, event.immutable_id):
            self._index.pop(key, None)
            self._series.pop(ids.stem(key), None)
        self._by_ews.pop(event.ews_id, None)

    def forget(self, event: Event) -> None:
        """Undo the making of an event that turned out to be impossible: no trace of it stays."""
        self._drop(event)
        event.calendar.events.pop(event.immutable_id, None)
        for exception in event.exceptions.values():
            self._drop(exception)

    def _drop(self, event: Event) -> None:
        """Take the event's ids and its ref away."""
        self.unindex(event)
        if event.ref:
            self.refs.pop(event.ref, None)

    def find(self, item_id: str) -> Event | None:
        """The event of a restId or immutable id, occurrences included."""
        event = self._index.get(item_id)
        if event is not None:
            return event
        parts = ids.split_occurrence_id(item_id)
        master = self._series.get(parts[0]) if parts else None
        if parts is None or master is None or not master.has_slot(parts[1]):
            return None
        return master.occurrence(parts[1])

    def find_ews(self, ews_id: str) -> Event | None:
        """The event of an ewsId, occurrences included."""
        return self._by_ews.get(ews_id) or self.find(ids.to_rest(ews_id))

    def stamp(self, event: Event, now: dt.datetime) -> None:
        """A change: new change key, new time of modification, next revision."""
        self.revision += 1
        event.revision = self.revision
        event.data["lastModifiedDateTime"] = times.stamp(now)
        event.data["changeKey"] = ids.change_key(self.seed, event.immutable_id, self.revision)

    def add(self, event: Event, now: dt.datetime) -> Event:
        """Put a new single or master in its calendar."""
        self.stamp(event, now)
        event.added = event.revision
        event.calendar.events[event.immutable_id] = event
        self.index(event)
        self.watch("created", event, event.calendar)
        return event

    def change(self, event: Event, changes: dict[str, Any], now: dt.datetime) -> Event:
        """Set properties; an occurrence becomes an exception. Raises ValueError for times that cannot be read.

        A master whose times or pattern change loses its exceptions and cancelled occurrences, as in Outlook.
        """
        master = event.master
        before = dict(event.data)
        event.data.update(changes)
        try:
            event.read_times()
        except ValueError:
            event.data = before
            raise
        if master is not None and event.slot is not None:
            event.extended = dict(event.extended)
            event.own |= set(changes)
            master.exceptions[event.slot] = event
            self._touch_series(master, now)
        elif any(event.data.get(name) != before.get(name) for name in _RESTRUCTURING):
            self._restructure(event, before)
        else:
            self._hand_down(event, changes, now)
        self.stamp(event, now)
        self.index(event)
        self.watch("updated", event, event.calendar)
        return event

    def _touch_series(self, master: Event, now: dt.datetime) -> None:
        """A change of an occurrence is one of its series."""
        self.stamp(master, now)
        self.watch("updated", master, master.calendar)

    def _hand_down(self, master: Event, changes: dict[str, Any], now: dt.datetime) -> None:
        """An exception goes on having from its series whatever was not changed in itself."""
        for exception in master.exceptions.values():
            inherited = {name: value for name, value in changes.items() if name not in exception.own}
            if inherited:
                exception.data.update(inherited)
                self.stamp(exception, now)

    def _restructure(self, event: Event, before: dict[str, Any]) -> None:
        pattern = event.data.get("recurrence")
        if pattern and pattern == before.get("recurrence") and event.data["start"] != before["start"]:
            first = event.day_of(event.start).isoformat()
            event.data["recurrence"] = {**pattern, "range": {**pattern["range"], "startDate": first}}
        for exception in event.exceptions.values():
            self._drop(exception)
        event.exceptions.clear()
        event.cancelled.clear()
        for key in (event.rest_id, event.immutable_id):
            self._series.pop(ids.stem(key), None)

    def remove(self, event: Event, now: dt.datetime) -> None:
        """Delete: a single or series leaves its calendar, an occurrence is cancelled in its series."""
        self.unindex(event)
        if event.master is not None and event.slot is not None:
            self._drop(event)
            event.master.exceptions.pop(event.slot, None)
            event.master.cancelled.add(event.slot)
            self._touch_series(event.master, now)
            self.watch("deleted", event, event.calendar)
            return
        for exception in event.exceptions.values():
            self.unindex(exception)
        self.stamp(event, now)
        self._leave(event)
        self.deleted[event.immutable_id] = event

    def _leave(self, event: Event) -> None:
        """Out of its calendar, which remembers that with the event's revision."""
        event.calendar.events.pop(event.immutable_id, None)
        event.calendar.gone[event.ews_id] = Gone(event.ews_id, event.immutable_id, event.revision, event.added)
        self.watch("deleted", event, event.calendar)

    def place(self, event: Event, calendar: Calendar, now: dt.datetime) -> None:
        """Move to a calendar, or back out of the deleted items: a new ewsId and restId, the same immutable id."""
        self.unindex(event)
        self.stamp(event, now)
        if self.deleted.pop(event.immutable_id, None) is None:
            self._leave(event)
        event.ews_id = self.moved_id(event)
        event.calendar = calendar
        self.add(event, now)
        for slot, exception in event.exceptions.items():
            self.unindex(exception)
            exception.calendar = calendar
            exception.ews_id = event.occurrence_ids(slot)[0]
            self.index(exception)
