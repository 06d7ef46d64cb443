"""A finished run with outcomes of every kind."""

from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from typing import Any

from calendars.models import CalendarConnection, HeldAppointment, SyncedEvent
from calendars.states import State
from migration.models import MigrationRun, Outcome
from tests.factories import NOW, ConnectionFactory, SyncedEventFactory

HOWS = ("translated", "ical_uid", "subject_times", "occurrence")


def run_of(connection: CalendarConnection | None = None, **fields: Any) -> MigrationRun:
    connection = connection or ConnectionFactory(state=State.GRAPH_SYNC, migrated_at=NOW)
    values = {"state": "done", "step": "done", "started_at": NOW, "finished_at": NOW} | fields
    return MigrationRun.objects.create(connection=connection, **values)


def found(run: MigrationRun, how: str = "translated", calendar: str = "synced", **event: Any) -> Outcome:
    synced = SyncedEventFactory(connection=run.connection, **event)
    return Outcome.objects.create(
        run=run, synced_event=synced, outcome="id" if how == "translated" else "metadata", how=how,
        appointment_id=f"A-{synced.pk}", calendar=calendar,
    )  # fmt: skip


def not_found(run: MigrationRun, *shown: dict[str, Any], reason: str = "not_found", **event: Any) -> Outcome:
    """`shown`: what each candidate shows."""
    synced = SyncedEventFactory(connection=run.connection, **event)
    for number, one in enumerate(shown):
        HeldAppointment.objects.create(
            connection=run.connection, synced_event=synced, appointment_id=f"H-{synced.pk}-{number}", shown=one
        )
    return Outcome.objects.create(run=run, synced_event=synced, outcome="anomaly", reason=reason)


def many(run: MigrationRun, count: int) -> None:
    """Found, matched and lost in turn, an hour apart; in a handful of statements."""
    first = datetime(2026, 1, 5, 9, tzinfo=UTC)
    events = SyncedEvent.objects.bulk_create(
        SyncedEvent(
            connection=run.connection, uid=f"many-{n}", subject=f"Matter {n}", start="", end="", time_zone="UTC",
            starts_at=first + timedelta(hours=n), ends_at=first + timedelta(hours=n + 1),
        )
        for n in range(count)
    )  # fmt: skip
    kinds = islice(cycle(["id", "metadata", "anomaly"]), count)
    Outcome.objects.bulk_create(
        Outcome(run=run, synced_event=event, outcome="anomaly", reason="ambiguous")
        if kind == "anomaly"
        else Outcome(
            run=run, synced_event=event, outcome=kind, calendar="synced", appointment_id=f"A-{event.pk}",
            how="translated" if kind == "id" else "subject_times",
        )
        for event, kind in zip(events, kinds, strict=True)
    )  # fmt: skip
    HeldAppointment.objects.bulk_create(
        HeldAppointment(connection=run.connection, synced_event=event, appointment_id=f"H-{event.pk}", shown={})
        for event in events[2::3]
    )
