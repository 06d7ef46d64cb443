"""``t:ExtendedProperty``: kept as Graph keeps them, so that either service reads what the other wrote."""

from __future__ import annotations

import base64

from tests.simulator import extended
from tests.simulator.events import Event
from tests.simulator.ews.errors import EwsError
from tests.simulator.ews.soap import Element, Malformed, find, make, text

_SETS = {
    "Address": "00062004-0000-0000-c000-000000000046",
    "Appointment": "00062002-0000-0000-c000-000000000046",
    "CalendarAssistant": "11000e07-b51b-40d6-af21-caa85edab1d0",
    "Common": "00062008-0000-0000-c000-000000000046",
    "InternetHeaders": "00020386-0000-0000-c000-000000000046",
    "Meeting": "6ed8da90-450b-101b-98da-00aa003f1305",
    "PublicStrings": "00020329-0000-0000-c000-000000000046",
    "Sharing": "00062040-0000-0000-c000-000000000046",
    "Task": "00062003-0000-0000-c000-000000000046",
    "UnifiedMessaging": "4442858e-a9e3-4e80-b900-317a210cc15b",
}
_GLOBAL_OBJECT_ID = extended.of("Binary", _SETS["Meeting"], number="3")
_CLEAN_GLOBAL_OBJECT_ID = extended.of("Binary", _SETS["Meeting"], number="35")


def key(path: Element) -> str:
    """Graph's id of the property that a ``t:ExtendedFieldURI`` names; raises :class:`EwsError`."""
    kind = path.get("PropertyType")
    guid = path.get("PropertySetId") or _SETS.get(path.get("DistinguishedPropertySetId") or "")
    name, number, tag = (path.get(attribute) for attribute in ("PropertyName", "PropertyId", "PropertyTag"))
    if kind is None or (guid is None) is (tag is None) or (guid and (name is None) is (number is None)):
        raise EwsError("ErrorInvalidExtendedProperty", "The extended property attribute combination is invalid.")
    return extended.of(kind, guid or "", name=name, number=number or tag)


def value(event: Event, wanted: str) -> str | None:
    """The value of a property as text; None where the appointment has none."""
    if wanted in (_GLOBAL_OBJECT_ID, _CLEAN_GLOBAL_OBJECT_ID):
        return _global_object_id(event, clean=wanted == _CLEAN_GLOBAL_OBJECT_ID)
    return event.extended.get(wanted)


def _global_object_id(event: Event, clean: bool) -> str | None:
    source = event.master if clean and event.master is not None else event
    try:
        return base64.b64encode(bytes.fromhex(str(source.data["iCalUId"]))).decode()
    except ValueError:
        return None


def element(event: Event, path: Element) -> Element | None:
    """``t:ExtendedProperty`` for a path; None where the appointment has none."""
    found = value(event, key(path))
    if found is None:
        return None
    return make("t:ExtendedProperty", None, [make("t:ExtendedFieldURI", **dict(path.attrib)), make("t:Value", found)])


def read(held: Element) -> tuple[str, str]:
    """Key and value of a ``t:ExtendedProperty``; raises :class:`Malformed` and :class:`EwsError`."""
    path = find(held, "t:ExtendedFieldURI")
    if path is None or find(held, "t:Value") is None:
        raise Malformed("An extended property needs its path and one value.")
    return key(path), text(held, "t:Value")
