"""The flag set and taken back, with what follows for members."""

from datetime import UTC, datetime

import pytest
import time_machine

from calendars.models import CalendarConnection
from calendars.states import OUTLOOK_STATES, State
from firms.models import AuditEntry, Firm
from migration import rollout
from tests.factories import NOW, ConnectionFactory, FirmFactory, MemberFactory, StaffFactory

pytestmark = pytest.mark.django_db
AFTER_CUTOFF = datetime(2027, 4, 2, tzinfo=UTC)


def rows() -> list[dict]:
    return list(CalendarConnection.objects.order_by("pk").values())


def firm_with(**states: int) -> Firm:
    """A flagged firm with so many Outlook members in each of these states."""
    firm = FirmFactory(flagged=True)
    for state, number in states.items():
        ConnectionFactory.create_batch(number, member__firm=firm, state=state, stopped_at=NOW)
    return firm


def test_flagging_touches_no_connection():
    firm, staff = FirmFactory(), StaffFactory()
    for state in OUTLOOK_STATES:
        ConnectionFactory(member__firm=firm, state=state)
    before = rows()
    assert rollout.flag(firms=[firm.pk], actor=staff, note="pilot") == 1
    assert rollout.flag(firms=[firm.pk], actor=staff) == 0
    assert rows() == before
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor, entry.firm, entry.note) == ("firm.flagged", staff, firm, "pilot")


@time_machine.travel(NOW, tick=False)
def test_taking_back_lets_the_old_sync_of_those_who_were_asked_go_on_and_of_no_others():
    firm, other = firm_with(old_sync=1, reauth_required=2, migrating=1, graph_sync=1), firm_with(reauth_required=1)
    staff = StaffFactory()
    google = ConnectionFactory(member__firm=firm, provider="google", state="google_sync")
    before = {row["id"]: row for row in rows()}
    assert rollout.take_back(firms=[firm.pk], actor=staff, note="too early") == rollout.TakenBack(firms=1, resumed=2)
    changed = [row for row in rows() if row != before[row["id"]]]
    assert [(row["state"], row["stopped_at"], row["epoch"]) for row in changed] == [(State.OLD_SYNC, None, 1)] * 2
    assert not Firm.objects.get(pk=firm.pk).is_flagged and Firm.objects.get(pk=other.pk).is_flagged
    assert google.pk not in {row["id"] for row in changed}
    actions = AuditEntry.objects.values_list("action", flat=True)
    assert sorted(actions) == ["connection.unflagged", "connection.unflagged", "firm.unflagged"]


@time_machine.travel(AFTER_CUTOFF, tick=False)
def test_after_the_cutoff_nobody_goes_back():
    firm = firm_with(reauth_required=2)
    before = rows()
    assert rollout.take_back(firms=[firm.pk], actor=StaffFactory()) == rollout.TakenBack(firms=1, resumed=0)
    assert rows() == before


def test_a_firm_without_flag_has_nothing_to_take_back():
    firm = FirmFactory()
    ConnectionFactory(member__firm=firm, state="reauth_required")
    assert rollout.take_back(firms=[firm.pk], actor=StaffFactory()) == rollout.TakenBack(firms=0, resumed=0)
    assert rows()[0]["state"] == State.REAUTH_REQUIRED


@time_machine.travel(NOW, tick=False)
def test_when_the_members_cannot_go_back_the_flag_stays(monkeypatch):
    firm = firm_with(reauth_required=1)

    def broken(**kwargs):
        raise RuntimeError("database gone")

    monkeypatch.setattr(rollout.connections, "resume_old_sync", broken)
    with pytest.raises(RuntimeError):
        rollout.take_back(firms=[firm.pk], actor=StaffFactory())
    assert Firm.objects.get().is_flagged and not AuditEntry.objects.exists()


@time_machine.travel(NOW, tick=False)
def test_whom_it_concerns_is_counted_in_a_constant_number_of_queries(django_assert_num_queries):
    firm = firm_with(
        old_sync=1, disabled=1, reauth_required=2, migrating=1, graph_sync=1, unsupported=1, disconnected=1
    )
    ConnectionFactory(member__firm=firm, provider="google", state="google_sync")
    MemberFactory(firm=firm)
    not_flagged = FirmFactory()
    FirmFactory.create_batch(5)
    chosen = Firm.objects.filter(pk__in=[firm.pk, not_flagged.pk])
    with django_assert_num_queries(5):
        counted = rollout.concerned(chosen)
    assert counted == rollout.Concerned(
        firms=2,
        flagged=1,
        members=10,
        old_sync=2,
        waiting=2,
        moved=2,
        unsupported=1,
        google=1,
        paused=0,
        blocked=0,
        after_cutoff=False,
    )  # fmt: skip
    assert counted.not_flagged == 1
