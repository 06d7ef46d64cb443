"""Creating, changing and deleting events, and the mails that Outlook sends for it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from tests.simulator import drafts
from tests.simulator.events import Event
from tests.simulator.graph import validating
from tests.simulator.graph.context import Context
from tests.simulator.graph.errors import GraphError, bad, denied
from tests.simulator.graph.options import check_names
from tests.simulator.graph.serialising import render
from tests.simulator.http import Response
from tests.simulator.mailbox import Transaction

TRANSACTION_LIFE = dt.timedelta(hours=4)
_NOT_MAILED = frozenset(
    ("categories", "isReminderOn", "reminderMinutesBeforeStart", "showAs", "sensitivity", "importance")
)


def mail(context: Context, event: Event, kind: str, to: list[str]) -> None:
    """Put into the outbox what attendees or the organizer would get."""
    if to:
        about = {"id": event.immutable_id, "ref": event.ref, "type": event.type}
        context.world.send(event.mailbox, kind, str(event.get("subject")), to, about)


def writable(context: Context, event: Event) -> None:
    """Raises :class:`GraphError` for a read-only calendar and for a change by somebody else meanwhile."""
    if not event.calendar.can_edit:
        raise denied()
    wanted = context.request.headers.get("If-Match")
    if wanted and wanted not in ("*", f'W/"{event.data["changeKey"]}"'):
        message = (
            "The send or update operation could not be performed because the change key passed in the request"
            " does not match the current change key for the item."
        )
        raise GraphError(412, "ErrorIrresolvableConflict", message)


def _answer(context: Context, event: Event, status: int) -> Response:
    body = render(context, event)
    what = context.link(f"users('{context.mailbox.graph_id}')/events/$entity")
    headers = {"ETag": body["@odata.etag"]}
    if status == 201:
        headers["Location"] = f"{context.root}/users('{context.mailbox.graph_id}')/events('{body['id']}')"
    return Response.json({"@odata.context": what, **body}, status, headers)


def _json_body(context: Context) -> Any:
    kind = str(context.request.headers.get("Content-Type") or "")
    if "json" not in kind.lower():
        raise bad("Write requests (excluding DELETE) must contain the Content-Type header declaration.")
    return context.request.json()


def create(context: Context) -> Response:
    """201 and the event; a repeated ``transactionId`` gives the event that it made, gone or changed as that may be.

    With another body it is refused (reported), and after some hours forgotten: how long the service remembers is unknown.
    """
    check_names(context, frozenset())
    fields, extended = validating.read(_json_body(context), creating=True)
    calendar, mailbox = context.calendar(), context.mailbox
    if not calendar.can_edit:
        raise denied()
    now, wanted = context.world.now(), context.request.json()
    transaction = fields.get("transactionId")
    known = mailbox.transactions.get(transaction) if transaction else None
    if known is not None and now - known.at < TRANSACTION_LIFE:
        if wanted != known.wanted:
            message = (
                "Your request can't be completed. The TransactionId specified in the request has already been used to"
                " create a different event."
            )
            raise bad(message, "ErrorDuplicateTransactionId")
        return _answer(context, known.event, 201)
    validating.check_whole(fields)
    ews_id, immutable_id = mailbox.next_ids()
    event = Event(
        calendar, drafts.complete(fields, mailbox, now, immutable_id), ews_id, immutable_id, extended=extended
    )
    mailbox.add(event, now)
    if transaction:
        mailbox.transactions[transaction] = Transaction(event, wanted, now)
    mail(context, event, "invitation", drafts.people(event.data))
    return _answer(context, event, 201)


def change(context: Context) -> Response:
    """200 and the event. Changing an occurrence makes it an exception of its series."""
    check_names(context, frozenset())
    fields, extended = validating.read(_json_body(context), creating=False)
    event = context.event()
    writable(context, event)
    if event.master is not None and fields.get("recurrence") is not None:
        raise bad("An occurrence of a series has no recurrence.", "ErrorPropertyValidationFailure")
    merged = {**event.data, **fields}
    validating.check_whole(merged, recurring="recurrence" in fields)
    if event.master is not None and {"start", "end"} & set(fields):
        _check_neighbours(event, merged)
    before = drafts.people(event.data)
    if extended:
        event.extended = {**event.extended, **extended}
    if fields.get("recurrence"):
        drafts.complete(merged, context.mailbox, context.world.now(), event.immutable_id)
        fields["recurrence"] = merged["recurrence"]
    context.mailbox.change(event, drafts.refine(fields), context.world.now())
    _mail_change(context, event, fields, before)
    return _answer(context, event, 200)


def _mail_change(context: Context, event: Event, fields: dict[str, Any], before: list[str]) -> None:
    if not drafts.is_organizer(event.data, event.mailbox):
        return
    now = drafts.people(event.data)
    gone = [address for address in before if address not in now]
    added = [address for address in now if address not in before]
    only_people = set(fields) == {"attendees"}
    if not set(fields) <= _NOT_MAILED:
        mail(context, event, "update", added if only_people else now)
    mail(context, event, "cancellation", gone)


def _check_neighbours(event: Event, merged: dict[str, Any]) -> None:
    trial = Event(event.calendar, merged, event.ews_id, event.immutable_id)
    if event.master is not None and event.slot is not None and event.master.crosses_neighbour(event.slot, trial.start):
        raise bad(
            "Modified occurrence is crossing or overlapping adjacent occurrence.", "ErrorOccurrenceCrossingBoundary"
        )


def delete(context: Context) -> Response:
    """204. Attendees are told when the event is the mailbox's own."""
    check_names(context, frozenset())
    event = context.event()
    writable(context, event)
    own = drafts.is_organizer(event.data, event.mailbox)
    mail(context, event, "cancellation", drafts.people(event.data) if own else [])
    context.mailbox.remove(event, context.world.now())
    return Response(204)
