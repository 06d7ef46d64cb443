"""Cancelling one's own meetings and answering those of others."""

from __future__ import annotations

from typing import Any

from tests.simulator import drafts, times
from tests.simulator.graph.context import Context
from tests.simulator.graph.errors import bad
from tests.simulator.graph.options import check_names
from tests.simulator.graph.writing import mail, writable
from tests.simulator.http import Response

_STATUS = {"accept": "accepted", "decline": "declined", "tentativelyAccept": "tentativelyAccepted"}
_KEYS = {"comment", "sendResponse", "proposedNewTime"}


def _body(context: Context) -> dict[str, Any]:
    body = context.request.json() if context.request.body else {}
    if not isinstance(body, dict):
        raise bad("Unable to read JSON request payload.")
    body = {key[:1].lower() + key[1:]: value for key, value in body.items()}
    for key in body:
        if key not in _KEYS:
            raise bad(f"The parameter '{key}' in the request payload is not a valid parameter for the operation.")
    return body


def cancel(context: Context) -> Response:
    """202: the organizer cancels, attendees are told, the event leaves the calendar."""
    check_names(context, frozenset())
    _body(context)
    event = context.event()
    writable(context, event)
    if not drafts.is_organizer(event.data, event.mailbox):
        raise bad(
            "Your request can't be completed. You need to be an organizer to cancel a meeting.", "ErrorInvalidRequest"
        )
    mail(context, event, "cancellation", drafts.people(event.data))
    context.mailbox.remove(event, context.world.now())
    return Response(202)


def respond(context: Context) -> Response:
    """202: the attendee answers; ``sendResponse`` (true unless said) tells the organizer; declined events go."""
    check_names(context, frozenset())
    body = _body(context)
    event = context.event()
    writable(context, event)
    if drafts.is_organizer(event.data, event.mailbox):
        message = (
            "Your request can't be completed. You can't respond to this meeting because you're the meeting organizer."
        )
        raise bad(message, "ErrorInvalidRequest")
    status = _STATUS[context.route.resource]
    now = context.world.now()
    organizer = (event.data.get("organizer") or {}).get("emailAddress") or {}
    if body.get("sendResponse", True) and organizer.get("address"):
        mail(context, event, status, [organizer["address"]])
    if status == "declined":
        context.mailbox.remove(event, now)
    else:
        answer = {"response": status, "time": times.stamp(now)}
        context.mailbox.change(event, {"responseStatus": answer, "showAs": _shows(status)}, now)
    return Response(202)


def _shows(status: str) -> str:
    return "busy" if status == "accepted" else "tentative"
