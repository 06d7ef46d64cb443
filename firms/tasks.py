"""What the worker does by the clock; `caret_sync.schedules` says how often."""

from django.utils import timezone

from firms import waves


def carry_out_waves() -> int:
    """Flags the firms of every wave that is due; returns how many waves."""
    return waves.carry_out_due(timezone.now())
