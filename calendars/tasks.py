"""Background tasks of the calendars, each safe to run twice; `caret_sync.schedules` says how often the clock calls them."""

from django.conf import settings
from django.utils import timezone

from calendars import connections, mails
from calendars.sync import clock, worker


def keep_cutoff() -> tuple[int, int]:
    """After the cutoff disables every old sync (R11); before it takes up again what an earlier cutoff had disabled.

    Returns how many of each. Whatever it has done so far, `calendars.cutoff.old_sync_may_run` decides at the instant.
    """
    now = timezone.now()
    disabled = connections.disable_old_sync(now=now, cutoff_at=settings.SYNC_CUTOFF)
    return disabled, connections.enable_old_sync(now=now, cutoff_at=settings.SYNC_CUTOFF)


def tell_disabled() -> int:
    """Mails those whom the cutoff has disabled; returns how many."""
    return mails.tell_disabled(seconds=settings.TASK_TIMEOUT / 2)


def sync_connection(connection_id: int) -> None:
    worker.sync(connection_id)


def enqueue_due_syncs() -> int:
    """Returns how many are due."""
    return clock.enqueue_due(timezone.now())
