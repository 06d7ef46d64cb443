"""What a calendar at Google holds, as a list shows it: events, changed and cancelled occurrences, what is gone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.simulator.events import GOOGLE, Event
from tests.simulator.google import events
from tests.simulator.mailbox import Calendar

# Of a series without end so much is unfolded where the request sets no end.
_FURTHEST = dt.timedelta(days=730)


@dataclass(frozen=True)
class Entry:
    """One item of a list. ``event`` is None of what is gone; a cancelled occurrence has the one it would be."""

    id: str
    revision: int
    event: Event | None = None
    cancelled: bool = False

    def show(self, zone: str) -> dict[str, Any]:
        if self.event is None:
            return {"kind": "calendar#event", "etag": f'"{self.revision:016d}"', "id": self.id, "status": "cancelled"}
        return events.cancelled(self.event, zone) if self.cancelled else events.render(self.event, zone)

    def touches(self, first: dt.datetime | None, last: dt.datetime | None) -> bool:
        """Does it end after ``first`` and start before ``last``? A series when one of its occurrences does."""
        if self.event is None:
            return True
        early = first or dt.datetime.min.replace(tzinfo=dt.UTC)
        late = last or dt.datetime.max.replace(tzinfo=dt.UTC)
        if not self.event.is_master:
            return self.event.start < late and self.event.end > early
        if self.event.start >= late:
            return False
        end = last or max(self.event.start, early) + _FURTHEST
        return next(self.event.occurrences(max(early, self.event.start), end), None) is not None

    def extras(self) -> dict[str, Any]:
        return (self.event.data.get(GOOGLE) or {}) if self.event is not None else {}


def of_calendar(
    calendar: Calendar, unfolded: tuple[dt.datetime | None, dt.datetime | None] | None = None
) -> list[Entry]:
    """Everything, by id; series ``unfolded`` in a window, where one is given, instead of as they are."""
    found: dict[str, Entry] = {
        gone.immutable_id: Entry(gone.immutable_id, gone.revision, None, True) for gone in calendar.gone.values()
    }
    for event in calendar.events.values():
        if not event.is_master:
            held: Iterator[Entry] = iter([Entry(event.immutable_id, event.revision, event)])
        elif unfolded is None:
            held = _folded(event)
        else:
            held = instances(event, *unfolded)
        found |= {entry.id: entry for entry in held}
    return sorted(found.values(), key=lambda entry: entry.id)


def _folded(master: Event) -> Iterator[Entry]:
    yield Entry(master.immutable_id, master.revision, master)
    yield from (Entry(held.immutable_id, held.revision, held) for held in master.exceptions.values())
    yield from _cancelled(master)


def _cancelled(master: Event) -> Iterator[Entry]:
    for slot in master.cancelled:
        event = master.occurrence(slot)
        gone = event.calendar.gone.get(event.ews_id)
        # The stamp of its own, not of the series: that is how a client learns of it alone.
        event.revision = gone.revision if gone is not None else master.added
        yield Entry(event.immutable_id, event.revision, event, True)


def instances(master: Event, first: dt.datetime | None, last: dt.datetime | None) -> Iterator[Entry]:
    """The occurrences of a series, changed and cancelled ones too."""
    begin = first or master.start
    end = last or max(begin, master.start) + _FURTHEST
    for event in master.occurrences(begin, end):
        yield Entry(event.immutable_id, event.revision, event)
    for entry in _cancelled(master):
        if entry.touches(first, last):
            yield entry
