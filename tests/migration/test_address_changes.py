"""A list of new addresses approved at once: what each line would do, and who is told."""

from typing import Any

import pytest
import time_machine

from calendars.models import CalendarConnection
from calendars.states import State
from firms.models import AuditEntry, Firm
from migration import address_changes
from migration.address_changes import Kind, ListChanged
from migration.models import AddressChange, SignInAttempt, Ticket
from migration.models.address_change import STANDING
from tests.factories import NOW, ConnectionFactory, FirmFactory, MemberFactory, StaffFactory
from tests.migration.list_steps import LASTS, NEW, approved, planned
from tests.migration.sign_in_steps import (
    ADA,
    MALLORY,
    browser,
    connection_of,
    held,
    sign_in,
)
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


# --- what each line would do --------------------------------------------------------------------------------------


def test_a_line_is_for_the_member_of_this_firm_who_has_the_address(firm: Firm, ada: CalendarConnection) -> None:
    (line,) = planned(firm, f"{ADA.upper()},{NEW}")
    assert line.ready and line.connections == (ada,) and not line.replaces


def test_a_line_finds_a_mailbox_by_its_further_addresses_and_all_who_share_it(firm: Firm) -> None:
    both = [connection_of(address, member__firm=firm, account=ADA) for address in ("one@x.example", "two@x.example")]
    other = connection_of("third@x.example", member__firm=firm, other_addresses=["Old.Name@harper.example"])
    shared, renamed = planned(firm, f"{ADA},{NEW}\nold.name@harper.example,third@king.example")
    assert shared.ready and list(shared.connections) == both
    assert renamed.ready and renamed.connections == (other,)


@pytest.mark.parametrize(
    ("fields", "kind", "problem"),
    [
        ({"provider": "google", "state": State.GOOGLE_SYNC}, Kind.SAME_MAILBOX, "No member of this firm"),
        ({"state": State.DISCONNECTED}, Kind.SAME_MAILBOX, "No member of this firm"),
        ({"state": State.GRAPH_SYNC}, Kind.SAME_MAILBOX, "Nothing to approve: graph sync"),
        ({"state": State.MIGRATING}, Kind.OTHER_ACCOUNT, "Nothing to approve: migrating"),
        ({"state": State.GRANT_LOST}, Kind.SAME_MAILBOX, "Nothing to approve"),
        ({"state": State.GRANT_LOST}, Kind.OTHER_ACCOUNT, ""),
        ({"tid": "t", "oid": "o"}, Kind.SAME_MAILBOX, "known by its id"),
        ({"tid": "t", "oid": "o"}, Kind.OTHER_ACCOUNT, ""),
        ({"state": State.OLD_SYNC, "stopped_at": None}, Kind.SAME_MAILBOX, ""),
        ({"state": State.UNSUPPORTED}, Kind.SAME_MAILBOX, ""),
        ({"other_addresses": [NEW]}, Kind.SAME_MAILBOX, "known to be the mailbox’s already"),
    ],
    ids=str,
)
def test_lines_that_would_do_nothing_are_left_out(firm: Firm, fields: dict[str, Any], kind: Kind, problem: str) -> None:
    connection_of(ADA, member__firm=firm, **fields)
    (line,) = planned(firm, f"{ADA},{NEW}", kind)
    assert line.ready is not bool(problem)
    assert problem in line.problem


def test_an_address_of_another_firm_is_none_of_this_list(firm: Firm) -> None:
    connection_of(ADA)
    (line,) = planned(firm, f"{ADA},{NEW}")
    assert line.problem.startswith("No member of this firm") and approved(firm, f"{ADA},{NEW}") == []


@pytest.mark.parametrize("whose", ["login", "calendar", "promise"])
def test_an_address_that_is_another_member_s_is_not_promised(firm: Firm, ada: CalendarConnection, whose: str) -> None:
    if whose == "login":
        MemberFactory(email=NEW)
    elif whose == "calendar":
        ConnectionFactory(account=NEW.upper())
    else:
        connection_of("eve@harper.example", member__firm=firm)
        approved(firm, f"eve@harper.example,{NEW}")
    (line,) = planned(firm, f"{ADA},{NEW}")
    assert line.problem == "The new address is another member’s"


