"""What the worker does by the clock; `caret_sync.schedules` says how often."""

from django.utils import timezone

from firms import impersonation, waves


def carry_out_waves() -> int:
    """Flags the firms of every wave that is due; returns how many waves."""
    return waves.carry_out_due(timezone.now())


def end_impersonations() -> int:
    """Writes down the end of support's views as a member whose time is over; returns how many."""
    return impersonation.close_overdue()
