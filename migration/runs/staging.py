"""What a run has read so far, as rows that outlive its worker, and as the records that matching takes."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from calendars import recurrence
from calendars.graph.appointments import Appointment, Series
from calendars.models import SyncedEvent
from migration.matching import Candidate, Known
from migration.models import ListedAppointment, MigrationRun, TranslatedId

BATCH = 2000
OTHER = "other"
SERIES = "series"


def stage_page(run: MigrationRun, reading: str, appointments: Iterable[Appointment]) -> int:
    """Stages a page; what an earlier page, or the same page read again, already brought is left. Returns its size."""
    rows = [
        ListedAppointment(run=run, reading=reading, appointment_id=one.id, fields=_fields(one)) for one in appointments
    ]
    ListedAppointment.objects.bulk_create(rows, batch_size=BATCH, ignore_conflicts=True)
    return len(rows)


def stage_series(run: MigrationRun, read: dict[str, Series | None]) -> None:
    rows = [
        ListedAppointment(run=run, reading=SERIES, appointment_id=master, fields=_series_fields(one))
        for master, one in read.items()
    ]
    ListedAppointment.objects.bulk_create(rows, ignore_conflicts=True)


def series_read(run: MigrationRun) -> set[str]:
    rows = ListedAppointment.objects.filter(run=run, reading=SERIES)
    return set(rows.values_list("appointment_id", flat=True))


def discard(run: MigrationRun) -> None:
    """What was staged is needed no more, or has to be read anew."""
    ListedAppointment.objects.filter(run=run).delete()
    TranslatedId.objects.filter(run=run).delete()


def discard_ended() -> None:
    """What a worker killed right after a run's end left behind."""
    for model in (ListedAppointment, TranslatedId):
        model.objects.filter(run__state__in=MigrationRun.ENDED).delete()


def ids_of(run: MigrationRun, reading: str) -> set[str]:
    rows = ListedAppointment.objects.filter(run=run, reading=reading)
    return set(rows.values_list("appointment_id", flat=True))


def stage_translations(run: MigrationRun, events: Iterable[tuple[int, str]], new_ids: dict[str, str]) -> None:
    """`events`: primary key and old id."""
    rows = [
        TranslatedId(run=run, synced_event_id=pk, appointment_id=new_ids[old]) for pk, old in events if old in new_ids
    ]
    TranslatedId.objects.bulk_create(rows, batch_size=BATCH, ignore_conflicts=True)


def old_ids_after(run: MigrationRun, pk: int, limit: int) -> list[tuple[int, str]]:
    rows = SyncedEvent.objects.filter(connection_id=run.connection_id, pk__gt=pk, ews_id__isnull=False).order_by("pk")
    return [(key, old or "") for key, old in rows.values_list("pk", "ews_id")[:limit]]


def known(run: MigrationRun) -> list[Known]:
    translated = dict(TranslatedId.objects.filter(run=run).values_list("synced_event_id", "appointment_id"))
    rows = SyncedEvent.objects.filter(connection_id=run.connection_id).values_list(
        "pk", "uid", "subject", "starts_at", "ends_at", "all_day", "location", "ical_uid",
        "series_id", "original_starts_at", "rrule", "start", "time_zone",
    )  # fmt: skip
    return [
        Known(
            pk=pk, uid=uid, subject=subject, start=start, end=end, all_day=all_day, location=location,
            ical_uid=ical_uid, series=series, original_start=original,
            pattern=recurrence.comparable(rrule, wall, zone), translated=translated.get(pk, ""),
        )
        for pk, uid, subject, start, end, all_day, location, ical_uid, series, original, rrule, wall, zone
        in rows.iterator(chunk_size=BATCH)
    ]  # fmt: skip


def candidates(run: MigrationRun) -> list[Candidate]:
    """Every appointment of every reading once; one seen in the synced calendar is there, wherever else it was seen."""
    found: dict[str, Candidate] = {}
    rows = ListedAppointment.objects.filter(run=run).values_list("reading", "appointment_id", "fields")
    for reading, appointment_id, fields in rows.iterator(chunk_size=BATCH):
        if reading == SERIES:
            for one in fields["exceptions"]:
                found[one["id"]] = _candidate(one["id"], one, series=appointment_id)
        elif appointment_id not in found or reading != OTHER:
            found[appointment_id] = _candidate(appointment_id, fields, elsewhere=reading == OTHER)
    return list(found.values())


def _fields(one: Appointment) -> dict[str, Any]:
    """By name, without what is empty; written out because this runs for every appointment of a calendar."""
    fields = {
        "kind": one.kind,
        "subject": one.subject,
        "start": one.start and one.start.isoformat(),
        "end": one.end and one.end.isoformat(),
        "all_day": one.all_day,
        "location": one.location,
        "pattern": one.pattern,
        "ical_uid": one.ical_uid,
        "original_start": one.original_start and one.original_start.isoformat(),
    }
    return {name: value for name, value in fields.items() if value}


def _series_fields(series: Series | None) -> dict[str, Any]:
    """An empty list where the master is gone: it has been asked, and is not asked again."""
    if series is None:
        return {"exceptions": [], "cancelled": []}
    return {
        "exceptions": [{"id": one.id, **_fields(one)} for one in series.exceptions],
        "cancelled": [date.isoformat(day) for day in series.cancelled],
    }


def _candidate(appointment_id: str, fields: dict[str, Any], *, elsewhere: bool = False, series: str = "") -> Candidate:
    return Candidate(
        id=appointment_id,
        kind=fields.get("kind", ""),
        subject=fields.get("subject", ""),
        start=_moment(fields.get("start")),
        end=_moment(fields.get("end")),
        all_day=fields.get("all_day", False),
        location=fields.get("location", ""),
        pattern=fields.get("pattern", ""),
        ical_uid=fields.get("ical_uid", ""),
        elsewhere=elsewhere,
        series=series,
        original_start=_moment(fields.get("original_start")),
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
