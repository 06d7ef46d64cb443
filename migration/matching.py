"""Which appointment is the counterpart of which synced event (R8). Pure: no database, no requests.

One-to-one, and independent of the order of either side. First by the translated old id; then by calendar UID where
it is unique on both sides; then by subject, start and end as last synced; edited occurrences by their series and
original start. What several appointments are equally like stays ambiguous: a wrong link is worse than none.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

# Near misses kept per anomaly: enough to choose from, few enough to look at.
CANDIDATES = 10
MASTER = "seriesMaster"
T = TypeVar("T")


class Known(NamedTuple):
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


class Candidate(NamedTuple):
    """An appointment, times as in `Known`. `elsewhere` = in another calendar of the mailbox; `series` is the id of its
    master, and `original_start` the start that the pattern gave it: edited occurrences only."""

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
class Match:
    appointment_id: str
    outcome: str
    how: str
    elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class Anomaly:
    reason: str
    candidates: tuple[str, ...] = ()


@dataclass(slots=True)
class Matches:
    matched: dict[int, Match] = field(default_factory=dict)
    anomalies: dict[int, Anomaly] = field(default_factory=dict)

    @property
    def claimed(self) -> set[str]:
        return {match.appointment_id for match in self.matched.values()}


def subject_key(subject: str) -> str:
    """Equal for subjects that differ in Unicode form, case or white space only."""
    if not subject.isascii():
        subject = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", subject).casefold())
    return " ".join(subject.casefold().split())


def match(known: Sequence[Known], candidates: Sequence[Candidate]) -> Matches:
    """Every synced event ends in exactly one of `matched` and `anomalies`, every appointment in at most one match."""
    known = sorted(known, key=lambda one: (one.uid, one.pk))
    candidates = sorted(candidates, key=lambda one: one.id)
    result = Matches()
    _by_translated_id(known, candidates, result)
    _by_calendar_uid(known, candidates, result)
    ambiguous = _by_subject_and_times(known, candidates, result)
    _occurrences(known, candidates, result)
    _explain(known, candidates, result, ambiguous)
    return result


def masters_to_read(known: Sequence[Known], result: Matches) -> set[str]:
    """Ids of the matched series of which we hold edited occurrences: only reading those gives their exceptions."""
    series = {one.series for one in known if one.series is not None}
    return {match.appointment_id for pk, match in result.matched.items() if pk in series}


def in_doubt(known: Sequence[Known], result: Matches) -> bool:
    """Whether the mailbox has to be looked through again: for what was not found, and where an old id resolves, so that
    its appointment is somewhere, and another one is merely like it."""
    by_likeness = {pk for pk, match in result.matched.items() if match.how in ("ical_uid", "subject_times")}
    return bool(result.anomalies) or any(one.translated for one in known if one.pk in by_likeness)


def _claim(result: Matches, claimed: set[str], known: Known, candidate: Candidate, outcome: str, how: str) -> None:
    claimed.add(candidate.id)
    result.matched[known.pk] = Match(candidate.id, outcome, how, candidate.elsewhere)


def _by_translated_id(known: Iterable[Known], candidates: Iterable[Candidate], result: Matches) -> None:
    there = {one.id: one for one in candidates}
    claimed: set[str] = set()
    for one in known:
        found = there.get(one.translated)
        if found is not None and found.id not in claimed:
            _claim(result, claimed, one, found, "id", "translated")


def _by_calendar_uid(known: Iterable[Known], candidates: Iterable[Candidate], result: Matches) -> None:
    """Unique among all, not among those left: a copy of a matched event shares its UID and is another event."""
    claimed = result.claimed
    ours = _unique((one for one in known if one.series is None and one.ical_uid), lambda one: one.ical_uid)
    theirs = _unique((one for one in candidates if not one.series and one.ical_uid), lambda one: one.ical_uid)
    for uid, one in ours.items():
        found = theirs.get(uid)
        if found is not None and one.pk not in result.matched and found.id not in claimed:
            _claim(result, claimed, one, found, "metadata", "ical_uid")


def _unique(items: Iterable[T], key: Callable[[T], str]) -> dict[str, T]:
    seen: dict[str, list[T]] = defaultdict(list)
    for item in items:
        seen[key(item)].append(item)
    return {value: found[0] for value, found in seen.items() if len(found) == 1}


def _by_subject_and_times(
    known: Iterable[Known], candidates: Iterable[Candidate], result: Matches
) -> dict[int, tuple[str, ...]]:
    """Returns the ambiguous ones with the candidates of each."""
    claimed, ambiguous = result.claimed, {}
    theirs = _groups(
        (one for one in candidates if one.id not in claimed and not one.series and not one.elsewhere),
        _times_and_subject,
    )
    ours = _groups((one for one in known if one.pk not in result.matched and one.series is None), _times_and_subject)
    for key, mine in ours.items():
        left_mine, left_theirs = _pair_equal_ones(mine, theirs.get(key, []), result, claimed)
        if len(left_mine) == len(left_theirs) and _all_alike(left_mine) and _all_alike(left_theirs):
            for one, other in zip(left_mine, left_theirs, strict=True):
                _claim(result, claimed, one, other, "metadata", "subject_times")
        elif left_mine and left_theirs:
            ambiguous.update(_share_out(left_mine, left_theirs))
    return ambiguous


def _pair_equal_ones(
    mine: list[Known], theirs: list[Candidate], result: Matches, claimed: set[str]
) -> tuple[list[Known], list[Candidate]]:
    """Of one group, pairs those that are equal in location and pattern too, in the fixed order of both sides, where
    there are equally many of them; returns what is left."""
    there = _groups(theirs, _details)
    left_mine: list[Known] = []
    for key, same in _groups(mine, _details).items():
        others = there.get(key, [])
        if len(same) != len(others):
            left_mine += same
            continue
        for one, other in zip(same, others, strict=True):
            _claim(result, claimed, one, other, "metadata", "subject_times")
    return left_mine, [one for one in theirs if one.id not in claimed]


def _all_alike(items: Sequence[Known] | Sequence[Candidate]) -> bool:
    """No field we hold tells them apart, so any pairing of them is right; also where there is one or none."""
    return len({_details(one) for one in items}) <= 1


def _share_out(mine: list[Known], theirs: list[Candidate]) -> dict[int, tuple[str, ...]]:
    """Candidates for each, at least `CANDIDATES` where there are so many, and each candidate for somebody: whatever
    nobody holds would be imported as new by the next sync."""
    each = min(len(theirs), max(CANDIDATES, -(-len(theirs) // len(mine))))
    ids = [one.id for one in theirs]
    return {
        one.pk: tuple(ids[(number * each + step) % len(ids)] for step in range(each)) for number, one in enumerate(mine)
    }


def _occurrences(known: Iterable[Known], candidates: Iterable[Candidate], result: Matches) -> None:
    """Edited occurrences: by the series' counterpart and the start the pattern gave them. It rests on what the
    series was found by."""
    claimed = result.claimed
    there = {(one.series, one.original_start): one for one in candidates if one.series}
    for one in known:
        if one.series is None or one.pk in result.matched or one.series not in result.matched:
            continue
        master = result.matched[one.series]
        found = there.get((master.appointment_id, one.original_start))
        if found is not None and found.id not in claimed:
            _claim(result, claimed, one, found, master.outcome, "occurrence")


def _explain(
    known: Iterable[Known], candidates: Sequence[Candidate], result: Matches, ambiguous: Mapping[int, tuple[str, ...]]
) -> None:
    missing = [one for one in known if one.pk not in result.matched]
    if not missing:
        return
    claimed = result.claimed
    left = [one for one in candidates if one.id not in claimed and one.start is not None and not one.elsewhere]
    by_subject = _groups((one for one in left if subject_key(one.subject)), lambda one: subject_key(one.subject))
    by_times = _groups(left, _times)
    for one in missing:
        if one.pk in ambiguous:
            result.anomalies[one.pk] = Anomaly("ambiguous", ambiguous[one.pk])
            continue
        near = {near.id: near for near in by_subject.get(subject_key(one.subject), []) + by_times.get(_times(one), [])}
        nearest = sorted(near.values(), key=lambda other: (_distance(one, other), other.id))[:CANDIDATES]
        result.anomalies[one.pk] = Anomaly("not_found", tuple(other.id for other in nearest))


def _groups(items: Iterable[T], key: Callable[[T], Hashable]) -> dict[Hashable, list[T]]:
    groups: dict[Hashable, list[T]] = defaultdict(list)
    for item in items:
        groups[key(item)].append(item)
    return groups


def _times_and_subject(one: Known | Candidate) -> Hashable:
    return (*_times(one), subject_key(one.subject))


def _times(one: Known | Candidate) -> tuple[Hashable, ...]:
    return one.all_day, one.start, one.end


def _details(one: Known | Candidate) -> Hashable:
    return subject_key(one.location), one.pattern


def _distance(one: Known, other: Candidate) -> float:
    return float("inf") if other.start is None else abs(one.start - other.start)
