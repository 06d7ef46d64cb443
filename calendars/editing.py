"""What members do to their events: the one way in which an edit of theirs reaches the database.

Each is one transaction that locks the event with its edited dates, compares it with what the member had seen, and notes for the
calendar service what is to be told (`calendars.sync.outbox`), where one is connected.
"""

import hashlib
import json
from collections.abc import Collection
from dataclasses import asdict, replace
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import NAMESPACE_URL, uuid4, uuid5

from django.db import IntegrityError, transaction
from django.db.models import Q

from calendars import connections, limits, occurrences
from calendars.models import Event, EventVersion, LocalChange, SyncedEvent
from calendars.sync import outbox
from calendars.sync.content import Content, differing
from calendars.sync.rows import COLUMNS, content_of, event_columns, said, slot_columns
from calendars.times import instant
from firms.models import User
from firms.zones import zone_info


class Gone(Exception):
    """The event, or this date of it, is not there any more, or has never been the member's."""


class Changed(Exception):
    """Somebody has changed it since the member saw it. `event` is what stands there now."""

    def __init__(self, event: Event) -> None:
        super().__init__(f"event {event.pk} is no longer as it was seen")
        self.event = event


class Added(Exception):
    """The form had been sent before. `event` is what came of it."""

    def __init__(self, event: Event) -> None:
        super().__init__(f"event {event.pk} came of it already")
        self.event = event


class NotAllowed(Exception):
    """The calendar service would not take it. `reason` is a code of `calendars.sync.reasons`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def stamp(event: Event) -> str:
    """What an event says, as a short text that any edit changes. Dates taken out of a series are no edit of it."""
    words = asdict(replace(content_of(event), exdates=())) | {"floating": event.floating}
    return hashlib.sha256(json.dumps(words, sort_keys=True).encode()).hexdigest()[:32]


def lost_dates(master: Event, content: Content) -> list[Event]:
    """The edited dates of a series that it would have no more if it said `content`."""
    return [one for one in master.exceptions.order_by("pk") if not occurrences.is_slot(content, slot_of(one, master))]


def slot_of(edited: Event, master: Event) -> str:
    """The start that the rule of the series gives an edited date, in the form of the series' own start."""
    if master.all_day or edited.original_starts_at is None:
        return edited.original_start
    moment = edited.original_starts_at.astimezone(zone_info(master.time_zone))
    return occurrences.wall_clock(moment.replace(tzinfo=None), all_day=False)


@transaction.atomic
def create(*, member: User, content: Content, floating: bool = False, once: str = "", now: datetime) -> Event:
    """`once` names the form that was sent: as long as its event is there, no second one comes of it.

    Raises Added, and ValueError for times that are none.
    """
    uid = _uid(member, once)
    event = Event(member=member, uid=uid, modified_at=now, **_columns(content, floating))
    try:
        with transaction.atomic():
            event.save(force_insert=True)
    except IntegrityError:
        raise Added(Event.objects.get(member=member, uid=uid)) from None
    _record(member, event, now)
    return event


def _uid(member: User, once: str) -> str:
    """Made of the form's name, so that the database itself keeps the second one out; never that of an event now gone."""
    uid = str(uuid5(NAMESPACE_URL, f"form of {member.pk}: {once}")) if once else str(uuid4())
    there, known = (rows.objects.filter(member=member, uid=uid).exists() for rows in (Event, EventVersion))
    return str(uuid4()) if known and not there else uid


@transaction.atomic
def change(
    *, member: User, pk: int, content: Content, floating: bool = False, seen: str, dropping: int = 0, now: datetime
) -> Event:
    """A single event, a whole series or an edited date is to say `content`. `seen` is its `stamp` as the member saw it, and
    `dropping` how many edited dates she knows will go. Dates taken out of a series stay out where it still has them.

    Raises Gone, Changed, NotAllowed, and ValueError for times that are none.
    """
    event = _locked(member, pk)
    before = content_of(event)
    if event.series_id:
        content = replace(content, rrule="")
    content = replace(content, exdates=_still_out(before, content))
    lost = lost_dates(event, content) if before.rrule else []
    if stamp(event) != seen or len(lost) != dropping:
        raise Changed(event)
    _check(member, event, before, content)
    if before == content and floating == event.floating:
        return event
    _drop(lost, now)
    _write(event, _columns(content, floating), now)
    _record(member, event, now)
    return event


@transaction.atomic
def change_occurrence(*, member: User, series: int, slot: str, content: Content, seen: str, now: datetime) -> Event:
    """One date of a series is to say `content`; it becomes an event of its own, unless the series says so already and is
    returned. `seen` is the stamp of the series.

    Raises Gone, Changed, NotAllowed, and ValueError for times that are none.
    """
    master = _locked(member, series)
    edited = edited_date(master, slot)
    if edited is not None:
        raise Changed(edited)
    _check_slot(master, slot)
    if stamp(master) != seen:
        raise Changed(master)
    before = on_slot(content_of(master), slot)
    content = replace(content, rrule="", exdates=())
    if content == before:
        return master
    _check(member, master, before, content)
    event = Event(member=member, uid=str(uuid4()), series=master, modified_at=now, **_columns(content, master.floating))
    for name, value in slot_columns(slot, content_of(master)).items():
        setattr(event, name, value)
    event.save(force_insert=True)
    _record(member, event, now)
    return event


