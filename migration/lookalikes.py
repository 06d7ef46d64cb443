"""Which events and appointments of one subject and one time belong together. Pure."""

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from migration.likeness import MASTER, Candidate, Known, subject_key

# Comparing every kind with every other is for groups that a person could make; in larger ones only equal ones pair up.
MOST_COMPARISONS = 10_000
A = TypeVar("A")
B = TypeVar("B")


@dataclass(frozen=True, slots=True)
class Details:
    """What can tell apart events of one subject and time. `edited`: starts that the pattern gave to the edited
    occurrences of a series."""

    uid: str
    spelling: str
    location: str
    pattern: str
    edited: frozenset[int]


class Edited:
    """The edited occurrences of each series, by the start that its pattern gave them. `read`: ids of the series whose
    occurrences are among the candidates; `untold` collects those that have to be read to tell look-alikes apart."""

    def __init__(self, known: Iterable[Known], candidates: Iterable[Candidate], read: Collection[str]) -> None:
        self.untold: set[str] = set()
        self._read = read
        self._ours = _starts((one.series, one.original_start) for one in known if one.series is not None)
        self._theirs = _starts((one.series, one.original_start) for one in candidates if one.kind == "exception")

    def of(self, mine: Sequence[Known], theirs: Sequence[Candidate]) -> Mapping[Hashable, frozenset[int]]:
        """By primary key and by id, those that both sides have: of others nobody knows whether they are new, or gone.
        Nothing before those of all the series have been read."""
        ours = {one.pk: self._ours[one.pk] for one in mine if one.pk in self._ours}
        unread = {one.id for one in theirs if one.kind == MASTER}.difference(self._read) if ours else set()
        self.untold |= unread
        if unread or not ours:
            return {}
        there = {one.id: self._theirs[one.id] for one in theirs if one.id in self._theirs}
        nothing = frozenset[int]()
        common = nothing.union(*ours.values()) & nothing.union(*there.values())
        return {key: starts & common for key, starts in [*ours.items(), *there.items()]}


def _starts(pairs: Iterable[tuple[Hashable, int | None]]) -> dict[Hashable, frozenset[int]]:
    found: dict[Hashable, set[int]] = defaultdict(set)
    for series, start in pairs:
        if start is not None:
            found[series].add(start)
    return {series: frozenset(starts) for series, starts in found.items()}


def pair(
    mine: Sequence[Known], theirs: Sequence[Candidate], edited: Edited
) -> tuple[list[tuple[Known, Candidate]], list[Known], list[Candidate]]:
    """Who belongs together, and what is left of either side.

    First kinds of equal number of which each is the favourite of the other, in the fixed order of both sides; last a
    rest of equal number, of which one side's are all alike.
    """
    ours, others = _kinds(mine, theirs, edited)
    pairs: list[tuple[Known, Candidate]] = []
    while ours and others and (found := _closest(ours, others)):
        for one, other in found:
            pairs += zip(ours.pop(one), others.pop(other), strict=True)
    left = [item for items in ours.values() for item in items]
    left_there = [item for items in others.values() for item in items]
    if len(left) == len(left_there) and min(len(ours), len(others)) == 1:
        return pairs + list(zip(left, left_there, strict=True)), [], []
    return pairs, left, left_there


def _kinds(
    mine: Sequence[Known], theirs: Sequence[Candidate], edited: Edited
) -> tuple[dict[Details, list[Known]], dict[Details, list[Candidate]]]:
    """Both sides by their details. A UID or a spelling that only one side has tells nothing."""
    uids = {one.ical_uid for one in mine} & {one.ical_uid for one in theirs}
    spellings = {one.subject for one in mine} & {one.subject for one in theirs}
    weeks, none = edited.of(mine, theirs), frozenset[int]()

    def details(one: Known | Candidate, key: Hashable) -> Details:
        return Details(
            one.ical_uid if one.ical_uid in uids else "",
            one.subject if one.subject in spellings else "",
            subject_key(one.location),
            one.pattern,
            weeks.get(key, none),
        )

    return (
        _by_details((one, details(one, one.pk)) for one in mine),
        _by_details((one, details(one, one.id)) for one in theirs),
    )


def _by_details(items: Iterable[tuple[A, Details]]) -> dict[Details, list[A]]:
    kinds: dict[Details, list[A]] = {}
    for item, details in items:
        kinds.setdefault(details, []).append(item)
    return kinds


def _closest(ours: dict[Details, list[A]], others: dict[Details, list[B]]) -> list[tuple[Details, Details]]:
    """Kinds of equal number, each the one favourite of the other."""
    if len(ours) * len(others) > MOST_COMPARISONS:
        found = [(one, one) for one in ours if one in others]
    else:
        wanted = {one: _favourite(one, others) for one in ours}
        wanting = {other: _favourite(other, ours) for other in others}
        found = [(one, other) for one, other in wanted.items() if other is not None and wanting[other] == one]
    return [(one, other) for one, other in found if len(ours[one]) == len(others[other])]


def _favourite(one: Details, among: dict[Details, list[A]]) -> Details | None:
    """The one that no other agrees with more in any detail, and every other with less in some: where details contradict
    each other there is none."""
    agreements = {other: _agreement(one, other) for other in among}
    best = max(agreements, key=lambda other: sum(agreements[other]))
    rivals = (agreement for other, agreement in agreements.items() if other != best)
    return best if all(_exceeds(agreements[best], rival) for rival in rivals) else None


def _exceeds(agreement: tuple[int, ...], rival: tuple[int, ...]) -> bool:
    return agreement != rival and all(more >= less for more, less in zip(agreement, rival, strict=True))


def _agreement(one: Details, other: Details) -> tuple[int, ...]:
    """Detail by detail. What is empty on either side says nothing, but for location and pattern: to have none is to
    have no other."""
    common = one.edited & other.edited
    return (
        bool(one.uid) and one.uid == other.uid,
        bool(one.spelling) and one.spelling == other.spelling,
        one.location == other.location,
        2 if one.pattern == other.pattern else bool(one.pattern) == bool(other.pattern),
        2 if common and common == one.edited == other.edited else bool(common),
    )
