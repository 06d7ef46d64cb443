"""The steps of a run. Each reads from Outlook or decides, and ends in one saved turn; after a kill at any point the
next worker begins at the last saved turn and comes to the same end."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from django.db.models import F
from django.utils import timezone

from calendars.graph.client import BATCH_LIMIT, TRANSLATE_LIMIT, GraphClient
from calendars.leases import Lease
from calendars.models import CalendarConnection
from migration.matching import Known, Matches, masters_to_read, match
from migration.models import MigrationRun
from migration.runs import calendar, finishing, staging
from migration.runs.saving import save

State = MigrationRun.State
# Readings of one calendar that may disagree before the run waits for the calendar to come to rest.
READINGS = 4
UNSTABLE_SECONDS = 60


@dataclass
class Work:
    """What a worker has in hand: the run, its lease, the way to Outlook, and until when to go on."""

    run: MigrationRun
    lease: Lease
    client: GraphClient
    deadline: float

    @property
    def time_is_up(self) -> bool:
        return time.monotonic() >= self.deadline


def take(work: Work) -> None:
    """The next step of the run; raises what `calendars.graph.errors` has, CalendarNotFound and LeaseLost."""
    STEPS[State(work.run.state)](work)


def start(work: Work) -> None:
    run, connection = work.run, work.run.connection
    found = calendar.find(work.client, connection)
    total = connection.synced_events.count()

    def write() -> None:
        CalendarConnection.objects.filter(pk=connection.pk).update(calendar_id=found.id)
        staging.discard(run)

    now = timezone.now()
    save(run, work.lease, write, state=State.LISTING, cursor={}, total=total, listed=0, started_at=now)


def read_list(work: Work) -> None:
    run = work.run
    page = work.client.appointments(run.connection.calendar_id, run.cursor.get("next"))
    after = {"cursor": {"next": page.next_link}} if page.next_link else {"cursor": {}, "state": State.TRANSLATING}
    save(
        run,
        work.lease,
        lambda: staging.stage_page(run, "1", page.appointments),
        listed=F("listed") + len(page.appointments),
        **after,
    )


def translate(work: Work) -> None:
    run = work.run
    events = [] if run.metadata_only else staging.old_ids_after(run, run.cursor.get("after", 0), TRANSLATE_LIMIT)
    if not events:
        save(run, work.lease, state=State.MATCHING, cursor={})
        return
    new_ids = work.client.translate([old for _, old in events])
    save(
        run,
        work.lease,
        lambda: staging.stage_translations(run, events, new_ids),
        cursor={"after": events[-1][0]},
    )


def decide(work: Work) -> None:
    run = work.run
    known, result = _match(work)
    unread = sorted(masters_to_read(known, result) - staging.series_read(run))
    if unread:
        _read_series(work, unread)
    elif result.anomalies and not run.cursor.get("confirmed"):
        # What was not found has to be looked for again before it is called missing.
        save(run, work.lease, state=State.CONFIRMING, cursor={"reading": 2}, **finishing.counters(result))
    else:
        finishing.finish(run, work.lease, result)


def _match(work: Work) -> tuple[list[Known], Matches]:
    known = staging.known(work.run)
    return known, match(known, staging.candidates(work.run))


def _read_series(work: Work, masters: list[str]) -> None:
    for first in range(0, len(masters), BATCH_LIMIT):
        read = work.client.series(masters[first : first + BATCH_LIMIT])
        save(work.run, work.lease, partial(staging.stage_series, work.run, read))
        if work.time_is_up:
            return


def confirm(work: Work) -> None:
    if "others" in work.run.cursor:
        _read_other_calendars(work)
    else:
        _read_again(work)


def _read_again(work: Work) -> None:
    """List pages follow each other by position, so a deletion meanwhile can hide a row: only two readings that agree
    are a complete one."""
    run = work.run
    number = run.cursor["reading"]
    page = work.client.appointments(run.connection.calendar_id, run.cursor.get("next"))
    if page.next_link:
        after = {"cursor": {"reading": number, "next": page.next_link}}
    else:
        seen = staging.ids_of(run, str(number)) | {one.id for one in page.appointments}
        after = _after_reading(run, number, agrees=seen == staging.ids_of(run, str(number - 1)))
    save(run, work.lease, lambda: staging.stage_page(run, str(number), page.appointments), **after)


def _after_reading(run: MigrationRun, number: int, *, agrees: bool) -> dict[str, Any]:
    if agrees:
        return {"cursor": {"others": None}}
    again = {"cursor": {"reading": number + 1}}
    if number % READINGS:
        return again
    until = timezone.now() + timedelta(seconds=UNSTABLE_SECONDS)
    return {**again, "state": State.WAITING, "step": State.CONFIRMING, "wait_until": until, "wait_reason": "unstable"}


def _read_other_calendars(work: Work) -> None:
    run = work.run
    others = run.cursor["others"]
    if others is None:
        found = calendar.own(work.client.calendars())
        others = [one.id for one in found if one.id != run.connection.calendar_id]
        save(run, work.lease, cursor={"others": others})
        return
    if not others:
        save(run, work.lease, state=State.MATCHING, cursor={"confirmed": True})
        return
    page = work.client.appointments(others[0], run.cursor.get("next"))
    cursor = {"others": others, "next": page.next_link} if page.next_link else {"others": others[1:]}
    save(run, work.lease, lambda: staging.stage_page(run, staging.OTHER, page.appointments), cursor=cursor)


STEPS: dict[State, Callable[[Work], None]] = {
    State.QUEUED: start,
    State.LISTING: read_list,
    State.TRANSLATING: translate,
    State.MATCHING: decide,
    State.CONFIRMING: confirm,
}
