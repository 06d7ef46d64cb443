"""ConvertId: an id in another of Exchange's own notations. Nothing is looked up; Graph's ids are none of them."""

from __future__ import annotations

import base64
from collections.abc import Callable

from tests.simulator import ids
from tests.simulator.ews.context import Context
from tests.simulator.ews.errors import EwsError
from tests.simulator.ews.soap import MESSAGES, Element, children, etree, find, success

_READ: dict[str, Callable[[str], bytes]] = {
    "EwsId": lambda text: base64.b64decode(text, validate=True),
    "EwsLegacyId": lambda text: base64.b64decode(text, validate=True),
    "EntryId": lambda text: base64.b64decode(text, validate=True),
    "HexEntryId": bytes.fromhex,
    "StoreId": lambda text: base64.b64decode(text, validate=True),
    "OwaId": lambda text: base64.b64decode(ids.to_ews(text), validate=True),
}
_WRITE: dict[str, Callable[[bytes], str]] = {
    "EwsId": lambda raw: base64.b64encode(raw).decode(),
    "EwsLegacyId": lambda raw: base64.b64encode(raw).decode(),
    "EntryId": lambda raw: base64.b64encode(raw).decode(),
    "HexEntryId": lambda raw: raw.hex().upper(),
    "StoreId": lambda raw: base64.b64encode(raw).decode(),
    "OwaId": lambda raw: ids.to_rest(base64.b64encode(raw).decode()),
}


def convert_id(context: Context) -> list[Element]:
    """A message for each id."""
    wanted = str(context.request.get("DestinationFormat"))
    messages = []
    for element in children(find(context.request, "m:SourceIds")):
        try:
            messages.append(success(context.operation, [_convert(context, element, wanted)]))
        except EwsError as error:
            messages.append(error.element(context.operation))
    return messages


def _convert(context: Context, element: Element, wanted: str) -> Element:
    source, held = str(element.get("Format")), str(element.get("Id") or "")
    address = str(element.get("Mailbox") or "")
    if source not in _READ or wanted not in _WRITE:
        raise EwsError("ErrorInvalidArgument")
    context.account(address)
    try:
        raw = _READ[source](held)
    except ValueError as error:
        raise EwsError("ErrorInvalidIdMalformed") from error
    if not raw:
        raise EwsError("ErrorInvalidIdEmpty")
    # Its element is of the messages' namespace, its type of the types'.
    return etree.Element(
        f"{{{MESSAGES}}}AlternateId", {"Format": wanted, "Id": _WRITE[wanted](raw), "Mailbox": address}
    )
