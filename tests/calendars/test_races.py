"""Two at once, really: the races that the guards exist for, in every order that can be forced."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction

from calendars import connections, grants, leases
from calendars.models import CalendarConnection
from calendars.states import Cause, State
from firms import audit, flags, waves
from firms.models import AuditEntry, Firm, Wave
from tests.calendars.racing import (
    PATIENCE,
    at_once,
    in_turn,
    reached,
    threads,
    wait_until_someone_waits_for_a_lock,
)
from tests.factories import NOW, ConnectionFactory, FirmFactory, MemberFactory, StaffFactory

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]

ROUNDS = 12
CUTOFF = settings.SYNC_CUTOFF
AFTER_CUTOFF = CUTOFF + timedelta(minutes=1)


def log_in(member: Any, now: datetime = NOW) -> Callable[[], CalendarConnection | None]:
    return lambda: connections.require_reauthentication(member, now=now, cutoff_at=CUTOFF)


def unflag(firm: Firm, actor: Any) -> Callable[[], None]:
    def step() -> None:
        with transaction.atomic():
            taken_back = flags.take_back_flag(firms=[firm.pk], actor=actor)
            connections.resume_old_sync(firms=taken_back, actor=actor, now=NOW, cutoff_at=CUTOFF)

    return step


def pass_cutoff() -> int:
    return connections.disable_old_sync(now=AFTER_CUTOFF, cutoff_at=CUTOFF)


def history(connection: CalendarConnection) -> list[tuple[str, str, str]]:
    """The connection's moves, oldest first; every one must start where the one before it ended, one epoch later."""
    entries = list(
        AuditEntry.objects.filter(subject=f"calendars.CalendarConnection:{connection.pk}").order_by("data__epoch", "pk")
    )
    state = State.OLD_SYNC
    for epoch, entry in enumerate(entries, start=1):
        assert (entry.data["epoch"], entry.data["before"]) == (epoch, state)
        state = entry.data["after"]
    connection.refresh_from_db()
    assert (connection.state, connection.epoch) == (state, len(entries))
    return [(entry.action, entry.data["before"], entry.data["after"]) for entry in entries]


LOGIN = ("connection.login", State.OLD_SYNC, State.REAUTH_REQUIRED)
LOGIN_AFTER_CUTOFF = ("connection.login", State.DISABLED, State.REAUTH_REQUIRED)
RESUMED = ("connection.unflagged", State.REAUTH_REQUIRED, State.OLD_SYNC)
DISABLED = ("connection.cutoff", State.OLD_SYNC, State.DISABLED)


# --- Login against unflagging -----------------------------------------------------------------------------------
@pytest.fixture
def flagged() -> CalendarConnection:
    return ConnectionFactory(member__firm=FirmFactory(flagged=True))


def test_unflagging_waits_for_the_login_under_way_and_takes_it_back(flagged: CalendarConnection):
    firm = flagged.member.firm
    in_turn(log_in(flagged.member), unflag(firm, StaffFactory()))
    assert history(flagged) == [LOGIN, RESUMED]
    assert flagged.stopped_at is None


def test_a_login_waits_for_the_unflagging_under_way_and_stops_nothing(flagged: CalendarConnection):
    firm = flagged.member.firm
    in_turn(unflag(firm, StaffFactory()), log_in(flagged.member))
    assert history(flagged) == []


def test_a_login_waits_for_an_unflagging_that_fails_and_stops_the_old_sync(flagged: CalendarConnection):
    started, go_on = threading.Event(), threading.Event()

    def fail() -> None:
        with transaction.atomic():
            unflag(flagged.member.firm, StaffFactory())()
            started.set()
            reached(go_on)
            transaction.set_rollback(True)

    with threads() as start:
        failing = start(fail)
        reached(started)
        waiting = start(log_in(flagged.member))
        wait_until_someone_waits_for_a_lock()
        go_on.set()
        failing.result(PATIENCE)
        waiting.result(PATIENCE)
    assert history(flagged) == [LOGIN]


