"""The critical path of a run's requests, from the simulator's journal. Pure.

The longest chain, in seconds, of requests that had to follow each other, each lasting as long as the service took for it.
A request had to follow those that were answered before it began and that it needs something of:

sign-in     discovery and tokens: each what was answered before it
calendars   which there are, which is the one: everything answered before it, since by that it is known what to look for
page        the page before it of the same reading, whose link it is; a first page: calendars and sign-in, and where
            the same calendar has been read before, everything answered before it, since that is what called for a second look
translate   sign-in and calendars alone: old ids are known from the beginning
batch       everything answered before it: what was matched calls for it, and one batch counts as four requests at once

Whatever else lies between two requests (time of ours, waiting for one of four places) is no part of it, so that a run
which asks one after the other what it could ask side by side is measured against the path it could have had.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

SIGN_IN = ("discovery", "keys", "token")
CALENDARS = ("calendar", "calendars")


@dataclass(frozen=True)
class Asked:
    """One request: `kind` as above, `chain` what pages of one calendar share; times in seconds."""

    kind: str
    start: float
    end: float
    chain: str = ""
    first: bool = True


def critical_path(journal: list[dict[str, Any]]) -> float:
    """Of the journal's lines, items of batches left out."""
    asked = sorted((_asked(line) for line in journal if line["parent"] is None), key=lambda one: one.start)
    until: list[float] = []
    for number, one in enumerate(asked):
        before = [(other, until[n]) for n, other in enumerate(asked[:number]) if other.end <= one.start]
        until.append(one.end - one.start + _needed(one, before))
    return max(until, default=0.0)


def _asked(line: dict[str, Any]) -> Asked:
    start, end = (datetime.fromisoformat(line[name]).timestamp() for name in ("start", "end"))
    operation = line["operation"]
    if operation == "list":
        return Asked("page", start, end, line["path"], "$skip" not in line["query"])
    kinds = dict.fromkeys(SIGN_IN, "sign-in") | dict.fromkeys(CALENDARS, "calendars")
    return Asked(kinds.get(operation, operation), start, end)


def _needed(one: Asked, before: list[tuple[Asked, float]]) -> float:
    """The longest chain that ends in something `one` needs. `before`: what was answered, in the order it was asked."""
    same = [pair for pair in before if one.chain and pair[0].chain == one.chain]
    if one.kind == "page" and not one.first and same:
        return same[-1][1]
    if one.kind == "translate" or (one.kind == "page" and not same):
        before = [pair for pair in before if pair[0].kind in ("sign-in", "calendars")]
    return max((path for _, path in before), default=0.0)
