"""How alike a synced event and an appointment are, and which of several that look the same belong together. Pure."""

import unicodedata
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TypeVar

MASTER = "seriesMaster"
# What a detail weighs where subject and times are the same. Location and pattern weigh the same, so that nothing is
# decided where they contradict each other; the spelling of a subject decides only where nothing else does.
UID, LOCATION, PATTERN, EDITED, SOME_EDITED, RECURS, SPELLING = 64, 8, 8, 8, 4, 4, 1
# Comparing every kind with every other is for groups that a person could make; larger ones stay ambiguous.
MOST_COMPARISONS = 10_000
A = TypeVar("A")
B = TypeVar("B")


@dataclass(frozen=True, slots=True)
class Known:
    """A synced event as last synced. Times are whole minutes since 1970 (UTC), of all-day events those of their dates
    at midnight UTC, so that dates compare as dates. `translated` is the new id that its old one resolved to."""

    pk: int
    uid: str
    subject: str
    start: int
    end: int
    all_day: bool
    location: str = ""
    pattern: str = ""
    ical_uid: str = ""
    translated: str = ""
    series: int | None = None
    original_start: int | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """An appointment, times as in `Known`. `elsewhere` = in another calendar of the mailbox; `series` is the id of its
    master, and `original_start` the start that the pattern gave it: occurrences only."""

    id: str
    kind: str
    subject: str
    start: int | None
    end: int | None
    all_day: bool
    location: str = ""
    pattern: str = ""
    ical_uid: str = ""
    original_start: int | None = None
    elsewhere: bool = False
    series: str = ""


@dataclass(frozen=True, slots=True)
class Details:
    """What can tell apart events of one subject and time; empty says nothing. `edited`: starts that the pattern gave
    to the edited occurrences of a series."""

    uid: str
    spelling: str
    location: str
    pattern: str
    edited: frozenset[int] = frozenset()


def subject_key(subject: str) -> str:
    """Equal for subjects that differ in Unicode form, case or white space only."""
    if not subject.isascii():
        subject = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", subject).casefold())
    return " ".join(subject.casefold().split())


def times(one: Known | Candidate) -> tuple[Hashable, ...]:
    return one.all_day, one.start, one.end


def times_and_subject(one: Known | Candidate) -> Hashable:
    return one.all_day, one.start, one.end, subject_key(one.subject)


def resemblance(one: Known, other: Candidate) -> tuple[bool, ...]:
    """Greater for the one that is more like it, of several with the same claim to an appointment."""
    return (
        (one.series is None) == (not other.series),
        bool(one.ical_uid) and one.ical_uid == other.ical_uid,
        times_and_subject(one) == times_and_subject(other),
        times(one) == times(other),
        subject_key(one.subject) == subject_key(other.subject),
        subject_key(one.location) == subject_key(other.location) and one.pattern == other.pattern,
        one.subject == other.subject,
    )


def pair(
    mine: Sequence[tuple[A, Details]], theirs: Sequence[tuple[B, Details]]
) -> tuple[list[tuple[A, B]], list[A], list[B]]:
    """Of one subject and time: who belongs together, and what is left of either side.

    First those of equal details, in the fixed order of both sides, where there are equally many; then kinds that are
    closer to each other than to any other; last a rest of equal number, of which one side's are all alike.
    """
    ours, others = _by_details(mine), _by_details(theirs)
    pairs: list[tuple[A, B]] = []
    for details in [one for one in ours if len(ours[one]) == len(others.get(one, ()))]:
        pairs += zip(ours.pop(details), others.pop(details), strict=True)
    while found := _closest(ours, others):
        for one, other in found:
            pairs += zip(ours.pop(one), others.pop(other), strict=True)
    left = [item for items in ours.values() for item in items]
    left_there = [item for items in others.values() for item in items]
    if len(left) == len(left_there) and min(len(ours), len(others)) == 1:
        return pairs + list(zip(left, left_there, strict=True)), [], []
    return pairs, left, left_there


def _by_details(items: Sequence[tuple[A, Details]]) -> dict[Details, list[A]]:
    kinds: dict[Details, list[A]] = {}
    for item, details in items:
        kinds.setdefault(details, []).append(item)
    return kinds


def _closest(ours: dict[Details, list[A]], others: dict[Details, list[B]]) -> list[tuple[Details, Details]]:
    """Kinds of equal number, each the one favourite of the other."""
    if len(ours) * len(others) > MOST_COMPARISONS:
        return []
    wanted = {one: _favourite(one, others) for one in ours}
    wanting = {other: _favourite(other, ours) for other in others}
    return [
        (one, other)
        for one, other in wanted.items()
        if other is not None and wanting[other] == one and len(ours[one]) == len(others[other])
    ]


def _favourite(one: Details, among: dict[Details, list[A]]) -> Details | None:
    """None where two are equally close."""
    best, closeness, shared = None, -1, False
    for other in among:
        weight = _closeness(one, other)
        if weight > closeness:
            best, closeness, shared = other, weight, False
        elif weight == closeness:
            shared = True
    return None if shared else best


def _closeness(one: Details, other: Details) -> int:
    weight = UID if one.uid and one.uid == other.uid else 0
    weight += LOCATION if one.location == other.location else 0
    weight += PATTERN if one.pattern == other.pattern else 0
    weight += RECURS if bool(one.pattern) == bool(other.pattern) else 0
    weight += EDITED if one.edited == other.edited else SOME_EDITED if one.edited & other.edited else 0
    return weight + (SPELLING if one.spelling == other.spelling else 0)