@transaction.atomic
def cancel_occurrence(*, member: User, series: int, slot: str, seen: str, now: datetime) -> None:
    """Takes one date, edited or not, out of a series; with the last of them the series goes. `seen` is the stamp of the
    edited date, else of the series. Raises Gone, Changed, NotAllowed."""
    master = _locked(member, series)
    edited = edited_date(master, slot)
    if edited is None:
        _check_slot(master, slot)
    if stamp(edited or master) != seen:
        raise Changed(edited or master)
    _check_deletion(member, edited or master)
    master.exdates = sorted({*master.exdates, slot})
    if edited is not None:
        _drop([edited], now)
    if not _has_dates(master):
        _delete(member, master, now)
        return
    _write(master, {"exdates": master.exdates}, now)
    _record(member, master, now)


@transaction.atomic
def delete(*, member: User, pk: int, seen: str, now: datetime) -> None:
    """A single event, or a whole series with its edited dates. What it said is kept. Raises Gone, Changed, NotAllowed."""
    event = _locked(member, pk)
    if stamp(event) != seen:
        raise Changed(event)
    _check_deletion(member, event)
    _delete(member, event, now)


def on_slot(series: Content, slot: str) -> Content:
    """What the date of a series says that begins at `slot` and has not been edited."""
    start, end = datetime.fromisoformat(series.start), datetime.fromisoformat(series.end)
    end = datetime.fromisoformat(slot) + (end - start)
    return replace(series, start=slot, end=occurrences.wall_clock(end, series.all_day), rrule="", exdates=())


# --- Checks -----------------------------------------------------------------------------------------------------------
def _locked(member: User, pk: int) -> Event:
    """Locked with all that it is one with: a series and its edited dates, in the order in which every writer locks them."""
    found = Event.objects.filter(member=member, pk=pk).values_list("series_id", flat=True).first()
    root = found or pk
    rows = Event.objects.select_for_update(no_key=True).filter(Q(pk=root) | Q(series=root), member=member)
    event = {row.pk: row for row in rows.order_by("pk")}.get(pk)
    if event is None:
        raise Gone
    return event


def edited_date(master: Event, slot: str) -> Event | None:
    """The edited date of a series that stands for this slot; raises Gone where it is none."""
    try:
        original = instant(slot, master.time_zone, master.all_day)
    except ValueError:
        raise Gone from None
    return master.exceptions.filter(original_starts_at=original).first()


def _check_slot(master: Event, slot: str) -> None:
    if not master.rrule or slot in master.exdates or not occurrences.is_slot(master, slot):
        raise Gone


def _check(member: User, event: Event, before: Content, after: Content) -> None:
    allowed = limits.of(connections.live(member), event)
    if differing(before, after) - allowed.parts:
        raise NotAllowed(allowed.reason)


def _check_deletion(member: User, event: Event) -> None:
    allowed = limits.of(connections.live(member), event)
    if not allowed.may_delete:
        raise NotAllowed(allowed.reason)


def _still_out(before: Content, after: Content) -> tuple[str, ...]:
    """Dates taken out of a series, by their days: another time of day does not bring them back."""
    if not after.rrule:
        return ()
    days = (one[:10] if after.all_day else one[:10] + after.start[10:] for one in before.exdates)
    return tuple(sorted({one for one in days if occurrences.is_slot(after, one)}))


def _has_dates(master: Event) -> bool:
    """Whether a date of the series is left that nobody has taken out; what is edited counts as one."""
    if master.exceptions.exists():
        return True
    every = occurrences.slots(master, datetime.fromisoformat(master.start))
    # One more than are taken out is enough to know, however long the series is.
    first = (occurrences.wall_clock(one, master.all_day) for one in islice(every, len(master.exdates) + 1))
    return any(one not in master.exdates for one in first)


# --- Writes -----------------------------------------------------------------------------------------------------------
def _columns(content: Content, floating: bool) -> dict[str, Any]:
    return event_columns(content) | {"floating": floating}


def _write(event: Event, columns: dict[str, Any], now: datetime) -> None:
    for name, value in columns.items():
        setattr(event, name, value)
    event.modified_at = now
    event.save(update_fields=[*columns, "modified_at"])


def _record(member: User, event: Event, now: datetime) -> None:
    connection = connections.live(member)
    if connection is not None:
        outbox.record(connection, event, now=now)


def _delete(member: User, event: Event, now: datetime) -> None:
    connection, uid = connections.live(member), event.uid
    _drop(list(event.exceptions.order_by("pk")), now)
    _keep([event], now)
    _entomb([event.pk], now)
    event.delete()
    if connection is not None:
        outbox.record_deletion(connection, uid, now=now)


def _drop(edited: Collection[Event], now: datetime) -> None:
    """Edited dates go with what their series says: nothing is told of each by itself."""
    if not edited:
        return
    _keep(edited, now)
    pks = [one.pk for one in edited]
    LocalChange.objects.filter(event__in=pks).delete()
    _entomb(pks, now)
    Event.objects.filter(pk__in=pks).delete()


def _entomb(pks: Collection[int], now: datetime) -> None:
    """Whatever calendar they were synced with, connected or not: what was synced stays known."""
    SyncedEvent.objects.filter(event__in=pks).update(deleted_at=now, event=None)


def _keep(events: Collection[Event], now: datetime) -> None:
    EventVersion.objects.bulk_create(
        EventVersion(
            member_id=one.member_id, uid=one.uid, at=now, why=EventVersion.Why.DELETED_HERE, side="here",
            said=said(content_of(one), COLUMNS),
        )
        for one in events
    )  # fmt: skip
