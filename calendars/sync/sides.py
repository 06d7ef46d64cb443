"""Our side of the appointments of a page: rows locked, put beside what they say there. Constant in queries."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q, QuerySet

from calendars.models import CalendarConnection, Event, HeldAppointment, LocalChange, SyncedEvent
from calendars.sync.content import Content, as_it_is
from calendars.sync.pairs import Item, Pair
from calendars.sync.recognising import Candidate, Recognised, recognise
from calendars.sync.rows import content_of, from_json
from calendars.sync.service import Appointment


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose calendar, in which column of `SyncedEvent` its service's ids are, the number of the pull, and what the service
    can say of an event."""

    connection: CalendarConnection
    column: str
    pull: int = 0
    sayable: Callable[[Content], Content] = as_it_is

    @property
    def synced(self) -> QuerySet[SyncedEvent]:
        return SyncedEvent.objects.filter(connection=self.connection)

    @property
    def linked(self) -> QuerySet[SyncedEvent]:
        return self.synced.filter(**{f"{self.column}__isnull": False}).exclude(link=SyncedEvent.Link.ANOMALY)

    def with_ids(self, ids: Iterable[str]) -> QuerySet[SyncedEvent]:
        return self.synced.filter(**{f"{self.column}__in": list(ids)})

    def id_of(self, synced: SyncedEvent | None) -> str:
        return getattr(synced, self.column, None) or ""


@dataclass(slots=True)
class Rows:
    """Our rows of one event or edited occurrence; written anew in place."""

    event: Event | None = None
    synced: SyncedEvent | None = None
    uid: str = ""

    def __post_init__(self) -> None:
        row = self.event or self.synced
        self.uid = row.uid if row else ""

    @property
    def slot(self) -> str:
        row = self.event or self.synced
        return row.original_start if row else ""


@dataclass(slots=True)
class Sides:
    """`pairs`: what is linked, or is from now on. `new`: what nobody here has ever heard of. `held`: what waits for a
    person, with the anomalies it may be. `holders`: whose id an edited occurrence's is. `changes`: what waits to be told,
    by uid. `links`: the ids of pairs that were not linked before."""

    pairs: list[Pair] = field(default_factory=list)
    new: list[Appointment] = field(default_factory=list)
    held: dict[str, tuple[Candidate, ...]] = field(default_factory=dict)
    holders: dict[str, SyncedEvent] = field(default_factory=dict)
    changes: dict[str, LocalChange] = field(default_factory=dict)
    links: set[str] = field(default_factory=set)


def load(scope: Scope, appointments: Iterable[Appointment], *, proven: bool) -> Sides:
    """In the worker's transaction. Later ones of equal ids count: a page may repeat itself."""
    shown = {one.id: one for one in appointments}
    edited = [one.id for each in shown.values() for one in each.exceptions]
    held = frozenset(
        HeldAppointment.objects.filter(connection=scope.connection, appointment_id__in=[*shown, *edited])
        .values_list("appointment_id", flat=True)
    )  # fmt: skip
    known = dict(scope.with_ids(shown).values_list(scope.column, "pk"))
    found = _recognise(scope, [one for one in shown.values() if one.id not in known and one.id not in held])
    ours = _rows(scope, known, found.links, edited)
    sides = Sides(held=found.held, links=set(found.links), holders=ours.holders)
    sides.changes = {row.uid: row for row in LocalChange.objects.filter(connection=scope.connection, uid__in=ours.uids)}
    for one in shown.values():
        if one.id in ours.units:
            sides.pairs.append(_pair(scope, one, ours.units[one.id], sides.changes, proven, held))
        elif one.id not in known and one.id not in held and one.id not in found.held:
            sides.new.append(one)
    return sides


# --- Who is it? -------------------------------------------------------------------------------------------------------
def _recognise(scope: Scope, unknown: Sequence[Appointment]) -> Recognised:
    if not unknown:
        return Recognised({}, {})
    starts, uids = _starts(unknown), {one.ical_uid for one in unknown if one.ical_uid}
    return recognise(unknown, [*_events(scope, starts, uids), *_unlinked(scope, starts, uids)])


def _starts(unknown: Iterable[Appointment]) -> set[Any]:
    found = set()
    for one in unknown:
        try:
            found.add(one.content.instants()[0])
        except ValueError:
            continue
    return found


def _events(scope: Scope, starts: Collection[Any], uids: Collection[str]) -> list[Candidate]:
    """Events that have no synced event: made here, and perhaps told already with nobody knowing what came of it."""
    told = dict(
        LocalChange.objects.filter(connection=scope.connection, synced_event=None, event__isnull=False)
        .exclude(started_at=None)
        .values_list("event_id", "told")
    )  # fmt: skip
    rows = (
        Event.objects.filter(member=scope.connection.member_id, series=None)
        .filter(Q(starts_at__in=starts) | Q(uid__in=uids) | Q(pk__in=told))
        .exclude(pk__in=scope.synced.filter(event__isnull=False).values("event"))
    )
    return [
        Candidate(
            row.pk,
            (content_of(row), *(from_json(one) for one in told.get(row.pk, ()))),
            frozenset({row.uid}),
            row=Rows(row),
        )
        for row in rows
    ]


