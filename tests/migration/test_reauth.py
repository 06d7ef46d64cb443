"""Who is accepted at the sign-in with Microsoft, what that changes, and what a refusal leaves as it was. Over HTTP."""

from datetime import timedelta
from typing import Any

import pytest

from calendars import grants
from calendars.models import Grant
from calendars.states import State
from firms.models import AuditEntry
from migration.models import MigrationRun, SignInAttempt
from tests.factories import NOW, ConnectionFactory
from tests.migration.sign_in_steps import (
    ADA,
    asked,
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


# --- The right account --------------------------------------------------------------------------------------------


def test_the_right_account_is_pinned_and_its_run_is_queued(simulator: Simulator) -> None:
    connection = connection_of()
    account = mailbox_with(simulator, synced(connection, 3))
    answer = sign_in(browser(connection.member), ADA)
    run = MigrationRun.objects.get(connection=connection)
    assert answer.redirect_chain[-1] == (f"/move/runs/{run.pk}/", 302)
    connection.refresh_from_db()
    assert connection.state == State.MIGRATING
    assert (connection.tid, connection.oid) == (account["tid"], account["oid"])
    assert (connection.account, connection.other_addresses) == (ADA, [])
    assert newest().result == Result.ACCEPTED
    assert bytes(newest().flow) == b""
    assert not run.metadata_only
    assert set(AuditEntry.objects.values_list("action", flat=True)) >= {"connection.same_mailbox", "sign_in.accepted"}


def test_the_grant_is_stored_encrypted_and_renews_itself(simulator: Simulator) -> None:
    from calendars.graph.tokens import access_token

    connection = connection_of()
    mailbox_with(simulator, [])
    sign_in(browser(connection.member), ADA)
    grant = Grant.objects.get(connection=connection, service="graph")
    tokens = grants.read(grant)
    assert tokens.refresh_token.encode() not in bytes(grant.secret)
    assert set(grant.scopes.split()) == {"Calendars.ReadWrite", "User.Read"}
    assert access_token(grant, refresh=True) != tokens.access_token


def test_microsoft_is_asked_with_pkce_state_nonce_and_the_connections_address(simulator: Simulator) -> None:
    connection = connection_of()
    address = to_microsoft(browser(connection.member))
    sent = asked(address)
    assert sent["login_hint"] == ADA
    assert "prompt" not in sent
    assert sent["code_challenge_method"] == "S256"
    assert sent["nonce"]
    assert set(sent["scope"].split()) == {"Calendars.ReadWrite", "User.Read", "offline_access", "openid", "profile"}
    attempt = newest()
    assert sent["state"] not in attempt.state_hash
    assert sent["state"].encode() not in bytes(attempt.flow)


def test_an_alias_of_the_mailbox_is_the_same_mailbox(simulator: Simulator) -> None:
    connection = connection_of()
    new_name = "ada.king@harper.example"
    simulator.mailbox(new_name, aliases=[ADA])
    sign_in(browser(connection.member), new_name)
    connection.refresh_from_db()
    assert (connection.state, connection.account, connection.other_addresses) == (State.MIGRATING, ADA, [new_name])
    assert newest().verdict == "same_by_alias"


def test_a_sign_in_name_that_is_no_address_of_the_mailbox_makes_no_alias(simulator: Simulator) -> None:
    connection = connection_of()
    simulator.mailbox("ada@corp.example", mail=ADA)
    sign_in(browser(connection.member), "ada@corp.example")
    connection.refresh_from_db()
    assert (connection.state, connection.other_addresses) == (State.MIGRATING, [])
    assert (newest().verdict, newest().address) == ("same", ADA)


def test_a_renamed_mailbox_is_recognised_by_its_appointments(simulator: Simulator) -> None:
    connection = connection_of()
    new_name = "ada.king@king-lovelace.example"
    mailbox_with(simulator, synced(connection, 24)[:12], new_name)
    answer = sign_in(browser(connection.member), new_name)
    assert answer.redirect_chain[-1][0].startswith("/move/runs/")
    connection.refresh_from_db()
    assert (connection.state, connection.account) == (State.MIGRATING, ADA)
    assert connection.other_addresses == [new_name]
    assert (newest().ids_tried, newest().ids_resolved) == (24, 12)


def test_a_personal_account_is_known_by_its_sign_in_name(simulator: Simulator) -> None:
    address = "ada.private@outlook.example"
    connection = connection_of(account=address)
    simulator.mailbox(address, kind="personal", mail=None)
    sign_in(browser(connection.member), address)
    connection.refresh_from_db()
    assert connection.state == State.MIGRATING


def test_the_old_grant_and_every_old_id_are_still_there_afterwards(simulator: Simulator) -> None:
    connection = connection_of()
    events = synced(connection, 2)
    grants.store(connection, Grant.Service.EWS, grants.Tokens("old refresh token"))
    before = held(connection)
    mailbox_with(simulator, events)
    sign_in(browser(connection.member), ADA)
    after = held(connection)
    assert after["synced"] == before["synced"]
    assert [row for row in after["grants"] if row["service"] == "ews"] == before["grants"]


# --- From which state ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [State.DISABLED, State.OLD_SYNC])
def test_after_the_cutoff_the_button_stops_the_old_sync(simulator: Simulator, settings: Any, state: State) -> None:
    settings.SYNC_CUTOFF = cutoff = NOW - timedelta(days=30)
    connection = connection_of(state=state, stopped_at=cutoff if state == State.DISABLED else None)
    mailbox_with(simulator, [])
    client = browser(connection.member)
    to_microsoft(client)
    connection.refresh_from_db()
    assert (connection.state, connection.stopped_at) == (State.REAUTH_REQUIRED, cutoff)
    sign_in(client, ADA)
    connection.refresh_from_db()
    assert connection.state == State.MIGRATING


def test_an_unserved_mailbox_can_be_tried_again(simulator: Simulator) -> None:
    connection = connection_of(state=State.UNSUPPORTED)
    mailbox_with(simulator, [])
    sign_in(browser(connection.member), ADA)
    connection.refresh_from_db()
    assert connection.state == State.MIGRATING


def test_a_lost_grant_comes_back_without_a_second_migration(simulator: Simulator) -> None:
    account = simulator.mailbox(ADA)
    connection = connection_of(state=State.GRANT_LOST, tid=account["tid"], oid=account["oid"])
    grants.lose(grants.store(connection, Grant.Service.GRAPH, grants.Tokens("refused")))
    answer = sign_in(browser(connection.member), ADA)
    connection.refresh_from_db()
    assert (connection.state, connection.stopped_at) == (State.GRAPH_SYNC, None)
    assert not MigrationRun.objects.exists()
    assert Grant.objects.get().lost_at is None
    assert "in step again" in page(answer)


def test_after_the_move_a_renewed_sign_in_does_not_look_like_another_move(simulator: Simulator) -> None:
    account = simulator.mailbox(ADA)
    connection = connection_of(state=State.GRANT_LOST, tid=account["tid"], oid=account["oid"])
    MigrationRun.objects.create(connection=connection, state="done", finished_at=NOW)
    answer = sign_in(browser(connection.member), ADA)
    assert answer.redirect_chain[-1][0] == f"/move/sign-in/{newest().pk}/"
    assert "in step again" in page(answer)


def test_a_run_that_waits_for_a_grant_goes_on_where_it_was(simulator: Simulator) -> None:
    account = simulator.mailbox(ADA)
    connection = connection_of(state=State.MIGRATING, tid=account["tid"], oid=account["oid"])
    run = MigrationRun.objects.create(connection=connection, state="waiting", step="listing", wait_reason="grant")
    epoch = connection.epoch
    sign_in(browser(connection.member), ADA)
    connection.refresh_from_db()
    run.refresh_from_db()
    assert (connection.state, connection.epoch) == (State.MIGRATING, epoch)
    assert (run.state, run.wait_reason) == ("listing", "")
    assert MigrationRun.objects.count() == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"state": State.OLD_SYNC},
        {"state": State.GRAPH_SYNC},
        {"state": State.MIGRATING},
        {"provider": "google", "state": State.GOOGLE_SYNC},
        {"provider": "google", "state": State.GRANT_LOST},
    ],
    ids=str,
)
def test_nobody_else_is_sent_to_microsoft(simulator: Simulator, fields: dict[str, Any]) -> None:
    connection = ConnectionFactory(**fields)
    before = held(connection)
    answer = browser(connection.member).post("/move/sign-in/")
    assert answer.status_code == 200
    assert "nothing to sign in for" in page(answer)
    assert held(connection) == before
    assert not SignInAttempt.objects.exists()
    assert simulator.journal() == []
