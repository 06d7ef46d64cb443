"""Rows that a page changes here, gathered first and written together: as many statements for one as for a thousand."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import OuterRef, Subquery
from django.utils import timezone

from calendars import bulk
from calendars.models import Event, EventVersion, HeldAppointment, LocalChange, SyncedEvent
from calendars.sync.rows import COLUMNS
from calendars.sync.sides import Rows, Scope

CONTENT = [name for names in COLUMNS.values() for name in names]
EVENT = [*CONTENT, "original_start", "original_starts_at", "modified_at"]
SYNCED = [
    *(name for name in CONTENT if name != "body"), "body_hash", "original_start", "original_starts_at", "event_id",
    "series_id", "link", "ews_id", "appointment_id", "calendar", "ical_uid", "change_key", "modified_here",
    "modified_there", "deleted_at", "attendees", "organized", "unsayable", "doubt",
]  # fmt: skip


@dataclass(slots=True)
class Writing:
    scope: Scope
    now: datetime = field(default_factory=timezone.now)
    _new: list[tuple[Rows, Rows | None]] = field(default_factory=list)
    _events: dict[int, Event] = field(default_factory=dict)
    _synced: dict[int, SyncedEvent] = field(default_factory=dict)
    _freed: set[int] = field(default_factory=set)
    _seen: set[int] = field(default_factory=set)
    _deleted: set[int] = field(default_factory=set)
    _versions: list[EventVersion] = field(default_factory=list)
    _held: list[HeldAppointment] = field(default_factory=list)
    _released: list[int] = field(default_factory=list)
    _waiting: list[Rows] = field(default_factory=list)
    _settled: list[int] = field(default_factory=list)
    _linked: list[int] = field(default_factory=list)

    # --- Gathering ----------------------------------------------------------------------------------------------------
    def add(self, rows: Rows, master: Rows | None) -> None:
        """An event, a synced event, or both, that are not in the database yet; of an edited occurrence with its master."""
        if all(rows is not one for one, _ in self._new):
            self._new.append((rows, master))

    def touch(self, event: Event) -> None:
        if event.pk:
            self._events[event.pk] = event

    def change(self, synced: SyncedEvent, **columns: Any) -> None:
        changed = {name: value for name, value in columns.items() if getattr(synced, name) != value}
        if self.scope.column in changed and synced.pk and self.scope.id_of(synced):
            # Each id belongs to one row at any time, whoever it goes to next.
            self._freed.add(synced.pk)
        for name, value in changed.items():
            setattr(synced, name, value)
        if changed and synced.pk:
            self._synced[synced.pk] = synced

    def unlink(self, synced: SyncedEvent) -> None:
        """Its appointment is not there, or belongs to another of our rows."""
        self.change(synced, **{self.scope.column: None, "link": SyncedEvent.Link.OLD})

    def delete(self, event: Event) -> None:
        self._deleted.add(event.pk)

    def see(self, synced: SyncedEvent | None) -> None:
        if synced and synced.pk:
            self._seen.add(synced.pk)

    def keep(self, uid: str, why: EventVersion.Why, side: str, said: dict[str, Any]) -> None:
        if said:
            member = self.scope.connection.member_id
            self._versions.append(EventVersion(member_id=member, uid=uid, at=self.now, why=why, side=side, said=said))

    def hold(self, anomaly: SyncedEvent, appointment_id: str, shown: dict[str, Any]) -> None:
        connection = self.scope.connection
        self._held.append(
            HeldAppointment(connection=connection, synced_event=anomaly, appointment_id=appointment_id, shown=shown)
        )

    def release(self, found: SyncedEvent) -> None:
        """What was held for it is another appointment: its own has been recognised."""
        self._released.append(found.pk)

    def wait(self, rows: Rows) -> None:
        """Something of the event is to be told."""
        self._waiting.append(rows)

    def settle(self, changes: Collection[LocalChange]) -> None:
        """What they were about has been told, or there is nothing to tell any more."""
        self._settled += [one.pk for one in changes]

    def linked(self, event: Event) -> None:
        """What waits to be told of it is no longer a creation."""
        self._linked.append(event.pk)

    # --- Writing ------------------------------------------------------------------------------------------------------
    def flush(self) -> None:
        """In the worker's transaction."""
        bulk.write(EventVersion, self._versions)
        if self._deleted:
            Event.objects.filter(pk__in=self._deleted).delete()
        if self._freed:
            freed = {self.scope.column: None, "link": SyncedEvent.Link.OLD}
            SyncedEvent.objects.filter(pk__in=self._freed).update(**freed)
        self._insert()
        bulk.update_columns(Event, EVENT, list(self._events.values()))
        bulk.update_columns(SyncedEvent, SYNCED, list(self._synced.values()))
        if self._seen:
            SyncedEvent.objects.filter(pk__in=self._seen).update(seen_in=self.scope.pull)
        HeldAppointment.objects.bulk_create(self._held, ignore_conflicts=True)
        if self._released:
            HeldAppointment.objects.filter(synced_event__in=self._released).delete()
        self._note_changes()

    def _insert(self) -> None:
        """With their keys first, since masters and edited occurrences come together."""
        rows = [one for one, _ in self._new]
        events = [one.event for one in rows if one.event and not one.event.pk]
        synced = [one.synced for one in rows if one.synced and not one.synced.pk]
        for event, key in zip(events, bulk.reserve(Event, len(events)) if events else (), strict=True):
            event.pk = key
        for row, key in zip(synced, bulk.reserve(SyncedEvent, len(synced)) if synced else (), strict=True):
            row.pk = key
        made = {row.pk for row in synced}
        for one, master in self._new:
            if one.event and master and master.event:
                one.event.series_id = master.event.pk
            if one.synced:
                changes = {"event_id": one.event.pk if one.event else None}
                changes |= {"series_id": master.synced.pk} if master and master.synced else {}
                for name, value in changes.items():
                    setattr(one.synced, name, value)
                if one.synced.pk not in made:
                    self._synced[one.synced.pk] = one.synced
        bulk.write(Event, events)
        bulk.write(SyncedEvent, synced)

    def _note_changes(self) -> None:
        connection = self.scope.connection
        LocalChange.objects.bulk_create(
            [
                LocalChange(
                    connection=connection, uid=one.uid, event=one.event, synced_event=one.synced, recorded_at=self.now
                )
                for one in self._waiting
            ],
            ignore_conflicts=True,
        )
        if self._linked:
            synced = SyncedEvent.objects.filter(connection=connection, event=OuterRef("event"))
            LocalChange.objects.filter(connection=connection, event__in=self._linked).update(
                synced_event=Subquery(synced.values("pk")[:1]), started_at=None, told=[]
            )
        if self._settled:
            LocalChange.objects.filter(pk__in=self._settled).delete()
