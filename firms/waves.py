"""Waves: firms flagged together at a set time (R1)."""

from datetime import datetime

from django.db import transaction

from firms import audit, flags
from firms.models import Wave


def carry_out_due(now: datetime) -> int:
    """Flags the firms of every wave that is due; returns how many waves were carried out. Safe to run twice."""
    due = (
        Wave.objects.filter(flag_at__lte=now, carried_out_at=None)
        .order_by("flag_at", "pk")
        .values_list("pk", flat=True)
    )
    return sum(_carry_out(pk, now) for pk in list(due))


@transaction.atomic
def _carry_out(pk: int, now: datetime) -> int:
    claimed = Wave.objects.filter(pk=pk, flag_at__lte=now, carried_out_at=None).update(carried_out_at=now)
    if claimed:
        wave = Wave.objects.select_related("scheduled_by").get(pk=pk)
        flagged = flags.set_flag(
            firms=list(wave.firms.values_list("pk", flat=True)),
            actor=wave.scheduled_by,
            note=f"Wave: {wave.name}",
        )
        audit.record("wave.carried_out", actor=wave.scheduled_by, subject=wave, flagged=flagged)
    return claimed
