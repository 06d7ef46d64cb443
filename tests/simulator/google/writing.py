"""Events one by one: get, insert, patch, update, delete, and the mails that go with it where they are asked for."""

from __future__ import annotations

import copy
import re
from typing import Any

from tests.simulator import drafts
from tests.simulator.events import GOOGLE, Event
from tests.simulator.google import events
from tests.simulator.google.context import READ_EVENTS, WRITE_EVENTS, Context
from tests.simulator.google.errors import GoogleError, invalid, not_found
from tests.simulator.http import Response

_ID = re.compile(r"[a-v0-9]{5,1024}\Z")
_WRITE = ("alwaysIncludeEmail", "conferenceDataVersion", "maxAttendees", "sendNotifications", "sendUpdates",
          "supportsAttachments")  # fmt: skip
# What somebody who was invited may change: his own answer and what only he sees.
_PRIVATE = frozenset(
    ("attendees", "isReminderOn", "reminderMinutesBeforeStart", "showAs", "sensitivity", GOOGLE)
)  # fmt: skip


def _answer(context: Context, event: Event) -> Response:
    shown = _show(context, event)
    return Response.json(shown, headers={"ETag": shown["etag"]})


def _show(context: Context, event: Event) -> dict[str, Any]:
    """The resource; of one that is gone too, as far as it is still known."""
    shown = events.render(event, context.zone())
    return {**shown, "status": "cancelled"} if _is_gone(event) else shown


def _is_gone(event: Event) -> bool:
    if event.master is not None:
        return event.slot in event.master.cancelled
    return event.immutable_id not in event.calendar.events


def _find(context: Context) -> Event:
    """The event that the path names, deleted ones and cancelled occurrences too; raises :class:`GoogleError`."""
    calendar, mailbox, wanted = context.calendar(), context.mailbox, context.parts[1]
    event = mailbox.find(wanted) or mailbox.deleted.get(wanted)
    if event is None:
        place = mailbox.place_of(wanted)
        event = place[0].occurrence(place[1]) if place is not None and place[1] in place[0].cancelled else None
        if event is not None and event.ews_id in calendar.gone:
            event.revision = calendar.gone[event.ews_id].revision
    if event is None or event.calendar is not calendar:
        raise not_found()
    if event.is_spoilt:
        raise GoogleError(500, "backendError")
    return event


def get(context: Context) -> Response:
    """200, or 304 for who has it already."""
    context.require(READ_EVENTS)
    context.known("alwaysIncludeEmail", "maxAttendees", "timeZone")
    event = _find(context)
    if context.request.headers.get("If-None-Match") == events.etag(event):
        return Response(304, {"ETag": events.etag(event)})
    return _answer(context, event)


def insert(context: Context) -> Response:
    """200 and the event. Its id may be chosen: a second one is refused, gone as the first may be."""
    context.require(WRITE_EVENTS)
    context.known(*_WRITE)
    calendar, mailbox, body = context.calendar(write=True), context.mailbox, context.body()
    chosen = body.get("id")
    if chosen is not None and not (isinstance(chosen, str) and _ID.match(chosen)):
        raise invalid("Invalid resource id value.")
    data = events.read(body, mailbox, mailbox.time_zone)
    uid = body.get("iCalUID")
    if (chosen and (mailbox.find(chosen) or chosen in mailbox.deleted)) or (uid and _has_uid(context, str(uid))):
        raise GoogleError(409, "duplicate")
    now = context.world.now()
    name, _ = mailbox.ids_for(chosen)
    if uid:
        data["iCalUId"] = str(uid)
    event = Event(calendar, drafts.complete(data, mailbox, now, name), name, name)
    mailbox.add(event, now)
    _mail(context, event, "invitation", _guests(event))
    return _answer(context, event)


def _has_uid(context: Context, uid: str) -> bool:
    return any(one.data["iCalUId"] == uid for one in context.calendar().events.values())


def patch(context: Context) -> Response:
    """200 and the event, into which the body was merged: lists are replaced whole, null takes away."""
    event = _writable(context)
    return _change(context, event, _merge(_show(context, event), context.body()))


def update(context: Context) -> Response:
    """200 and the event, which is now what the body says; what it does not say is gone."""
    event = _writable(context)
    return _change(context, event, {"status": "confirmed", **context.body()})


def _writable(context: Context) -> Event:
    context.require(WRITE_EVENTS)
    context.known(*_WRITE)
    context.calendar(write=True)
    event = _find(context)
    _check_etag(context, event)
    return event


def _check_etag(context: Context, event: Event) -> None:
    wanted = context.request.headers.get("If-Match")
    if wanted not in (None, "*", events.etag(event)):
        raise GoogleError(412, "conditionNotMet", where="If-Match")


def _merge(held: Any, told: Any) -> Any:
    if not isinstance(held, dict) or not isinstance(told, dict):
        return told
    merged = copy.deepcopy(held)
    for name, value in told.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = _merge(merged.get(name), value)
    return merged


def _change(context: Context, event: Event, resource: dict[str, Any]) -> Response:
    mailbox, now = context.mailbox, context.world.now()
    before = events.read(_show(context, event), mailbox, mailbox.time_zone)
    after = events.read(resource, mailbox, mailbox.time_zone)
    changes = {name: value for name, value in after.items() if value != before[name]}
    if event.master is not None and changes.get("recurrence"):
        raise invalid("An instance of a recurring event has no recurrence of its own.")
    if not events.own(event) and set(changes) - _PRIVATE:
        raise GoogleError(403, "forbiddenForNonOrganizer")
    if changes.get(GOOGLE, {}).get("eventType") != before[GOOGLE].get("eventType") and GOOGLE in changes:
        raise GoogleError(400, "eventTypeRestriction", "The event type cannot be changed.")
    if resource.get("status") == "cancelled":  # what is gone stays as it went
        return _answer(context, event) if _is_gone(event) else _cancel(context, event)
    if _is_gone(event):
        mailbox.bring_back(event, now)
    guests = _guests(event)
    if changes:
        mailbox.change(event, drafts.refine(changes), now)
    _mail(context, event, "update", _guests(event))
    _mail(context, event, "cancellation", [one for one in guests if one not in _guests(event)])
    return _answer(context, event)


def _cancel(context: Context, event: Event) -> Response:
    _mail(context, event, "cancellation", _guests(event))
    context.mailbox.remove(event, context.world.now())
    return _answer(context, event)


def delete(context: Context) -> Response:
    """204; 410 for who does it again."""
    context.require(WRITE_EVENTS)
    context.known("sendNotifications", "sendUpdates")
    context.calendar(write=True)
    event = _find(context)
    if _is_gone(event):
        raise GoogleError(410, "deleted")
    _check_etag(context, event)
    _cancel(context, event)
    return Response(204)


def _guests(event: Event) -> list[str]:
    names = {name.casefold() for name in event.mailbox.names()}
    return [address for address in drafts.people(event.data) if address.casefold() not in names]


def _mail(context: Context, event: Event, kind: str, to: list[str]) -> None:
    """Only where the request wants it; of the two words for it the older one is a flag."""
    send = context.request.arg("sendUpdates") or (
        "all" if context.request.arg("sendNotifications") == "true" else "none"
    )
    if send not in ("all", "externalOnly", "none"):
        raise invalid(where="sendUpdates")
    if send != "none" and to and events.own(event):
        about = {"id": event.immutable_id, "ref": event.ref, "type": event.type}
        context.world.send(event.mailbox, kind, str(event.get("subject")), to, about)
