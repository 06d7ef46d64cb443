"""What the worker does by the clock; `caret_sync.schedules` says how often."""

from django.conf import settings
from django.utils import timezone

from calendars import connections


def keep_cutoff() -> tuple[int, int]:
    """After the cutoff disables every old sync (R11); before it takes up again what an earlier cutoff had disabled.

    Returns how many of each. Whatever it has done so far, `calendars.cutoff.old_sync_may_run` decides at the instant.
    """
    now = timezone.now()
    disabled = connections.disable_old_sync(now=now, cutoff_at=settings.SYNC_CUTOFF)
    return disabled, connections.enable_old_sync(now=now, cutoff_at=settings.SYNC_CUTOFF)
