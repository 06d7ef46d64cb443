"""Events of the calendar that a decision makes, deletes and brings back; each to be called in its transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

from calendars.models import CalendarConnection, Event, EventFields, EventVersion, SyncedEvent
from calendars.sync import outbox
from calendars.sync import rows as words

COLUMNS = (*(field.name for field in EventFields._meta.get_fields()), "body")
NO_SERIES = {"original_start": "", "original_starts_at": None}


def copy(connection: CalendarConnection, event: Event, *, now: datetime) -> list[str]:
    """A new event that says the same, to be told to the calendar service like any; a series with its edited occurrences,
    one date of a series as an event of its own. Returns the uids, the series' first."""
    made = [_copy(event, None, now)]
    made += [_copy(one, made[0], now) for one in event.exceptions.order_by("pk")]
    for one in made:
        outbox.record(connection, one, now=now)
    return [one.uid for one in made]


def _copy(event: Event, series: Event | None, now: datetime) -> Event:
    said = {name: getattr(event, name) for name in COLUMNS} | ({} if series else NO_SERIES)
    return Event.objects.create(member_id=event.member_id, uid=str(uuid4()), series=series, modified_at=now, **said)


def delete(connection: CalendarConnection, event: Event, *, now: datetime) -> list[int]:
    """Deletes an event that is an anomaly, a series with its edited occurrences: only here, since an anomaly is never
    told. Returns the keys of the versions that `bring_back` needs."""
    gone = [event, *event.exceptions.order_by("pk")]
    versions = [_keep(one, now) for one in gone]
    event.delete()
    for one in gone:
        outbox.record_deletion(connection, one.uid, now=now)
    return versions


def bring_back(connection: CalendarConnection, keys: Sequence[int], *, now: datetime) -> bool:
    """Undoes `delete`; False where it cannot be, since the series they are dates of is gone, or a uid is taken."""
    versions = list(EventVersion.objects.filter(pk__in=keys, member_id=connection.member_id).order_by("pk"))
    uids = [one.uid for one in versions]
    events = Event.objects.filter(member_id=connection.member_id)
    if not versions or len(versions) < len(keys) or events.filter(uid__in=uids).exists():
        return False
    series = events.filter(uid=versions[0].said.get("series", "")).first()
    if versions[0].said["original_start"] and series is None:
        return False
    for version in versions:
        event = Event.objects.create(
            member_id=connection.member_id, uid=version.uid, series=series, modified_at=now, **_columns(version, series)
        )
        series = series or event
        SyncedEvent.objects.filter(connection=connection, uid=version.uid).update(deleted_at=None, event=event)
    return True


def take_away(connection: CalendarConnection, uids: Sequence[str], *, now: datetime) -> None:
    """Undoes `copy`: here, and, where the calendar service has been told by now, there with the next sync."""
    gone = Event.objects.filter(member_id=connection.member_id, uid__in=uids)
    for one in gone.select_for_update(no_key=True).order_by("pk"):
        _keep(one, now)
    gone.delete()
    for uid in uids:
        outbox.record_deletion(connection, uid, now=now)


def _keep(event: Event, now: datetime) -> int:
    """What was written is kept, whoever deletes it."""
    return EventVersion.objects.create(
        member_id=event.member_id, uid=event.uid, at=now, why=EventVersion.Why.DELETED_HERE, side="here",
        said=_said(event),
    ).pk  # fmt: skip


def _said(event: Event) -> dict[str, Any]:
    """What `EventVersion` keeps of any event, and what else one is that is brought back."""
    place = {"floating": event.floating, "original_start": event.original_start}
    series = {"series": event.series.uid if event.series else ""}
    return words.said(words.content_of(event), words.COLUMNS) | place | series


def _columns(version: EventVersion, series: Event | None) -> dict[str, Any]:
    said = {name: value for name, value in version.said.items() if name in COLUMNS}
    floating, slot = said.pop("floating"), said.pop("original_start")
    content = words.from_json(said)
    of_series = words.slot_columns(slot, words.content_of(series)) if slot and series else {}
    return words.event_columns(content) | {"floating": floating} | of_series
