"""Looking again for what was not found, before it is called missing: absence is not deletion.

List pages follow each other by position, so a deletion meanwhile can hide a row: only two readings in a row that saw the
same ids are a complete one. Beside the first of them the mailbox's other calendars are listed once.
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
    others = [one.id for one in calendar.own(client.calendars()) if one.id != synced]
    streams = [reading.stream("2", synced)]
    streams += [reading.stream(f"{staging.OTHER} {number}", one) for number, one in enumerate(others)]
    return {**reading.begin(streams), "reading": 2}


def after(run: MigrationRun, found: Round) -> dict[str, Any]:
    """The run's columns after the last page of a reading: confirmed, or another reading, or a wait before it."""
    number = run.cursor["reading"]
    seen = staging.seen_ids(run, str(number)) | set(found.seen.get(str(number), ()))
    if seen == staging.seen_ids(run, str(number - 1)):
        return {"state": State.MATCHING, "cursor": {"confirmed": True}}
    again = reading.begin([reading.stream(str(number + 1), run.connection.calendar_id)])
    columns: dict[str, Any] = {"cursor": {**again, "reading": number + 1}}
    if number % READINGS:
        return columns
    until = timezone.now() + timedelta(seconds=UNSTABLE_SECONDS)
    return {**columns, "state": State.WAITING, "step": State.CONFIRMING, "wait_until": until, "wait_reason": "unstable"}
