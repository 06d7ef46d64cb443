"""Tickets on real locks: what several do at the same moment ends as if they had done it one by one."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection as database

from migration import tickets
from migration.models import Ticket
from migration.ticket_states import Cause, ForbiddenTicketMove, TicketState
from migration.tickets import StaleTicket
from tests.factories import NOW, StaffFactory
from tests.migration.ticket_steps import (
    LATER,
    OID,
    TID,
    actions,
    attempt,
    in_state,
    mismatch,
    waiting_connection,
)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_mismatches_at_the_same_moment_end_in_one_ticket_with_an_entry_each():
    connection, at_once = waiting_connection(), 6
    attempts = [attempt(connection, address=f"{n}@mail.example") for n in range(at_once)]
    barrier = Barrier(at_once)

    def sign_in(row):
        try:
            barrier.wait(timeout=20)
            return tickets.record_mismatch(connection=connection, attempt=row, now=NOW).pk
        finally:
            database.close()

    with ThreadPoolExecutor(at_once) as threads:
        found = set(threads.map(sign_in, attempts))
    ticket = Ticket.objects.get()
    assert found == {ticket.pk}
    assert ticket.turn == at_once and actions(ticket) == ["mismatch"] * at_once
    assert set(ticket.entries.values_list("attempt", flat=True)) == {row.pk for row in attempts}


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_an_approval_used_in_two_tabs_at_once_is_used_once():
    ticket = in_state(TicketState.APPROVED)
    barrier = Barrier(2)

    def use(_):
        try:
            found = tickets.approval_for(ticket.connection, tid=TID, oid=OID, now=LATER)
            barrier.wait(timeout=20)
            tickets.use_approval(found, now=LATER)
            return "used"
        except StaleTicket:
            return "refused"
        finally:
            database.close()

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(use, range(2))) == ["refused", "used"]


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_two_supporters_who_decide_at_once_do_not_both_decide():
    ticket = mismatch(waiting_connection())
    barrier = Barrier(2)

    def go(cause):
        try:
            actor = StaffFactory()
            barrier.wait(timeout=20)
            tickets.decide(ticket, cause, actor=actor, turn=1, now=LATER, note="n")
            return "decided"
        except StaleTicket:
            return "refused"
        finally:
            database.close()

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(go, [Cause.ASK_AGAIN, Cause.APPROVE_OTHER_ACCOUNT])) == ["decided", "refused"]
    assert ticket.entries.count() == 2


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_of_two_tickets_of_a_member_that_are_opened_again_at_once_one_is():
    first = in_state(TicketState.CLOSED)
    second = tickets.decide(
        mismatch(first.connection, now=LATER), Cause.CLOSE, actor=StaffFactory(), turn=1, now=LATER, note="n"
    )  # fmt: skip
    barrier = Barrier(2)

    def open_again(ticket):
        try:
            actor = StaffFactory()
            barrier.wait(timeout=20)
            tickets.decide(ticket, Cause.REOPEN, actor=actor, turn=ticket.turn, now=LATER, note="n")
            return "opened"
        except ForbiddenTicketMove:
            return "refused"
        finally:
            database.close()

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(open_again, [first, second])) == ["opened", "refused"]
    assert Ticket.objects.exclude(state=TicketState.CLOSED).count() == 1
