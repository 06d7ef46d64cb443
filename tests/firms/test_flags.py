from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from firms import audit, flags
from firms.models import AuditEntry, Firm
from tests.factories import NOW, ConnectionFactory, FirmFactory, StaffFactory

pytestmark = pytest.mark.django_db


def test_a_flag_says_who_and_when_and_is_set_once():
    staff, firms = StaffFactory(), FirmFactory.create_batch(3)
    assert flags.set_flag(firms=[firm.pk for firm in firms], actor=staff, note="first wave") == 3
    assert flags.set_flag(firms=[firm.pk for firm in firms], actor=StaffFactory()) == 0
    firms[0].refresh_from_db()
    assert firms[0].is_flagged and firms[0].flagged_by == staff
    entries = AuditEntry.objects.filter(action="firm.flagged")
    assert sorted(entry.firm_id for entry in entries) == [firm.pk for firm in firms]
    assert {(entry.actor, entry.note) for entry in entries} == {(staff, "first wave")}


def test_of_a_selection_only_those_not_yet_flagged_are_flagged_and_no_other_firm():
    before, new, other = FirmFactory(flagged=True), FirmFactory(), FirmFactory()
    author = before.flagged_by
    assert flags.set_flag(firms=[before.pk, new.pk, new.pk, 0], actor=StaffFactory()) == 1
    before.refresh_from_db()
    other.refresh_from_db()
    assert (before.flagged_at, before.flagged_by) == (NOW, author), "the first flag stands"
    assert not other.is_flagged
    assert AuditEntry.objects.get().firm == new


def test_flagging_changes_nothing_for_a_member():
    connection = ConnectionFactory()
    before = type(connection).objects.values().get()
    flags.set_flag(firms=[connection.member.firm_id], actor=StaffFactory())
    assert type(connection).objects.values().get() == before
    assert not AuditEntry.objects.filter(member=connection.member).exists()


def test_a_flag_is_taken_back_from_those_that_have_it_and_the_audit_keeps_since_when():
    staff, flagged, plain, other = StaffFactory(), FirmFactory(flagged=True), FirmFactory(), FirmFactory(flagged=True)
    assert flags.take_back_flag(firms=[flagged.pk, plain.pk], actor=staff, note="too early") == [flagged]
    flagged.refresh_from_db()
    other.refresh_from_db()
    assert (flagged.is_flagged, flagged.flagged_by, other.is_flagged) == (False, None, True)
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.firm, entry.actor, entry.note) == ("firm.unflagged", flagged, staff, "too early")
    assert entry.data == {"flagged_at": NOW.isoformat()}
    assert flags.take_back_flag(firms=[flagged.pk], actor=staff) == []
    assert AuditEntry.objects.count() == 1


@pytest.mark.parametrize("change", [flags.set_flag, flags.take_back_flag])
def test_a_flag_that_cannot_be_audited_is_not_changed(change: Any, monkeypatch: pytest.MonkeyPatch):
    firm, staff = FirmFactory(flagged=change is flags.take_back_flag), StaffFactory()
    before = Firm.objects.values().get(pk=firm.pk)

    def fail(*args: Any, **fields: Any) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(audit, "entry", fail)
    with pytest.raises(OSError, match="full"):
        change(firms=[firm.pk], actor=staff)
    assert Firm.objects.values().get(pk=firm.pk) == before


@pytest.mark.parametrize("change", [flags.set_flag, flags.take_back_flag])
def test_a_selection_of_many_costs_as_many_queries_as_one(change: Any):
    staff, counts = StaffFactory(), []
    for size in (1, 60):
        firms = FirmFactory.create_batch(size, flagged=staff if change is flags.take_back_flag else None)
        with CaptureQueriesContext(database) as queries:
            change(firms=[firm.pk for firm in firms], actor=staff)
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("given", [{"flagged_at": NOW}, {"flagged_by": True}], ids=["no author", "no time"])
def test_a_flag_has_both_time_and_author(given: dict[str, Any]):
    given = {name: StaffFactory() if value is True else value for name, value in given.items()}
    with pytest.raises(IntegrityError, match="firm_flag_has_time_and_author"), transaction.atomic():
        FirmFactory(**given)
