"""Who signed in (R6): the same mailbox under another address, somebody else's that only looks like it, a personal account,
and what cannot be served. Told over HTTP, from the login over Microsoft's account page to what staff see of it.
"""

from typing import Any

import pytest

from calendars.models import CalendarConnection
from calendars.states import State
from firms.models import AuditEntry
from migration.models import MigrationRun, Ticket
from tests import queue
from tests.factories import ConnectionFactory, FirmFactory, MemberFactory
from tests.flows.steps import log_in, press_the_button, put_first, sign_in
from tests.migration.sign_in_steps import ADA, MALLORY, held, mailbox_with, newest, synced
from tests.migration.visiting import text
from tests.simulator.client import Simulator
from tests.staff import client_of, staff_of

pytestmark = pytest.mark.django_db
KING = "ada.king@king-lovelace.example"
OFFICE = "office@harper.example"


def prompted(account: str = ADA, **fields: Any) -> tuple[CalendarConnection, Any, Any]:
    """A member of a flagged firm logs in: her connection, her browser, and the prompt she has come to."""
    member = MemberFactory(**{"email": ADA, "firm": FirmFactory(flagged=True), **fields})
    connection = ConnectionFactory(member=member, account=account)
    client, prompt = log_in(member)
    assert prompt.redirect_chain[-1][0].startswith("/move/")
    connection.refresh_from_db()
    return connection, client, prompt


def moved(connection: CalendarConnection, answer: Any) -> CalendarConnection:
    """The page after the sign-in is that of a run, which ends well."""
    assert answer.redirect_chain[-1][0].startswith("/move/runs/"), text(answer)
    queue.drain()
    connection.refresh_from_db()
    assert connection.state == State.GRAPH_SYNC
    assert not Ticket.objects.exists()
    return connection


def told_to_staff() -> str:
    """The list of sign-ins as Support see it."""
    return text(client_of(staff_of("Support")).get("/admin/migration/signinattempt/"))


def refused(before: Any, connection: CalendarConnection, answer: Any, other: str) -> str:
    """Both addresses and a reference; one ticket; nothing of the member's was touched (I8)."""
    page = text(answer)
    assert "not the account your calendar belongs to" in page
    assert connection.account in page and other in page and Ticket.objects.get().reference in page
    assert held(connection) == before and not MigrationRun.objects.exists()
    return page


def test_the_mailbox_goes_by_an_alias_now(simulator: Simulator) -> None:
    """Its old address is still one of its addresses: no ticket, and the new one is on record."""
    connection, client, prompt = prompted()
    mailbox_with(simulator, synced(connection, 3), KING, aliases=[ADA])
    moved(connection, sign_in(client, prompt, KING))
    assert (connection.account, connection.other_addresses) == (ADA, [KING])
    assert AuditEntry.objects.get(action="sign_in.accepted").data["verdict"] == "same_by_alias"
    assert f"{KING} Accepted The same mailbox, by another address" in told_to_staff()
    page = client_of(staff_of("Rollout")).get(f"/admin/calendars/calendarconnection/{connection.pk}/change/")
    assert KING in text(page)


def test_the_mailbox_was_renamed_and_its_old_address_is_gone(simulator: Simulator) -> None:
    """The appointments are the witness: an old id resolves in the mailbox that holds it and nowhere else."""
    connection, client, prompt = prompted()
    mailbox_with(simulator, synced(connection, 24)[:20], KING)
    moved(connection, sign_in(client, prompt, KING))
    assert connection.other_addresses == [KING]
    assert "The same mailbox, by another address 20 of 24 old ids resolve there" in told_to_staff()


def test_her_address_in_somebody_elses_directory(simulator: Simulator) -> None:
    """Anybody's directory can show her address on an account of its own; her appointments it cannot show."""
    connection, client, prompt = prompted()
    mailbox_with(simulator, synced(connection, 25))
    simulator.mailbox(MALLORY, mail=ADA, aliases=[ADA])
    before = held(connection)
    refused(before, connection, sign_in(client, prompt, MALLORY), MALLORY)
    assert newest().verdict == "in_doubt"
    assert "0 of 25 old ids resolve there" in told_to_staff()


def test_a_personal_account_moves_like_any_other(simulator: Simulator) -> None:
    own = "ada.byron@outlook.example"
    connection, client, prompt = prompted(account=own)
    mailbox_with(simulator, synced(connection, 3), own, kind="personal", mail=None)
    assert put_first(press_the_button(client, prompt)) == own
    moved(connection, sign_in(client, prompt, own))


def test_a_personal_account_under_the_address_at_work(simulator: Simulator) -> None:
    """Microsoft asks "work or school, or personal?", and the personal one under the same address is another mailbox."""
    connection, client, prompt = prompted()
    synced(connection, 2)
    simulator.mailbox(ADA, kind="personal")
    page = refused(held(connection), connection, sign_in(client, prompt, ADA), ADA)
    assert "shows the same address, but it is not the one your events came from" in page


