"""What members change here, recorded in the transaction that makes the change, for `calendars.sync.push` to carry out."""

from datetime import datetime

from django.db.models import F, Q

from calendars.models import CalendarConnection, Event, LocalChange, SyncedEvent
from calendars.sync.waking import in_transaction, wake

__all__ = ["record", "record_deletion", "wake"]


def record(connection: CalendarConnection, event: Event, *, now: datetime) -> bool:
    """Notes that `event` was created or changed; False where it is never told, being an anomaly or part of one (I5)."""
    in_transaction()
    synced = SyncedEvent.objects.filter(connection=connection, uid=event.uid).first()
    if _is_anomaly(synced) or (event.series_id and _is_anomaly(_of(connection, event.series_id))):
        return False
    _note(connection, event.uid, event, synced, now)
    return True


def record_deletion(connection: CalendarConnection, uid: str, *, now: datetime) -> None:
    """Notes that the event was deleted; to be called after. Its synced event becomes a tombstone; what was never told
    is forgotten."""
    in_transaction()
    synced = SyncedEvent.objects.filter(connection=connection, uid=uid).first()
    if synced is None:
        # Perhaps told and not yet known to be: only a change nobody has begun to tell can be forgotten.
        LocalChange.objects.filter(connection=connection, uid=uid, started_at=None).delete()
        if LocalChange.objects.filter(connection=connection, uid=uid).exists():
            _note(connection, uid, None, None, now)
        return
    whole = Q(pk=synced.pk) | Q(series=synced)
    SyncedEvent.objects.filter(whole, deleted_at=None).update(deleted_at=now, event=None)
    if not _is_anomaly(synced):
        _note(connection, uid, None, synced, now)


def _note(
    connection: CalendarConnection, uid: str, event: Event | None, synced: SyncedEvent | None, now: datetime
) -> None:
    change, created = LocalChange.objects.get_or_create(
        connection=connection, uid=uid, defaults={"event": event, "synced_event": synced, "recorded_at": now}
    )
    if not created:
        LocalChange.objects.filter(pk=change.pk).update(
            number=F("number") + 1, event=event, synced_event=synced, refused="", not_before=None, attempts=0
        )
    wake(connection)


def _of(connection: CalendarConnection, event_id: int) -> SyncedEvent | None:
    return SyncedEvent.objects.filter(connection=connection, event_id=event_id).first()


def _is_anomaly(synced: SyncedEvent | None) -> bool:
    return synced is not None and synced.link == SyncedEvent.Link.ANOMALY
