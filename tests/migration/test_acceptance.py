"""Sign-ins that support approved, and those that something else comes in between of. Over HTTP."""

import logging
from typing import Any

import pytest
from django.db import transaction

from calendars import connections, grants
from calendars.models import Grant
from calendars.states import Cause, State
from firms.models import AuditEntry
from migration import reauth, tickets
from migration.models import MigrationRun, SignInAttempt, Ticket
from migration.ticket_states import Cause as Decided
from tests.factories import NOW, ConnectionFactory, StaffFactory
from tests.migration.sign_in_steps import (
    ADA,
    MALLORY,
    asked,
    at_microsoft,
    browser,
    connection_of,
    held,
    mailbox_with,
    newest,
    page,
    sign_in,
    synced,
    to_microsoft,
)
from tests.simulator.client import Simulator

pytestmark = pytest.mark.django_db
Result = SignInAttempt.Result


# --- What support approved ----------------------------------------------------------------------------------------


def approve(how: Decided) -> None:
    ticket = Ticket.objects.get()
    tickets.decide(ticket, how, actor=StaffFactory(), turn=ticket.turn, now=newest().started_at)


def test_an_approved_address_is_accepted_with_its_ids(simulator: Simulator) -> None:
    connection = connection_of()
    synced(connection, 25)
    account = simulator.mailbox(MALLORY)
    client = browser(connection.member)
    sign_in(client, MALLORY)
    approve(Decided.APPROVE_SAME_MAILBOX)
    sign_in(client, MALLORY)
    connection.refresh_from_db()
    assert (connection.state, connection.account, connection.other_addresses) == (State.MIGRATING, ADA, [MALLORY])
    assert connection.oid == account["oid"]
    assert not MigrationRun.objects.get().metadata_only
    assert Ticket.objects.get().state == Ticket.State.CLOSED


def test_an_approved_other_account_takes_the_place_of_the_old_one(simulator: Simulator) -> None:
    connection = connection_of(ews_folder_id="AAMkFolder==", tid="t", oid="o", other_addresses=["ada@old.example"])
    account = simulator.mailbox(MALLORY)
    client = browser(connection.member)
    sign_in(client, MALLORY)
    approve(Decided.APPROVE_OTHER_ACCOUNT)
    sent = asked(to_microsoft(client))
    assert (sent["login_hint"], "prompt" in sent) == (MALLORY, False)
    sign_in(client, MALLORY)
    connection.refresh_from_db()
    assert (connection.state, connection.account, connection.other_addresses) == (State.MIGRATING, MALLORY, [])
    assert (connection.tid, connection.oid, connection.ews_folder_id) == (account["tid"], account["oid"], "")
    assert MigrationRun.objects.get().metadata_only
    assert AuditEntry.objects.filter(action="connection.approved_account").exists()


def test_an_approval_is_for_one_account_alone(simulator: Simulator) -> None:
    connection = connection_of()
    simulator.mailbox(MALLORY)
    simulator.mailbox("eve@elsewhere.example")
    client = browser(connection.member)
    sign_in(client, MALLORY)
    approve(Decided.APPROVE_OTHER_ACCOUNT)
    before = held(connection)
    sign_in(client, "eve@elsewhere.example")
    assert held(connection) == before
    assert newest().result == Result.ANOTHER_MAILBOX


# --- Meanwhile ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("account", [ADA, MALLORY])
@pytest.mark.parametrize("cause", [Cause.UNFLAGGED, Cause.DISCONNECT])
def test_whoever_moves_the_connection_during_the_checks_wins(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch, account: str, cause: Cause
) -> None:
    connection = connection_of()
    mailbox_with(simulator, [])
    simulator.mailbox(MALLORY)
    after: dict[str, Any] = {}
    settle = reauth.acceptance.settle

    def settle_too_late(*arguments: Any) -> None:
        connections.move(connection, cause, actor=None, now=NOW)
        after.update(held(connection))
        settle(*arguments)

    monkeypatch.setattr(reauth.acceptance, "settle", settle_too_late)
    text = page(sign_in(browser(connection.member), account))
    assert held(connection) == after
    assert (newest().result, newest().detail) == (Result.FAILED, "changed")
    assert "was not used" in text or "was changed" in text
    assert not MigrationRun.objects.exists()
    assert not Ticket.objects.exists()


def test_another_member_signs_in_with_the_account_during_the_checks(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = simulator.mailbox(ADA)
    connection = connection_of()
    before = held(connection)
    settle = reauth.acceptance.settle

    def settle_too_late(*arguments: Any) -> None:
        ConnectionFactory(state=State.MIGRATING, tid=account["tid"], oid=account["oid"])
        settle(*arguments)

    monkeypatch.setattr(reauth.acceptance, "settle", settle_too_late)
    sign_in(browser(connection.member), ADA)
    assert held(connection) == before
    assert (newest().result, newest().detail) == (Result.FAILED, "changed")


def test_a_failure_in_the_middle_leaves_nothing_behind(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    connection = connection_of()
    mailbox_with(simulator, [])
    before = held(connection)

    def fail(*arguments: Any, **named: Any) -> None:
        raise tickets.StaleTicket("CS-222222")

    monkeypatch.setattr(tickets, "close_after_success", fail)
    sign_in(browser(connection.member), ADA)
    assert held(connection) == before
    assert (newest().result, newest().detail) == (Result.FAILED, "changed")
    assert not MigrationRun.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_no_transaction_is_open_while_microsoft_is_asked(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    import requests

    open_ones: list[str] = []
    send = requests.adapters.HTTPAdapter.send

    def watched(self: Any, request: Any, **named: Any) -> Any:
        if transaction.get_connection().in_atomic_block:
            open_ones.append(request.url)
        return send(self, request, **named)

    connection = connection_of()
    mailbox_with(simulator, synced(connection, 3))
    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", watched)
    sign_in(browser(connection.member), ADA)
    assert newest().result == Result.ACCEPTED
    assert open_ones == []


def test_no_secret_reaches_the_logs(simulator: Simulator, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    connection = connection_of()
    mailbox_with(simulator, synced(connection, 20))
    simulator.mailbox(MALLORY)
    client = browser(connection.member)
    for account in (MALLORY, ADA):
        back = at_microsoft(to_microsoft(client), account)
        # What the test itself asked the simulator for is none of the product's.
        caplog.clear()
        client.get(back, follow=True)
        sent = asked(back)
        assert sent["code"] not in caplog.text
        assert sent["state"] not in caplog.text
        for grant in Grant.objects.filter(service="graph"):
            tokens = grants.read(grant)
            assert tokens.access_token not in caplog.text
            assert tokens.refresh_token not in caplog.text
    assert newest().result == Result.ACCEPTED
