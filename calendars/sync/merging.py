"""Two sayings of one event made into one, part by part. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from calendars.sync.content import Content, Part, differing

Parts = frozenset[Part]
NOTHING: Parts = frozenset()
# Decided about together: a rule says something only with the start of its series. Dates taken out of a series are
# decided one by one, with its edited occurrences (`calendars.sync.plan`).
TOGETHER: tuple[Parts, ...] = (
    frozenset({"subject"}), frozenset({"times", "rule"}), frozenset({"location"}), frozenset({"body"}),
    frozenset({"show_as"}), frozenset({"sensitivity"}), frozenset({"reminder"}),
)  # fmt: skip
FIELDS: dict[Part, tuple[str, ...]] = {
    "times": ("all_day", "start", "end", "time_zone"), "rule": ("rrule",), "body": ("body", "body_hash"),
}  # fmt: skip
# Of a meeting that somebody else organises, what is each attendee's own.
OWN_AFFAIR: Parts = frozenset({"show_as", "sensitivity", "reminder"})


@dataclass(frozen=True, slots=True)
class Rules:
    """What may go out. `asked`: a member's own edit asks for it. `guarded`: the service would write to others about a
    change. `organized`: by the member herself. `sayable`: we have words for all that it says there."""

    asked: bool = True
    guarded: bool = False
    organized: bool = True
    sayable: bool = True

    def allow(self, parts: Parts) -> bool:
        """Whether the service would take a change of these parts from us."""
        return self.sayable and (self.organized or parts <= OWN_AFFAIR)


@dataclass(frozen=True, slots=True)
class Merged:
    """`content` is what our event is to say: `inward` are the parts it takes from there, `outward` those that are to be
    told. `lost_here` and `lost_there` were overruled though somebody meant them."""

    content: Content
    inward: Parts = NOTHING
    outward: Parts = NOTHING
    lost_here: Parts = NOTHING
    lost_there: Parts = NOTHING


def merge(
    here: Content, there: Content, base: Content | None, *, changed_here: datetime | None,
    changed_there: datetime | None, rules: Rules, said: Content | None = None,
) -> Merged:  # fmt: skip
    """`base` is what both said when last synced; None where they never were: ours gives way then, and is kept. `said` is
    `here` as the service would say it, where it has not all of our words."""
    said = said or here
    inward: set[Part] = set()
    outward: set[Part] = set()
    lost_here: set[Part] = set()
    lost_there: set[Part] = set()
    open_parts = differing(said, there)
    by_us = differing(said, base) if base else NOTHING
    by_them = differing(there, base) if base else open_parts
    for parts in TOGETHER:
        if not parts & open_parts:
            # They agree, whoever changed it.
            continue
        if not parts & by_us:
            # Changed there alone.
            inward |= parts
            lost_here |= NOTHING if base else parts & open_parts
        elif not parts & by_them and (rules.asked or not rules.guarded):
            # Changed here alone; what the service would not take stands here, and `push` says why.
            outward |= parts & open_parts
        elif not parts & by_them:
            # It differs, and nobody asked for that: others would be written to for a correction.
            inward |= parts
            lost_here |= parts & open_parts
        elif rules.allow(parts) and later(changed_here, changed_there):
            # Changed on both sides, later here.
            outward |= parts & open_parts
            lost_there |= parts & open_parts
        else:
            # Changed on both sides, later there; or what was changed here is not ours to say.
            inward |= parts
            lost_here |= parts & open_parts
    content = taking(here, there, inward)
    return Merged(content, frozenset(inward), frozenset(outward), frozenset(lost_here), frozenset(lost_there))


def later(one: datetime | None, other: datetime | None) -> bool:
    """Whether one change certainly came after the other: where that is not known, nothing is written there for it."""
    return one is not None and other is not None and one > other


def taking(content: Content, other: Content, parts: Iterable[Part]) -> Content:
    """`content` with `parts` as `other` says them."""
    values: dict[str, Any] = {name: getattr(other, name) for part in parts for name in FIELDS.get(part, (part,))}
    return replace(content, **values)
