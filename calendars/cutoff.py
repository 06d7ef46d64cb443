"""The cutoff: the instant after which nothing but Graph and Google syncs (R11). Pure."""

from datetime import datetime

from calendars.states import State


def has_passed(now: datetime, cutoff: datetime) -> bool:
    return now >= cutoff


def old_sync_may_run(state: str, now: datetime, cutoff: datetime) -> bool:
    """Workers ask this before every request, whatever the cutoff's task has done so far."""
    return state == State.OLD_SYNC and not has_passed(now, cutoff)
