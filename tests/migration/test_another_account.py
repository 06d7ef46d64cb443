"""Sign-ins with another account than the one synced until now, or with one that cannot be served. Over HTTP."""

from typing import Any

import pytest
from django.core import mail

from calendars import grants
from calendars.models import CalendarConnection, Grant
from calendars.states import State
from firms.models import AuditEntry
from migration.models import MigrationRun, SignInAttempt, Ticket
from migration.ticket_states import Cause as TicketCause
from migration.ticket_states import ForbiddenTicketMove
from tests.factories import ConnectionFactory, MemberFactory
from tests.migration.sign_in_steps import (
    ADA,
    MALLORY,
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
from tests.migration.ticket_steps import decide, page_of
from tests.migration.token_answers import come_back, redeemed
from tests.simulator.client import Simulator

pytestmark = pytest.mark.django_db
Result = SignInAttempt.Result


def test_another_account_changes_nothing_and_opens_a_ticket(
    simulator: Simulator, django_capture_on_commit_callbacks: Any
) -> None:
    connection = connection_of()
    events = synced(connection, 25)
    grants.store(connection, Grant.Service.EWS, grants.Tokens("old refresh token"))
    mailbox_with(simulator, events)
    simulator.mailbox(MALLORY)
    before = held(connection)
    with django_capture_on_commit_callbacks(execute=True):
        answer = sign_in(browser(connection.member), MALLORY)
    ticket, attempt = Ticket.objects.get(), newest()
    text = page(answer)
    assert ADA in text
    assert MALLORY in text
    assert ticket.reference in text
    assert held(connection) == before
    assert (attempt.result, attempt.address) == (Result.ANOTHER_MAILBOX, MALLORY)
    assert (attempt.ids_tried, attempt.ids_resolved) == (25, 0)
    assert not MigrationRun.objects.exists()
    assert [one for one in mail.outbox if ticket.reference in one.subject + one.body]


def test_the_right_account_afterwards_is_accepted_and_closes_the_ticket(simulator: Simulator) -> None:
    connection = connection_of()
    mailbox_with(simulator, [])
    simulator.mailbox(MALLORY)
    client = browser(connection.member)
    sign_in(client, MALLORY)
    sent = asked(to_microsoft(client))
    # The browser is signed in with the other account: the right one is asked for with its password.
    assert (sent["login_hint"], sent["prompt"]) == (ADA, "login")
    sign_in(client, ADA)
    connection.refresh_from_db()
    assert connection.state == State.MIGRATING
    assert Ticket.objects.get().state == Ticket.State.CLOSED


@pytest.mark.parametrize(
    "name", [f"{'m' * 600}@mail.example", f"{MALLORY}\r\nBcc: x@mail.example\r\n\r\nThe ticket is settled."]
)
def test_whatever_a_directory_calls_an_account_is_one_line_that_can_be_kept(
    simulator: Simulator, name: str, django_capture_on_commit_callbacks: Any
) -> None:
    connection = connection_of()
    simulator.mailbox(MALLORY, mail=name)
    with django_capture_on_commit_callbacks(execute=True):
        answer = sign_in(browser(connection.member), MALLORY)
    shown = newest().address
    assert len(shown) <= 320 and shown.splitlines() == [shown] and shown in page(answer)
    assert Ticket.objects.get().other_address == shown
    (sent,) = mail.outbox
    assert shown in sent.body and not any(
        line.startswith(("Bcc", "bcc", "the ticket")) for line in sent.body.splitlines()
    )


def test_a_forged_address_in_another_directory_is_refused(simulator: Simulator) -> None:
    connection = connection_of()
    events = synced(connection, 20)
    mailbox_with(simulator, events)
    simulator.mailbox(MALLORY, mail=ADA)
    before = held(connection)
    text = page(sign_in(browser(connection.member), MALLORY))
    assert held(connection) == before
    assert newest().result == Result.ANOTHER_MAILBOX
    # Named by what the account cannot choose.
    assert MALLORY in text
    assert Ticket.objects.get().other_address == MALLORY


def test_the_same_name_in_another_directory_is_another_account(simulator: Simulator) -> None:
    connection = connection_of(tid="11111111-0000-4000-8000-000000000001")
    events = synced(connection, 20)
    mailbox_with(simulator, events, tid="22222222-0000-4000-8000-000000000002")
    before = held(connection)
    sign_in(browser(connection.member), ADA)
    assert held(connection) == before
    assert newest().result == Result.ANOTHER_MAILBOX


@pytest.mark.parametrize("state", [State.REAUTH_REQUIRED, State.GRANT_LOST])
def test_a_known_account_must_be_equal(simulator: Simulator, state: State) -> None:
    connection = connection_of(state=state, tid="t", oid="o")
    mailbox_with(simulator, synced(connection, 30), tid="t", oid="p")
    before = held(connection)
    sign_in(browser(connection.member), ADA)
    assert held(connection) == before
    assert newest().result == Result.ANOTHER_MAILBOX


def test_an_account_that_another_member_holds_is_refused_where_nothing_of_this_member_is_in_it(
    simulator: Simulator,
) -> None:
    connection = connection_of()
    synced(connection, 1)
    account = simulator.mailbox(ADA)
    ConnectionFactory(state=State.GRAPH_SYNC, tid=account["tid"].upper(), oid=account["oid"])
    before = held(connection)
    sign_in(browser(connection.member), ADA)
    assert held(connection) == before
    assert (newest().result, newest().verdict, newest().held_by_another) == (Result.ANOTHER_MAILBOX, "in_doubt", True)


def test_addresses_that_anybody_may_write_do_not_count(simulator: Simulator) -> None:
    """Contact addresses, and the claims of the id token, whatever they say."""
    connection = connection_of()
    account = simulator.mailbox(MALLORY)
    profile = {"id": account["oid"], "mail": MALLORY, "userPrincipalName": MALLORY, "proxyAddresses": [f"SIP:{ADA}"]}
    simulator.fault(operation="me", status=200, body={**profile, "otherMails": [ADA], "identities": [{"id": ADA}]})
    before, client = held(connection), browser(connection.member)
    claims = {"email": ADA, "preferred_username": ADA, "upn": ADA, "xms_edov": True}
    come_back(simulator, client, redeemed(simulator, MALLORY, **claims), account=MALLORY)
    assert held(connection) == before
    assert (newest().result, newest().address) == (Result.ANOTHER_MAILBOX, MALLORY)


def test_a_move_to_an_account_without_a_calendar_is_not_offered(simulator: Simulator, support: Any) -> None:
    """There would be nothing to look for the events in."""
    connection = connection_of()
    simulator.mailbox(MALLORY, kind="onpremises")
    sign_in(browser(connection.member), MALLORY)
    ticket = Ticket.objects.get()
    shown = support.get(page_of(ticket)).content.decode()
    assert "no calendar that Microsoft Graph can serve" in shown and "/decide/approve" not in shown
    with pytest.raises(ForbiddenTicketMove):
        decide(ticket, TicketCause.APPROVE_OTHER_ACCOUNT)


def test_an_approved_account_that_has_lost_its_calendar_is_not_moved_to(simulator: Simulator) -> None:
    connection = connection_of()
    simulator.mailbox(MALLORY)
    client = browser(connection.member)
    sign_in(client, MALLORY)
    decide(Ticket.objects.get(), TicketCause.APPROVE_OTHER_ACCOUNT, now=newest().started_at)
    simulator.fault(operation="calendar", status=404, body={"error": {"code": "MailboxNotEnabledForRESTAPI"}})
    before = held(connection)
    sign_in(client, MALLORY)
    assert held(connection) == before and Ticket.objects.get().state == "approved"


# --- Mailboxes that Graph cannot serve ----------------------------------------------------------------------------


def unserved(connection: CalendarConnection, account: str) -> str:
    """The page of a sign-in after which the mailbox stands as not served; nobody is bothered with a ticket."""
    text = page(sign_in(browser(connection.member), account))
    connection.refresh_from_db()
    assert connection.state == State.UNSUPPORTED
    assert newest().result == Result.NOT_SERVED
    assert AuditEntry.objects.get(action="connection.cannot_serve").note == newest().get_verdict_display()
    assert not Ticket.objects.exists() and not Grant.objects.exists()
    # What it is, and whom to ask, stands on the dashboard too, without nagging.
    dashboard = page(browser(connection.member).get("/"))
    assert "Outlook sync is not available for this mailbox" in dashboard and "administrator" in dashboard
    assert browser(connection.member).get("/move/sign-in/").status_code == 200
    return text


def test_a_guest_is_sent_home(simulator: Simulator) -> None:
    connection = connection_of()
    simulator.mailbox(ADA, kind="guest")
    text = unserved(connection, ADA)
    assert "guest of another organization" in text and "account of your own organization" in text
    assert newest().verdict == "guest"


def test_a_guest_under_another_address_is_a_wrong_account(simulator: Simulator) -> None:
    connection = connection_of()
    simulator.mailbox(MALLORY, kind="guest")
    before = held(connection)
    sign_in(browser(connection.member), MALLORY)
    assert held(connection) == before
    assert newest().result == Result.ANOTHER_MAILBOX


def test_a_mailbox_on_the_firm_s_own_servers(simulator: Simulator) -> None:
    connection = connection_of()
    simulator.mailbox(ADA, kind="onpremises")
    text = unserved(connection, ADA)
    assert "own servers" in text and "administrator" in text
    assert newest().verdict == "on_premises"


def test_an_account_without_a_license(simulator: Simulator) -> None:
    connection = connection_of()
    simulator.mailbox(ADA)
    error = {"error": {"code": "ResourceNotFound", "message": "Resource could not be discovered."}}
    simulator.fault(operation="calendar", status=404, body=error)
    text = unserved(connection, ADA)
    assert "no mailbox" in text and "Exchange Online" in text
    assert newest().verdict == "unlicensed"


OFFICE = "office@harper.example"


def lent(owner: str) -> list[dict[str, Any]]:
    """The calendars of somebody to whom `owner` lends theirs."""
    return [{"name": "Calendar", "default": True}, {"name": "Theirs", "owner": {"name": "Theirs", "address": owner}}]


def test_a_mailbox_that_several_people_share(simulator: Simulator) -> None:
    connection = connection_of(account=OFFICE)
    simulator.mailbox(ADA, calendars=lent(OFFICE))
    text = unserved(connection, ADA)
    assert OFFICE in text and "several people" in text
    assert newest().verdict == "shared"


@pytest.mark.parametrize("whose", ["own", "a colleague's", "another member's calendar"])
def test_a_calendar_that_a_person_lends_is_a_person_s(simulator: Simulator, whose: str) -> None:
    """It can be signed in to, so the other account is a wrong one."""
    connection = connection_of(account=ADA if whose == "own" else OFFICE)
    if whose == "a colleague's":
        MemberFactory(email=OFFICE)
    if whose == "another member's calendar":
        ConnectionFactory(account=OFFICE.upper())
    simulator.mailbox(MALLORY, calendars=lent(connection.account))
    before = held(connection)
    sign_in(browser(connection.member), MALLORY)
    assert held(connection) == before
    assert newest().result == Result.ANOTHER_MAILBOX


@pytest.mark.parametrize("state", [State.GRANT_LOST, State.MIGRATING])
def test_who_has_moved_is_not_set_aside(simulator: Simulator, state: State) -> None:
    account = simulator.mailbox(ADA, kind="onpremises")
    connection = connection_of(state=state, tid=account["tid"], oid=account["oid"])
    MigrationRun.objects.create(connection=connection, state="waiting", step="listing", wait_reason="grant")
    before = held(connection)
    assert "own servers" in page(sign_in(browser(connection.member), ADA))
    assert held(connection) == before
