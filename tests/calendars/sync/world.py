"""A member's calendar on both sides: her hand here, as the pages make it; the owner's hand there; and time going by.

`There` is what a calendar under test has to offer, so that the same stories can be told of any service.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any, Protocol

from django.db import transaction
from django.utils import timezone
from time_machine import Traveller

from calendars.models import CalendarConnection, Event, EventVersion, HeldAppointment, LocalChange, Sync, SyncedEvent
from calendars.sync import clock as by_the_clock
from calendars.sync import outbox, status, waking
from calendars.sync import rows as words
from calendars.sync.content import Content, as_it_is, day_of
from calendars.sync.service import Appointment
from tests import queue

ROUNDS = 12
HEARING = Content(
    "Hearing", False, "2026-12-01T09:00:00", "2026-12-01T10:00:00", "America/New_York", location="Court 3"
)
SERIES = Content(
    "Review", False, "2026-12-07T09:00:00", "2026-12-07T10:00:00", "America/New_York", rrule="FREQ=WEEKLY;COUNT=6"
)
SECOND, THIRD, FOURTH = "2026-12-14T09:00:00", "2026-12-21T09:00:00", "2026-12-28T09:00:00"


class There(Protocol):
    """A calendar at its service, in its owner's hand. Appointments are named by the service's own ids; slots are written
    as the series' start is. `writes`: what we have changed there so far."""

    writes: list[Any]

    def add(self, content: Content, *, attendees: int = 0, organized: bool = True) -> str: ...
    def change(self, one: str, **said: Any) -> None: ...
    def edit_occurrence(self, one: str, slot: str, **said: Any) -> str: ...
    def cancel_occurrence(self, one: str, slot: str) -> None: ...
    def delete(self, one: str) -> None: ...
    def restore(self, one: str) -> None: ...
    def move_away(self, one: str) -> None: ...
    def listing(self) -> dict[str, Appointment]: ...


