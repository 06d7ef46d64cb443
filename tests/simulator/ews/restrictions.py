"""``m:Restriction``: which appointments a search finds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from tests.simulator.events import Event
from tests.simulator.ews import fields, marks, moments
from tests.simulator.ews.errors import EwsError
from tests.simulator.ews.soap import Element, Malformed, children, find, local

Test = Callable[[Event], bool]
_MOMENTS = frozenset((
    "item:DateTimeReceived", "item:DateTimeSent", "item:DateTimeCreated", "item:LastModifiedTime", "item:ReminderDueBy",
    "calendar:RecurrenceId", "calendar:DateTimeStamp", "calendar:Start", "calendar:End", "calendar:OriginalStart",
))  # fmt: skip
_NUMBERS = frozenset(("item:Size", "item:ReminderMinutesBeforeStart", "calendar:AppointmentState"))
_FLAGS = frozenset((
    "item:IsDraft", "item:ReminderIsSet", "item:HasAttachments", "item:IsAssociated", "calendar:IsAllDayEvent",
    "calendar:IsMeeting", "calendar:IsCancelled", "calendar:IsRecurring", "calendar:MeetingRequestWasSent",
))  # fmt: skip
# The service has no search on these.
_UNSEARCHABLE = frozenset(("calendar:UID", "calendar:Recurrence", "calendar:StartTimeZone", "calendar:EndTimeZone"))
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "IsEqualTo": lambda held, wanted: held == wanted,
    "IsNotEqualTo": lambda held, wanted: held != wanted,
    "IsGreaterThan": lambda held, wanted: held is not None and held > wanted,
    "IsGreaterThanOrEqualTo": lambda held, wanted: held is not None and held >= wanted,
    "IsLessThan": lambda held, wanted: held is not None and held < wanted,
    "IsLessThanOrEqualTo": lambda held, wanted: held is not None and held <= wanted,
}


def read(restriction: Element, zone: str) -> Test:
    """The test that a ``m:Restriction`` describes; raises :class:`Malformed` and :class:`EwsError`."""
    found = children(restriction)
    if len(found) != 1:
        raise Malformed("A restriction holds one expression.")
    return _expression(found[0], zone)


def _expression(element: Element, zone: str) -> Test:
    kind, inside = local(element), children(element)
    if kind in ("And", "Or"):
        tests = [_expression(child, zone) for child in inside]
        combine = all if kind == "And" else any
        return lambda event: combine(test(event) for test in tests)
    if kind == "Not" and len(inside) == 1:
        negated = _expression(inside[0], zone)
        return lambda event: not negated(event)
    if not inside:
        raise Malformed(f"{kind} needs a property.")
    value, typed = _path(inside[0], zone)
    if kind == "Exists":
        return lambda event: value(event) is not None
    if kind == "Contains":
        return _contains(element, value)
    if kind not in _COMPARE:
        raise EwsError("ErrorUnsupportedQueryFilter", f"{kind} is not supported.")
    compare, wanted = _COMPARE[kind], typed(_constant(find(element, "t:FieldURIOrConstant/t:Constant")))
    return lambda event: compare(value(event), wanted)


def _constant(element: Element | None) -> str:
    if element is None:
        raise EwsError("ErrorUnsupportedQueryFilter", "Only comparisons with a constant are supported.")
    return str(element.get("Value") or "")


def _path(path: Element, zone: str) -> tuple[Callable[[Event], Any], Callable[[str], Any]]:
    """How to get the value of a property, and how to read the constant it is compared with."""
    if local(path) == "ExtendedFieldURI":
        key = marks.key(path)
        return lambda event: _folded(marks.value(event, key)), _folded
    uri = str(path.get("FieldURI"))
    if uri not in fields.FIELDS or uri in _UNSEARCHABLE or uri in fields.ONLY_SINGLY - {"item:Body"}:
        raise EwsError("ErrorUnsupportedPathForQuery", f"The property {uri} cannot be searched for.")
    typed = _moment(zone) if uri in _MOMENTS else _number if uri in _NUMBERS else _flag if uri in _FLAGS else _folded
    return lambda event: typed(_text(event, uri)), typed


def _text(event: Event, uri: str) -> str | None:
    element = fields.render(event, uri)
    return None if element is None else "".join(element.itertext())


def _folded(text: str | None) -> str | None:
    """Texts compare without regard to case."""
    return None if text is None else text.casefold()


def _flag(text: str | None) -> bool:
    return text in ("1", "true")


def _number(text: str | None) -> int | None:
    return int(text) if text and text.lstrip("-").isdecimal() else None


def _moment(zone: str) -> Callable[[str | None], dt.datetime | None]:
    def typed(text: str | None) -> dt.datetime | None:
        try:
            return moments.read(text, zone) if text else None
        except ValueError as error:
            raise EwsError("ErrorInvalidRestriction", f"{text!r} is no time.") from error

    return typed


def _contains(element: Element, value: Callable[[Event], Any]) -> Test:
    wanted = _constant(find(element, "t:Constant")).casefold()
    mode = element.get("ContainmentMode", "FullString")
    modes: dict[str, Callable[[str], bool]] = {
        "FullString": lambda held: held == wanted,
        "Prefixed": lambda held: held.startswith(wanted),
        "Substring": lambda held: wanted in held,
    }
    if mode not in modes:
        raise EwsError("ErrorUnsupportedQueryFilter", f"ContainmentMode {mode} is not supported.")
    return lambda event: modes[mode](value(event) or "")
