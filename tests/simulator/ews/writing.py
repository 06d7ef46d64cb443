"""CreateItem, UpdateItem and DeleteItem, and the mails that Exchange sends for them where it is asked to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.simulator import drafts as outlook
from tests.simulator.events import Event
from tests.simulator.ews import drafts, marks, shapes
from tests.simulator.ews.context import Context
from tests.simulator.ews.errors import EwsError
from tests.simulator.ews.soap import Element, Malformed, children, find, local, make, success
from tests.simulator.mailbox import Calendar

_TO = ("SendToNone", "SendOnlyToAll", "SendToAllAndSaveCopy")
_TO_CHANGED = (*_TO, "SendOnlyToChanged", "SendToChangedAndSaveCopy")
_RESOLUTIONS = ("NeverOverwrite", "AutoResolve", "AlwaysOverwrite")
_DELETE_TYPES = ("HardDelete", "SoftDelete", "MoveToDeletedItems")


@dataclass
class Update:
    """What one ``t:ItemChange`` sets and takes away; ``marks`` by key, None for one that goes."""

    given: dict[str, Element] = field(default_factory=dict)
    gone: list[str] = field(default_factory=list)
    marks: dict[str, str | None] = field(default_factory=dict)


def _each(context: Context, elements: list[Element], do: Callable[[Element], list[Element]]) -> list[Element]:
    """A message for each element; one that fails keeps no other from being done."""
    messages = []
    for element in elements:
        try:
            messages.append(success(context.operation, do(element)))
        except EwsError as error:
            messages.append(error.element(context.operation))
    return messages


def _choice(context: Context, name: str, choices: tuple[str, ...], missing: str | None = None) -> str:
    found = context.request.get(name)
    if found is None and missing:
        raise EwsError(missing)
    if found not in choices:
        raise Malformed(f"{name} must be one of {', '.join(choices)}.")
    return str(found)


def create_item(context: Context) -> list[Element]:
    """A message with the id of each new appointment, in the order they were given."""
    to = _choice(context, "SendMeetingInvitations", _TO, "ErrorSendMeetingInvitationsRequired")
    calendar = _target(context)
    return _each(
        context, children(find(context.request, "m:Items")), lambda held: [_create(context, calendar, held, to)]
    )


def _target(context: Context) -> Calendar:
    found = children(find(context.request, "m:SavedItemFolderId"))
    calendar = context.calendar(found[0]) if found else context.reader.default_calendar
    if calendar is None:
        raise EwsError("ErrorFolderNotFound")
    if not calendar.can_edit:
        raise EwsError("ErrorAccessDenied")
    return calendar


def _create(context: Context, calendar: Calendar, item: Element, to: str) -> Element:
    if local(item) != "CalendarItem":
        raise EwsError("ErrorInvalidOperation", f"{local(item)} is not simulated.")
    held = children(item)
    given = {local(element): element for element in held if local(element) != "ExtendedProperty"}
    own = dict(marks.read(element) for element in held if local(element) == "ExtendedProperty")
    data = drafts.read(given, context.zone)
    if "start" not in data:
        raise EwsError("ErrorCalendarInvalidPropertyValue", "A calendar item needs a start and an end.")
    mailbox, now = calendar.mailbox, context.world.now()
    ews_id, immutable_id = mailbox.next_ids()
    event = Event(calendar, outlook.complete(data, mailbox, now, immutable_id), ews_id, immutable_id, extended=own)
    mailbox.add(event, now)
    _mail(context, event, "invitation", outlook.people(event.data), to)
    return make("m:Items", None, [shapes.show(event)])


def update_item(context: Context) -> list[Element]:
    """A message with the new change key of each appointment."""
    to = _choice(
        context,
        "SendMeetingInvitationsOrCancellations",
        _TO_CHANGED,
        "ErrorSendMeetingInvitationsOrCancellationsRequired",
    )
    resolution = _choice(context, "ConflictResolution", _RESOLUTIONS)
    changes = children(find(context.request, "m:ItemChanges"))
    return _each(context, changes, lambda change: _update(context, change, to, resolution))


def _update(context: Context, change: Element, to: str, resolution: str) -> list[Element]:
    where = children(change)[0]
    event = context.event(where)
    _check_key(event, where.get("ChangeKey"), resolution)
    if not event.calendar.can_edit:
        raise EwsError("ErrorAccessDenied")
    update = _read(find(change, "t:Updates"))
    changes = drafts.read(update.given, context.zone, event)
    for name in update.gone:
        changes |= drafts.without(name, event)
    _check_slot(event, changes)
    before = outlook.people(event.data)
    kept = {**event.extended, **update.marks}
    event.extended = {key: value for key, value in kept.items() if value is not None}
    event.mailbox.change(event, outlook.refine(changes), context.world.now())
    _mail_change(context, event, before, to)
    return [make("m:Items", None, [shapes.show(event)]), make("m:ConflictResults", None, [make("t:Count", "0")])]


def _check_key(event: Event, given: str | None, resolution: str) -> None:
    """The key of an occurrence may be its series': that is what a client holds who addresses it by its index."""
    if resolution == "AlwaysOverwrite":
        return
    if not given:
        raise EwsError("ErrorChangeKeyRequiredForWriteOperations")
    current = {event.data["changeKey"], *([event.master.data["changeKey"]] if event.master else [])}
    if resolution == "NeverOverwrite" and given not in current:
        raise EwsError("ErrorIrresolvableConflict")


