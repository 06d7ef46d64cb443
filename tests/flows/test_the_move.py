"""A calendar moves (R5, R8, R9, R10, R14): from the login over Microsoft's page and the worker to the report and the help.

Told over HTTP with the simulated Microsoft. Not yet behind it: the sync after the move, so that an event without a
counterpart is seen here to stay as it is, and not yet to be left alone by every later sync.
"""

import csv
import io
import json
import re
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.test import Client

from calendars.models import CalendarConnection, Event, SyncedEvent
from calendars.states import State
from migration import tasks
from migration.models import MigrationRun
from tests import queue, sample
from tests.factories import NOW, PASSWORD, ConnectionFactory, FirmFactory
from tests.migration import moving
from tests.migration.sign_in_steps import at_microsoft, browser, page, to_microsoft
from tests.simulator.client import Simulator

pytestmark = pytest.mark.django_db
ADA = moving.ADDRESS


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture
def made(simulator: Simulator) -> sample.Sample:
    """Series with edited occurrences, all-day events, two deleted in Outlook, three known by subject and times alone."""
    made = sample.calendar(90, deleted=2, renumbered=3)
    moving.mailbox(simulator, made.events)
    return made


@pytest.fixture
def ada(made: sample.Sample, tmp_path: Any) -> CalendarConnection:
    connection = moving.connection_with(made, tmp_path, member__firm=FirmFactory(flagged=True))
    connection.refresh_from_db()
    return connection


def to_the_progress_page(connection: CalendarConnection) -> tuple[Client, str]:
    """Logs in, follows the steps on the screen, and comes back from Microsoft."""
    client = browser()
    fields = {"login": connection.member.email, "password": PASSWORD}
    prompt = client.post("/accounts/login/", fields, follow=True)
    assert prompt.redirect_chain[-1][0] == "/move/"
    back = client.get(at_microsoft(to_microsoft(client), ADA), follow=True)
    address = back.redirect_chain[-1][0]
    assert address.startswith("/move/runs/")
    return client, address


def figures(text: str) -> list[str]:
    """By id, by subject and times, not found, to go; as the page shows them."""
    return re.findall(r"<dd>([\d,]+)</dd>", text)[:4]


@pytest.mark.usefixtures("no_daily_sync")
def test_from_the_login_to_the_report(
    ada: CalendarConnection, made: sample.Sample, simulator: Simulator, settings: Any
) -> None:
    before = json.dumps(simulator.get_mailbox(ADA), sort_keys=True)
    events = list(Event.objects.order_by("pk").values())
    settings.TASK_SECONDS = 0

    # The page comes at once; the work is the worker's, and goes on whether or not anybody looks.
    client, address = to_the_progress_page(ada)
    progress = page(client.get(address))
    assert figures(progress) == ["0", "0", "0", "90"]
    assert "Nothing in Outlook has been changed" in progress and "You may close this page" in progress
    assert f'hx-get="{address}status/"' in progress

    # Each task does a step and hands on. One is lost with its worker, one comes twice: the end is the same.
    run = MigrationRun.objects.get()
    tasks.advance_run(run.pk, run.turn)
    tasks.advance_run(run.pk, run.turn)
    assert client.get(f"{address}status/").status_code == 200
    queue.drain()

    done = client.get(f"{address}status/")
    assert done.status_code == 286
    assert figures(page(done)) == ["85", "3", "2", "0"]
    assert "88 of your 90 events were found in Outlook. 2 were not: they stay here" in page(client.get("/"))
    assert CalendarConnection.objects.get().state == State.GRAPH_SYNC

    # The report says of each event what became of it, and what that was known by.
    report = page(client.get(f"{address}report/"))
    assert "2 events not found in Outlook" in report and "Nothing is created in Outlook again" in report
    missing = client.get(f"{address}report/", {"outcome": "anomaly"}).content.decode()
    subjects = {line["uid"]: line["subject"] for line in made.lines}
    for uid in made.deleted:
        assert subjects[uid] in missing
    assert missing.count("No appointment like it is in Outlook") == 2
    sought = page(client.get(f"{address}report/", {"q": subjects[made.renumbered[0]]}))
    assert "Subject, start and end showed which one it is" in sought and "1 event with" in sought
    download = b"".join(client.get(f"{address}report.csv").streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    rows = {row["uid"]: row["outcome"] for row in csv.DictReader(io.StringIO(download))}
    assert {uid for uid, outcome in rows.items() if outcome == "anomaly"} == set(made.deleted)
    assert {uid for uid, outcome in rows.items() if outcome == "metadata"} == set(made.renumbered)
    assert len(rows) == 90

    # Nothing was created, changed or doubled, on either side.
    assert json.dumps(simulator.get_mailbox(ADA), sort_keys=True) == before
    assert simulator.outbox() == []
    assert list(Event.objects.order_by("pk").values()) == events
    linked = SyncedEvent.objects.exclude(appointment_id=None).values_list("appointment_id", flat=True)
    assert len(linked) == len(set(linked)) == 88


def test_who_only_asks_for_what_is_theirs_finds_it_and_nobody_else_does(ada: CalendarConnection) -> None:
    _, address = to_the_progress_page(ada)
    other = ConnectionFactory(member__email="ben@harperwolfe.example").member
    for path in (address, f"{address}status/", f"{address}report/", f"{address}report.csv"):
        assert browser(other).get(path).status_code == 404
        assert browser(ada.member).get(path).status_code == 200


def test_an_outage_in_the_middle_is_waited_for_and_said(ada: CalendarConnection, simulator: Simulator) -> None:
    """R10: with the work so far kept, and nothing for the member to do."""
    client, address = to_the_progress_page(ada)
    simulator.fault(path="/events", status=503, headers={"Retry-After": "300"}, count=1)
    queue.drain()
    waiting = page(client.get(address))
    assert "Microsoft is very busy at the moment, so we wait until" in waiting
    assert "The move then goes on by itself" in waiting
    with time_machine.travel(NOW, tick=True) as clock:
        clock.shift(600)
        assert tasks.sweep_runs() == 1
        queue.drain()
        assert client.get(f"{address}status/").status_code == 286


@pytest.mark.parametrize("where", ["/", "/move/", "report/"])
def test_the_answers_are_a_click_away(ada: CalendarConnection, where: str) -> None:
    """R14: from the dashboard, the prompt and the report, and from each answer to the others."""
    client, address = to_the_progress_page(ada)
    if where != "/":
        MigrationRun.objects.update(state="waiting", wait_reason="grant")
    links = set(re.findall(r'href="(/help/[^"]+)"', page(client.get(address + where if where == "report/" else where))))
    assert "/help/calendar-sync/" in links
    overview = page(client.get("/help/calendar-sync/"))
    for question in (
        "What changes, and why", "When it happens", "Do I have to do anything?", "I use Google Calendar",
        "Re-sync an Office 365 calendar", "Re-sync a Google calendar", "Events that were not found",
    ):  # fmt: skip
        assert question in overview
    for link in links | set(re.findall(r'href="(/help/[^"]+)"', overview)):
        assert client.get(link).status_code == 200


def test_the_outside_world_reads_the_same(ada: CalendarConnection, made: sample.Sample, capsys: Any) -> None:
    to_the_progress_page(ada)
    queue.drain()
    call_command("export_links", ADA)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {line["uid"] for line in lines} == set(made.truth)
    assert {line["uid"] for line in lines if line["outcome"] == "anomaly"} == set(made.deleted)
