"""Somebody signs in with another mailbox, and support settles it (R6, R7): told over HTTP, with the simulated Microsoft.

From the sign-in over the tickets and their mails to support's decisions and the run.
"""

import re

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from calendars.models import CalendarConnection, SyncedEvent
from calendars.states import State
from migration.models import MigrationRun, Outcome, Ticket
from tests import sample
from tests.factories import NOW, PASSWORD, StaffFactory
from tests.flows import steps
from tests.migration import moving
from tests.migration.sign_in_steps import browser, connection_of, held, mailbox_with, synced
from tests.migration.visiting import text
from tests.queue import drain

pytestmark = pytest.mark.django_db(transaction=True)
ADA, PRIVATE, NEW = "ada@harper.example", "ada.private@mail.example", "ada@harper-wolfe.example"


@pytest.fixture(autouse=True)
def _now(time_machine):
    time_machine.move_to(NOW, tick=True)


@pytest.fixture
def ada():
    return connection_of(ADA, member__name="Ada Byron")


@pytest.fixture
def member(ada) -> Client:
    return browser(ada.member)


@pytest.fixture
def support() -> Client:
    """Somebody of support, logged in through the login page as everyone."""
    sam = StaffFactory(email="sam@caretsync.example", name="Sam Support")
    sam.groups.add(Group.objects.get(name="Support"))
    client = Client()
    answer = client.post("/accounts/login/", {"login": sam.email, "password": PASSWORD, "next": "/admin/"})
    assert answer.status_code == 302, text(answer)
    return client


def sign_in(member: Client, account: str):
    """From the button over Microsoft's account page to the page that says how it ended."""
    found = steps.sign_in(member, member.get("/move/sign-in/"), account)
    member.handler.enforce_csrf_checks = False
    return found


def decide(support: Client, ticket: Ticket, cause: str, **words: str):
    """From the mail's link over the page to the decision, as a person goes."""
    page = support.get(f"/admin/migration/ticket/{ticket.pk}/change/")
    address = f"/admin/migration/ticket/{ticket.pk}/decide/{cause}/"
    assert address in page.content.decode(), f"{cause} is not offered"
    form = support.get(address).content.decode()
    turn = re.search(r'name="turn" value="(\d+)"', form)
    assert turn
    answer = support.post(address, {"turn": turn[1], "note": "checked", **words}, follow=True)
    assert answer.status_code == 200, text(answer)
    return answer


def changes_in_outlook(simulator) -> list[dict]:
    """Requests that could have changed an event. What a batch holds stands in the journal one by one."""
    reading = ("translateExchangeIds", "$batch", "/token", "/authorize")
    return [
        row for row in simulator.journal() if row["method"] != "GET" and not row["path"].endswith(reading)
    ]  # fmt: skip


def test_the_wrong_account_by_mistake(simulator, ada, member, support, mailoutbox):
    events = synced(ada, 25)
    mailbox_with(simulator, events)
    mailbox_with(simulator, [], PRIVATE)
    before = held(ada)

    # The member clicks the wrong account, and reads which is which, and under what reference.
    refused = sign_in(member, PRIVATE)
    ticket = Ticket.objects.get()
    for words in (ADA, PRIVATE, ticket.reference, "Nothing was changed"):
        assert words in text(refused)
    assert held(ada) == before

    # Support get a mail whose link leads to everything.
    (told,) = mailoutbox
    assert told.to == ["support@caretsync.example"] and ticket.reference in told.subject
    assert f"/admin/migration/ticket/{ticket.pk}/change/" in told.body
    page = text(support.get(f"/admin/migration/ticket/{ticket.pk}/change/"))
    for words in (ADA, PRIVATE, "0 of 25 old ids resolve there", "this is another mailbox"):
        assert words in page
    assert ticket.reference in text(support.get("/admin/migration/ticket/", {"q": PRIVATE}))

    # A second click on the wrong account is added to the one ticket, and support are not told twice.
    sign_in(member, PRIVATE)
    assert Ticket.objects.get().entries.count() == 2 and len(mailoutbox) == 1

    # Support ask to sign in again; the member reads it in a mail and on the page of the ticket.
    decide(support, ticket, "ask_again", message="I think you clicked your private account.")
    assert mailoutbox[1].to == [ADA] and "sign in once more" in mailoutbox[1].body
    assert "I think you clicked your private account." in text(member.get(f"/move/tickets/{ticket.reference}/"))

    # The right account: the ticket closes by itself, and the move is made.
    sign_in(member, ADA)
    ticket.refresh_from_db()
    assert ticket.state == "closed" and ticket.entries.last().action == "success"
    drain()
    assert CalendarConnection.objects.get().state == State.GRAPH_SYNC
    assert set(Outcome.objects.values_list("how", flat=True)) == {"translated"} and Outcome.objects.count() == 25
    assert "takes no messages" in text(member.get(f"/move/tickets/{ticket.reference}/"))


