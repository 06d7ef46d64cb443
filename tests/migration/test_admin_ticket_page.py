"""The one page of a ticket in the admin: everything to decide by, and what the evidence says (R7)."""

from datetime import timedelta

import pytest

from calendars.models import CalendarConnection
from calendars.states import State
from migration import tickets
from migration.admin.ticket_page import reading
from migration.ticket_states import Cause
from tests.factories import NOW, ConnectionFactory, StaffFactory, SyncedEventFactory
from tests.migration.ticket_steps import (
    OID,
    TID,
    actions,
    attempt,
    decision_of,
    given,
    mismatch,
    page_of,
    waiting_connection,
)
from tests.migration.visiting import text

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now(time_machine):
    time_machine.move_to(NOW + timedelta(hours=3), tick=False)


def test_the_page_has_everything_to_decide_by(support):
    connection = waiting_connection(tid="tenant-of-old", oid="oid-of-old", other_addresses=["ada.b@harper.example"])
    earlier = mismatch(connection, address="first@mail.example", now=NOW - timedelta(days=30))
    tickets.decide(earlier, Cause.CLOSE, actor=StaffFactory(), turn=1, now=NOW - timedelta(days=29))
    ticket = mismatch(connection, address="private@mail.example", tried=1000, resolved=1)
    tickets.write(ticket, message="My address <b>has</b> changed", now=NOW)
    seen = text(support.get(page_of(ticket)))
    for words in [
        ticket.reference, "Ada Byron", connection.member.email, "Harper & Wolfe LLP", "not flagged",
        connection.account, "private@mail.example", "ada.b@harper.example", "tenant-of-old", "oid-of-old", TID, OID,
        "another tenant", "1 of 1,000 old ids resolves there", "this speaks for another mailbox",
        "My address <b>has</b> changed", "Waiting for sign-in", earlier.reference,
    ]:  # fmt: skip
        assert words in seen, words


def test_the_page_costs_the_same_for_a_short_and_for_a_long_story(support, django_assert_max_num_queries):
    connection = waiting_connection()
    ticket = mismatch(connection)
    with django_assert_max_num_queries(20) as few:
        support.get(page_of(ticket))
    for number in range(10):
        mismatch(connection, address=f"{number}@mail.example")
        tickets.write(ticket, message=f"message {number}", now=NOW)
        SyncedEventFactory(connection=connection)
    with django_assert_max_num_queries(len(few.captured_queries)):
        assert "message 9" in text(support.get(page_of(ticket)))


def test_support_is_told_when_another_member_holds_the_account(support):
    ConnectionFactory(tid=TID, oid=OID, state=State.GRAPH_SYNC, member__email="boss@harper.example")
    assert "boss@harper.example" in text(support.get(page_of(mismatch(waiting_connection()))))


def test_an_approval_that_no_sign_in_can_use_any_more_is_not_shown_as_standing_alone(support):
    ticket = mismatch(waiting_connection())
    tickets.decide(ticket, Cause.APPROVE_OTHER_ACCOUNT, actor=StaffFactory(), turn=1, now=NOW)
    assert "no sign-in can use this" not in text(support.get(page_of(ticket)))
    CalendarConnection.objects.update(state=State.DISCONNECTED)
    assert "now, “Disconnected”, no sign-in can use this approval" in text(support.get(page_of(ticket)))


def test_every_page_says_in_which_zone_its_times_are(support):
    for path in ("/admin/", "/admin/migration/ticket/"):
        assert "Times are in UTC" in support.get(path).content.decode()


def test_a_page_that_is_not_there(support):
    for address in ("/admin/migration/ticket/999999/change/", "/admin/migration/ticket/x/change/",
                    "/admin/migration/ticket/999999/decide/close/"):  # fmt: skip
        assert support.get(address).status_code == 404
    ticket = mismatch(waiting_connection())
    for cause in ("mismatch", "success", "used", "nonsense"):
        assert support.post(decision_of(ticket, cause), given(ticket)).status_code == 404
    assert actions(ticket) == ["mismatch"]


@pytest.mark.parametrize(
    ("tried", "resolved", "tone"),
    [(0, 0, "plain"), (19, 19, "plain"), (20, 0, "bad"), (1000, 1, "bad"), (1000, 499, "bad"), (1000, 500, "good")],
)
def test_how_the_evidence_reads(tried, resolved, tone):
    assert reading(tried, resolved).tone == tone


def test_attempts_of_other_connections_are_not_shown(support):
    attempt(waiting_connection(), address="stranger@mail.example")
    assert "stranger@mail.example" not in text(support.get(page_of(mismatch(waiting_connection()))))
