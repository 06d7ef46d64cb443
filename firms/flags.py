"""The firm's flag: the mark that its members move to Graph at their next login (R1). Flagging alone changes nothing
for a member (R2)."""

from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from firms import audit
from firms.models import AuditEntry, Firm, User


@transaction.atomic
def set_flag(*, firms: Iterable[int], actor: User, note: str = "") -> int:
    """Flags the firms with these ids; returns how many were not flagged before."""
    # Locked in the order of their ids, so that two selections that overlap cannot block each other; without the key,
    # so that whoever writes an audit entry of the firm meanwhile need not wait, which could end in a deadlock.
    locked = list(Firm.objects.select_for_update(no_key=True).filter(pk__in=firms, flagged_at=None).order_by("pk"))
    now = timezone.now()
    Firm.objects.filter(pk__in=[firm.pk for firm in locked]).update(flagged_at=now, flagged_by=actor)
    AuditEntry.objects.bulk_create(
        audit.entry("firm.flagged", actor=actor, firm=firm, subject=firm, note=note) for firm in locked
    )
    return len(locked)


@transaction.atomic
def take_back_flag(*, firms: Iterable[int], actor: User, note: str = "") -> list[Firm]:
    """Takes the flag back; returns the firms that had it. Their members who were prompted and have not signed in yet
    are taken back by `calendars.connections.resume_old_sync`, which the caller runs in the same transaction."""
    locked = list(
        Firm.objects.select_for_update(no_key=True).filter(pk__in=firms, flagged_at__isnull=False).order_by("pk")
    )
    Firm.objects.filter(pk__in=[firm.pk for firm in locked]).update(flagged_at=None, flagged_by=None)
    AuditEntry.objects.bulk_create(
        audit.entry(
            "firm.unflagged",
            actor=actor,
            firm=firm,
            subject=firm,
            note=note,
            flagged_at=firm.flagged_at.isoformat(),
        )
        for firm in locked
        if firm.flagged_at
    )
    return locked
