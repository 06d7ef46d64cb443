"""SyncFolderItems: what has changed in a calendar since a state, one page at a time.

A state says of which calendar it is, up to which revision the client knows it, and since which revision the round
goes on that it stands in: what came after that is a ``Create`` as long as the round lasts.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass

from tests.simulator import ids
from tests.simulator.events import Event
from tests.simulator.ews import shapes
from tests.simulator.ews.context import Context
from tests.simulator.ews.errors import EwsError
from tests.simulator.ews.soap import Element, Malformed, children, find, make, success, text
from tests.simulator.mailbox import Calendar

MOST_CHANGES = 512


@dataclass(frozen=True)
class Change:
    """One entry of the answer; of an item that is gone only the id is left."""

    kind: str
    ews_id: str
    revision: int
    event: Event | None = None


def sync_items(context: Context) -> list[Element]:
    """One message: changes in the order they were made, the new state, and whether that was all."""
    shape = shapes.read(context.request, singly=False)
    most = text(context.request, "m:MaxChangesReturned")
    if not most.isdecimal() or not 1 <= int(most) <= MOST_CHANGES:
        raise Malformed(f"MaxChangesReturned must be 1 to {MOST_CHANGES}.")
    try:
        calendar = _folder(context)
        base, reached = _read(calendar, text(context.request, "m:SyncState").strip())
    except EwsError as error:
        return [error.element(context.operation)]
    ignored = {str(held.get("Id")) for held in children(find(context.request, "m:Ignore"))}
    waiting = [change for change in changes(calendar, base, reached) if change.ews_id not in ignored]
    page = waiting[: min(int(most), context.page_cap)]
    complete = len(page) == len(waiting)
    reached = page[-1].revision if page else reached
    content = [
        make("m:SyncState", _write(calendar, reached if complete else base, reached)),
        make("m:IncludesLastItemInRange", "true" if complete else "false"),
        make("m:Changes", None, [_show(change, shape) for change in page]),
    ]
    return [success(context.operation, content)]


def _folder(context: Context) -> Calendar:
    found = children(find(context.request, "m:SyncFolderId"))
    if len(found) != 1:
        raise Malformed("SyncFolderItems needs one SyncFolderId.")
    return context.calendar(found[0], "ErrorSyncFolderNotFound")


def changes(calendar: Calendar, base: int, reached: int) -> list[Change]:
    """One entry for each item that changed after ``reached``; an edited occurrence is a change of its series.

    What came and went meanwhile is not mentioned.
    """
    found = [
        Change("Create" if held.added > base else "Update", held.ews_id, held.revision, held)
        for held in calendar.events.values()
        if held.revision > reached
    ]
    found += [
        Change("Delete", gone.ews_id, gone.revision)
        for gone in calendar.gone.values()
        if gone.added <= reached < gone.revision
    ]
    return sorted(found, key=lambda change: change.revision)


def _show(change: Change, shape: shapes.Shape) -> Element:
    if change.event is None:
        return make("t:Delete", None, [make("t:ItemId", Id=change.ews_id, ChangeKey=ids.change_key(change.revision))])
    return make(f"t:{change.kind}", None, [shapes.show(change.event, shape)])


def _mark(calendar: Calendar) -> list[object]:
    return [calendar.mailbox.address, calendar.ews_id, calendar.mailbox.generation]


def _write(calendar: Calendar, base: int, reached: int) -> str:
    return base64.b64encode(json.dumps([*_mark(calendar), base, reached]).encode()).decode()


def _read(calendar: Calendar, state: str) -> tuple[int, int]:
    """The two revisions in a state, 0 without one; raises :class:`EwsError` for another calendar's or a lost one."""
    if not state:
        return 0, 0
    try:
        *mark, base, reached = json.loads(base64.b64decode(state, validate=True))
        known = mark == _mark(calendar) and 0 <= base <= reached <= calendar.mailbox.revision
    except (ValueError, TypeError) as error:
        raise EwsError("ErrorInvalidSyncStateData") from error
    if not known:
        raise EwsError("ErrorInvalidSyncStateData")
    return base, reached
