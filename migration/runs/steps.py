"""The steps of a run. Each reads from Outlook or decides, and ends in one saved turn; after a kill at any point the
next worker begins at the last saved turn and comes to the same end."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, partial
from typing import TypeVar

from django.utils import timezone

from calendars.errors import TryLater
from calendars.graph.client import BATCH_LIMIT, GraphClient
from calendars.leases import Lease
from calendars.models import CalendarConnection
from migration.matching import ids_to_read, in_doubt, masters_to_read, slots_to_read
from migration.models import MigrationRun
from migration.runs import calendar, confirming, elsewhere, finishing, reading, staging
from migration.runs.failures import AppointmentUnreadable
from migration.runs.saving import save
from migration.runs.side_by_side import SideBySide
from migration.runs.sides import Sides

State = MigrationRun.State
A = TypeVar("A")
T = TypeVar("T")


@dataclass
class Work:
    """What a worker has in hand: the run, its lease, the ways to Outlook, until when to go on, and what is under way."""

    run: MigrationRun
    lease: Lease
    client: GraphClient
    many: SideBySide
    deadline: float
    ahead: reading.UnderWay | None = None

    @property
    def time_is_up(self) -> bool:
        return time.monotonic() >= self.deadline

    @cached_property
    def sides(self) -> Sides:
        """By heart: what was read is not read again, and nobody else changes it while the worker holds the connection."""
        return Sides(self.run)


def take(work: Work) -> None:
    """The next step of the run; raises what `calendars.graph.errors` has, CalendarNotFound and LeaseLost."""
    STEPS[State(work.run.state)](work)


def start(work: Work) -> None:
    run, connection = work.run, work.run.connection
    found, choices = calendar.find(work.client, connection, by_name=run.metadata_only), dict[str, str]()
    if found is None:
        own = enumerate(calendar.own(work.client.calendars()))
        choices = {f"{staging.OTHER} {number}": one.id for number, one in own}
        if not choices:
            raise calendar.CalendarNotFound("the mailbox has no calendar of its own")
    calendar_id = found.id if found else ""
    total = connection.synced_events.count()

    def write() -> None:
        CalendarConnection.objects.filter(pk=connection.pk).update(calendar_id=calendar_id)
        staging.discard(run)

    streams = [reading.stream(part, one) for part, one in (choices or {staging.FIRST: calendar_id}).items()]
    cursor = {**reading.begin(streams, translate=not run.metadata_only), "choices": choices}
    now = timezone.now()
    save(run, work.lease, write, state=State.LISTING, cursor=cursor, total=total, listed=0, started_at=now)
    connection.calendar_id = calendar_id


def read(work: Work) -> None:
    """Lists the calendar and translates the old ids, side by side: neither needs the other."""
    run = work.run
    found = reading.round_of(work)
    left = (found.cursor["streams"] and State.LISTING) or (found.cursor["translate"] and State.TRANSLATING)
    state = left or State.MATCHING
    save(run, work.lease, found.write, cursor=found.cursor, state=state, listed=run.listed + found.rows)


def decide(work: Work) -> None:
    if work.run.cursor.get("choices"):
        _choose(work)
    else:
        _match(work)


def _choose(work: Work) -> None:
    """Of several calendars that it may be, all of which have been listed, the one that was synced; the others are those
    that would have to be looked through for what is missing."""
    run, choices = work.run, work.run.cursor["choices"]
    part = calendar.with_most(staging.translated_in(run, choices))

    def write() -> None:
        CalendarConnection.objects.filter(pk=run.connection_id).update(calendar_id=choices[part])
        staging.rename(run, part, staging.FIRST)

    save(run, work.lease, write, cursor={})
    run.connection.calendar_id = choices[part]


def _match(work: Work) -> None:
    run, sides = work.run, work.sides
    result, candidates = sides.match(), sides.candidates
    again = bool(run.cursor.get("confirmed"))
    if masters := sides.series.open(masters_to_read(sides.known, candidates, result), again=again):
        _read(work, masters, work.client.series, staging.stage_series, sides.series.number)
    elif starts := sides.slots.open(slots_to_read(sides.known, candidates, result) - sides.cancelled, again=again):
        moments = [(master, datetime.fromtimestamp(start * 60, UTC)) for master, start in starts]
        _read(work, moments, work.client.occurrences, staging.stage_slots, sides.slots.number)
    elif not in_doubt(result):
        finishing.finish(run, work.lease, result, candidates)
    elif late := sides.untranslated(result):
        new_ids = _translated(work, late)
        save(run, work.lease, partial(staging.stage_ids_again, run, sides.late.number, new_ids))
    elif not again:
        # What was not found has to be looked for again before it is called missing; until then it is to go.
        cursor, counters = confirming.begin(run, work.client), {**finishing.counters(result), "anomalies": 0}
        save(run, work.lease, state=State.CONFIRMING, cursor=cursor, **counters)
    elif not elsewhere.is_done(run):
        elsewhere.look(work, BATCH_LIMIT)
    elif unread := sides.again.open(sides.unread(result).union(run.cursor["unlisted"]), again=True):
        _read_again(work, unread)
    elif unlisted := sides.by_id.open(
        ids_to_read(sides.known, candidates, result).union(run.cursor["strays"]), again=True
    ):
        _read(work, unlisted, work.client.by_ids, staging.stage_by_id, sides.by_id.number)
    else:
        finishing.finish(run, work.lease, result, candidates)


def _translated(work: Work, pks: Sequence[int]) -> dict[int, str | None]:
    old = staging.old_ids_of(work.run, pks)
    new_ids = work.client.translate(list(old.values())) if old else {}
    return {pk: new_ids.get(old.get(pk, "")) for pk in pks}


def _read_again(work: Work, unread: list[str]) -> None:
    try:
        _read(work, unread, work.client.by_ids, staging.stage_again, work.sides.again.number)
    except TryLater as error:
        if error.reason != "unreadable":
            raise
        raise AppointmentUnreadable(len(unread), error) from None


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
    found, columns = reading.round_of(work), {}
    if not found.cursor["streams"]:
        columns = confirming.after(work.run, found, work.sides.first_ids)
    save(work.run, work.lease, found.write, **{"cursor": found.cursor, **columns})


STEPS: dict[State, Callable[[Work], None]] = {
    State.QUEUED: start,
    State.LISTING: read,
    State.TRANSLATING: read,
    State.MATCHING: decide,
    State.CONFIRMING: confirm,
}
