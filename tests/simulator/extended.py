"""Named and numbered properties beyond an item's own, one spelling for all services.

Graph's id of such a property is ``String {guid} Name FirmEventId``, ``Integer {guid} Id 0x8233`` or ``String 0x3001``.
"""

from __future__ import annotations

import re
from typing import Any

_NAMED = re.compile(r"(\w+)\s+\{?([0-9a-fA-F-]{36})\}?\s+(Name|Id)\s+(.+)", re.IGNORECASE)
_TAGGED = re.compile(r"(\w+)\s+(0x[0-9a-fA-F]+|\d+)\s*")


def canonical(key: str) -> str:
    """Graph's id with the set in lower case and a number in hex; the case of a name counts. Others as they are."""
    named = _NAMED.fullmatch(key.strip())
    if named is not None:
        kind, guid, by, which = named.groups()
        return of(kind, guid, **({"name": which} if by.lower() == "name" else {"number": which}))
    tagged = _TAGGED.fullmatch(key.strip())
    return of(tagged[1], "", number=tagged[2]) if tagged is not None else key


def read(entries: list[dict[str, Any]] | None) -> dict[str, str]:
    """The values by id of a list of Graph's ``{"id", "value"}``."""
    return {canonical(str(entry.get("id"))): str(entry.get("value")) for entry in entries or []}


def of(kind: str, guid: str, *, name: str | None = None, number: str | None = None) -> str:
    """The id of a property of a set by its name or number, or (without a set) by its tag."""
    if name is not None:
        return f"{kind} {{{guid.lower()}}} Name {name}"
    digits = hex(int(number or "0", 0)) if _is_number(number) else str(number)
    return f"{kind} {{{guid.lower()}}} Id {digits}" if guid else f"{kind} {digits}"


def _is_number(text: str | None) -> bool:
    try:
        int(text or "", 0)
    except ValueError:
        return False
    return True
