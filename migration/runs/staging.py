"""What a run has read so far, as rows that outlive its worker, each one answer of Outlook's.

Parts: "1" the first full reading of the synced calendar, "2", … what later ones found besides, "again" what of it had to
be asked for by id; "other 0", … the mailbox's other calendars, "other by id" what only asking for an id gave: all of
these unread but for the id. "seen 2", … and "seen other 2", … the ids that a later reading saw; "ids" translated ids, "ids
again" what asking once more gave; "series" edited occurrences; "slots" occurrences looked for one by one.
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import Any

import orjson
from django.db.models import QuerySet

from calendars import bulk
from calendars.graph.appointments import Appointment, Series
from calendars.graph.client import Slot
from calendars.models import SyncedEvent
from migration.models import MigrationRun, StagedPage

FIRST = "1"
AGAIN = "again"
OTHER = "other"
SEEN = "seen"
BY_ID = f"{OTHER} by id"
IDS = "ids"
IDS_AGAIN = f"{IDS} again"
SERIES = "series"
SLOTS = "slots"
# A staged page, as its columns.
Page = tuple[int, str, int, str]
COLUMNS = ("run_id", "part", "number", "payload")
# Of an appointment read by id or with its series: the fields of Candidate up to `original_start`, in their order.
Row = list[Any]


def page_of(run: MigrationRun, part: str, number: int, content: Any) -> Page:
    return run.pk, part, number, orjson.dumps(content).decode()


def store(pages: Iterable[Page]) -> None:
    bulk.write_values(StagedPage, COLUMNS, pages)


def stage_series(run: MigrationRun, number: int, read: dict[str, Series | None]) -> None:
    store([page_of(run, SERIES, number, [(master, _occurrences(found)) for master, found in read.items()])])


def _occurrences(found: Series | None) -> tuple[list[Row], list[int]] | None:
    """Edited ones, and starts of cancelled ones."""
    return ([row(one) for one in found.exceptions], [_minutes(one) for one in found.cancelled]) if found else None


def stage_by_id(run: MigrationRun, number: int, read: dict[str, Appointment | None]) -> None:
    store([page_of(run, BY_ID, number, [(one, found and row(found)) for one, found in read.items()])])


def stage_again(run: MigrationRun, number: int, read: dict[str, Appointment | None]) -> None:
    store([page_of(run, AGAIN, number, [(one, found and row(found)) for one, found in read.items()])])


def stage_ids_again(run: MigrationRun, number: int, read: dict[int, str | None]) -> None:
    store([page_of(run, IDS_AGAIN, number, list(read.items()))])


def stage_slots(run: MigrationRun, number: int, read: dict[Slot, list[Appointment]]) -> None:
    """Of what was seen around each slot, the occurrence that is its own, or None."""
    found = []
    for (master, moment), seen in read.items():
        start = _minutes(moment)
        found.append(((master, start), next((one for one in map(row, seen) if one[-1] == start), None)))
    store([page_of(run, SLOTS, number, found)])


def rename(run: MigrationRun, part: str, name: str) -> None:
    StagedPage.objects.filter(run=run, part=part).update(part=name)


def discard(run: MigrationRun) -> None:
    """What was staged is needed no more, or has to be read anew."""
    StagedPage.objects.filter(run=run).delete()


def discard_ended() -> None:
    """What a worker killed right after a run's end left behind."""
    StagedPage.objects.filter(run__state__in=MigrationRun.ENDED).delete()


def pages(run: MigrationRun, part: str) -> Iterator[Any]:
    rows = StagedPage.objects.filter(run=run, part=part).order_by("number").values_list("payload", flat=True)
    return (orjson.loads(payload) for payload in rows.iterator(chunk_size=10))


def pages_after(run: MigrationRun, pk: int) -> Iterator[tuple[int, str, Any]]:
    """Primary key, part and content, in the order in which they were staged; of what belongs to the first reading, and
    of ids seen, nothing."""
    rows = StagedPage.objects.filter(run=run, pk__gt=pk).exclude(part__in=(FIRST, IDS)).exclude(part__startswith=SEEN)
    found = rows.order_by("pk").values_list("pk", "part", "payload")
    return ((key, part, orjson.loads(payload)) for key, part, payload in found.iterator(chunk_size=10))


def has_others(run: MigrationRun) -> bool:
    """Whether the mailbox's other calendars have been listed."""
    return _others(run).exists()


def listed_elsewhere(run: MigrationRun) -> set[str]:
    """Ids that the first reading of the mailbox's other calendars saw."""
    payloads = _others(run).values_list("payload", flat=True)
    return {row[0] for payload in payloads.iterator(chunk_size=10) for row in orjson.loads(payload)}


def _others(run: MigrationRun) -> QuerySet[StagedPage]:
    return StagedPage.objects.filter(run=run, part__startswith=f"{OTHER} ").exclude(part=BY_ID)


def translated_in(run: MigrationRun, parts: Iterable[str]) -> dict[str, int]:
    """How many of the translated ids each of the lists holds."""
    translated = {new for page in pages(run, IDS) for _, new in page}
    return {part: sum(row[0] in translated for page in pages(run, part) for row in page) for part in parts}


def seen_ids(run: MigrationRun, number: int) -> set[str]:
    """Ids that a later reading of the synced calendar saw."""
    return ids_in(run, f"{SEEN} {number}")


def ids_in(run: MigrationRun, part: str) -> set[str]:
    return {one for page in pages(run, part) for one in page}


def old_ids_after(run: MigrationRun, pk: int, limit: int) -> list[tuple[int, str]]:
    rows = SyncedEvent.objects.filter(connection_id=run.connection_id, pk__gt=pk, ews_id__isnull=False).order_by("pk")
    return [(key, old or "") for key, old in rows.values_list("pk", "ews_id")[:limit]]


def old_ids_of(run: MigrationRun, pks: Collection[int]) -> dict[int, str]:
    rows = SyncedEvent.objects.filter(connection_id=run.connection_id, pk__in=bulk.keys(pks), ews_id__isnull=False)
    return {pk: old or "" for pk, old in rows.values_list("pk", "ews_id")}


def row(one: Appointment) -> Row:
    return [
        one.id, one.kind, one.subject,
        _minutes(one.start) if one.start else None, _minutes(one.end) if one.end else None,
        one.all_day, one.location, one.pattern, one.ical_uid,
        _minutes(one.original_start) if one.original_start else None,
    ]  # fmt: skip


def _minutes(moment: datetime) -> int:
    return int(moment.timestamp()) // 60