def test_an_intended_move_to_another_account(simulator, ada, member, support, mailoutbox):
    events = synced(ada, 24)
    mailbox_with(simulator, events)
    # In the new mailbox stand copies of twenty of them: other ids, same subject and times.
    simulator.mailbox(PRIVATE, calendars=[copies_of(events[:20])])
    mailbox_with(simulator, [], "third@mail.example")

    refused = sign_in(member, PRIVATE)
    ticket = Ticket.objects.get()
    assert "Write to Support" in text(refused)
    said = {"reason": "other_calendar", "message": "I have left the firm's mail for good."}
    member.post(f"/move/tickets/{ticket.reference}/", said)
    assert "I want another calendar" in mailoutbox[-1].subject and "I have left the firm" in mailoutbox[-1].body

    # The page says what will become of the events before anyone can approve it.
    address = f"/admin/migration/ticket/{ticket.pk}/decide/approve_other_account/"
    asked = text(support.get(address))
    assert "the 24 synced events" in asked and "it is never created in Outlook" in asked
    decide(support, ticket, "approve_other_account", message="Approved.")
    assert "never created in Outlook by us" in mailoutbox[-1].body

    # The approval is for exactly this account: a third one is refused, and shifts nothing.
    sign_in(member, "third@mail.example")
    ada.refresh_from_db()
    assert ada.state == State.REAUTH_REQUIRED

    sign_in(member, PRIVATE)
    ticket.refresh_from_db()
    ada.refresh_from_db()
    assert (ticket.state, ticket.entries.last().action) == ("closed", "used")
    assert (ada.state, ada.account) == (State.MIGRATING, PRIVATE)
    drain()
    run = MigrationRun.objects.get()
    assert run.state == "done" and run.metadata_only
    assert (run.by_id, run.by_metadata, run.anomalies) == (0, 20, 4)
    assert set(Outcome.objects.exclude(how="").values_list("how", flat=True)) <= {"subject_times", "ical_uid"}
    # What was not found stays here, and nothing was created anywhere.
    assert SyncedEvent.objects.filter(link="anomaly").count() == 4 and not changes_in_outlook(simulator)


def test_the_same_mailbox_under_an_address_that_nothing_proves(simulator, ada, member, support):
    """The mailbox was renamed, its old address is gone, and there are too few old ids to tell by: in doubt, refused."""
    events = synced(ada, 3)
    mailbox_with(simulator, events, NEW)
    sign_in(member, NEW)
    ticket = Ticket.objects.get()
    assert (ticket.expected_address, ticket.other_address) == (ADA, NEW)

    decide(support, ticket, "approve_same_mailbox")
    assert "is the same mailbox" in text(member.get(f"/move/tickets/{ticket.reference}/"))
    sign_in(member, NEW)
    drain()
    ada.refresh_from_db()
    assert ada.state == State.GRAPH_SYNC and NEW in ada.other_addresses
    assert set(Outcome.objects.values_list("outcome", "how")) == {("id", "translated")}
    assert Ticket.objects.get().state == "closed" and not changes_in_outlook(simulator)


def test_an_approval_is_no_key_that_stays(simulator, ada, member, support):
    """Approved, taken back by the member's own doubt, and so of no use until support have read it."""
    mailbox_with(simulator, synced(ada, 3))
    mailbox_with(simulator, [], PRIVATE)
    sign_in(member, PRIVATE)
    ticket = Ticket.objects.get()
    decide(support, ticket, "approve_other_account")
    member.post(f"/move/tickets/{ticket.reference}/", {"message": "Wait, not that one!"})
    sign_in(member, PRIVATE)
    ada.refresh_from_db()
    assert ada.state == State.REAUTH_REQUIRED and not MigrationRun.objects.exists()


def copies_of(events) -> dict:
    there = [
        {
            "ref": f"copy-{event.uid}",
            "subject": event.subject,
            "start": {"dateTime": event.start, "timeZone": event.time_zone},
            "end": {"dateTime": event.end, "timeZone": event.time_zone},
        }
        for event in events
    ]
    return {"name": "Calendar", "default": True, "events": there}


def test_a_calendar_that_is_found_after_all(simulator, support, tmp_path, mailoutbox):
    """The run could not tell which calendar was in step: one ticket, not one anomaly; it closes when the move is made."""
    made = sample.calendar(10)
    simulator.mailbox(moving.ADDRESS, calendars=[{"name": "Calendar", "default": True, "events": []}])
    connection = moving.connection_with(made, tmp_path, is_default_calendar=False)
    run = moving.migrate(connection, simulator)
    ticket = Ticket.objects.get()
    assert (run.state, ticket.kind, Outcome.objects.count()) == ("failed", "calendar_not_found", 0)
    assert "Calendar not found" in mailoutbox[0].subject
    assert "which of your calendars" in text(browser(connection.member).get(f"/move/tickets/{ticket.reference}/"))

    # Somebody at the firm brings the calendar back; support press Retry.
    decide(support, ticket, "answer", message="Which calendar was it?")
    simulator.mailbox(moving.ADDRESS, calendars=[{"name": "Calendar", "default": True, "events": made.events}])
    page = support.get(f"/admin/migration/migrationrun/{run.pk}/change/").content.decode()
    assert f"/admin/migration/migrationrun/{run.pk}/retry/" in page
    support.post(f"/admin/migration/migrationrun/{run.pk}/retry/")
    drain()
    ticket.refresh_from_db()
    assert MigrationRun.objects.get().state == "done"
    assert (ticket.state, ticket.entries.last().action) == ("closed", "success")