@pytest.mark.parametrize(
    ("kind", "heading", "whom"),
    [
        ("guest", "You came as a guest of another organization", "the account of your own organization"),
        ("onpremises", "This mailbox is not in Microsoft’s cloud", "your firm’s Outlook administrator"),
    ],
)
def test_what_cannot_be_served_is_told_once_and_not_nagged_about(
    simulator: Simulator, kind: str, heading: str, whom: str
) -> None:
    connection, client, prompt = prompted()
    simulator.mailbox(ADA, kind=kind)
    page = text(sign_in(client, prompt, ADA))
    assert heading in page and whom in page
    connection.refresh_from_db()
    assert connection.state == State.UNSUPPORTED and not Ticket.objects.exists()
    # The next login ends on the dashboard, which says it too; staff count them.
    client, dashboard = log_in(connection.member)
    assert dashboard.redirect_chain[-1][0] == "/" and whom in text(dashboard)
    counted = client_of(staff_of("Rollout")).get("/admin/calendars/calendarconnection/?state__exact=unsupported")
    assert ADA in text(counted)
    # Once the mailbox is where Graph can serve it, "Try again" leads on.
    mailbox_with(simulator, [])
    moved(connection, sign_in(client, client.get("/move/sign-in/"), ADA))


def test_a_mailbox_that_several_people_share(simulator: Simulator) -> None:
    """Nobody can sign in to it; who uses it signs in as themselves, and sees it there."""
    connection, client, prompt = prompted(account=OFFICE)
    theirs = {"name": "Office", "owner": {"name": "Office", "address": OFFICE}}
    simulator.mailbox(OFFICE, kind="shared")
    simulator.mailbox(ADA, calendars=[{"name": "Calendar", "default": True}, theirs])
    page = text(sign_in(client, prompt, ADA))
    assert "This mailbox belongs to several people" in page and OFFICE in page
    connection.refresh_from_db()
    assert connection.state == State.UNSUPPORTED and not Ticket.objects.exists()


def test_the_attorney_and_her_assistant_on_one_mailbox(simulator: Simulator) -> None:
    """Both have had the attorney's mailbox in step until now, so both may go on; staff see that two hold it."""
    attorney, client, prompt = prompted()
    assistant = ConnectionFactory(
        member=MemberFactory(email="ben@harper.example", firm=attorney.member.firm), account=ADA.title()
    )
    both = synced(attorney, 3)
    for event in both:
        event.pk = event.event = None
        event.connection, event.ews_id = assistant, event.ews_id
        event.save()
    mailbox_with(simulator, both)
    moved(attorney, sign_in(client, prompt, ADA))
    client, prompt = log_in(assistant.member)
    moved(assistant, sign_in(client, prompt, ADA))
    assert (attorney.oid, attorney.tid) == (assistant.oid, assistant.tid)
    accepted = AuditEntry.objects.filter(action="sign_in.accepted").order_by("pk").last()
    assert accepted and accepted.data["also_held_by"] == [attorney.member_id]

    ConnectionFactory(state=State.GRAPH_SYNC, tid="t", oid="o")
    rollout = client_of(staff_of("Rollout"))
    several = rollout.get("/admin/calendars/calendarconnection/?held_by=several")
    assert several.context["cl"].result_count == 2
    page = text(rollout.get(f"/admin/calendars/calendarconnection/{assistant.pk}/change/"))
    assert f"Also held by: {ADA}" in page
    support = client_of(staff_of("Support"))
    found = support.get("/admin/migration/signinattempt/?held_by_another__exact=1")
    assert [row.member_id for row in found.context["cl"].result_list] == [assistant.member_id]


def test_a_colleague_s_mailbox_is_not_taken_over(simulator: Simulator) -> None:
    """Ben's own calendar was another one: that he can sign in as the attorney does not make hers his."""
    attorney, client, prompt = prompted()
    mailbox_with(simulator, synced(attorney, 3))
    moved(attorney, sign_in(client, prompt, ADA))
    own = ConnectionFactory(member=MemberFactory(email="ben@harper.example", firm=attorney.member.firm))
    synced(own, 3)
    client, prompt = log_in(own.member)
    own.refresh_from_db()
    before = held(own)
    answer = sign_in(client, prompt, ADA)
    assert held(own) == before and Ticket.objects.get().member == own.member
    assert ADA in text(answer) and own.account in text(answer)
    # Support are told whose it is before they could approve it.
    ticket = client_of(staff_of("Support")).get(f"/admin/migration/ticket/{Ticket.objects.get().pk}/change/")
    assert f"connected by another member: {ADA}" in text(ticket)
