from datetime import timedelta
from typing import Any

import pytest

from firms import flags, waves
from firms.models import AuditEntry, Firm, Wave
from tests.factories import NOW, ConnectionFactory, FirmFactory, StaffFactory

pytestmark = pytest.mark.django_db


def wave(*firms: Firm, name: str = "October", minutes: float = 0) -> Wave:
    made = Wave.objects.create(name=name, flag_at=NOW + timedelta(minutes=minutes), scheduled_by=StaffFactory())
    made.firms.set(firms)
    return made


def flagged() -> set[int]:
    return set(Firm.objects.filter(flagged_at__isnull=False).values_list("pk", flat=True))


def test_a_wave_that_is_due_flags_its_firms_in_the_name_of_whoever_scheduled_it():
    firms, other = FirmFactory.create_batch(2), FirmFactory()
    due = wave(*firms)
    assert waves.carry_out_due(NOW) == 1
    assert flagged() == {firm.pk for firm in firms} and other.pk not in flagged()
    due.refresh_from_db()
    assert due.carried_out_at == NOW
    entries = AuditEntry.objects.filter(action="firm.flagged")
    assert {(entry.actor, entry.note) for entry in entries} == {(due.scheduled_by, "Wave: October")}
    carried_out = AuditEntry.objects.get(action="wave.carried_out")
    assert (carried_out.subject, carried_out.data) == (f"firms.Wave:{due.pk}", {"flagged": 2})


def test_a_wave_waits_for_its_time():
    firm = FirmFactory()
    wave(firm, minutes=1)
    assert waves.carry_out_due(NOW + timedelta(seconds=59)) == 0
    assert flagged() == set()
    assert waves.carry_out_due(NOW + timedelta(minutes=1)) == 1
    assert flagged() == {firm.pk}


def test_a_wave_is_carried_out_once_so_that_a_flag_taken_back_stays_taken_back():
    firm = FirmFactory()
    due = wave(firm)
    waves.carry_out_due(NOW)
    flags.take_back_flag(firms=[firm.pk], actor=due.scheduled_by)
    assert waves.carry_out_due(NOW + timedelta(days=1)) == 0
    assert flagged() == set()


def test_waves_that_overlap_flag_each_firm_once_and_the_earlier_one_first():
    both, first, second = FirmFactory.create_batch(3)
    wave(both, second, name="later", minutes=-1)
    wave(both, first, name="earlier", minutes=-2)
    assert waves.carry_out_due(NOW) == 2
    assert flagged() == {both.pk, first.pk, second.pk}
    assert [entry.note for entry in AuditEntry.objects.filter(action="firm.flagged", firm=both)] == ["Wave: earlier"]


def test_an_empty_wave_is_carried_out_and_says_so():
    wave()
    assert waves.carry_out_due(NOW) == 1
    assert AuditEntry.objects.get().data == {"flagged": 0}


def test_a_wave_changes_nothing_for_a_member():
    connection = ConnectionFactory()
    before = type(connection).objects.values().get()
    wave(connection.member.firm)
    waves.carry_out_due(NOW)
    assert type(connection).objects.values().get() == before


def test_a_wave_that_fails_stays_due_and_those_before_it_stand(monkeypatch: pytest.MonkeyPatch):
    before, firm = FirmFactory.create_batch(2)
    wave(before, minutes=-1)
    failing, real = wave(firm), flags.set_flag

    def fail(*, firms: list[int], **fields: Any) -> int:
        if firm.pk in firms:
            raise OSError("the disk is full")
        return real(firms=firms, **fields)

    monkeypatch.setattr(flags, "set_flag", fail)
    with pytest.raises(OSError, match="full"):
        waves.carry_out_due(NOW)
    failing.refresh_from_db()
    assert (failing.carried_out_at, flagged()) == (None, {before.pk})
    monkeypatch.undo()
    assert waves.carry_out_due(NOW) == 1
    assert flagged() == {before.pk, firm.pk}
