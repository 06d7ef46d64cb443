"""The end of a run: outcomes are staged first, then one short transaction of set-based statements makes them true."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from django.db import connection as database
from django.db import transaction
from django.utils import timezone

from calendars import bulk, connections, leases
from calendars.leases import Lease
from calendars.models import CalendarConnection, Grant, HeldAppointment, SyncedEvent
from calendars.states import Cause
from migration import tickets
from migration.matching import SETTLED, Anomaly, Candidate, Matches
from migration.models import MigrationRun, Outcome
from migration.runs import staging
from migration.runs.saving import save

BATCH = 2000
COLUMNS = ("run_id", "synced_event_id", "outcome", "how", "reason", "appointment_id", "calendar")


def counters(result: Matches) -> dict[str, int]:
    by_id = sum(match.outcome == Outcome.Kind.ID for match in result.matched.values())
    return {
        "by_id": len(result.settled.matched) + by_id,
        "by_metadata": len(result.matched) - by_id,
        "anomalies": len(result.anomalies),
    }


def finish(run: MigrationRun, lease: Lease, result: Matches, candidates: Iterable[Candidate]) -> None:
    if run.metadata_only:
        _leave_deleted(run, result)
    held = _held_appointments(run, result, candidates)
    save(run, lease, lambda: _stage_outcomes(run, result))
    with transaction.atomic():
        leases.hold(lease)
        connection = CalendarConnection.objects.select_related("member").get(pk=run.connection_id)
        _link(run)
        HeldAppointment.objects.filter(connection=connection).delete()
        HeldAppointment.objects.bulk_create(held, batch_size=BATCH)
        now = timezone.now()
        save(run, lease, state=MigrationRun.State.DONE, finished_at=now, cursor={}, **counters(result))
        # Nothing leads back to the old sync from here, so its tokens have no use any more.
        Grant.objects.filter(connection=connection, service=Grant.Service.EWS).delete()
        connections.move(connection, Cause.RUN_DONE, actor=None, now=now, stopped_at=None, migrated_at=now)
        tickets.close_after_success(connection, now=now)
    run.connection = connection
    staging.discard(run)


def _leave_deleted(run: MigrationRun, result: Matches) -> None:
    """In another account a UID, too, is enough to keep an event in step with an appointment, and not to delete that: what
    was deleted here holds it, so that it is not brought back either."""
    deleted = SyncedEvent.objects.filter(connection=run.connection_id, deleted_at__isnull=False)
    for pk in deleted.values_list("pk", flat=True):
        if match := result.matched.pop(pk, None):
            result.anomalies[pk] = Anomaly(Outcome.Reason.DELETED_HERE, (match.appointment_id,))


def _stage_outcomes(run: MigrationRun, result: Matches) -> None:
    Outcome.objects.filter(run=run).delete()
    bulk.write_values(Outcome, COLUMNS, _outcomes(run.pk, result))


def _outcomes(run: int, result: Matches) -> Iterator[tuple[Any, ...]]:
    """In the order of COLUMNS. Sorted: the transaction that ends the run changes the events in this order, and rows that
    lie side by side cost the database two thirds of what it takes to jump to and fro."""
    for pk, appointment in sorted(result.settled.matched.items()):
        yield run, pk, *SETTLED, "", appointment, "synced"
    for pk, match in result.matched.items():
        yield run, pk, match.outcome, match.how, "", match.appointment_id, "moved" if match.elsewhere else "synced"
    for pk, anomaly in result.anomalies.items():
        yield run, pk, "anomaly", "", anomaly.reason, "", ""


def _link(run: MigrationRun) -> None:
    """Ids that change are emptied first: two rows may swap theirs, and each id belongs to one row at any time. What was
    decided about the anomalies of an earlier run, in another account, says nothing of this one."""
    rows = SyncedEvent.objects.filter(connection_id=run.connection_id)
    rows.filter(appointment_id__isnull=False).update(appointment_id=None, link=SyncedEvent.Link.OLD)
    rows.filter(kept_here=True).update(kept_here=False)
    with database.cursor() as cursor:
        cursor.execute(
            """
            UPDATE calendars_syncedevent
            SET link = CASE o.outcome WHEN 'anomaly' THEN 'anomaly' ELSE 'linked' END,
                appointment_id = CASE o.outcome WHEN 'anomaly' THEN NULL ELSE o.appointment_id END,
                calendar = CASE o.calendar WHEN '' THEN calendars_syncedevent.calendar ELSE o.calendar END
            FROM migration_outcome o
            WHERE o.run_id = %s AND o.synced_event_id = calendars_syncedevent.id
            """,
            [run.pk],
        )


def _held_appointments(run: MigrationRun, result: Matches, candidates: Iterable[Candidate]) -> list[HeldAppointment]:
    """With what a person needs to choose between them."""
    wanted = {one for anomaly in result.anomalies.values() for one in anomaly.candidates}
    shown = {one.id: _as_shown(one) for one in candidates if one.id in wanted}
    return [
        HeldAppointment(connection_id=run.connection_id, synced_event_id=pk, appointment_id=one, shown=shown[one])
        for pk, anomaly in result.anomalies.items()
        for one in anomaly.candidates
    ]


def _as_shown(one: Candidate) -> dict[str, Any]:
    """Times are ISO text in UTC, dates where all-day."""
    start, end = (_text(minutes, one.all_day) for minutes in (one.start, one.end))
    shown = {
        "subject": one.subject, "start": start, "end": end, "all_day": one.all_day, "location": one.location,
        "pattern": one.pattern, "occurrence": bool(one.series),
    }  # fmt: skip
    return {name: value for name, value in shown.items() if value}


def _text(minutes: int | None, all_day: bool) -> str:
    if minutes is None:
        return ""
    moment = datetime.fromtimestamp(minutes * 60, UTC)
    return moment.date().isoformat() if all_day else moment.isoformat()
