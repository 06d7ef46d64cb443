"""What a run has read so far, as rows that outlive its worker, and as the records that matching takes.

Parts: "1" the first full reading of the synced calendar, "2", … what later ones found besides; "other 0", … the
mailbox's other calendars, "other by id" what only asking for an id gave; "seen …" the ids that such a reading saw, or
that were asked for; "ids" translated ids; "series" edited occurrences; "slots" occurrences looked for one by one.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from django.db.models import Func, IntegerField

from calendars import recurrence
from calendars.graph.appointments import Appointment, Series
from calendars.graph.client import Slot
from calendars.models import SyncedEvent
from migration.matching import Candidate, Known
from migration.models import MigrationRun, StagedPage

OTHER = "other"
SEEN = "seen"
BY_ID = f"{OTHER} by id"
IDS = "ids"
SERIES = "series"
SLOTS = "slots"
# Columns of `_row`: the fields of Candidate up to `original_start`, in their order.
Row = list[Any]


def stage_page(run: MigrationRun, part: str, number: int, appointments: Iterable[Appointment]) -> None:
    _stage(run, part, number, [_row(one) for one in appointments])


def stage_ids(run: MigrationRun, part: str, number: int, ids: Iterable[str]) -> None:
    _stage(run, f"{SEEN} {part}", number, list(ids))


def stage_series(run: MigrationRun, number: int, read: dict[str, Series | None]) -> None:
    _stage(run, SERIES, number, [(master, _occurrences(found)) for master, found in read.items()])


def _occurrences(found: Series | None) -> tuple[list[Sequence[Any]], list[int]] | None:
    """Edited ones, and starts of cancelled ones."""
    return ([_row(one) for one in found.exceptions], [_minutes(one) for one in found.cancelled]) if found else None


def stage_by_id(run: MigrationRun, number: int, read: dict[str, Appointment | None]) -> None:
    """What no list had; that an id was asked for is kept of all."""
    stage_page(run, BY_ID, number, [one for one in read.values() if one])
    stage_ids(run, BY_ID, number, read)


def stage_slots(run: MigrationRun, number: int, read: dict[Slot, list[Appointment]]) -> None:
    """Of what was seen around each slot, the occurrence that is its own, or None."""
    found = []
    for (master, moment), seen in read.items():
        start = _minutes(moment)
        found.append(((master, start), next((row for row in map(_row, seen) if row[-1] == start), None)))
    _stage(run, SLOTS, number, found)


def stage_translations(
    run: MigrationRun, number: int, events: Iterable[tuple[int, str]], new_ids: dict[str, str]
) -> None:
    """`events`: primary key and old id."""
    _stage(run, IDS, number, [(pk, new_ids[old]) for pk, old in events if old in new_ids])


def discard(run: MigrationRun) -> None:
    """What was staged is needed no more, or has to be read anew."""
    StagedPage.objects.filter(run=run).delete()


def discard_ended() -> None:
    """What a worker killed right after a run's end left behind."""
    StagedPage.objects.filter(run__state__in=MigrationRun.ENDED).delete()


@dataclass
class Asked:
    """Series, or slots of series, that were asked for: what each gave, and how often others gave nothing."""

    found: dict[Any, Any] = field(default_factory=dict)
    nothing: Counter[Any] = field(default_factory=Counter)

    @property
    def number(self) -> int:
        return len(self.found) + self.nothing.total()

    def open(self, wanted: Iterable[Any], *, again: bool) -> list[Any]:
        """Those not asked for yet; `again`: those too that gave nothing the one time. Absence counts when seen twice."""
        return sorted(one for one in wanted if one not in self.found and self.nothing[one] < (2 if again else 1))


def series_asked(run: MigrationRun) -> Asked:
    """By id of the master: rows of its edited occurrences, and starts of its cancelled ones."""
    return _asked(run, SERIES)


def slots_asked(run: MigrationRun) -> Asked:
    """By master and start: the row of the occurrence."""
    return _asked(run, SLOTS)


def _asked(run: MigrationRun, part: str) -> Asked:
    asked = Asked()
    for page in _staged(run, part):
        for key, answer in page:
            one = tuple(key) if isinstance(key, list) else key
            if answer is None:
                asked.nothing[one] += 1
            else:
                asked.found[one] = answer
    return asked