def _read(updates: Element | None) -> Update:
    found = Update()
    for change in children(updates):
        path, kind = children(change)[0], local(change)
        if kind not in ("SetItemField", "DeleteItemField"):
            raise EwsError("ErrorInvalidOperation", f"{kind} is not simulated.")
        if local(path) == "ExtendedFieldURI":
            held = drafts.one_property(change) if kind == "SetItemField" else None
            found.marks[marks.key(path)] = marks.read(held)[1] if held is not None else None
        elif kind == "DeleteItemField":
            found.gone.append(drafts.path_name(path))
        else:
            element = drafts.one_property(change)
            if local(element) != drafts.path_name(path):
                raise EwsError("ErrorUpdatePropertyMismatch")
            found.given[local(element)] = element
    if not (found.given or found.gone or found.marks):
        raise Malformed("An update changes something.")
    return found


def _check_slot(event: Event, changes: dict[str, Any]) -> None:
    if event.master is None or event.slot is None or not {"start", "end"} & set(changes):
        return
    trial = Event(event.calendar, {**event.data, **changes}, event.ews_id, event.immutable_id)
    if event.master.crosses_neighbour(event.slot, trial.start):
        raise EwsError("ErrorOccurrenceCrossingBoundary")


def delete_item(context: Context) -> list[Element]:
    """A message for each id: a single, a series, or one occurrence of it."""
    to = _choice(context, "SendMeetingCancellations", _TO, "ErrorSendMeetingCancellationsRequired")
    _choice(context, "DeleteType", _DELETE_TYPES)
    return _each(context, children(find(context.request, "m:ItemIds")), lambda held: _delete(context, held, to))


def _delete(context: Context, where: Element, to: str) -> list[Element]:
    event = context.event(where)
    if not event.calendar.can_edit:
        raise EwsError("ErrorAccessDenied")
    _mail(context, event, "cancellation", outlook.people(event.data), to)
    event.mailbox.remove(event, context.world.now())
    return []


def _mail_change(context: Context, event: Event, before: list[str], to: str) -> None:
    now = outlook.people(event.data)
    added = [address for address in now if address not in before]
    _mail(context, event, "update", added if "Changed" in to else now, to)
    _mail(context, event, "cancellation", [address for address in before if address not in now], to)


def _mail(context: Context, event: Event, kind: str, people: list[str], to: str) -> None:
    if to != "SendToNone" and people and outlook.is_organizer(event.data, event.mailbox):
        about = {"id": event.immutable_id, "ref": event.ref, "type": event.type}
        context.world.send(event.mailbox, kind, str(event.get("subject")), people, about)
