"""An account at Google: what it does otherwise than Outlook with the events of a mailbox.

One id for each event, kept on a move; an occurrence's is the series' with the time that the rule gives it. A changed or
cancelled occurrence is an entry of its own and no change of its series. A new rule keeps the exceptions that it has
room for.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from tests.simulator import ids, recurrence
from tests.simulator.events import Event
from tests.simulator.mailbox import Calendar, Gone, Mailbox


@dataclass(eq=False)
class GoogleMailbox(Mailbox):
    """An account whose ``provider`` is google."""

    def next_ids(self) -> tuple[str, str]:
        self._items += 1
        name = ids.google_id(self.seed, self.address.casefold(), self._items)
        return name, name

    def ids_for(self, given: str | None) -> tuple[str, str]:
        return (given, given) if given else self.next_ids()

    def folder_id(self, number: int) -> str:
        return ids.google_calendar_id(self.seed, self.address.casefold(), number)

    def calendar_id(self, calendar: Calendar) -> str:
        """That of the first one is the address."""
        return self.address if calendar.is_default else calendar.ews_id

    def moved_id(self, event: Event) -> str:
        return event.ews_id

    def new_uid(self, created: dt.datetime, number: object) -> str:
        return f"{number}@google.com"

    def occurrence_ids(self, master: Event, slot: dt.date) -> tuple[str, str]:
        form = "%Y%m%d" if master.is_all_day else "%Y%m%dT%H%M%SZ"
        name = f"{master.immutable_id}_{master.slot_start(slot):{form}}"
        return name, name

    def place_of(self, item_id: str) -> tuple[Event, dt.date] | None:
        """The series and the day that an occurrence's id names, cancelled as it may be; None for any other id."""
        stem, _, mark = item_id.rpartition("_")
        master = self._index.get(stem)
        if master is None or not master.is_master:
            return None
        try:
            slot = dt.datetime.strptime(mark[:8], "%Y%m%d").date()
        except ValueError:
            return None
        # The day in UTC may be the one before or after the series' own.
        for day in (slot, slot - dt.timedelta(days=1), slot + dt.timedelta(days=1)):
            if recurrence.contains(master.data["recurrence"], day) and self.occurrence_ids(master, day)[0] == item_id:
                return master, day
        return None

    def find(self, item_id: str) -> Event | None:
        event = self._index.get(item_id)
        if event is not None:
            return event
        place = self.place_of(item_id)
        return place[0].occurrence(place[1]) if place is not None and place[0].has_slot(place[1]) else None

    def find_ews(self, ews_id: str) -> Event | None:
        return self.find(ews_id)

    def remove(self, event: Event, now: dt.datetime) -> None:
        if event.master is not None:
            self._note_gone(event, now)
        super().remove(event, now)

    def bring_back(self, event: Event, now: dt.datetime) -> None:
        """Undo a cancellation: the event stands where it stood, an occurrence as an exception of its series."""
        if event.master is not None and event.slot is not None:
            event.master.cancelled.discard(event.slot)
            event.calendar.gone.pop(event.ews_id, None)
            self.change(event, {}, now)
        else:
            self.place(event, event.calendar, now)

    def _note_gone(self, event: Event, now: dt.datetime) -> None:
        self.stamp(event, now)
        event.calendar.gone[event.ews_id] = Gone(event.ews_id, event.immutable_id, event.revision, event.added)

    def _touch_series(self, master: Event, now: dt.datetime) -> None:
        """Nothing: who follows the calendar is told of the occurrence itself."""

    def _restructure(self, event: Event, before: dict[str, Any]) -> None:
        moved = any(event.data.get(name) != before.get(name) for name in ("start", "isAllDay"))
        pattern = event.data.get("recurrence")
        if moved or not pattern:
            super()._restructure(event, before)
            return
        room = {slot: recurrence.contains(pattern, slot) for slot in {*event.exceptions, *event.cancelled}}
        for slot in [slot for slot in event.exceptions if not room[slot]]:
            self._drop(event.exceptions.pop(slot))
        event.cancelled = {slot for slot in event.cancelled if room[slot]}
