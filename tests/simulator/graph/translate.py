"""``translateExchangeIds``: from one format of an id to another, item by item."""

from __future__ import annotations

import random
from typing import Any

from tests.simulator import ids
from tests.simulator.events import Event
from tests.simulator.graph.context import Context
from tests.simulator.graph.errors import bad
from tests.simulator.graph.options import check_names
from tests.simulator.http import Response
from tests.simulator.mailbox import Mailbox

FORMATS = ("entryId", "ewsId", "immutableEntryId", "restId", "restImmutableEntryId")
MOST_IDS = 1000
_UNREADABLE = "Value cannot be null.\r\nParameter name: rawBytes"


def translate(context: Context) -> Response:
    """200 whatever becomes of single ids: each answer has ``targetId`` or ``errorDetails``, in no promised order."""
    check_names(context, frozenset())
    wanted, source, target = _read(context.request.json())
    found = []
    for item_id in wanted:
        answer = _one(context.mailbox, item_id, source, target)
        if answer is not None:
            found.append({"sourceId": item_id, **answer})
    random.Random(len(found)).shuffle(found)  # the same for the same request
    what = context.link("Collection(microsoft.graph.convertIdResult)")
    return Response.json({"@odata.context": what, "value": found})


def _read(body: Any) -> tuple[list[str], str, str]:
    if not isinstance(body, dict):
        raise bad("Unable to read JSON request payload.")
    lowered = {str(key).casefold(): value for key, value in body.items() if "@odata." not in str(key)}
    unknown = set(lowered) - {"inputids", "sourceidtype", "targetidtype"}
    if unknown:
        raise bad(f"The parameter '{sorted(unknown)[0]}' is not a valid parameter for translateExchangeIds.")
    formats = {name.casefold(): name for name in FORMATS}
    found = [formats.get(str(lowered.get(key)).casefold()) for key in ("sourceidtype", "targetidtype")]
    if found[0] is None or found[1] is None:
        raise bad("sourceIdType and targetIdType must be values of exchangeIdFormat.")
    wanted = lowered.get("inputids")
    if not isinstance(wanted, list) or not wanted or not all(isinstance(one, str) for one in wanted):
        raise bad("inputIds must be a list of ids.")
    if len(wanted) > MOST_IDS:
        raise bad(f"The number of input ids ({len(wanted)}) exceeds the limit of {MOST_IDS}.")
    return wanted, found[0], found[1]


def _rest(item_id: str, source: str) -> str | None:
    """The restId (or restImmutableEntryId) behind an id of any format; None where it does not decode."""
    if source == "ewsId":
        return ids.to_rest(item_id) if not set("-_") & set(item_id) else None
    if source in ("entryId", "immutableEntryId"):
        return ids.from_entry(item_id)
    return item_id if not set("+/") & set(item_id) else None


def _one(mailbox: Mailbox, item_id: str, source: str, target: str) -> dict[str, Any] | None:
    """The answer for one id; None where the service leaves it out."""
    rest = _rest(item_id, source)
    if rest is not None:
        event = mailbox.find(rest)
        folder = mailbox.calendars.get(rest)
        if event is not None:
            return _found(event, target)
        if folder is not None and "immutable" not in target.casefold():
            return {"targetId": _encode(folder.id, target)}
        if ids.is_base64(ids.to_ews(rest)):
            # Formats of the same bytes need no look at the item, immutable ones do.
            if "immutable" in target.casefold() or "immutable" in source.casefold():
                return _error("NotFound")
            return {"targetId": _encode(rest, target)}
    return _error(_UNREADABLE)


def _found(event: Event, target: str) -> dict[str, Any] | None:
    if event.translates == "absent":
        return None
    if event.translates == "error":
        return _error("NotFound")
    return {"targetId": _encode(event.immutable_id if "immutable" in target.casefold() else event.rest_id, target)}


def _encode(rest: str, target: str) -> str:
    if target == "ewsId":
        return ids.to_ews(rest)
    return ids.to_entry(rest) if target in ("entryId", "immutableEntryId") else rest


def _error(text: str) -> dict[str, Any]:
    return {"errorDetails": {"code": text, "message": text}}
