"""The first sync of a connection with a service: what was changed here meanwhile is to be told, each once."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from calendars.models import CalendarConnection, Event, Grant, LocalChange, SyncedEvent
from calendars.sync import rows as words
from calendars.sync.content import differing
from calendars.sync.work import Work


def start(work: Work, service: str) -> None:
    """The first task that syncs with this service. What differs from its snapshot, deletions, and events that were never
    synced are noted as if their members had changed them now; anomalies are not."""
    now = timezone.now()
    with work.writing():
        noted = set(LocalChange.objects.filter(connection=work.connection).values_list("uid", flat=True))
        found = [*_changed(work), *_new(work), *_deleted(work)]
        LocalChange.objects.bulk_create(
            [
                LocalChange(connection=work.connection, uid=uid, event=event, synced_event=synced, recorded_at=now)
                for uid, event, synced, _ in sorted(found, key=lambda one: one[3])
                if uid not in noted
            ],
            batch_size=1000,
            ignore_conflicts=True,
        )
        # The times of another service, or of another account, say nothing of what is old here.
        work.scope.synced.exclude(modified_there=None).update(modified_there=None)
        work.save(service=service, cursor={}, failing=[], failing_next=None, **_first_mark(work, service))


def _first_mark(work: Work, service: str) -> dict[str, Any]:
    """From the beginning; but an old sync that was taken over goes on where it stood. Used once."""
    mark = work.connection.sync_state if service == Grant.Service.EWS else ""
    if not mark:
        return {"mark": "", "full_at": None}
    CalendarConnection.objects.filter(pk=work.connection.pk).update(sync_state="")
    # What was synced has been shown; all is listed again within days, and not of all members on the same.
    work.scope.linked.filter(seen_in=0).update(seen_in=work.sync.pull + 1)
    days = random.uniform(0, settings.SYNC_FULL_DAYS)  # noqa: S311  no secret
    return {"mark": mark, "full_at": timezone.now() - timedelta(days=days), "pull": work.sync.pull + 1}


# Uid, event, synced event, and its place: by the time of the change, masters before their occurrences.
Found = tuple[str, Event | None, SyncedEvent | None, tuple[datetime, int]]


def _changed(work: Work) -> Iterator[Found]:
    rows = work.scope.linked.filter(event__isnull=False).select_related("event")
    for synced in rows.iterator(chunk_size=1000):
        event = synced.event
        if event and differing(work.scope.sayable(words.content_of(event)), words.content_of(synced)):
            yield event.uid, event, synced, (event.modified_at, event.pk)


def _new(work: Work) -> Iterator[Found]:
    known = SyncedEvent.objects.filter(event__isnull=False)
    anomalies = known.filter(link=SyncedEvent.Link.ANOMALY).values("event")
    rows = Event.objects.filter(member=work.connection.member_id).exclude(
        Q(pk__in=work.scope.synced.filter(event__isnull=False).values("event"))
        | Q(pk__in=anomalies)
        | Q(series__in=anomalies)
    )
    for event in rows.defer("body").iterator(chunk_size=1000):
        yield event.uid, event, None, (event.modified_at, event.pk)


def _deleted(work: Work) -> Iterator[Found]:
    for synced in work.scope.linked.filter(event=None, series=None).iterator(chunk_size=1000):
        yield synced.uid, None, synced, (synced.deleted_at or timezone.now(), -synced.pk)