def test_a_plan_costs_the_same_for_one_line_and_for_many(firm: Firm, django_assert_max_num_queries: Any) -> None:
    for number in range(12):
        connection_of(f"m{number}@harper.example", member__firm=firm)
    lines = [f"m{number}@harper.example,m{number}@king.example" for number in range(12)]
    with django_assert_max_num_queries(6) as one:
        planned(firm, lines[0])
    with django_assert_max_num_queries(len(one.captured_queries)):
        assert all(line.ready for line in planned(firm, "\n".join(lines)))


# --- approving ----------------------------------------------------------------------------------------------------


def test_the_ready_lines_are_approved_each_audited_and_nothing_of_the_member_changes(
    firm: Firm, ada: CalendarConnection
) -> None:
    before = held(ada)
    (made,) = approved(firm, f"{ADA},{NEW}\nnobody@harper.example,nobody@king.example")
    assert (made.connection, made.new_address, made.until) == (ada, NEW, NOW + LASTS)
    row = AuditEntry.objects.get(action="address_change.approved")
    assert (row.member, row.note, row.data["new"]) == (ada.member, "told by their office", NEW)
    assert held(ada) == before


def test_what_is_confirmed_is_what_was_shown(firm: Firm, ada: CalendarConnection) -> None:
    line = f"{ADA},{NEW}"
    seen = address_changes.digest(firm, Kind.SAME_MAILBOX, planned(firm, line))
    MemberFactory(email=NEW)
    for changed in ({"seen": seen}, {"seen": ""}, {"seen": seen, "kind": Kind.OTHER_ACCOUNT}):
        with pytest.raises(ListChanged):
            approved(firm, line, **changed)
    assert not AddressChange.objects.exists()


def test_a_newer_list_takes_the_place_of_an_older_one(firm: Firm, ada: CalendarConnection) -> None:
    (first,) = approved(firm, f"{ADA},{NEW}")
    (line,) = planned(firm, f"{ADA},ada@queen.example")
    assert line.replaces
    approved(firm, f"{ADA},ada@queen.example")
    first.refresh_from_db()
    assert first.ended_at and AddressChange.objects.get(STANDING).new_address == "ada@queen.example"
    assert AuditEntry.objects.filter(action="address_change.taken_back").count() == 1


def test_a_member_whose_ticket_it_answers_is_told(
    simulator: Simulator, firm: Firm, ada: CalendarConnection, mailoutbox: Any, django_capture_on_commit_callbacks: Any
) -> None:
    other = connection_of("ben@harper.example", member__firm=firm)
    for connection, account in ((ada, NEW), (other, MALLORY)):
        simulator.mailbox(account)
        sign_in(browser(connection.member), account)
    with django_capture_on_commit_callbacks(execute=True):
        approved(firm, f"{ADA},{NEW}\nben@harper.example,ben@king.example")
    assert [mail.to for mail in mailoutbox] == [[ADA]] and NEW in mailoutbox[0].body
    assert Ticket.objects.get(member=ada.member).state == "waiting_for_member"
    # Another account than the listed one is still for support to look at.
    assert Ticket.objects.get(member=other.member).state == "open"
    sign_in(browser(ada.member), NEW)
    assert Ticket.objects.get(member=ada.member).state == "closed"


def test_what_is_taken_back_ends_and_says_who_did_it(firm: Firm, ada: CalendarConnection) -> None:
    (made,) = approved(firm, f"{ADA},{NEW}")
    sam = StaffFactory()
    assert address_changes.take_back([made.pk], actor=sam, note="too early", now=NOW) == 1
    assert address_changes.take_back([made.pk], actor=sam, note="too early", now=NOW) == 0
    row = AuditEntry.objects.get(action="address_change.taken_back")
    assert (row.actor, row.note, row.member) == (sam, "too early", ada.member)
