"""Appointments as Graph shows them."""

from __future__ import annotations

import html
from collections.abc import Collection
from typing import Any

from tests.simulator import times
from tests.simulator.drafts import is_organizer, plain_text
from tests.simulator.events import DEFAULTS, EXTENDED, PROPERTIES, Event
from tests.simulator.graph import filters
from tests.simulator.graph.context import Context
from tests.simulator.graph.options import read_select

_ALL = tuple(DEFAULTS)
# Only a GET of the master by its id brings these.
_BY_ID = frozenset(("cancelledOccurrences",))
# A relation may stand in $select beside its $expand, as in the documented example of reading a series.
SELECTABLE = PROPERTIES | _BY_ID | {"exceptionOccurrences"}
# The service does not let these two be selected in a calendarView.
NOT_IN_VIEW = frozenset(("createdDateTime", "lastModifiedDateTime"))
_COMPUTED = frozenset(
    ("start", "end", "type", "seriesMasterId", "originalStart", "isOrganizer", "organizer", "responseStatus", "webLink",
     "body")
)  # fmt: skip


def render(
    context: Context,
    event: Event,
    select: Collection[str] | None = None,
    expand: dict[str, dict[str, str]] | None = None,
    by_id: bool = False,
) -> dict[str, Any]:
    """The event as the request wants it: id format, zone, body, properties, relations."""
    immutable = context.prefer.immutable
    answer: dict[str, Any] = {"@odata.etag": f'W/"{event.data.get("changeKey")}"', "id": event.id(immutable)}
    for name in _ALL if select is None else select:
        if name == "originalStart" and event.master is None:
            continue
        if name in _COMPUTED:
            answer[name] = _computed(context, event, name)
        elif name in DEFAULTS:
            answer[name] = event.data.get(name, DEFAULTS[name])
        elif name in _BY_ID and by_id and event.is_master:
            answer[name] = event.cancelled_ids(immutable)
    for relation, inside in (expand or {}).items():
        _relation(context, event, relation, inside, by_id, select, answer)
    return answer


def _computed(context: Context, event: Event, name: str) -> Any:
    if name in ("start", "end"):
        return _moment(event, name, context.prefer.zone)
    if name == "type":
        return event.type
    if name == "seriesMasterId":
        return event.master.id(context.prefer.immutable) if event.master else None
    if name == "originalStart":
        return times.short_stamp(event.master.slot_start(event.slot)) if event.master and event.slot else None
    if name == "isOrganizer":
        return is_organizer(event.data, event.mailbox)
    if name == "organizer":
        return event.data.get("organizer") or _owner(event)
    if name == "responseStatus":
        return event.data.get(name) or _response(event)
    if name == "body":
        return _body(event.get("body"), context.prefer.body)
    return (
        f"https://outlook.office365.com/owa/?itemid={event.id(context.prefer.immutable)}&exvsurl=1&path=/calendar/item"
    )


def _moment(event: Event, side: str, zone: str) -> dict[str, str]:
    """A start or end in the zone asked for; of all-day events the stored midnight whatever the zone."""
    moment = event.start if side == "start" else event.end
    if not event.is_all_day:
        moment = moment.astimezone(times.zone(zone))
    return {"dateTime": times.seven(moment), "timeZone": zone}


def _owner(event: Event) -> dict[str, Any]:
    mailbox = event.mailbox
    owner = event.calendar.owner
    return {
        "emailAddress": {
            "name": owner.get("name") or mailbox.name,
            "address": owner.get("address") or mailbox.mail or mailbox.address,
        }
    }


def _response(event: Event) -> dict[str, str]:
    own = is_organizer(event.data, event.mailbox)
    return {"response": "organizer" if own else "notResponded", "time": "0001-01-01T00:00:00Z"}


def _body(body: dict[str, Any], wanted: str) -> dict[str, Any]:
    given = str(body.get("contentType") or "html").lower()
    if given == wanted or not body.get("content"):
        return {"contentType": wanted, "content": body.get("content") or ""}
    if wanted == "text":
        return {"contentType": "text", "content": plain_text(body)}
    lines = html.escape(str(body["content"])).replace("\r\n", "\n").replace("\n", "<br>\r\n")
    return {"contentType": "html", "content": f"<html><head></head><body>{lines}</body></html>"}


def _relation(
    context: Context,
    event: Event,
    name: str,
    inside: dict[str, str],
    by_id: bool,
    outer: Collection[str] | None,
    answer: dict[str, Any],
) -> None:
    if name == EXTENDED:
        chosen = filters.extended_ids(inside.get("$filter", ""))
        found = [{"id": key, "value": event.extended[key]} for key in chosen if key in event.extended]
        if found:
            answer[EXTENDED] = found
    elif name == "exceptionOccurrences":
        if by_id and event.is_master:
            # Without a selection of their own the occurrences show what was selected of the master.
            select = read_select(inside["$select"], SELECTABLE, "event") if "$select" in inside else outer
            nested = [held for _, held in sorted(event.exceptions.items())]
            answer[name] = [render(context, held, select) for held in nested]
    elif name == "calendar":
        answer[name] = {"id": event.calendar.id, "name": event.calendar.name}
    elif name in ("attachments", "extensions"):
        answer[name] = []
