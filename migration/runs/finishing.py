"""The end of a run: outcomes are staged first, then one short transaction of set-based statements makes them true."""

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
from migration.matching import Anomaly, Candidate, Match, Matches
from migration.models import MigrationRun, Outcome
from migration.runs import staging
from migration.runs.saving import save

BATCH = 2000


def counters(result: Matches) -> dict[str, int]:
    by_id = sum(match.outcome == Outcome.Kind.ID for match in result.matched.values())
    return {
        "by_id": by_id,
        "by_metadata": len(result.matched) - by_id,
        "anomalies": len(result.anomalies),
    }


def finish(run: MigrationRun, lease: Lease, result: Matches) -> None:
    held = _held_appointments(run, result)
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


def _stage_outcomes(run: MigrationRun, result: Matches) -> None:
    Outcome.objects.filter(run=run).delete()
    blank = {**bulk.blank_columns(Outcome), "run_id": run.pk}
    keys = bulk.reserve(Outcome, len(result.matched) + len(result.anomalies))
    rows = [{**blank, "id": next(keys), **_matched(pk, match)} for pk, match in result.matched.items()]
    rows += [{**blank, "id": next(keys), **_anomaly(pk, anomaly)} for pk, anomaly in result.anomalies.items()]
    bulk.write_columns(Outcome, rows)


def _matched(pk: int, match: Match) -> dict[str, Any]:
    return {
        "synced_event_id": pk,
        "outcome": match.outcome,
        "how": match.how,
        "appointment_id": match.appointment_id,
        "calendar": "moved" if match.elsewhere else "synced",
    }


def _anomaly(pk: int, anomaly: Anomaly) -> dict[str, Any]:
    return {"synced_event_id": pk, "outcome": "anomaly", "reason": anomaly.reason}


def _link(run: MigrationRun) -> None:
    """Ids that change are emptied first: two rows may swap theirs, and each id belongs to one row at any time."""
    SyncedEvent.objects.filter(connection_id=run.connection_id, appointment_id__isnull=False).update(
        appointment_id=None, link=SyncedEvent.Link.OLD
    )
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


def _held_appointments(run: MigrationRun, result: Matches) -> list[HeldAppointment]:
    wanted = {one for anomaly in result.anomalies.values() for one in anomaly.candidates}
    shown = _shown(run, wanted) if wanted else {}
    return [
        HeldAppointment(
            connection_id=run.connection_id, synced_event_id=pk, appointment_id=one, shown=shown.get(one, {})
        )
        for pk, anomaly in result.anomalies.items()
        for one in anomaly.candidates
    ]


def _shown(run: MigrationRun, wanted: set[str]) -> dict[str, dict[str, Any]]:
    """What a person needs to choose between candidates; times are ISO text in UTC, dates where all-day."""
    return {one.id: _as_shown(one) for one in staging.candidates(run) if one.id in wanted}


def _as_shown(one: Candidate) -> dict[str, Any]:
    start, end = (_text(minutes, one.all_day) for minutes in (one.start, one.end))
    shown = {"subject": one.subject, "start": start, "end": end, "all_day": one.all_day, "location": one.location}
    return {name: value for name, value in shown.items() if value}


def _text(minutes: int | None, all_day: bool) -> str:
    if minutes is None:
        return ""
    moment = datetime.fromtimestamp(minutes * 60, UTC)
    return moment.date().isoformat() if all_day else moment.isoformat()