def test_a_login_that_had_read_its_connection_before_the_unflagging_stops_nothing(
    flagged: CalendarConnection, monkeypatch: pytest.MonkeyPatch
):
    has_read, go_on, real = threading.Event(), threading.Event(), connections.live

    def read_slowly(member: Any) -> CalendarConnection | None:
        found = real(member)
        has_read.set()
        reached(go_on)
        return found

    monkeypatch.setattr(connections, "live", read_slowly)
    with threads() as start:
        login = start(log_in(flagged.member))
        reached(has_read)
        unflag(flagged.member.firm, StaffFactory())()
        go_on.set()
        login.result(PATIENCE)
    assert history(flagged) == []


def test_login_and_unflagging_in_any_order_never_leave_a_member_behind():
    staff = StaffFactory()
    for _ in range(ROUNDS):
        connection = ConnectionFactory(member__firm=FirmFactory(flagged=staff))
        at_once(log_in(connection.member), unflag(connection.member.firm, staff))
        assert history(connection) in ([], [LOGIN, RESUMED])


def test_login_and_flagging_in_any_order_agree():
    staff = StaffFactory()
    for _ in range(ROUNDS):
        connection = ConnectionFactory()
        firm = connection.member.firm
        at_once(log_in(connection.member), partial(flags.set_flag, firms=[firm.pk], actor=staff))
        assert history(connection) in ([], [LOGIN])
        log_in(connection.member)()
        assert history(connection) == [LOGIN]


def test_a_sign_in_and_an_unflagging_do_not_block_each_other(
    flagged: CalendarConnection, monkeypatch: pytest.MonkeyPatch
):
    """The sign-in holds its connection and then names the firm in the audit; the unflagging holds the firm and then
    looks for connections: were the firm locked with its key, each would wait for the other."""
    log_in(flagged.member)()
    flagged.refresh_from_db()
    moved, go_on, real, staff = threading.Event(), threading.Event(), audit.record, StaffFactory()

    def record_slowly(action: str, **fields: Any) -> AuditEntry:
        moved.set()
        reached(go_on)
        return real(action, **fields)

    monkeypatch.setattr(connections.audit, "record", record_slowly)
    with threads() as start:
        sign_in = start(lambda: connections.move(flagged, Cause.SAME_MAILBOX, actor=flagged.member))
        reached(moved)
        unflagging = start(unflag(flagged.member.firm, staff))
        wait_until_someone_waits_for_a_lock()
        go_on.set()
        sign_in.result(PATIENCE)
        unflagging.result(PATIENCE)
    assert history(flagged)[1:] == [("connection.same_mailbox", State.REAUTH_REQUIRED, State.MIGRATING)]


# --- Login against the cutoff, login against login ----------------------------------------------------------------
def test_the_cutoff_waits_for_the_login_under_way_and_leaves_it_alone(flagged: CalendarConnection):
    in_turn(log_in(flagged.member), pass_cutoff)
    assert history(flagged) == [LOGIN]
    assert flagged.stopped_at == NOW


def test_a_login_waits_for_the_cutoff_under_way_and_goes_on_from_it(flagged: CalendarConnection):
    in_turn(pass_cutoff, log_in(flagged.member, AFTER_CUTOFF))
    assert history(flagged) == [DISABLED, LOGIN_AFTER_CUTOFF]
    assert flagged.stopped_at == CUTOFF, "the old sync stopped at the cutoff, not at the login"


def test_login_and_cutoff_in_any_order_end_in_waiting_for_sign_in():
    for _ in range(ROUNDS):
        connection = ConnectionFactory()
        at_once(log_in(connection.member, AFTER_CUTOFF), pass_cutoff)
        assert history(connection) in ([LOGIN], [DISABLED, LOGIN_AFTER_CUTOFF])


def test_two_logins_at_once_make_one_move_and_one_audit_row():
    staff = StaffFactory()
    for _ in range(ROUNDS):
        connection = ConnectionFactory(member__firm=FirmFactory(flagged=staff))
        both = at_once(log_in(connection.member), log_in(connection.member))
        assert [found.state for found in both] == [State.REAUTH_REQUIRED] * 2
        assert history(connection) == [LOGIN]


