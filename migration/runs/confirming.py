"""Looking again for what was not found, before it is called missing: absence is not deletion.

List pages follow each other by position, so a deletion meanwhile can hide a row: only two readings in a row that saw the
same ids are a complete one. A later reading asks for ids alone, unless the one before it saw any that are new. Beside the
first of them the mailbox's other calendars are listed; a second time afterwards, see `elsewhere`.
"""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from calendars.graph.client import GraphClient
from migration.models import MigrationRun
from migration.runs import calendar, reading, staging
from migration.runs.reading import Cursor, Round

State = MigrationRun.State
# Readings that may disagree before the run waits for the calendar to come to rest.
READINGS = 4
UNSTABLE_SECONDS = 60


def begin(run: MigrationRun, client: GraphClient) -> Cursor:
    synced = run.connection.calendar_id
    streams = [reading.stream("2", synced, only_ids=True)]
    if not staging.has_others(run):
        others = [one.id for one in calendar.own(client.calendars()) if one.id != synced]
        streams += [reading.stream(f"{staging.OTHER} {number}", one) for number, one in enumerate(others)]
    return {**reading.begin(streams), "reading": 2, "full": []}


def after(run: MigrationRun, found: Round, first: set[str]) -> dict[str, Any]:
    """The run's columns after the last page of a reading: confirmed, or another reading, or a wait before it.

    `first`: the ids that the first reading saw. Those that some reading saw and none asked more of, and that are gone
    since, are `unlisted`.
    """
    number, full = run.cursor["reading"], run.cursor["full"]
    seen = {1: first} | {one: staging.seen_ids(run, one) for one in range(2, number + 1)}
    seen[number] |= set(found.seen)
    unlisted = seen[number].union(*seen.values()).difference(first, *(seen[one] for one in full))
    if seen[number] == seen[number - 1]:
        return {"state": State.MATCHING, "cursor": {"confirmed": True, "unlisted": sorted(unlisted)}}
    again = reading.begin([reading.stream(str(number + 1), run.connection.calendar_id, only_ids=not unlisted)])
    next_ = {**again, "reading": number + 1, "full": [*full, number + 1] if unlisted else full}
    columns: dict[str, Any] = {"cursor": next_}
    if number % READINGS:
        return columns
    until = timezone.now() + timedelta(seconds=UNSTABLE_SECONDS)
    return {**columns, "state": State.WAITING, "step": State.CONFIRMING, "wait_until": until, "wait_reason": "unstable"}
