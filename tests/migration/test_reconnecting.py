"""A member connects Outlook by herself: for the first time, and again after she had disconnected it, over HTTP (R5, R6)."""

from datetime import timedelta

import pytest
import time_machine

from calendars import grants
from calendars.ews.service import open as open_ews
from calendars.models import CalendarConnection, Grant, Sync, SyncedEvent
from calendars.states import Provider, State
from firms import flags
from migration.models import MigrationRun, SignInAttempt, Ticket
from tests.factories import NOW, ConnectionFactory, MemberFactory, StaffFactory
from tests.migration.sign_in_steps import ADA, MALLORY, browser, held, mailbox_with, newest, page, sign_in, synced
from tests.simulator.client import Simulator

pytestmark = pytest.mark.django_db
Result = SignInAttempt.Result


@pytest.fixture(autouse=True)
def before_the_cutoff():
    with time_machine.travel(NOW, tick=True):
        yield


def disconnected(simulator: Simulator, *, events: int = 3, **fields) -> CalendarConnection:
    """By her own wish, on the page for it; the mailbox is as it was."""
    connection = ConnectionFactory(**{"account": ADA, "member__email": ADA, **fields})
    mailbox_with(simulator, synced(connection, events))
    given = simulator.token(ADA, service="ews")
    grants.store(connection, "ews", grants.Tokens(given["refresh_token"]))
    browser(connection.member).post("/move/disconnect/")
    connection.refresh_from_db()
    assert connection.state == State.DISCONNECTED
    return connection


def test_the_same_mailbox_goes_back_to_the_old_sync_where_that_is_still_allowed(simulator: Simulator):
    connection = disconnected(simulator)
    sign_in(browser(connection.member), ADA)
    connection.refresh_from_db()
    assert (newest().result, connection.state) == (Result.ACCEPTED, State.OLD_SYNC)
    assert list(Grant.objects.values_list("service", flat=True)) == ["ews"]
    assert not MigrationRun.objects.exists()
    assert Sync.objects.get(connection=connection).done < Sync.objects.get(connection=connection).wanted
    service = open_ews(connection, lambda: None)
    assert len(service.pull("").appointments) == 3
    service.close()


@pytest.mark.parametrize("why", ["flagged", "cutoff", "blocked"])
def test_otherwise_its_ids_are_moved_first(simulator: Simulator, settings, why: str):
    connection = disconnected(simulator)
    if why == "flagged":
        flags.set_flag(firms=[connection.member.firm_id], actor=StaffFactory())
    elif why == "cutoff":
        settings.SYNC_CUTOFF = NOW - timedelta(days=1)
    else:
        simulator.fault(operation="token", nth=2, status=400, body={"error": "invalid_grant", "error_codes": [65001]})
    sign_in(browser(connection.member), ADA)
    connection.refresh_from_db()
    assert (newest().result, connection.state) == (Result.ACCEPTED, State.MIGRATING)
    run = MigrationRun.objects.get()
    assert (run.connection, run.state, run.metadata_only) == (connection, MigrationRun.State.QUEUED, False)
    assert list(Grant.objects.values_list("service", flat=True)) == ["graph"]


def test_ids_that_are_moved_already_lead_straight_to_graph(simulator: Simulator):
    connection = disconnected(simulator, state=State.GRAPH_SYNC, migrated_at=NOW)
    Sync.objects.update_or_create(connection=connection, defaults={"mark": "old", "service": "graph"})
    sign_in(browser(connection.member), ADA)
    connection.refresh_from_db()
    assert (connection.state, connection.stopped_at) == (State.GRAPH_SYNC, None)
    assert not MigrationRun.objects.exists()
    # What was changed meanwhile nobody has noted: everything is compared anew.
    assert (Sync.objects.get().mark, Sync.objects.get().service) == ("", "")


def test_a_cancelled_move_begins_anew(simulator: Simulator):
    connection = disconnected(simulator, state=State.REAUTH_REQUIRED, stopped_at=NOW, member__firm__flagged=True)
    client = browser(connection.member)
    sign_in(client, ADA)
    client.post("/move/disconnect/")
    sign_in(client, ADA)
    states = MigrationRun.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == [MigrationRun.State.CANCELLED, MigrationRun.State.QUEUED]


def test_another_mailbox_is_told_so_and_everything_stays_as_it_was(simulator: Simulator):
    connection = disconnected(simulator)
    simulator.mailbox(MALLORY)
    before = held(connection)
    answer = sign_in(browser(connection.member), MALLORY)
    assert newest().result == Result.ANOTHER_MAILBOX
    assert "not the account your calendar belongs to" in page(answer)
    assert held(connection) == before
    assert Ticket.objects.get().member == connection.member


def test_a_first_calendar_is_connected_to_graph_and_nothing_else(simulator: Simulator):
    member = MemberFactory()
    account = mailbox_with(simulator, [])
    sign_in(browser(member), ADA)
    connection = CalendarConnection.objects.get()
    assert (connection.member, connection.provider, connection.state) == (member, Provider.OUTLOOK, State.GRAPH_SYNC)
    assert (connection.account, connection.tid, connection.oid) == (ADA, account["tid"], account["oid"])
    assert list(Grant.objects.values_list("service", flat=True)) == ["graph"]
    assert Sync.objects.get().wanted == 1
    assert not MigrationRun.objects.exists() and not SyncedEvent.objects.exists()


def test_a_first_sign_in_that_was_given_up_leaves_nothing_that_shows(simulator: Simulator):
    member = MemberFactory()
    client = browser(member)
    client.post("/move/sign-in/")
    assert "No calendar is connected" in page(client.get("/calendar/connection/"))
    mailbox_with(simulator, [])
    sign_in(client, ADA)
    assert CalendarConnection.objects.get().state == State.GRAPH_SYNC


def test_a_guest_is_no_first_calendar(simulator: Simulator):
    member = MemberFactory()
    mailbox_with(simulator, [], kind="guest")
    sign_in(browser(member), ADA)
    assert newest().result == Result.NOT_SERVED
    assert (CalendarConnection.objects.get().state, Grant.objects.count()) == (State.DISCONNECTED, 0)


def test_who_has_google_connected_connects_no_second_calendar(simulator: Simulator):
    connection = ConnectionFactory(provider=Provider.GOOGLE, state=State.GOOGLE_SYNC)
    answer = browser(connection.member).post("/move/sign-in/")
    assert answer.status_code == 200
    assert not SignInAttempt.objects.exists()
