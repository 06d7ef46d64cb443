"""What becomes of the events when support approve the move to another mailbox: docs/decisions/approved-move.md, row by row."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from calendars.models import CalendarConnection, Event, HeldAppointment, SyncedEvent
from calendars.states import State
from migration import tickets
from migration.models import MigrationRun, Outcome, Ticket
from migration.ticket_states import Cause
from tests import queue
from tests.factories import NOW, StaffFactory, SyncedEventFactory
from tests.migration.sign_in_steps import ADA, browser, connection_of, mailbox_with, sign_in
from tests.migration.visiting import text
from tests.simulator.client import Simulator

pytestmark = pytest.mark.django_db
OTHER = "ada.private@mail.example"


def copy(event: SyncedEvent, ref: str, **changes: Any) -> dict[str, Any]:
    """The same event in the other mailbox: another id, another calendar identifier."""
    there = {"subject": event.subject, "start": event.start, "end": event.end} | changes
    zone = {"timeZone": event.time_zone}
    there |= {side: {"dateTime": there[side], **zone} for side in ("start", "end")}
    return {"ref": ref, **there}


def at(connection: CalendarConnection, subject: str, day: int) -> SyncedEvent:
    """An event at nine on a day of its own, so that none is like another."""
    start = datetime(2026, 12, day, 14, 0, tzinfo=UTC)
    fields = {"start": f"2026-12-{day:02}T09:00:00", "end": f"2026-12-{day:02}T10:00:00",
              "starts_at": start, "ends_at": start + timedelta(hours=1), "subject": subject}  # fmt: skip
    return SyncedEventFactory(connection=connection, **{f"event__{name}": value for name, value in fields.items()})


@pytest.fixture
def moved(simulator: Simulator) -> dict[str, Any]:
    """One event for each row of the table, moved; what was in either mailbox before, and the run."""
    with time_machine.travel(NOW, tick=True):
        connection = connection_of()
        names = ("same", "invited", "gone", "twice", "nearly", "deleted")
        events = {name: at(connection, name.title(), day) for day, name in enumerate(names, 1)}
        SyncedEvent.objects.filter(pk=events["invited"].pk).update(ical_uid="040000008200E0-SHARED")
        events["deleted"].event.delete()
        SyncedEvent.objects.filter(pk=events["deleted"].pk).update(deleted_at=timezone.now())
        mailbox_with(simulator, list(events.values()))
        there = [
            copy(events["same"], "same"),
            copy(events["invited"], "invited", subject="Renamed there", iCalUId="040000008200E0-SHARED"),
            copy(events["twice"], "twice-1"), copy(events["twice"], "twice-2"),
            copy(events["nearly"], "nearly", start="2026-12-20T09:00:00", end="2026-12-20T10:00:00"),
            copy(events["deleted"], "deleted"),
            copy(events["same"], "theirs", subject="Never synced", start="2026-12-24T09:00:00", end="2026-12-24T10:00:00"),
        ]  # fmt: skip
        simulator.mailbox(OTHER, calendars=[{"name": "Calendar", "default": True, "events": there}])
        client = browser(connection.member)
        sign_in(client, OTHER)
        ticket = Ticket.objects.get()
        tickets.decide(ticket, Cause.APPROVE_OTHER_ACCOUNT, actor=StaffFactory(), turn=ticket.turn, now=timezone.now())
        before = {address: json.dumps(simulator.get_mailbox(address), sort_keys=True) for address in (ADA, OTHER)}
        ours, since = list(Event.objects.order_by("pk").values()), len(simulator.journal())
        sign_in(client, OTHER)
        queue.drain()
        run = MigrationRun.objects.get()
        assert run.state == "done" and run.metadata_only
    return {"run": run, "client": client, "before": before, "ours": ours, "since": since, "events": events}


def outcome(moved: dict[str, Any], name: str) -> Outcome:
    return Outcome.objects.get(synced_event=moved["events"][name])


def test_each_event_becomes_what_the_table_says(simulator: Simulator, moved: dict[str, Any]) -> None:
    found = {name: (one := outcome(moved, name)).how or one.reason for name in moved["events"]}
    assert found == {
        "same": "subject_times", "invited": "ical_uid",
        "gone": "not_found", "twice": "ambiguous", "nearly": "not_found", "deleted": "deleted_here",
    }  # fmt: skip
    run = moved["run"]
    assert (run.by_id, run.by_metadata, run.anomalies, run.total) == (0, 2, 4, 6)
    refs = {event["immutableId"]: event["ref"] for event in simulator.get_mailbox(OTHER)["calendars"][0]["events"]}
    held = {(row.synced_event.subject, refs[row.appointment_id]) for row in HeldAppointment.objects.all()}
    assert held == {("Twice", "twice-1"), ("Twice", "twice-2"), ("Nearly", "nearly"), ("Deleted", "deleted")}
    links = dict(SyncedEvent.objects.values_list("subject", "link"))
    assert {subject for subject, link in links.items() if link == "linked"} == {"Same", "Invited"}


def test_neither_mailbox_is_changed_and_the_old_one_is_not_even_asked(
    simulator: Simulator, moved: dict[str, Any]
) -> None:
    after = {address: json.dumps(simulator.get_mailbox(address), sort_keys=True) for address in (ADA, OTHER)}
    assert after == moved["before"] and simulator.outbox() == []
    lines = simulator.journal(since=moved["since"])
    assert ADA not in {line["mailbox"] for line in lines}
    assert [line["operation"] for line in lines].count("translate") == 1, "as evidence of the sign-in, not by the run"
    assert list(Event.objects.order_by("pk").values()) == moved["ours"]


def test_the_connection_is_the_other_account_s_and_every_old_id_stays_known(moved: dict[str, Any]) -> None:
    connection = CalendarConnection.objects.get()
    assert (connection.state, connection.account, connection.other_addresses) == (State.GRAPH_SYNC, OTHER, [])
    ids = set(SyncedEvent.objects.values_list("ews_id", flat=True))
    assert ids == {event.ews_id for event in moved["events"].values()}


def test_the_member_reads_what_became_of_each(moved: dict[str, Any]) -> None:
    report = text(moved["client"].get(f"/move/runs/{moved['run'].pk}/report/?outcome=anomaly"))
    for words in ("No appointment like it is in Outlook", "Several appointments in Outlook fit equally well",
                  "It was deleted here, and what is like it in Outlook is left alone"):  # fmt: skip
        assert words in report, words
