"""Who wants a sync says so here: in their own transaction, so that the task exists if and only if that commits."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django_q.tasks import async_task

from calendars.models import CalendarConnection, Sync, SyncedEvent
from calendars.states import State
from calendars.sync import services

TASK = "calendars.tasks.sync_connection"
SYNCING = (State.OLD_SYNC, State.GRAPH_SYNC, State.GOOGLE_SYNC)


def wake(connection: CalendarConnection) -> None:
    """Asks for a sync soon; a wait that the service asked for is kept all the same. Should the task be lost, the clock
    comes by."""
    in_transaction()
    now = timezone.now()
    net = now + timedelta(seconds=settings.SWEEP_SECONDS)
    rows = Sync.objects.filter(connection=connection)
    awake = rows.filter(wait_reason="").update(wanted=F("wanted") + 1, next_at=net)
    if not awake and not rows.update(wanted=F("wanted") + 1):
        Sync.objects.get_or_create(connection=connection, defaults={"next_at": net})
    if services.service_of(connection, now):
        async_task(TASK, connection.pk)


def resume(connection: CalendarConnection) -> None:
    """Of a connection that syncs again, a grant that is there again, or staff who ask for another try: whatever it waited
    for is over."""
    Sync.objects.filter(connection=connection).update(attempts=0, wait_reason="", error="")
    wake(connection)


def begin(connection: CalendarConnection) -> None:
    """Asks for a first sync: everything is read anew, and compared with what was synced last."""
    SyncedEvent.objects.filter(connection=connection, doubt__gt=0).update(doubt=SyncedEvent.Doubt.NONE)
    Sync.objects.filter(connection=connection).update(
        service="", mark="", cursor={}, full_at=None, refused=None, refused_at=None, let_through=False
    )
    resume(connection)


def in_transaction() -> None:
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("What is wanted belongs into the transaction that is the reason.")
