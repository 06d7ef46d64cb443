from collections.abc import Callable
from typing import Any

import pytest
from django.db import models, transaction

from firms import audit
from firms.models import AuditEntry
from firms.models.audit import AppendOnly
from tests.factories import FirmFactory, MemberFactory, StaffFactory


@pytest.fixture
def entry(db: None) -> AuditEntry:
    return audit.record("firm.flagged", actor=StaffFactory(), firm=FirmFactory(), note="as agreed", waves=1)


WAYS: dict[str, Callable[[AuditEntry], Any]] = {
    "save": lambda entry: entry.save(),
    "save of some fields": lambda entry: entry.save(update_fields=["note"]),
    "delete": lambda entry: entry.delete(),
    "update of a selection": lambda entry: AuditEntry.objects.filter(pk=entry.pk).update(note="other"),
    "update of all": lambda entry: AuditEntry.objects.all().update(note="other"),
    "delete of a selection": lambda entry: AuditEntry.objects.filter(pk=entry.pk).delete(),
    "update in bulk": lambda entry: AuditEntry.objects.bulk_update([entry], ["note"]),
    "update or create": lambda entry: AuditEntry.objects.update_or_create({"note": "other"}, pk=entry.pk),
    "bulk create that updates": lambda entry: AuditEntry.objects.bulk_create(
        [entry], update_conflicts=True, unique_fields=["id"], update_fields=["note"]
    ),
    "by way of the firm": lambda entry: entry.firm.audit_entries.all().delete(),
    "by way of the firm, update": lambda entry: entry.firm.audit_entries.update(note="other"),
}


@pytest.mark.parametrize("way", WAYS)
def test_an_entry_is_neither_changed_nor_deleted(entry: AuditEntry, way: str):
    before = AuditEntry.objects.values().get()
    entry.note = "other"
    with pytest.raises(AppendOnly), transaction.atomic():
        WAYS[way](entry)
    assert AuditEntry.objects.values().get() == before


def test_whom_an_entry_names_cannot_be_deleted(entry: AuditEntry):
    with pytest.raises(models.ProtectedError):
        entry.actor.delete()
    with pytest.raises(models.ProtectedError):
        entry.firm.delete()
    assert AuditEntry.objects.exists()


def test_an_entry_names_the_members_firm_and_what_it_is_about(db: None):
    member = MemberFactory()
    entry = audit.record("member.something", actor=None, member=member, subject=member, count=3)
    entry.refresh_from_db()
    assert (entry.actor, entry.member, entry.firm) == (None, member, member.firm)
    assert (entry.subject, entry.data) == (f"firms.User:{member.pk}", {"count": 3})
    assert entry.at is not None


@pytest.mark.django_db(transaction=True)
def test_an_entry_belongs_into_the_transaction_of_the_deed():
    with pytest.raises(transaction.TransactionManagementError, match="transaction of the deed"):
        audit.record("firm.flagged", actor=None)
    with transaction.atomic():
        audit.record("firm.flagged", actor=None)
        transaction.set_rollback(True)
    assert not AuditEntry.objects.exists()
