"""Rounds of reading: up to four pages and translations at once, saved together with where each of them stands.

The cursor: `streams`, calendars being listed, each {"part", "calendar", "page", "next"}; `translate`, whether old ids
are left; `after`, the primary key of the last event whose old id was tried; `ids`, how many answers that took.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

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
class Round:
    """What a round brought: the cursor after it, how many appointments, and how to store them."""

    cursor: Cursor
    rows: int = 0
    writes: list[Callable[[], None]] = field(default_factory=list)
    # Ids seen in this round, by part.
    seen: dict[str, list[str]] = field(default_factory=dict)

    def write(self) -> None:
        for write in self.writes:
            write()


def stream(part: str, calendar_id: str) -> Stream:
    return {"part": part, "calendar": calendar_id, "page": 0, "next": None}


def begin(streams: list[Stream], *, translate: bool = False) -> Cursor:
    return {"streams": streams, "translate": translate, "after": 0, "ids": 0}


def round_of(work: "Work") -> Round:
    """The next round; nothing is stored yet. Raises the errors of `calendars.graph.errors`, and LeaseLost."""
    run, cursor = work.run, work.run.cursor
    streams = cursor["streams"][:IN_FLIGHT]
    chunks = _chunks(run, cursor, IN_FLIGHT - len(streams)) if cursor["translate"] else []
    jobs: list[Callable[[GraphClient], Any]] = [partial(_list, stream) for stream in streams]
    jobs += [partial(_translate, chunk) for chunk in chunks]
    answers = work.many.run(jobs) if jobs else []
    found = Round({**cursor, "streams": cursor["streams"][IN_FLIGHT:]})
    for one, page in zip(streams, answers, strict=False):
        _listed(work, found, one, page)
    for number, (chunk, new_ids) in enumerate(zip(chunks, answers[len(streams) :], strict=True), cursor["ids"]):
        found.writes.append(partial(staging.stage_translations, run, number, chunk, new_ids))
        found.cursor |= {"after": chunk[-1][0], "ids": number + 1}
    if cursor["translate"] and len(chunks) < IN_FLIGHT - len(streams):
        found.cursor["translate"] = False
    return found


def _chunks(run: MigrationRun, cursor: Cursor, count: int) -> list[Chunk]:
    ids = staging.old_ids_after(run, cursor["after"], count * TRANSLATE_LIMIT)
    return [ids[first : first + TRANSLATE_LIMIT] for first in range(0, len(ids), TRANSLATE_LIMIT)]


def _list(stream: Stream, client: GraphClient) -> Page:
    return client.appointments(stream["calendar"], stream["next"])


def _translate(chunk: Chunk, client: GraphClient) -> dict[str, str]:
    return client.translate([old for _, old in chunk])


def _listed(work: "Work", found: Round, stream: Stream, page: Page) -> None:
    """Later readings keep only what the earlier ones did not bring; which ids they saw is kept of all."""
    part, number = stream["part"], stream["page"]
    ids = page.ids()
    if part == "1":
        found.writes.append(partial(staging.stage_page, work.run, part, number, page.appointments()))
    else:
        new = page.appointments(without=_known_ids(work))
        found.writes.append(partial(staging.stage_page, work.run, part, number, new))
        found.writes.append(partial(staging.stage_ids, work.run, part, number, ids))
    found.rows += len(ids)
    found.seen[part] = ids
    if page.next_link:
        found.cursor["streams"].append({**stream, "page": number + 1, "next": page.next_link})


def _known_ids(work: "Work") -> set[str]:
    """Of the first reading, by heart after the first look."""
    if not work.listed:
        work.listed = staging.listed_ids(work.run, "1")
    return work.listed