def listed_ids(run: MigrationRun, part: str) -> set[str]:
    return {row[0] for page in _staged(run, part) for row in page}


def seen_ids(run: MigrationRun, part: str) -> set[str]:
    return listed_ids(run, part) if part == "1" else {one for page in _staged(run, f"{SEEN} {part}") for one in page}


def old_ids_after(run: MigrationRun, pk: int, limit: int) -> list[tuple[int, str]]:
    rows = SyncedEvent.objects.filter(connection_id=run.connection_id, pk__gt=pk, ews_id__isnull=False).order_by("pk")
    return [(key, old or "") for key, old in rows.values_list("pk", "ews_id")[:limit]]


def known(run: MigrationRun) -> list[Known]:
    translated = {pk: new for page in _staged(run, IDS) for pk, new in page}
    rows = SyncedEvent.objects.filter(connection_id=run.connection_id).values_list(
        "pk", "uid", "subject", EpochMinutes("starts_at"), EpochMinutes("ends_at"), "all_day", "location", "ical_uid",
        "series_id", EpochMinutes("original_starts_at"), "rrule", "start", "time_zone",
    )  # fmt: skip
    return [
        Known(
            pk, uid, subject, start, end, all_day, location,
            recurrence.comparable(rrule, wall, zone) if rrule else "",
            ical_uid, translated.get(pk, ""), series, original,
        )
        for pk, uid, subject, start, end, all_day, location, ical_uid, series, original, rrule, wall, zone
        in rows.iterator(chunk_size=5000)
    ]  # fmt: skip


class EpochMinutes(Func):
    """Whole minutes since 1970 of an instant, worked out by the database: an object for each would cost more than
    matching does."""

    output_field = IntegerField(null=True)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="floor(extract(epoch FROM %(expressions)s) / 60)::bigint")

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        # Four signs: one halving for the template, one for the parameters. Rounded down also before 1970.
        seconds = "CAST(strftime('%%%%s', %(expressions)s) AS INTEGER)"
        return self.as_sql(compiler, connection, template=f"CAST(floor({seconds} / 60.0) AS INTEGER)")


def candidates(run: MigrationRun) -> list[Candidate]:
    """Every appointment once; one seen in the synced calendar is there, wherever else it was seen."""
    found: dict[str, Candidate] = {}
    parts = StagedPage.objects.filter(run=run).values_list("part", flat=True).order_by("part").distinct()
    for part in parts:  # digits sort before letters: the synced calendar first
        if part.isdigit() or part.startswith(OTHER):
            elsewhere = not part.isdigit()
            for page in _staged(run, part):
                for row in page:
                    if row[0] not in found:
                        found[row[0]] = Candidate(*row, elsewhere=elsewhere)  # type: ignore[misc]
    occurrences = [(master, rows) for master, (rows, _) in series_asked(run).found.items()]
    occurrences += [(master, [row]) for (master, _), row in slots_asked(run).found.items()]
    for master, rows in occurrences:
        elsewhere = master in found and found[master].elsewhere
        for row in rows:
            found[row[0]] = Candidate(*row, elsewhere=elsewhere, series=master)  # type: ignore[misc]
    return list(found.values())


def _stage(run: MigrationRun, part: str, number: int, content: Any) -> None:
    payload = orjson.dumps(content).decode()
    StagedPage.objects.create(run=run, part=part, number=number, payload=payload)


def _staged(run: MigrationRun, part: str) -> Iterable[Any]:
    rows = StagedPage.objects.filter(run=run, part=part).order_by("number").values_list("payload", flat=True)
    return (orjson.loads(payload) for payload in rows.iterator(chunk_size=10))


def _row(one: Appointment) -> Sequence[Any]:
    return (
        one.id, one.kind, one.subject,
        _minutes(one.start) if one.start else None, _minutes(one.end) if one.end else None,
        one.all_day, one.location, one.pattern, one.ical_uid,
        _minutes(one.original_start) if one.original_start else None,
    )  # fmt: skip


def _minutes(moment: datetime) -> int:
    return int(moment.timestamp()) // 60