def test_two_logins_at_once_of_a_member_of_no_firm_after_the_cutoff_make_one_move():
    for _ in range(ROUNDS):
        connection = ConnectionFactory(member=MemberFactory(firm=None))
        at_once(*[log_in(connection.member, AFTER_CUTOFF)] * 2)
        assert history(connection) == [LOGIN]


# --- Workers and grants -------------------------------------------------------------------------------------------
def test_a_worker_waits_for_the_move_under_way_and_finds_itself_of_an_older_epoch(flagged: CalendarConnection):
    lease = leases.take(flagged, owner="worker", seconds=90)
    assert lease

    def write() -> None:
        with pytest.raises(leases.LeaseLost), transaction.atomic():
            leases.hold(lease)
            CalendarConnection.objects.filter(pk=flagged.pk).update(sync_state="of yesterday")

    in_turn(log_in(flagged.member), write)
    flagged.refresh_from_db()
    assert (flagged.state, flagged.sync_state) == (State.REAUTH_REQUIRED, "")


def test_a_move_waits_for_the_write_of_the_worker_under_way(flagged: CalendarConnection):
    lease = leases.take(flagged, owner="worker", seconds=90)
    assert lease

    def write() -> None:
        leases.hold(lease)
        CalendarConnection.objects.filter(pk=flagged.pk).update(sync_state="in time")

    in_turn(write, log_in(flagged.member))
    assert history(flagged) == [LOGIN]
    assert flagged.sync_state == "in time"
    with pytest.raises(leases.LeaseLost):
        leases.hold(lease)


def test_of_two_workers_that_take_one_lease_one_gets_it():
    for _ in range(ROUNDS):
        connection = ConnectionFactory()
        taken = at_once(*[partial(leases.take, connection, owner=owner, seconds=90) for owner in "ab"])
        [winner] = [lease for lease in taken if lease]
        connection.refresh_from_db()
        assert (connection.lease_owner, connection.lease_fence) == (winner.owner, winner.fence) == (winner.owner, 1)


def test_of_two_refreshes_of_one_grant_one_is_kept_and_the_other_reads_it():
    connection = ConnectionFactory()
    for _ in range(ROUNDS):
        grant = grants.store(connection, "graph", grants.Tokens("old"))
        versions = [type(grant).objects.get(pk=grant.pk) for _ in "ab"]
        new = [grants.Tokens("refresh a", "access a"), grants.Tokens("refresh b", "access b")]
        saved = at_once(*[partial(grants.renew, *refreshed) for refreshed in zip(versions, new, strict=True)])
        assert sorted(saved) == [False, True]
        grant.refresh_from_db()
        assert grants.read(grant) == new[saved.index(True)]


def test_two_selections_of_firms_that_overlap_are_flagged_and_unflagged_without_a_deadlock():
    staff, firms = StaffFactory(), [firm.pk for firm in FirmFactory.create_batch(40)]
    ahead, back = firms[:30], firms[:9:-1]
    for _ in range(ROUNDS):
        flagged = at_once(*[partial(flags.set_flag, firms=chosen, actor=staff) for chosen in (ahead, back)])
        assert sum(flagged) == len(firms), "each firm is flagged by one of the two"
        taken = at_once(*[partial(flags.take_back_flag, firms=chosen, actor=staff) for chosen in (ahead, back)])
        assert sorted(firm.pk for part in taken for firm in part) == firms


def test_a_wave_that_two_clocks_find_due_is_carried_out_by_one():
    staff, firms = StaffFactory(), FirmFactory.create_batch(3)
    for _ in range(ROUNDS):
        wave = Wave.objects.create(name="October", flag_at=NOW, scheduled_by=staff)
        wave.firms.set(firms)
        assert sorted(at_once(*[partial(waves.carry_out_due, NOW)] * 2)) == [0, 1]
        assert AuditEntry.objects.filter(action="wave.carried_out", subject=f"firms.Wave:{wave.pk}").count() == 1
