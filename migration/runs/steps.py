"""The steps of a run. Each reads from Outlook or decides, and ends in one saved turn; after a kill at any point the
next worker begins at the last saved turn and comes to the same end."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

from django.db.models import F
from django.utils import timezone

from calendars.graph.client import BATCH_LIMIT, GraphClient
from calendars.leases import Lease
from calendars.models import CalendarConnection
from migration.matching import Known, ids_to_read, in_doubt, masters_to_read, match, slots_to_read
from migration.models import MigrationRun
from migration.runs import calendar, confirming, finishing, reading, staging
from migration.runs.saving import save
from migration.runs.side_by_side import SideBySide

State = MigrationRun.State
A = TypeVar("A")
T = TypeVar("T")


@dataclass
class Work:
    """What a worker has in hand: the run, its lease, the ways to Outlook, until when to go on, and what it knows by
    heart: ids listed so far, and the synced events, which nobody else changes while it holds the connection."""

    run: MigrationRun
    lease: Lease
    client: GraphClient
    many: SideBySide
    deadline: float
    listed: set[str] = field(default_factory=set)
    known: list[Known] = field(default_factory=list)

    @property
    def time_is_up(self) -> bool:
        return time.monotonic() >= self.deadline


def take(work: Work) -> None:
    """The next step of the run; raises what `calendars.graph.errors` has, CalendarNotFound and LeaseLost."""
    STEPS[State(work.run.state)](work)


def start(work: Work) -> None:
    run, connection = work.run, work.run.connection
    found = calendar.find(work.client, connection, by_name=run.metadata_only)
    total = connection.synced_events.count()

    def write() -> None:
        CalendarConnection.objects.filter(pk=connection.pk).update(calendar_id=found.id)
        staging.discard(run)

    cursor = reading.begin([reading.stream("1", found.id)], translate=not run.metadata_only)
    now = timezone.now()
    save(run, work.lease, write, state=State.LISTING, cursor=cursor, total=total, listed=0, started_at=now)
    connection.calendar_id = found.id


def read(work: Work) -> None:
    """Lists the calendar and translates the old ids, side by side: neither needs the other."""
    run = work.run
    found = reading.round_of(work)
    left = (found.cursor["streams"] and State.LISTING) or (found.cursor["translate"] and State.TRANSLATING)
    state = left or State.MATCHING
    save(run, work.lease, found.write, cursor=found.cursor, state=state, listed=F("listed") + found.rows)


def decide(work: Work) -> None:
    run = work.run
    # Read after the ids are translated, and the same ever after.
    work.known = known = work.known or staging.known(run)
    found, series, slots = staging.candidates(run), staging.series_asked(run), staging.slots_asked(run)
    result = match(known, found, series.found.keys() | series.nothing)
    again = bool(run.cursor.get("confirmed"))
    if masters := series.open(masters_to_read(known, found, result), again=again):
        _read(work, masters, work.client.series, staging.stage_series, series.number)
    elif starts := slots.open(slots_to_read(known, found, result) - _cancelled(series), again=again):
        moments = [(master, datetime.fromtimestamp(start * 60, UTC)) for master, start in starts]
        _read(work, moments, work.client.occurrences, staging.stage_slots, slots.number)
    elif in_doubt(result) and not again:
        # What was not found has to be looked for again before it is called missing; until then it is to go.
        cursor, counters = confirming.begin(run, work.client), {**finishing.counters(result), "anomalies": 0}
        save(run, work.lease, state=State.CONFIRMING, cursor=cursor, **counters)
    elif unlisted := ids_to_read(known, found, result) - (asked := staging.seen_ids(run, staging.BY_ID)):
        _read(work, sorted(unlisted), work.client.by_ids, staging.stage_by_id, len(asked))
    else:
        finishing.finish(run, work.lease, result)


def _cancelled(series: staging.Asked) -> set[tuple[str, int]]:
    return {(master, start) for master, (_, starts) in series.found.items() for start in starts}


def _read(
    work: Work,
    wanted: Sequence[T],
    ask: Callable[[Sequence[T]], A],
    stage: Callable[[MigrationRun, int, A], None],
    number: int,
) -> None:
    """One batch after the other: one counts as four requests at once. `number`: of the first one read here."""
    for first in range(0, len(wanted), BATCH_LIMIT):
        answer = ask(wanted[first : first + BATCH_LIMIT])
        save(work.run, work.lease, partial(stage, work.run, number + first, answer))
        if work.time_is_up:
            return


def confirm(work: Work) -> None:
    found = reading.round_of(work)
    after = confirming.after(work.run, found) if not found.cursor["streams"] else {"cursor": found.cursor}
    save(work.run, work.lease, found.write, **after)


STEPS: dict[State, Callable[[Work], None]] = {
    State.QUEUED: start,
    State.LISTING: read,
    State.TRANSLATING: read,
    State.MATCHING: decide,
    State.CONFIRMING: confirm,
}
