"""Ada's firm moves (R3, R5, R6, R7): from the login over Microsoft's page to the run, with a wrong account on the way.

Told over HTTP. The migration itself and what support does in the admin are told elsewhere.
"""

import re
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from calendars.models import Grant
from calendars.states import State
from migration.models import MigrationRun, Ticket
from tests.factories import PASSWORD, ConnectionFactory, FirmFactory, MemberFactory
from tests.flows.steps import log_in, pick, press_the_button
from tests.migration.sign_in_steps import (
    ADA,
    MALLORY,
    held,
    mailbox_with,
    page,
    synced,
)
from tests.simulator.client import Simulator

pytestmark = pytest.mark.django_db


def test_a_wrong_account_first_and_then_the_right_one(
    simulator: Simulator, django_capture_on_commit_callbacks: Any
) -> None:
    member = MemberFactory(email=ADA, firm=FirmFactory(flagged=True))
    connection = ConnectionFactory(member=member)
    events = synced(connection, 30)
    mailbox_with(simulator, events)
    simulator.mailbox(MALLORY)

    # The login stops the old sync and ends at the prompt.
    client, prompt = log_in(member)
    assert prompt.redirect_chain[-1][0].startswith("/move/")
    connection.refresh_from_db()
    assert connection.state == State.REAUTH_REQUIRED
    before = held(connection)

    # She picks her private account by mistake.
    back = pick(press_the_button(client, prompt), MALLORY)
    with django_capture_on_commit_callbacks(execute=True):
        wrong = client.get(back, follow=True)
    ticket = Ticket.objects.get()
    text = page(wrong)
    assert all(word in text for word in (ADA, MALLORY, ticket.reference, "support@caretsync.example"))
    assert "Nothing was changed" in text
    assert held(connection) == before
    assert [one.to for one in mail.outbox] == [["support@caretsync.example"]]

    # Everything the page offers is there.
    for link in re.findall(r'<a[^>]+href="(/[^"]*)"', wrong.content.decode()):
        assert client.get(link, follow=True).status_code == 200, link

    # The page's button leads back to Microsoft, and this time it is the right account.
    back = pick(press_the_button(client, wrong), ADA)
    right = client.get(back, follow=True)
    run = MigrationRun.objects.get()
    assert right.redirect_chain[-1][0] == f"/move/runs/{run.pk}/"
    connection.refresh_from_db()
    ticket.refresh_from_db()
    assert (connection.state, ticket.state) == (State.MIGRATING, Ticket.State.CLOSED)
    assert Grant.objects.filter(connection=connection, service="graph").count() == 1

    # Nothing in Outlook was touched by all this, and nobody got a mail from Outlook.
    posted = {line["path"].rpartition("/")[2] for line in simulator.journal() if line["method"] != "GET"}
    assert posted == {"authorize", "token", "translateExchangeIds"}
    assert simulator.outbox() == []

    # Another login shows no prompt any more.
    _, dashboard = log_in(member)
    assert dashboard.redirect_chain[-1][0] == "/"


def test_not_signing_in_and_coming_back_later(simulator: Simulator) -> None:
    member = MemberFactory(email=ADA, firm=FirmFactory(flagged=True))
    connection = ConnectionFactory(member=member)
    mailbox_with(simulator, synced(connection, 3))
    client, prompt = log_in(member)
    before = held(connection)
    back = pick(press_the_button(client, prompt), cancel="1")
    cancelled = client.get(back, follow=True)
    assert "You cancelled the sign-in" in page(cancelled)
    assert held(connection) == before
    # From the very page that told her so.
    back = pick(press_the_button(client, cancelled), ADA)
    assert client.get(back, follow=True).redirect_chain[-1][0].startswith("/move/runs/")


def test_the_session_ends_while_she_is_pick(simulator: Simulator) -> None:
    member = MemberFactory(email=ADA, firm=FirmFactory(flagged=True))
    connection = ConnectionFactory(member=member)
    mailbox_with(simulator, synced(connection, 3))
    client, prompt = log_in(member)
    back = pick(press_the_button(client, prompt), ADA)
    client.logout()
    login = client.get(back, follow=True)
    assert "code=" not in login.redirect_chain[-1][0]
    next_page = re.search(r'name="next" value="([^"]+)"', login.content.decode())
    assert next_page
    client = Client(headers={"host": "localhost"})
    fields = {"login": ADA, "password": PASSWORD, "next": next_page[1]}
    explained = client.post("/accounts/login/", fields, follow=True)
    assert "You were signed out here in the meantime" in page(explained)
    back = pick(press_the_button(client, explained), ADA)
    assert client.get(back, follow=True).redirect_chain[-1][0].startswith("/move/runs/")
