"""Moves in the database: what each changes, what it refuses, and who may be moved by a login, staff or the cutoff."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from calendars import connections
from calendars.models import CalendarConnection, Grant
from calendars.states import Cause, ForbiddenMove, State
from firms import audit
from firms.models import AuditEntry
from tests.calendars.moves_table import ALLOWED, EVERY_CELL, STATES
from tests.factories import NOW, ConnectionFactory, FirmFactory, MemberFactory, StaffFactory, SyncedEventFactory

pytestmark = pytest.mark.django_db

CUTOFF = settings.SYNC_CUTOFF
LATER = NOW + timedelta(hours=1)
OF_PROVIDER = [cell for cell in EVERY_CELL if cell[1] in STATES[cell[0]]]


def row(connection: CalendarConnection) -> dict[str, Any]:
    return CalendarConnection.objects.values().get(pk=connection.pk)


# --- One move -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("provider", "state", "cause"), [cell for cell in OF_PROVIDER if cell in ALLOWED])
def test_an_allowed_move_changes_state_epoch_and_time_and_is_audited(provider: str, state: str, cause: str):
    connection, actor = ConnectionFactory(provider=provider, state=state, epoch=7), StaffFactory()
    before, after = row(connection), ALLOWED[provider, state, cause]
    connections.move(connection, Cause(cause), actor=actor, now=LATER, note="why", calendar_name="Other")
    assert row(connection) == before | {
        "state": after, "epoch": 8, "state_since": LATER, "calendar_name": "Other",
    }  # fmt: skip
    assert (connection.state, connection.epoch, connection.state_since) == (after, 8, LATER)
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor, entry.note) == (f"connection.{cause}", actor, "why")
    assert (entry.member, entry.firm) == (connection.member, connection.member.firm)
    assert entry.subject == f"calendars.CalendarConnection:{connection.pk}"
    assert entry.data == {"before": state, "after": after, "epoch": 8}


@pytest.mark.parametrize(("provider", "state", "cause"), [cell for cell in OF_PROVIDER if cell not in ALLOWED])
def test_any_other_move_is_refused_and_changes_nothing(provider: str, state: str, cause: str):
    connection = ConnectionFactory(provider=provider, state=state, epoch=7)
    before = row(connection)
    with pytest.raises(ForbiddenMove):
        connections.move(connection, Cause(cause), actor=None, calendar_name="Other")
    assert row(connection) == before
    assert (connection.state, connection.epoch, connection.calendar_name) == (state, 7, "Calendar")
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("there_and_back", [False, True], ids=["moved on", "in the same state again"])
def test_whoever_read_the_connection_before_a_move_changes_nothing(there_and_back: bool):
    connection = ConnectionFactory(state=State.DISABLED)
    stale = CalendarConnection.objects.get(pk=connection.pk)
    connections.move(connection, Cause.CUTOFF_MOVED, actor=None)
    if there_and_back:
        connections.move(connection, Cause.CUTOFF, actor=None)
    before = row(connection)
    with pytest.raises(connections.StaleConnection):
        connections.move(stale, Cause.LOGIN, actor=stale.member, calendar_name="Other")
    assert row(connection) == before
    assert (stale.state, stale.epoch, stale.calendar_name) == (State.DISABLED, 0, "Calendar")
    assert not AuditEntry.objects.filter(action="connection.login").exists()


def test_a_move_that_cannot_be_audited_is_not_made(monkeypatch: pytest.MonkeyPatch):
    connection = ConnectionFactory()
    before = row(connection)

    def fail(*args: Any, **kwargs: Any) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(audit, "record", fail)
    with pytest.raises(OSError, match="full"):
        connections.move(connection, Cause.CUTOFF, actor=None)
    assert row(connection) == before


def test_disconnecting_takes_the_grants_and_leaves_every_id():
    synced = SyncedEventFactory()
    connection = synced.connection
    Grant.objects.create(connection=connection, service="ews", secret=b"x")
    connections.disconnect(connection, actor=connection.member)
    assert row(connection)["state"] == State.DISCONNECTED
    assert not Grant.objects.exists()
    assert list(connection.synced_events.values_list("ews_id", flat=True)) == [synced.ews_id]
    assert connections.live(connection.member) is None


# --- The login (R3, R11, R12) ---------------------------------------------------------------------------------------
BEFORE, AT_CUTOFF, AFTER = CUTOFF - timedelta(microseconds=1), CUTOFF, CUTOFF + timedelta(days=3)
STAYS = [state for state in STATES["outlook"] if state not in ("old_sync", "disabled", "disconnected")]


def log_in(connection: CalendarConnection, now: Any) -> CalendarConnection | None:
    return connections.require_reauthentication(connection.member, now=now, cutoff_at=CUTOFF)


@pytest.mark.parametrize(
    ("flagged", "now", "state"),
    [
        (False, BEFORE, State.OLD_SYNC),
        (True, BEFORE, State.REAUTH_REQUIRED),
        (False, AT_CUTOFF, State.REAUTH_REQUIRED),
        (True, AT_CUTOFF, State.REAUTH_REQUIRED),
        (False, AFTER, State.REAUTH_REQUIRED),
    ],
)
def test_a_login_stops_the_old_sync_of_a_flagged_firm_or_after_the_cutoff(flagged: bool, now: Any, state: str):
    connection = ConnectionFactory(member__firm=FirmFactory(flagged=flagged))
    found = log_in(connection, now)
    assert found == connection and found.state == state
    stopped = state == State.REAUTH_REQUIRED
    assert (row(connection)["state"], row(connection)["stopped_at"]) == (state, now if stopped else None)
    assert AuditEntry.objects.filter(action="connection.login", actor=connection.member).count() == stopped


@pytest.mark.parametrize("flagged", [False, True])
def test_a_login_of_a_disabled_member_asks_for_sign_in_and_remembers_when_sync_stopped(flagged: bool):
    connection = ConnectionFactory(member__firm=FirmFactory(flagged=flagged), state=State.DISABLED, stopped_at=CUTOFF)
    assert log_in(connection, AFTER).state == State.REAUTH_REQUIRED
    assert row(connection)["stopped_at"] == CUTOFF


@pytest.mark.parametrize(("flagged", "state"), [(False, State.OLD_SYNC), (True, State.REAUTH_REQUIRED)])
def test_after_the_cutoff_was_moved_later_a_login_stops_only_members_of_flagged_firms(flagged: bool, state: str):
    connection = ConnectionFactory(member__firm=FirmFactory(flagged=flagged), state=State.DISABLED, stopped_at=CUTOFF)
    assert log_in(connection, BEFORE).state == state
    assert (row(connection)["state"], row(connection)["epoch"]) == (state, 1)
    assert row(connection)["stopped_at"] == (CUTOFF if flagged else None)


@pytest.mark.parametrize("now", [BEFORE, AFTER], ids=["before the cutoff", "after it"])
@pytest.mark.parametrize(
    ("provider", "state"),
    [*(("outlook", state) for state in STAYS), *(("google", state) for state in STATES["google"])],
)
def test_a_login_moves_nobody_else_and_no_google_member_ever(provider: str, state: str, now: Any):
    connection = ConnectionFactory(provider=provider, state=state, member__firm=FirmFactory(flagged=True))
    before = row(connection)
    found = log_in(connection, now)
    assert found == (None if state == State.DISCONNECTED else connection)
    assert row(connection) == before
    assert not AuditEntry.objects.filter(member=connection.member).exists()


def test_a_login_without_a_connection_or_with_a_disconnected_one_finds_none():
    assert connections.require_reauthentication(MemberFactory(), now=AFTER, cutoff_at=CUTOFF) is None
    gone = ConnectionFactory(state=State.DISCONNECTED, member__firm=FirmFactory(flagged=True))
    assert log_in(gone, AFTER) is None
    assert row(gone)["state"] == State.DISCONNECTED


def test_a_second_login_changes_nothing_more():
    connection = ConnectionFactory(member__firm=FirmFactory(flagged=True))
    log_in(connection, NOW)
    before = row(connection)
    assert log_in(connection, LATER).state == State.REAUTH_REQUIRED
    assert row(connection) == before


# --- Many at once ---------------------------------------------------------------------------------------------------
def test_unflagging_takes_back_who_was_prompted_in_these_firms_and_nobody_else():
    firm, other, staff = FirmFactory(), FirmFactory(), StaffFactory()
    prompted = ConnectionFactory(member__firm=firm, state=State.REAUTH_REQUIRED, stopped_at=NOW, epoch=3)
    others = [
        ConnectionFactory(member__firm=other, state=State.REAUTH_REQUIRED),
        *(
            ConnectionFactory(member__firm=firm, state=state)
            for state in STATES["outlook"]
            if state != "reauth_required"
        ),
        *(ConnectionFactory(member__firm=firm, provider="google", state=state) for state in STATES["google"]),
    ]
    untouched = [row(connection) for connection in others]
    assert connections.resume_old_sync(firms=[firm], actor=staff, now=LATER, cutoff_at=CUTOFF) == 1
    after = row(prompted)
    assert (after["state"], after["epoch"], after["state_since"]) == (State.OLD_SYNC, 4, LATER)
    assert after["stopped_at"] is None, "it syncs again"
    assert [row(connection) for connection in others] == untouched
    entry = AuditEntry.objects.get(action="connection.unflagged")
    assert (entry.actor, entry.member, entry.firm) == (staff, prompted.member, firm)
    assert entry.data == {"before": "reauth_required", "after": "old_sync", "epoch": 4}


def test_after_the_cutoff_nobody_goes_back_to_the_old_sync():
    prompted = ConnectionFactory(state=State.REAUTH_REQUIRED)
    disabled = ConnectionFactory(state=State.DISABLED)
    resumed = connections.resume_old_sync(firms=[prompted.member.firm], actor=None, now=CUTOFF, cutoff_at=CUTOFF)
    assert (resumed, connections.enable_old_sync(now=CUTOFF, cutoff_at=CUTOFF)) == (0, 0)
    assert (row(prompted)["epoch"], row(disabled)["epoch"]) == (0, 0)


def test_the_cutoff_disables_every_old_sync_once_and_can_be_moved_later():
    old = [ConnectionFactory(), ConnectionFactory(member__firm=FirmFactory(flagged=True))]
    others = [ConnectionFactory(state=state) for state in STAYS] + [
        ConnectionFactory(provider="google", state="google_sync")
    ]
    untouched = [row(connection) for connection in others]
    assert connections.disable_old_sync(now=BEFORE, cutoff_at=CUTOFF) == 0
    assert connections.disable_old_sync(now=AFTER, cutoff_at=CUTOFF) == 2
    assert connections.disable_old_sync(now=AFTER, cutoff_at=CUTOFF) == 0
    assert {(row(connection)["state"], row(connection)["stopped_at"]) for connection in old} == {("disabled", CUTOFF)}
    assert connections.enable_old_sync(now=AFTER, cutoff_at=AFTER + timedelta(days=9)) == 2
    assert {(row(connection)["state"], row(connection)["stopped_at"]) for connection in old} == {("old_sync", None)}
    assert {row(connection)["epoch"] for connection in old} == {2}
    assert [row(connection) for connection in others] == untouched
    actions = AuditEntry.objects.filter(actor=None).values_list("action", flat=True)
    assert sorted(actions) == ["connection.cutoff"] * 2 + ["connection.cutoff_moved"] * 2


def test_many_are_moved_batch_after_batch_each_exactly_once(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(connections, "BATCH", 2)
    rows = ConnectionFactory.create_batch(5)
    assert connections.disable_old_sync(now=AFTER, cutoff_at=CUTOFF) == 5
    assert {row(connection)["epoch"] for connection in rows} == {1}
    assert AuditEntry.objects.filter(action="connection.cutoff").values("subject").distinct().count() == 5


def test_the_cutoff_costs_as_many_queries_for_fifty_as_for_one():
    counts = []
    for size in (1, 50):
        ConnectionFactory.create_batch(size)
        with CaptureQueriesContext(
            database,
        ) as queries:
            assert connections.disable_old_sync(now=AFTER, cutoff_at=CUTOFF) == size
        counts.append(len(queries))
    assert counts[0] == counts[1]
