"""What a sync does about an appointment it is shown: decided from what is said here, there, and by both when last synced.

Pure. A series is decided as a whole: its own words here, then date by date (`calendars.sync.dates`).
"""

from dataclasses import replace

from calendars.sync import dates
from calendars.sync.content import Content, Part, day_of, differing
from calendars.sync.merging import Merged, later, merge, taking
from calendars.sync.pairs import Cancel, Edit, Outward, Own, Pair, Remove, Restore, Verdict


def decide(pair: Pair) -> Verdict:
    own, there = pair.own, pair.there
    # Older than what we know: a replay. What was read is believed whatever its time.
    if not pair.proven and there.modified and own.known_there and there.modified < own.known_there:
        return Verdict("leave")
    if own.deleted:
        return _deleted_here(pair)
    if own.here is None:
        # Neither an event nor a tombstone: nothing to go by.
        return Verdict("leave")
    merged = merge(
        own.here, there.content, own.known, changed_here=own.changed_here, changed_there=there.modified,
        rules=pair.rules(), said=own.said,
    )  # fmt: skip
    verdict = dates.decide_dates(pair, merged)
    if not pair.proven and any(one.do == "remove" for one in verdict.occurrences):
        # Nothing is deleted here on the word of a list.
        return Verdict("doubt")
    return verdict


def _deleted_here(pair: Pair) -> Verdict:
    own, there = pair.own, pair.there
    if pair.asked and not (later(there.modified, own.changed_here) and changed_there(pair)):
        # Not told yet, and nobody has changed it there since.
        return Verdict("delete", outward=(Remove(),))
    if not pair.asked and not pair.proven:
        # Gone on both sides, as far as we know: a replay, or its owner has brought it back.
        return Verdict("doubt")
    return Verdict("revive", merged=Merged(there.content))


def changed_there(pair: Pair) -> bool:
    """Whether the appointment or one of its occurrences says something else than when last synced."""
    known = pair.own.known
    if known is None or differing(pair.there.content, known):
        return True
    edited = {day_of(item.slot): item.known for item in pair.occurrences if item.known}
    there = {day_of(one.slot): one.content for one in pair.there.exceptions}
    return edited.keys() != there.keys() or any(differing(edited[day], there[day]) for day in there)


# --- While a change is being told -------------------------------------------------------------------------------------
def after_telling(pair: Pair, told: Outward) -> Pair:
    """`pair.there` is the answer to `told`: what was asked for is known on both sides, so that whatever else the answer
    holds counts as changed there; and what the request swept away there still stands here, to be told again."""
    known = pair.own.known
    assert known is not None
    items = pair.occurrences
    match told:
        case Own(content, parts):
            known = replace(taking(known, content, parts), exdates=pair.there.content.exdates)
            left = {one.id for one in pair.there.exceptions}
            items = tuple(item if item.id in left else replace(item, known=None) for item in items)
        case Cancel(day):
            known = replace(known, exdates=(*known.exdates, known.slot(day)))
            items = tuple(replace(item, known=None) if day_of(item.slot) == day else item for item in items)
        case Restore(days):
            known = replace(known, exdates=tuple(one for one in known.exdates if day_of(one) not in days))
        case Edit(day, item, _, content, _) if item is not None:
            items = tuple(replace(one, known=content) if one.row is item.row else one for one in items)
    return replace(pair, own=replace(pair.own, known=known), occurrences=items)


def base_of(answer: Content, told: list[Content]) -> Content:
    """Of an appointment that was created by us, perhaps long ago: every part that says what we once told is ours."""
    base = told[-1]
    ours: set[Part] = {part for one in told for part in differing(answer, base) if one.part(part) == answer.part(part)}
    return taking(base, answer, ours)