def _unlinked(scope: Scope, starts: Collection[Any], uids: Collection[str]) -> list[Candidate]:
    """Synced events without an appointment; anomalies unless a person has decided that they have none."""
    rows = (
        scope.synced.filter(series=None, event__isnull=False)
        .filter(Q(link=SyncedEvent.Link.ANOMALY, kept_here=False) | _idless(scope))
        .filter(Q(starts_at__in=starts) | Q(event__starts_at__in=starts) | Q(ical_uid__in=uids))
        .select_related("event")
    )
    return [
        Candidate(
            -row.pk,
            (content_of(row), content_of(row.event)),
            frozenset({row.ical_uid} - {""}),
            row.link == SyncedEvent.Link.ANOMALY,
            Rows(row.event, row),
        )
        for row in rows
        if row.event is not None
    ]


def _idless(scope: Scope) -> Q:
    return ~Q(link=SyncedEvent.Link.ANOMALY) & Q(**{f"{scope.column}__isnull": True})


# --- Rows -------------------------------------------------------------------------------------------------------------
@dataclass(slots=True)
class _Ours:
    """By the appointment's id: the rows of the event, and those of its edited occurrences."""

    units: dict[str, tuple[Rows, list[Rows]]]
    holders: dict[str, SyncedEvent]

    @property
    def uids(self) -> set[str]:
        return {rows.uid for own, edited in self.units.values() for rows in (own, *edited)}


def _rows(scope: Scope, known: dict[str, int], links: dict[str, Candidate], edited: Collection[str]) -> _Ours:
    """Every event is locked until the transaction ends: whoever edits it waits, or has come before. What is read of it
    afterwards is as it is then."""
    rows: dict[str, Rows] = {one: candidate.row for one, candidate in links.items()}
    synced_pks = [*known.values(), *(one.synced.pk for one in rows.values() if one.synced)]
    event_pks = [one.event.pk for one in rows.values() if one.event and not one.synced]
    masters = SyncedEvent.objects.filter(pk__in=synced_pks, event__isnull=False).values("event")
    wanted = Q(pk__in=masters) | Q(series__in=masters) | Q(pk__in=event_pks) | Q(series__in=event_pks)
    events = {row.pk: row for row in Event.objects.select_for_update(no_key=True).filter(wanted).order_by("pk")}
    wanted = Q(pk__in=synced_pks) | Q(series__in=synced_pks) | Q(event__in=events)
    synced = {row.pk: row for row in scope.synced.filter(wanted | Q(**{f"{scope.column}__in": list(edited)}))}

    by_event = {row.event_id: row for row in synced.values() if row.event_id}
    own = {one: _of(synced.get(pk), events) for one, pk in known.items()}
    for one, found in rows.items():
        pk = found.synced.pk if found.synced else 0
        own[one] = _of(synced.get(pk), events) if pk else Rows(events.get(found.event.pk if found.event else 0))
    ours: dict[int, list[Rows]] = defaultdict(list)
    theirs: dict[int, list[Rows]] = defaultdict(list)
    for event in events.values():
        if event.series_id:
            ours[event.series_id].append(Rows(event, by_event.get(event.pk)))
    for row in synced.values():
        if row.series_id and row.event_id not in events:
            theirs[row.series_id].append(Rows(None, row))
    units = {
        one: (each, [*ours[each.event.pk if each.event else 0], *theirs[each.synced.pk if each.synced else 0]])
        for one, each in own.items()
        # The id of an edited occurrence is none of a master; a link's event may have been deleted just now.
        if (each.event or each.synced) and not (each.synced and each.synced.series_id)
    }
    return _Ours(units, {scope.id_of(row): row for row in synced.values() if scope.id_of(row)})


def _of(synced: SyncedEvent | None, events: dict[int, Event]) -> Rows:
    return Rows(events.get(synced.event_id or 0) if synced else None, synced)


def _pair(
    scope: Scope,
    there: Appointment,
    unit: tuple[Rows, list[Rows]],
    changes: dict[str, LocalChange],
    proven: bool,
    held: frozenset[str],
) -> Pair:
    own, edited = unit
    return Pair(
        own=item(scope, own),
        there=there,
        occurrences=tuple(item(scope, rows) for rows in edited),
        asked=any(rows.uid in changes for rows in (own, *edited)),
        proven=proven,
        held=held,
    )


def item(scope: Scope, rows: Rows) -> Item:
    event, synced = rows.event, rows.synced
    # An anomaly that has been recognised was synced once, and merges with what was synced then.
    is_known = synced is not None and bool(scope.id_of(synced) or not synced.series_id)
    return Item(
        here=content_of(event) if event else None,
        changed_here=event.modified_at if event else synced.deleted_at if synced else None,
        known=content_of(synced) if synced and is_known else None,
        known_there=synced.modified_there if synced else None,
        deleted=event is None and synced is not None,
        id=scope.id_of(synced),
        slot=rows.slot,
        anomaly=synced is not None and synced.link == SyncedEvent.Link.ANOMALY,
        kept_here=synced is not None and synced.kept_here,
        row=rows,
        sayable=scope.sayable,
    )
