"""Rounds of reading: up to four pages and translations at once, saved together with where each of them stands. While one
is saved the next is under way.

The cursor: `streams`, calendars being listed, each {"part", "calendar", "page", "next"}; `translate`, whether old ids
are left; `after`, the primary key of the last event whose old id was tried; `ids`, how many answers that took.
"""

import contextlib
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from calendars.errors import ServiceError
from calendars.graph.appointments import listed
from calendars.graph.client import TRANSLATE_LIMIT, GraphClient, Page
from migration.models import MigrationRun
from migration.runs import staging
from migration.runs.side_by_side import IN_FLIGHT

if TYPE_CHECKING:
    from migration.runs.steps import Work

Stream = dict[str, Any]
Cursor = dict[str, Any]
Chunk = list[tuple[int, str]]


@dataclass
class UnderWay:
    """What has been asked for and not yet looked at."""

    streams: list[Stream]
    chunks: list[Chunk]


@dataclass
class Round:
    """What a round brought: the cursor after it, what is to be stored, how many appointments, and those of their ids that
    a later reading of the synced calendar saw."""

    cursor: Cursor
    pages: list[staging.Page] = field(default_factory=list)
    rows: int = 0
    seen: list[str] = field(default_factory=list)

    def write(self) -> None:
        staging.store(self.pages)


def stream(part: str, calendar_id: str, *, only_ids: bool = False) -> Stream:
    return {"part": part, "calendar": calendar_id, "page": 0, "next": None, "only_ids": only_ids}


def begin(streams: list[Stream], *, translate: bool = False) -> Cursor:
    return {"streams": streams, "translate": translate, "after": 0, "ids": 0}


def round_of(work: "Work") -> Round:
    """The next round; nothing is stored yet. Raises the errors of `calendars.graph.errors`, and LeaseLost."""
    run, cursor = work.run, work.run.cursor
    asked, work.ahead = work.ahead or _ask(work, cursor), None
    answers = work.many.answers()
    found = Round({**cursor, "streams": cursor["streams"][IN_FLIGHT:]})
    for one, page in zip(asked.streams, answers, strict=False):
        _listed(run, found, one, page)
    translations = answers[len(asked.streams) :]
    for number, (chunk, new_ids) in enumerate(zip(asked.chunks, translations, strict=True), cursor["ids"]):
        translated = [(pk, new_ids[old]) for pk, old in chunk if old in new_ids]
        found.pages.append(staging.page_of(run, staging.IDS, number, translated))
        found.cursor |= {"after": chunk[-1][0], "ids": number + 1}
    if cursor["translate"] and len(asked.chunks) < IN_FLIGHT - len(asked.streams):
        found.cursor["translate"] = False
    if not work.time_is_up and (found.cursor["streams"] or found.cursor["translate"]):
        # What is wrong comes up again with the next round, when this one is saved.
        with contextlib.suppress(ServiceError):
            work.ahead = _ask(work, found.cursor)
    return found


def _ask(work: "Work", cursor: Cursor) -> UnderWay:
    streams = cursor["streams"][:IN_FLIGHT]
    chunks = _chunks(work.run, cursor, IN_FLIGHT - len(streams)) if cursor["translate"] else []
    work.many.begin([partial(_list, one) for one in streams] + [partial(_translate, chunk) for chunk in chunks])
    return UnderWay(streams, chunks)


def _chunks(run: MigrationRun, cursor: Cursor, count: int) -> list[Chunk]:
    ids = staging.old_ids_after(run, cursor["after"], count * TRANSLATE_LIMIT)
    return [ids[first : first + TRANSLATE_LIMIT] for first in range(0, len(ids), TRANSLATE_LIMIT)]


def _list(stream: Stream, client: GraphClient) -> Page:
    return client.appointments(stream["calendar"], stream["next"], only_ids=stream["only_ids"])


def _translate(chunk: Chunk, client: GraphClient) -> dict[str, str]:
    return client.translate([old for _, old in chunk])


def _listed(run: MigrationRun, found: Round, stream: Stream, page: Page) -> None:
    part, number = stream["part"], stream["page"]
    if not stream["only_ids"]:
        found.pages.append(staging.page_of(run, part, number, list(map(listed, page.values))))
    if part.isdigit() and part != staging.FIRST:
        found.seen = page.ids()
        found.pages.append(staging.page_of(run, f"{staging.SEEN} {part}", number, found.seen))
    found.rows += len(page.values)
    if page.next_link:
        found.cursor["streams"].append({**stream, "page": number + 1, "next": page.next_link})