@dataclass
class World:
    connection: CalendarConnection
    there: Any
    clock: Traveller
    column: str = "appointment_id"
    # What the service has words for.
    sayable: Callable[[Content], Content] = as_it_is
    _numbers: Any = field(default_factory=lambda: count(1))

    # --- Here ---------------------------------------------------------------------------------------------------------
    def add(self, content: Content = HEARING, *, tell: bool = True, **said: Any) -> Event:
        columns = words.event_columns(content) | said
        event = Event(member=self.connection.member, uid=f"here-{next(self._numbers)}", **columns)
        return self._save(event, tell)

    def change(self, event: Event, *, tell: bool = True, **said: Any) -> Event:
        event.refresh_from_db()
        for name, value in said.items():
            setattr(event, name, value)
        return self._save(event, tell)

    def edit_occurrence(self, master: Event, slot: str, **said: Any) -> Event:
        master.refresh_from_db()
        edited = Event.objects.filter(series=master, original_start__startswith=day_of(slot)).first()
        if edited is None:
            series = words.content_of(master)
            columns = words.event_columns(series.on(day_of(slot))) | words.slot_columns(slot, series)
            uid = f"{master.uid}-{next(self._numbers)}"
            edited = Event(member=self.connection.member, uid=uid, series=master, **columns)
        for name, value in said.items():
            setattr(edited, name, value)
        return self._save(edited, True)

    def cancel_occurrence(self, master: Event, slot: str) -> None:
        master.refresh_from_db()
        with transaction.atomic():
            for edited in Event.objects.filter(series=master, original_start__startswith=day_of(slot)):
                uid = edited.uid
                edited.delete()
                outbox.record_deletion(self.connection, uid, now=timezone.now())
            master.exdates = sorted({*master.exdates, slot})
            self._save(master, True)

    def delete(self, event: Event, *, tell: bool = True) -> None:
        with transaction.atomic():
            uids = [event.uid, *event.exceptions.values_list("uid", flat=True)]
            Event.objects.filter(pk=event.pk).delete()
            for uid in uids:
                if tell:
                    outbox.record_deletion(self.connection, uid, now=timezone.now())
                else:
                    SyncedEvent.objects.filter(uid=uid).update(deleted_at=timezone.now())

    def _save(self, event: Event, tell: bool) -> Event:
        content = words.content_of(event)
        columns = words.columns_of(content)
        event.starts_at, event.ends_at = columns["starts_at"], columns["ends_at"]
        event.modified_at = timezone.now()
        with transaction.atomic():
            event.save()
            if tell:
                outbox.record(self.connection, event, now=timezone.now())
        return event

    # --- Time goes by -------------------------------------------------------------------------------------------------
    def sync(self) -> None:
        """Somebody asks, and every wait is kept until nothing is left to do; AssertionError where that takes for ever."""
        with transaction.atomic():
            waking.wake(CalendarConnection.objects.get(pk=self.connection.pk))
        for _ in range(ROUNDS):
            queue.drain()
            self.connection.refresh_from_db()
            row = self.state
            if row.wait_reason and row.next_at is None:
                return
            if not row.wait_reason and row.done == row.wanted and not self.delayed:
                return
            self.pass_time()
        raise AssertionError(f"it does not come to rest: {row.wait_reason} {row.error}, {row.done} of {row.wanted}")

    def pass_time(self, seconds: float = 700) -> None:
        self.clock.shift(timedelta(seconds=seconds))
        by_the_clock.enqueue_due(timezone.now())

    # --- How it stands ------------------------------------------------------------------------------------------------
    @property
    def state(self) -> Sync:
        return Sync.objects.get(connection=self.connection)

    @property
    def delayed(self) -> bool:
        return LocalChange.objects.filter(refused="", not_before__isnull=False).exists()

    @property
    def events(self) -> list[Event]:
        return list(Event.objects.filter(member=self.connection.member).order_by("starts_at", "pk"))

    @property
    def held(self) -> list[str]:
        return list(HeldAppointment.objects.order_by("pk").values_list("appointment_id", flat=True))

    @property
    def versions(self) -> list[EventVersion]:
        return list(EventVersion.objects.order_by("pk"))

    @property
    def changes(self) -> list[LocalChange]:
        return list(LocalChange.objects.order_by("pk"))

    def only_event(self) -> Event:
        (event,) = self.events
        return event

    def only_there(self) -> Appointment:
        (item,) = self.there.listing().values()
        return item

    def status_of(self, event: Event) -> status.Status:
        return status.statuses(self.connection, [event])[event.pk]

    def id_of(self, event: Event) -> str | None:
        return SyncedEvent.objects.filter(event=event).values_list(self.column, flat=True).first()

    def assert_in_step(self) -> None:
        """I6: linked pairs agree, every appointment is linked or held, nothing waits, and another sync only reads."""
        there = self.there.listing()
        linked = {self.id_of(event): event for event in self.events if event.series_id is None}
        assert set(there) - set(self.held) == set(linked) - {None}, "every appointment is somebody's"
        for appointment_id, event in linked.items():
            if appointment_id is not None:
                assert both(event, self.sayable) == said(there[appointment_id])
        assert self.changes == []
        writes, versions = len(self.there.writes), len(self.versions)
        self.sync()
        assert (len(self.there.writes), len(self.versions)) == (writes, versions), "a second sync only reads"


Saying = tuple[Any, ...]


def both(event: Event, sayable: Callable[[Content], Content] = as_it_is) -> Saying:
    """What an event says with all of its occurrences, in a form that two sides can share."""
    content = sayable(words.content_of(event))
    edited = {day_of(one.original_start): parts(sayable(words.content_of(one))) for one in event.exceptions.all()}
    return parts(content), edited


def said(there: Appointment) -> Saying:
    return parts(there.content), {day_of(each.slot): parts(each.content) for each in there.exceptions}


def parts(content: Content) -> dict[str, Any]:
    from calendars.sync.content import PARTS

    return {part: content.part(part) for part in PARTS}
