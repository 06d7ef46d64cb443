"""What translated ids settle at first sight. Pure.

Of an event whose old id leads to an appointment of the synced calendar, and to which no other event lays claim, nothing
else needs to be known of either side: that is nearly all of nearly every calendar. The rest is for `migration.matching`,
which comes to the same with it and without.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from migration.likeness import MASTER

KINDS = (None, "singleInstance", MASTER)


@dataclass(slots=True)
class Settled:
    """`matched`: primary key → appointment id; `masters`: which of these ids are series; `uids`: of these appointments,
    since a UID that one of them has is not unique."""

    matched: dict[int, str] = field(default_factory=dict)
    masters: set[str] = field(default_factory=set)
    uids: set[str] = field(default_factory=set)


def claims(translated: Mapping[int, str], apart: Collection[int]) -> dict[str, int]:
    """New id → primary key, where one event alone lays claim. `apart`: events that are not for settling: occurrences,
    and those that share their UID with another."""
    found = {new: pk for pk, new in translated.items()}
    if len(found) < len(translated):
        takers = Counter(translated.values())
        found = {new: pk for new, pk in found.items() if takers[new] == 1}
    for pk in apart:
        found.pop(translated.get(pk, ""), None)
    return found


def settle(claims: Mapping[str, int], listed: Iterable[list[Any]]) -> tuple[Settled, dict[str, list[Any]]]:
    """`listed`: the synced calendar's appointments, each as a row of id, type, UID and more; whatever is not their id may
    be of any kind. Also returns, by id, the rows that are left."""
    settled, left = Settled(), dict[str, list[Any]]()
    matched, masters, uids = settled.matched, settled.masters, settled.uids
    for row in listed:
        new, kind, uid, *_ = row
        if new in claims and kind in KINDS:
            matched[claims[new]] = new
            if isinstance(uid, str):
                uids.add(uid)
            if kind == MASTER:
                masters.add(new)
        else:
            left.setdefault(new, row)
    return settled, left
