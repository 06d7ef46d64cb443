"""``POST /_sim/mailboxes/{address}/edit``: changes that the owner makes in Outlook. They mail nobody."""

from __future__ import annotations

import copy
import datetime as dt
from typing import Any

from tests.simulator import drafts, extended, inventory, recurrence, times
from tests.simulator.events import EXTENDED, GOOGLE, PROPERTIES, Event
from tests.simulator.loading import ControlError, check_keys, load_event, load_slot, one_of, text
from tests.simulator.mailbox import Calendar, Mailbox

_OPERATIONS = ("change", "move", "delete", "restore", "create", "spoil", "mend")
_OF_EVENT = PROPERTIES | {EXTENDED, GOOGLE}
_KEYS = PROPERTIES | {
    GOOGLE,
    "ref",
    "id",
    "op",
    "event",
    "calendar",
    "occurrence",
    "ewsId",
    "translates",
    "exceptions",
    "cancelled",
    EXTENDED,
}


def edit(mailbox: Mailbox, spec: Any, now: dt.datetime) -> dict[str, Any]:
    """Do one change and give the event as it is then; raises :class:`ControlError`, LookupError for what is not there.

    ``ref`` says which event, or ``id``: any id of it, or of an occurrence, as ``GET`` of the mailbox or Graph shows them
    (what others than ``/_sim/`` created has no ref). The properties stand in ``event`` or beside ``ref`` and ``op``.
    ``calendar`` is a name, id or ewsFolderId.
    ``occurrence`` (a date in the series' zone, or an instant) names one occurrence of the series ``ref``.
    """
    check_keys(spec, set(_KEYS), "edit")
    operation = one_of(spec.get("op"), _OPERATIONS, "op")
    if operation == "create":
        return inventory.event(_create(mailbox, spec, now))
    event = _find(mailbox, spec)
    gone = event.immutable_id in mailbox.deleted
    if gone is not (operation == "restore"):
        raise ControlError(f"edit: {event.ref!r} {'is deleted' if gone else 'is not deleted'}")
    if spec.get("occurrence") is not None:
        event = event.occurrence(load_slot(event, spec["occurrence"]))
    return inventory.event(_apply(mailbox, event, operation, spec, now))


def _find(mailbox: Mailbox, spec: dict[str, Any]) -> Event:
    if "id" in spec:
        wanted = text(spec, "id", "edit")
        event = mailbox.find(wanted) or mailbox.find_ews(wanted) or mailbox.deleted.get(wanted)
    else:
        wanted = text(spec, "ref", "edit")
        event = mailbox.refs.get(wanted)
    if event is None:
        raise LookupError(f"no event {wanted!r} in {mailbox.address}")
    return event


def _apply(mailbox: Mailbox, event: Event, operation: str, spec: dict[str, Any], now: dt.datetime) -> Event:
    if operation == "change":
        return _change(mailbox, event, spec, now)
    if operation in ("spoil", "mend"):
        event.spoilt = operation == "spoil"
        return event
    if operation == "delete":
        if event.type == "occurrence" or event.type == "exception":
            master = event.master
            mailbox.remove(event, now)
            return master or event
        mailbox.remove(event, now)
        return event
    if event.master is not None:
        raise ControlError(f"edit: {operation} goes with a series or a single event only")
    target = event.calendar if operation == "restore" and "calendar" not in spec else _calendar(mailbox, spec)
    mailbox.place(event, target, now)
    return event


def _properties(spec: dict[str, Any]) -> dict[str, Any]:
    beside = {key: value for key, value in spec.items() if key in _OF_EVENT and key != "id"}
    return copy.deepcopy({**beside, **(spec.get("event") or {})})


def _change(mailbox: Mailbox, event: Event, spec: dict[str, Any], now: dt.datetime) -> Event:
    changes = _properties(spec)
    check_keys(changes, _OF_EVENT, "edit: event")
    marks = changes.pop(EXTENDED, [])
    try:
        if changes.get("recurrence"):
            recurrence.rule(changes["recurrence"])
        merged = {**event.data, **changes}
        if times.instant(merged["end"]) < times.instant(merged["start"]):
            raise ControlError("edit: the end is before the start")
        mailbox.change(event, drafts.refine(changes), now)
    except ValueError as error:
        raise ControlError(f"edit: {error}") from error
    event.extended = {**event.extended, **extended.read(marks)}
    return event


def _create(mailbox: Mailbox, spec: dict[str, Any], now: dt.datetime) -> Event:
    own = {key: spec[key] for key in ("ref", "ewsId", "translates", "exceptions", "cancelled") if key in spec}
    calendar = _calendar(mailbox, spec) if "calendar" in spec else mailbox.default_calendar
    if calendar is None:
        raise ControlError(f"edit: {mailbox.address} has no default calendar")
    return load_event(calendar, {**_properties(spec), **own}, now, now)


def _calendar(mailbox: Mailbox, spec: dict[str, Any]) -> Calendar:
    wanted = spec.get("calendar")
    found = [one for one in mailbox.calendars.values() if wanted in (one.name, one.id, one.ews_id)]
    if len(found) != 1:
        raise ControlError(f"edit: {len(found)} calendars are called {wanted!r}")
    return found[0]
