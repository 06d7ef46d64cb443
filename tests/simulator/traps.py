"""What asking for changes (delta) may bring beside the plain truth, for each mailbox: ``POST /_sim/delta``."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

EMPTY = ("first", "always", "never")


@dataclass
class Traps:
    """As Outlook is known to do it, unless told otherwise.

    ``outside``  what was added, changed or moved to where the window does not reach comes as ``@removed``, as if
                 deleted (documented). False: only what was there when the mark was made comes so, nothing that is new
    ``silent``   a cancelled occurrence, or one moved out of the window, has no line of its own: only the master and
                 the occurrences that are left come (reported). False: it comes as ``@removed`` too
    ``empty``    which rounds begin with an empty page and a nextLink: "first" (the full ones), "always", "never"
    ``double``   every line of a round comes twice, the second time after all others
    ``replay``   so many of the next rounds begin at the mark before theirs: they bring what the round before brought
    ``life``     seconds after which a nextLink or deltaLink is lost (410 ``SyncStateNotFound``); None: never
    ``lost``     the code of the 410 that links of an earlier generation get
    """

    outside: bool = True
    silent: bool = True
    empty: str = "first"
    double: bool = False
    replay: int = 0
    life: float | None = None
    lost: str = "SyncStateNotFound"


def names() -> set[str]:
    """What ``POST /_sim/delta`` sets."""
    return {one.name for one in fields(Traps)} - {"lost"}


def check(name: str, value: Any) -> Any:
    """The value as it is; raises ValueError for one that the trap does not have."""
    number = isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
    fits = {
        "outside": isinstance(value, bool),
        "silent": isinstance(value, bool),
        "empty": value in EMPTY,
        "double": isinstance(value, bool),
        "replay": number and isinstance(value, int),
        "life": value is None or number,
    }
    if not fits[name]:
        raise ValueError(f"{name} cannot be {value!r}")
    return value
