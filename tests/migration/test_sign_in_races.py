"""Two at once: one answer in two windows, two answers of one member, a sign-in and whoever takes the connection away."""

from typing import Any

import pytest

from calendars import connections, leases
from calendars.models import CalendarConnection, Grant
from calendars.states import Cause, State
from firms.models import AuditEntry
from migration.models import MigrationRun, SignInAttempt, Ticket
from tests.calendars.racing import at_once, in_turn
from tests.factories import NOW
from tests.migration.sign_in_steps import (
    ADA,
    MALLORY,
    at_microsoft,
    browser,
    connection_of,
    mailbox_with,
    newest,
    to_microsoft,
)
from tests.simulator.client import Simulator

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]
ROUNDS = 5
Result = SignInAttempt.Result


def coming_back(connection: CalendarConnection, back: str) -> Any:
    client = browser(connection.member)
    return lambda: client.get(back)["Location"]


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_one_answer_in_two_windows_is_used_once(simulator: Simulator, round_: int) -> None:
    connection = connection_of()
    mailbox_with(simulator, [])
    back = at_microsoft(to_microsoft(browser(connection.member)), ADA)
    at_once(coming_back(connection, back), coming_back(connection, back))
    assert newest().result == Result.ACCEPTED
    assert MigrationRun.objects.count() == Grant.objects.count() == 1
    assert sum(line["path"].endswith("/token") for line in simulator.journal()) == 1


@pytest.mark.parametrize("accounts", [(ADA, ADA), (ADA, MALLORY)], ids=["both right", "one wrong"])
@pytest.mark.parametrize("round_", range(ROUNDS))
def test_two_answers_of_one_member_leave_one_run_and_no_open_ticket(
    simulator: Simulator, accounts: tuple[str, str], round_: int
) -> None:
    connection = connection_of()
    mailbox_with(simulator, [])
    simulator.mailbox(MALLORY)
    backs = [at_microsoft(to_microsoft(browser(connection.member)), account) for account in accounts]
    at_once(*[coming_back(connection, back) for back in backs])
    connection.refresh_from_db()
    assert connection.state == State.MIGRATING
    assert MigrationRun.objects.count() == Grant.objects.count() == 1
    assert AuditEntry.objects.filter(action="connection.same_mailbox").count() == 1
    assert not Ticket.objects.exclude(state=Ticket.State.CLOSED).exists()
    assert SignInAttempt.objects.filter(result=Result.ACCEPTED).count() == 1


def unflag(connection: CalendarConnection) -> Any:
    def step() -> None:
        connections.move(CalendarConnection.objects.get(pk=connection.pk), Cause.UNFLAGGED, actor=None, now=NOW)

    return step


def test_a_sign_in_that_comes_second_to_unflagging_changes_nothing(simulator: Simulator) -> None:
    connection = connection_of()
    mailbox_with(simulator, [])
    back = at_microsoft(to_microsoft(browser(connection.member)), ADA)
    in_turn(unflag(connection), coming_back(connection, back))
    connection.refresh_from_db()
    assert (connection.state, connection.oid) == (State.OLD_SYNC, "")
    assert (newest().result, newest().detail) == (Result.FAILED, "changed")
    assert not Grant.objects.exists()
    assert not MigrationRun.objects.exists()


def test_a_mismatch_that_comes_second_to_unflagging_opens_no_ticket(simulator: Simulator) -> None:
    connection = connection_of()
    simulator.mailbox(MALLORY)
    back = at_microsoft(to_microsoft(browser(connection.member)), MALLORY)
    in_turn(unflag(connection), coming_back(connection, back))
    assert (newest().result, newest().detail) == (Result.FAILED, "changed")
    assert not Ticket.objects.exists()


def test_a_worker_of_the_waiting_run_does_not_spoil_the_sign_in(simulator: Simulator) -> None:
    """The lease is a write to the same row: it waits, and both are kept."""
    account = simulator.mailbox(ADA)
    connection = connection_of(state=State.MIGRATING, tid=account["tid"], oid=account["oid"])
    MigrationRun.objects.create(connection=connection, state="waiting", step="listing", wait_reason="grant")
    back = at_microsoft(to_microsoft(browser(connection.member)), ADA)
    in_turn(lambda: leases.take(connection, owner="worker", seconds=90), coming_back(connection, back))
    connection.refresh_from_db()
    assert (connection.lease_owner, newest().result) == ("worker", Result.ACCEPTED)
    assert MigrationRun.objects.get().state == "listing"
