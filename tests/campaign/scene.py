"""One member in the middle of the move, again and again: each variant of a run begins in the same state, and what it left
is taken back. The simulated mailbox is never changed, so that every end can be compared with every other, ids and all."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.db import transaction
from django.utils import timezone

from calendars.models import CalendarConnection, HeldAppointment, SyncedEvent
from migration.models import MigrationRun, StagedPage, Ticket
from tests import sample
from tests.migration import moving
from tests.simulator.client import Control

READING = ("/translateExchangeIds", "/$batch", "/token")


class _TakenBack(Exception):
    """Ends a variant's transaction without a trace."""


@contextmanager
def taken_back() -> Iterator[None]:
    try:
        with transaction.atomic():
            yield
            raise _TakenBack
    except _TakenBack:
        pass


def seed(simulator: Control, folder: Path) -> CalendarConnection:
    """Singles, whole days, series with edited and cancelled occurrences; some deleted, some that only subject and times
    find; and a second calendar, so that a run has something to ask for in every way it can."""
    made = sample.calendar(48, deleted=3, renumbered=3, every_series=9)
    simulator.mailbox(
        moving.ADDRESS,
        calendars=[
            {"name": "Calendar", "default": True, "events": made.events[:-2]},
            {"name": "Matters", "events": made.events[-2:]},
        ],
    )
    return moving.connection_with(made, folder)


def final_state(run: MigrationRun) -> dict[str, Any]:
    """Everything a run leaves, in words that do not depend on when it did so, nor on how many tries it took."""
    run = MigrationRun.objects.select_related("connection").get(pk=run.pk)
    connection, links = run.connection, StringIO()
    call_command("export_links", connection.account, stdout=links)
    events = SyncedEvent.objects.filter(connection=connection)
    held = HeldAppointment.objects.filter(connection=connection)
    return {
        "run": {name: getattr(run, name) for name in ("state", "total", "by_id", "by_metadata", "anomalies")},
        "connection": {name: getattr(connection, name) for name in ("state", "calendar_id", "stopped_at")},
        "held by a worker": connection.lease_owner != "" and connection.lease_until > timezone.now(),
        "links": sorted(links.getvalue().splitlines()),
        "events": sorted(events.values_list("uid", "link", "appointment_id", "calendar", "ews_id")),
        "held": sorted((uid, one, json.dumps(shown, sort_keys=True)) for uid, one, shown in
                       held.values_list("synced_event__uid", "appointment_id", "shown")),
        "left": (StagedPage.objects.count(), Ticket.objects.count()),
    }  # fmt: skip


def changing(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The requests that could have changed something in Outlook; items of batches stand in the journal on their own."""
    return [line for line in lines if line["method"] != "GET" and not line["path"].endswith(READING)]
