"""The append-only record of who did what."""

from typing import Any

from django.db import models, transaction
from django.utils import timezone

from firms.models import AuditEntry, Firm, User


def entry(
    action: str,
    *,
    actor: User | None,
    firm: Firm | None = None,
    member: User | None = None,
    subject: models.Model | None = None,
    note: str = "",
    **data: Any,
) -> AuditEntry:
    """An entry not yet saved, for `bulk_create`; `data` holds JSON values, never tokens or texts of events."""
    return AuditEntry(
        at=timezone.now(),
        actor=actor,
        action=action,
        firm_id=firm.pk if firm else member.firm_id if member else None,
        member=member,
        subject=f"{subject._meta.label}:{subject.pk}" if subject else "",
        note=note,
        data=data,
    )


def record(action: str, **fields: Any) -> AuditEntry:
    """Saves an entry; must be called in the transaction that does what it records."""
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("An audit entry belongs into the transaction of the deed.")
    saved = entry(action, **fields)
    saved.save()
    return saved
