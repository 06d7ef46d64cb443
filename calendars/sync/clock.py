"""Syncs that are due by the clock: polls, ends of waits, and those whose task was lost."""

import random
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection as database
from django.db import transaction
from django.db.models import F, Q
from django_q.models import OrmQ
from django_q.tasks import async_task

from calendars.models import CalendarConnection, Sync
from calendars.sync import services
from calendars.sync.waking import TASK

BATCH = 500
# A task in the queue is taken for lost after so many sweeps; one that was begun, after one (`worker`).
PATIENCE = 5


def enqueue_due(now: datetime) -> int:
    """A task for each that is due, the longest overdue first; returns how many. No more than the queue has room for:
    what is left is due a minute later still."""
    states = services.syncing_states(now)
    room = settings.SYNC_DUE_LIMIT - OrmQ.objects.count()
    _adopt(states, now)
    total = 0
    while total < room and (claimed := _claim(states, now, min(BATCH, room - total))):
        total += claimed
    return total


@transaction.atomic
def _claim(states: list[str], now: datetime, most: int) -> int:
    """Guarded: of two clocks that come at once, each row is one's."""
    dead = now - timedelta(seconds=settings.HTTP_TIMEOUT)
    takeable = Q(connection__lease_owner="") | Q(connection__lease_until__lt=dead)
    rows = Sync.objects.filter(takeable, next_at__lte=now, connection__state__in=states).order_by("next_at")
    if database.features.has_select_for_update_skip_locked:
        rows = rows.select_for_update(skip_locked=True, of=("self",))
    chosen = dict(rows.values_list("pk", "connection")[:most])
    lost = now + timedelta(seconds=PATIENCE * settings.SWEEP_SECONDS)
    Sync.objects.filter(pk__in=chosen).update(wanted=F("wanted") + 1, wait_reason="", next_at=lost)
    for connection_id in chosen.values():
        async_task(TASK, connection_id)
    return len(chosen)


def _adopt(states: list[str], now: datetime) -> None:
    """Connections that have never been synced by us, spread over the time between two polls."""
    new = CalendarConnection.objects.filter(state__in=states, sync=None).order_by("pk")
    Sync.objects.bulk_create(
        (
            Sync(connection_id=pk, next_at=now + timedelta(seconds=random.uniform(0, settings.SYNC_POLL_SECONDS)))  # noqa: S311
            for pk in new.values_list("pk", flat=True)[: settings.SYNC_DUE_LIMIT]
        ),
        batch_size=BATCH,
        ignore_conflicts=True,
    )
