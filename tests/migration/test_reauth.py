"""The sign-in with Microsoft, over HTTP: who is accepted, what that changes, and what a refusal leaves as it was."""

import json
from typing import Any

import pytest
from django.core import mail

from calendars import grants
from calendars.models import CalendarConnection, Grant
from calendars.states import State
from firms.models import AuditEntry
from migration.models import MigrationRun, SignInAttempt, Ticket
from tests.factories import NOW, ConnectionFactory
from tests.migration.sign_in_steps import (
    ADA,
    MALLORY,
    asked,
    at_microsoft,
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
    assert not run.metadata_only
    assert set(AuditEntry.objects.values_list("action", flat=True)) >= {"connection.same_mailbox", "sign_in.accepted"}
