"""What members changed here, told to the service: in the order in which it was noted, one event after the other, each read
first and then told of as `calendars.sync.telling` says."""

from dataclasses import dataclass, field

from django.db.models import F, Q
from django.utils import timezone

from calendars.errors import TryLater
from calendars.models import Event, LocalChange, SyncedEvent
from calendars.sync import creating, failing
from calendars.sync.service import Appointment
from calendars.sync.telling import Telling
from calendars.sync.work import Work

# Events whose appointments are read together before each is told of.
TOGETHER = 20
# Times that a change may have been begun and never ended before it is given up.
ATTEMPTS = 3


@dataclass(slots=True)
class Unit:
    """An event, or a series with its edited occurrences, and what waits to be told of it."""

    event: Event | None
    synced: SyncedEvent | None
    changes: list[LocalChange] = field(default_factory=list)


def push(work: Work) -> None:
    last = 0
    while True:
        changes = _waiting(work, last)
        if not changes:
            return
        last = changes[-1].pk
        units = _units(work, changes)
        ids = {work.scope.id_of(unit.synced) for unit in units} - {"", *work.sync.failing}
        there = work.service.read(sorted(ids)) if ids else {}
        for unit in units:
            asked = work.service.requests
            try:
                _tell(work, unit, there)
            except TryLater as error:
                # Perhaps the service fails at this event alone: those noted after it are next.
                if error.by_itself:
                    _put_aside(work, unit)
                raise
            if work.service.requests > asked:
                # Every task tells of one at least, or those that cannot be told would keep it from all others.
                work.check_time()


def _put_aside(work: Work, unit: Unit) -> None:
    with work.writing():
        LocalChange.objects.filter(pk__in=[one.pk for one in unit.changes]).update(not_before=failing.later())


def _waiting(work: Work, last: int) -> list[LocalChange]:
    due = Q(not_before=None) | Q(not_before__lte=timezone.now())
    rows = LocalChange.objects.filter(due, connection=work.connection, refused="", pk__gt=last)
    return list(rows.select_related("event__series", "synced_event__series").order_by("pk")[:TOGETHER])


def _units(work: Work, changes: list[LocalChange]) -> list[Unit]:
    """In the order of the first change of each."""
    roots = [one.event.series or one.event for one in changes if one.event]
    synced = {row.event_id: row for row in work.scope.synced.filter(event__in=roots)}
    units: dict[tuple[str, int], Unit] = {}
    for one in changes:
        event = (one.event.series or one.event) if one.event else None
        row = synced.get(event.pk) if event else None
        if event is None and one.synced_event:
            row = one.synced_event.series or one.synced_event
        key = ("synced", row.pk) if row else ("event", event.pk) if event else ("change", one.pk)
        units.setdefault(key, Unit(event, row)).changes.append(one)
    return list(units.values())


def _tell(work: Work, unit: Unit, there: dict[str, Appointment | None]) -> None:
    appointment_id = work.scope.id_of(unit.synced)
    if unit.synced is None:
        answer = creating.create(work, unit.event, unit.changes) if _begin(work, unit) else None
        if answer is not None:
            Telling(work, answer, adjusted=True).go_on()
    elif not appointment_id or unit.synced.link == SyncedEvent.Link.ANOMALY:
        # An anomaly, or known and not found yet: never told (I5).
        return
    elif appointment_id not in there:
        # The service fails at it.
        _put_aside(work, unit)
    elif (found := there[appointment_id]) is None:
        _gone(work, unit)
    elif unit.synced.doubt != SyncedEvent.Doubt.PROVEN and _begin(work, unit):
        Telling(work, found).go_on()


def _begin(work: Work, unit: Unit) -> bool:
    """Committed before anything is done: a change that ends its worker each time holds the others up no longer."""
    rows = LocalChange.objects.filter(pk__in=[one.pk for one in unit.changes])
    with work.writing():
        rows.update(attempts=F("attempts") + 1)
        rows.filter(attempts__gt=ATTEMPTS).update(refused="refused")
        return rows.filter(refused="").exists()


def _gone(work: Work, unit: Unit) -> None:
    """Whatever was to be told: the appointment is no more. With the others of its kind it is decided about."""
    assert unit.synced is not None
    with work.writing():
        if unit.synced.event_id:
            work.scope.synced.filter(pk=unit.synced.pk).update(doubt=SyncedEvent.Doubt.PROVEN)
        else:
            LocalChange.objects.filter(pk__in=[one.pk for one in unit.changes]).delete()
            work.forget(work.scope.synced.filter(pk=unit.synced.pk))
