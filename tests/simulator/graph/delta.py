"""``calendarView/delta``: what changed in a window of one calendar since a mark.

A full round brings singles, and of each series with something in the window its master, its exceptions and its
occurrences; a later one brings those of them that changed, a series always as a whole and never split over two pages,
however small the page. Occurrences are sparse: ``id``, ``seriesMasterId``, ``type``, ``start``, ``end``. What else may
come, and why not to believe it, is in :mod:`tests.simulator.traps`. Pages: "Get incremental changes to events in a
calendar view", "event: delta".
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from tests.simulator import ids, recurrence
from tests.simulator.events import Event
from tests.simulator.graph.context import Context
from tests.simulator.graph.errors import GraphError, bad
from tests.simulator.graph.options import DEFAULT_PAGE, LARGEST_PAGE
from tests.simulator.graph.reading import LONGEST_VIEW, window
from tests.simulator.graph.serialising import render
from tests.simulator.graph.states import BadToken, State
from tests.simulator.http import Response
from tests.simulator.mailbox import Calendar, Gone

_KIND = {"@odata.type": "#microsoft.graph.event"}
_SPARSE = ("seriesMasterId", "type", "start", "end")
_TOKENS = ("$deltatoken", "$skiptoken")
_KNOWN = frozenset((*_TOKENS, "startdatetime", "enddatetime"))
_REFUSED = frozenset(("$orderby", "$filter", "$select", "$expand", "$search"))
Line = dict[str, Any]


def delta(context: Context) -> Response:
    """One page of a round, with the link to the next page, or after the last one to the next round."""
    _check_query(context)
    calendar = context.calendar()
    state = _state(context, calendar)
    answer: Line = {"@odata.context": context.link("Collection(event)")}
    if not state.started and _begins_empty(context, state):
        lines: list[Line] = []
        following = replace(state, started=True)
    else:
        lines, following = _page(context, calendar, replace(state, started=True))
    more = following.started
    token = following.token(context.mailbox.seed, context.world.now())
    link = f"{context.request.base_url}{context.request.path}?{_TOKENS[more]}={quote(token)}"
    answer["@odata.nextLink" if more else "@odata.deltaLink"] = link
    context.prefer.applied.append("odata.track-changes")
    return Response.json(answer | {"value": lines})


def _check_query(context: Context) -> None:
    given = [name.casefold() for name in context.request.query]
    if "$top" in given:
        message = (
            "The '$top' parameter is not supported with change tracking over the 'CalendarView' resource as page size"
            " cannot be guaranteed. Express page size preferences using the Prefer: odata.maxpagesize= header instead."
        )
        raise bad(message, "ErrorInvalidUrlQuery")
    if _REFUSED & set(given):
        message = (
            "The following parameters are not supported with change tracking over the 'CalendarView' resource:"
            " '$orderby, $filter, $select, $expand, $search'."
        )
        raise bad(message, "ErrorInvalidUrlQuery")
    for name, values in context.request.query.items():
        if name.casefold() not in _KNOWN:
            raise bad(f"The query parameter '{name}' is not supported.")
        if len(values) > 1:
            raise bad(f"Query option '{name}' was specified more than once, but it must be specified at most once.")
    if len(set(given) & set(_TOKENS)) > 1:
        raise bad("Only one of $deltatoken and $skiptoken can be specified.")


def _state(context: Context, calendar: Calendar) -> State:
    """Where the client stands; beside a token the window of the query counts for nothing. Raises a 400 or 410."""
    mailbox = context.mailbox
    given = {name.casefold(): values[0] for name, values in context.request.query.items()}
    token = given.get("$deltatoken", given.get("$skiptoken"))
    if token is None:
        first, last = window(context, LONGEST_VIEW)
        return State(
            calendar.id, first, last, mailbox.generation, context.world.now(), since=0, before=0, upto=mailbox.revision
        )
    try:
        state = State.read(token, mailbox.seed)
    except BadToken as error:
        raise GraphError(410, "SyncStateInvalid", "The sync state is invalid.") from error
    if state.calendar != calendar.id or ("$deltatoken" in given) is state.started:
        raise GraphError(410, "SyncStateInvalid", "The sync state is not of this resource.")
    _check_alive(context, state)
    return state if state.started else _opened(context, state)


def _check_alive(context: Context, state: State) -> None:
    mailbox, traps = context.mailbox, context.mailbox.traps
    age = (context.world.now() - state.issued).total_seconds()
    if state.generation == mailbox.generation and (traps.life is None or age < traps.life):
        return
    code = "SyncStateNotFound" if state.generation == mailbox.generation else traps.lost
    if code == "SyncStateNotFound":
        known = mailbox.generation
        message = f"The sync state generation is not found; generation={state.generation};[highest={known}][{known}]."
        raise GraphError(410, code, message)
    start, end = (quote(one.isoformat()) for one in (state.first, state.last))
    fresh = f"{context.request.base_url}{context.request.path}?startDateTime={start}&endDateTime={end}"
    raise GraphError(410, code, "Resync required. Reset the synchronization and start anew.", {"Location": fresh})


def _opened(context: Context, state: State) -> State:
    """The next round of a client that stands between two."""
    traps = context.mailbox.traps
    if traps.replay:
        traps.replay -= 1
        state = replace(state, since=state.before, replays=True)
    return replace(state, upto=context.mailbox.revision)


def _begins_empty(context: Context, state: State) -> bool:
    wanted = context.mailbox.traps.empty
    return wanted == "always" or (wanted == "first" and state.full)


def _page(context: Context, calendar: Calendar, state: State) -> tuple[list[Line], State]:
    """The lines of a page, and where the client stands after it."""
    size = min(context.prefer.page_size or DEFAULT_PAGE, context.page_cap, LARGEST_PAGE)
    lines: list[Line] = []
    changes = _changes(calendar, state)
    for turn in range(state.turn, 1 + context.mailbox.traps.double):
        for change in changes:
            if turn == state.turn and change.revision <= state.done:
                continue
            found = _lines(context, calendar, state, change)
            if lines and len(lines) + len(found) > size:
                return lines, replace(state, turn=turn, done=change.revision - 1)
            lines += found
    return lines, state.ended()


def _changes(calendar: Calendar, state: State) -> list[Event | Gone]:
    """What the round is about, in the order in which it last changed. What changes meanwhile waits for the next one."""
    found: list[Event | Gone] = [one for one in calendar.events.values() if state.since < one.revision <= state.upto]
    if not state.full:
        found += [one for one in calendar.gone.values() if state.since < one.revision <= state.upto]
    return sorted(found, key=lambda one: one.revision)


def _lines(context: Context, calendar: Calendar, state: State, change: Event | Gone) -> list[Line]:
    if isinstance(change, Event):
        inside = list(_inside(context, change, state))
        if inside:
            return inside
    elif context.prefer.immutable and change.immutable_id in calendar.events:
        return []  # It has come back: under another restId, but the same immutable id.
    told = not state.full and (context.mailbox.traps.outside or change.added <= state.since)
    return [_removed(context, change.ews_id, change.immutable_id)] if told else []


def _inside(context: Context, event: Event, state: State) -> Iterator[Line]:
    """The event as far as it is in the window: a single, or a master with what it has there."""
    if not event.is_master:
        if event.touches(state.first, state.last):
            yield _KIND | render(context, event)
        return
    found = sorted(event.occurrences(state.first, state.last), key=lambda one: one.start)
    if not found:
        return
    yield _KIND | render(context, event)
    for one in found:
        yield _KIND | render(context, one, _SPARSE if one.type == "occurrence" else None)
    if not state.full and not context.mailbox.traps.silent:
        yield from _missing(context, event, state)


def _missing(context: Context, master: Event, state: State) -> Iterator[Line]:
    """The occurrences that the pattern puts in the window and that are not there."""
    day = dt.timedelta(days=1)
    for slot in recurrence.days(master.data["recurrence"], (state.first - day).date(), (state.last + day).date()):
        away = slot in master.exceptions and not master.exceptions[slot].touches(state.first, state.last)
        if (slot in master.cancelled or away) and state.first <= master.slot_start(slot) < state.last:
            yield _removed(context, *master.occurrence_ids(slot))


def _removed(context: Context, ews_id: str, immutable_id: str) -> Line:
    item_id = immutable_id if context.prefer.immutable else ids.to_rest(ews_id)
    return {**_KIND, "id": item_id, "@removed": {"reason": "deleted"}}
