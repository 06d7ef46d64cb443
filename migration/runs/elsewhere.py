"""Looking a second time through the mailbox's other calendars, before an event is called missing.

A list of theirs proves no more than one of the synced calendar: pages shift, and answers end too early. Here too only two
readings in a row that saw the same ids are complete. The later ones ask for ids alone, of twenty calendars in one request;
what the first had not seen, a `stray`, is asked for by its id.
"""

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from django.conf import settings
from django.utils import timezone

from calendars.graph import client as graph
from calendars.graph.answers import rows, unreadable
from calendars.graph.client import GraphClient, Page
from calendars.graph.errors import GraphError, ItemNotFound
from migration.models import MigrationRun
from migration.runs import calendar, confirming, staging
from migration.runs.saving import save

if TYPE_CHECKING:
    from migration.runs.steps import Work

State = MigrationRun.State


def is_done(run: MigrationRun) -> bool:
    return "strays" in run.cursor


def look(work: "Work", batch: int) -> None:
    """The next step of it, saved; the last one leaves the `strays` in the cursor."""
    run, look = work.run, work.run.cursor.get("elsewhere")
    if look is None:
        save(run, work.lease, cursor={**run.cursor, "elsewhere": _begin(run, work.client, 2)})
    elif look["left"]:
        _read(work, look, batch)
    else:
        _compare(work, look["reading"])


def _begin(run: MigrationRun, client: GraphClient, reading: int) -> dict[str, Any]:
    """Which calendars there are is a list like any other, and asked for again."""
    others = [one.id for one in calendar.own(client.calendars()) if one.id != run.connection.calendar_id]
    pages = [f"/me/calendars/{quote(one, safe='')}/events?$select=id&$top={graph.PAGE}" for one in others]
    return {"reading": reading, "left": pages, "page": 0}


def _read(work: "Work", look: dict[str, Any], batch: int) -> None:
    run, asked, left = work.run, look["left"][:batch], look["left"][batch:]
    seen: list[str] = []
    for answer in work.client.batch_get({path: path for path in asked}).values():
        if isinstance(answer, ItemNotFound):
            continue  # The calendar has been deleted, with all that was in it.
        if isinstance(answer, GraphError):
            raise answer
        seen += Page(rows(answer), None).ids()
        if link := answer.get("@odata.nextLink"):
            left.append(_path(link))
    page = staging.page_of(run, _part(look["reading"]), look["page"], seen)
    cursor = {**run.cursor, "elsewhere": {**look, "left": left, "page": look["page"] + 1}}
    save(run, work.lease, lambda: staging.store([page]), cursor=cursor)


def _path(link: Any) -> str:
    if not isinstance(link, str) or not link.startswith(f"{settings.GRAPH_URL}/"):
        raise unreadable()
    return link.removeprefix(settings.GRAPH_URL)


def _compare(work: "Work", reading: int) -> None:
    run = work.run
    first = staging.listed_elsewhere(run)
    seen = {1: first} | {one: staging.ids_in(run, _part(one)) for one in range(2, reading + 1)}
    cursor = {name: value for name, value in run.cursor.items() if name != "elsewhere"}
    if seen[reading] == seen[reading - 1]:
        strays = set[str]().union(*seen.values()).difference(first, work.sides.first_ids)
        save(run, work.lease, cursor={**cursor, "strays": sorted(strays)})
        return
    columns: dict[str, Any] = {"cursor": {**cursor, "elsewhere": _begin(run, work.client, reading + 1)}}
    if reading % confirming.READINGS == 0:
        until = timezone.now() + timedelta(seconds=confirming.UNSTABLE_SECONDS)
        columns |= {"state": State.WAITING, "step": State.MATCHING, "wait_until": until, "wait_reason": "unstable"}
    save(run, work.lease, **columns)


def _part(reading: int) -> str:
    return f"{staging.SEEN} {staging.OTHER} {reading}"
