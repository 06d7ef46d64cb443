"""What a sign-in makes of a line of a list of new addresses: the address is waived and nothing else, once, for one account."""

from typing import Any

import pytest
import time_machine

from calendars import connections
from calendars.models import CalendarConnection
from calendars.states import Cause, State
from firms.models import AuditEntry, Firm
from migration import address_changes, reauth
from migration.address_changes import Kind
from migration.models import AddressChange, MigrationRun, SignInAttempt, Ticket
from migration.models.address_change import STANDING
from tests.factories import NOW, ConnectionFactory, FirmFactory, StaffFactory
from tests.migration.list_steps import LASTS, NEW, approved
from tests.migration.sign_in_steps import (
    ADA,
    MALLORY,
    asked,
    browser,
    connection_of,
    held,
    mailbox_with,
    newest,
    sign_in,
    synced,
    to_microsoft,
)
from tests.migration.visiting import text
from tests.simulator.client import Simulator

pytestmark = pytest.mark.django_db
Result = SignInAttempt.Result


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture
def firm() -> Firm:
    return FirmFactory(slug="harper")


@pytest.fixture
def ada(firm: Firm) -> CalendarConnection:
    return connection_of(ADA, member__firm=firm)


def test_the_new_address_counts_like_the_old_one_and_binds_one_account(
    simulator: Simulator, firm: Firm, ada: CalendarConnection
) -> None:
    account = mailbox_with(simulator, synced(ada, 3), NEW)
    approved(firm, f"{ADA},{NEW}")
    client = browser(ada.member)
    assert asked(to_microsoft(client))["login_hint"] == NEW
    assert NEW in text(client.get("/move/"))
    sign_in(client, NEW)
    ada.refresh_from_db()
    assert (ada.state, ada.account, ada.other_addresses) == (State.MIGRATING, ADA, [NEW])
    assert not MigrationRun.objects.get().metadata_only and not Ticket.objects.exists()
    change = AddressChange.objects.get()
    assert change.used_at and (change.tid, change.oid) == (account["tid"], account["oid"])
    assert AuditEntry.objects.get(action="address_change.used").data["oid"] == account["oid"]
    # Bound: the same address on another account is another account from now on.
    CalendarConnection.objects.update(state=State.GRANT_LOST)
    simulator.mailbox(NEW, oid="99999999-0000-4000-8000-000000000009")
    sign_in(client, NEW)
    assert newest().result == Result.ANOTHER_MAILBOX


def test_old_ids_that_contradict_are_not_waived(simulator: Simulator, firm: Firm, ada: CalendarConnection) -> None:
    synced(ada, 20)
    simulator.mailbox(NEW)
    approved(firm, f"{ADA},{NEW}")
    before = held(ada)
    sign_in(browser(ada.member), NEW)
    assert held(ada) == before and newest().verdict == "in_doubt"
    assert AddressChange.objects.get(STANDING), "it stands for the right account"


@pytest.mark.parametrize("who", ["guest", "forged", "third", "claimed", "personal"])
def test_who_only_looks_like_it_is_refused(simulator: Simulator, firm: Firm, ada: CalendarConnection, who: str) -> None:
    approved(firm, f"{ADA},{NEW}", kind=Kind.OTHER_ACCOUNT)
    if who == "guest":
        simulator.mailbox(NEW, kind="guest")
    elif who == "forged":
        simulator.mailbox(NEW, kind="onpremises")
    elif who == "claimed":
        # Another directory, in which somebody has written the address.
        simulator.mailbox(MALLORY, mail=NEW, aliases=[NEW])
    elif who == "personal":
        simulator.mailbox(NEW, kind="personal")
    else:
        simulator.mailbox(MALLORY)
    before = held(ada)
    sign_in(browser(ada.member), MALLORY if who in ("third", "claimed") else NEW)
    assert held(ada) == before and newest().result == Result.ANOTHER_MAILBOX


def test_another_member_s_account_is_not_had_by_a_list(
    simulator: Simulator, firm: Firm, ada: CalendarConnection
) -> None:
    """As when the list names the wrong one: the account is pinned to a colleague."""
    account = simulator.mailbox(NEW)
    ConnectionFactory(state=State.GRAPH_SYNC, tid=account["tid"], oid=account["oid"], account="boss@harper.example")
    for kind in Kind:
        approved(firm, f"{ADA},{NEW}", kind=kind)
        synced(ada, 1)
        before = held(ada)
        sign_in(browser(ada.member), NEW)
        assert held(ada) == before and newest().result == Result.ANOTHER_MAILBOX


def test_a_list_of_other_mailboxes_moves_by_metadata(simulator: Simulator, firm: Firm, ada: CalendarConnection) -> None:
    synced(ada, 25)
    account = simulator.mailbox(NEW)
    approved(firm, f"{ADA},{NEW}", kind=Kind.OTHER_ACCOUNT)
    sign_in(browser(ada.member), NEW)
    ada.refresh_from_db()
    assert (ada.state, ada.account, ada.oid) == (State.MIGRATING, NEW, account["oid"])
    assert MigrationRun.objects.get().metadata_only
    assert AuditEntry.objects.get(action="sign_in.accepted").data["approved_as"] == "other_account"


def test_the_old_address_still_works_and_ends_the_line(
    simulator: Simulator, firm: Firm, ada: CalendarConnection
) -> None:
    mailbox_with(simulator, synced(ada, 3))
    approved(firm, f"{ADA},{NEW}")
    sign_in(browser(ada.member), ADA)
    change = AddressChange.objects.get()
    assert newest().result == Result.ACCEPTED and change.ended_at and not change.used_at


def test_a_line_past_its_time_is_of_no_use(simulator: Simulator, firm: Firm, ada: CalendarConnection) -> None:
    simulator.mailbox(NEW)
    approved(firm, f"{ADA},{NEW}")
    with time_machine.travel(NOW + LASTS, tick=True):
        before, client = held(ada), browser(ada.member)
        assert asked(to_microsoft(client))["login_hint"] == ADA
        sign_in(client, NEW)
        assert held(ada) == before and newest().result == Result.ANOTHER_MAILBOX


@pytest.mark.parametrize("kind", list(Kind))
def test_a_line_taken_back_while_the_member_was_at_microsoft(
    simulator: Simulator, firm: Firm, ada: CalendarConnection, monkeypatch: pytest.MonkeyPatch, kind: Kind
) -> None:
    mailbox_with(simulator, synced(ada, 3), NEW)
    made, before = approved(firm, f"{ADA},{NEW}", kind=kind), held(ada)
    settle = reauth.acceptance.settle

    def settle_too_late(*arguments: Any) -> None:
        address_changes.take_back([one.pk for one in made], actor=StaffFactory(), note="wrong firm", now=NOW)
        settle(*arguments)

    monkeypatch.setattr(reauth.acceptance, "settle", settle_too_late)
    sign_in(browser(ada.member), NEW)
    assert held(ada) == before
    assert (newest().result, newest().detail) in ((Result.FAILED, "changed"), (Result.ANOTHER_MAILBOX, ""))


def test_a_line_waits_for_a_login_that_is_still_to_come(simulator: Simulator, firm: Firm) -> None:
    later = connection_of(ADA, member__firm=firm, state=State.OLD_SYNC, stopped_at=None)
    mailbox_with(simulator, synced(later, 3), NEW)
    approved(firm, f"{ADA},{NEW}")
    connections.move(later, Cause.LOGIN, actor=later.member, now=NOW, stopped_at=NOW)
    sign_in(browser(later.member), NEW)
    later.refresh_from_db()
    assert later.state == State.MIGRATING
