"""Which appointment is the counterpart of which synced event (R8). Pure: no database, no requests.

One-to-one, and independent of the order of either side. First by the translated old id; then by calendar UID where
it is unique on both sides; then by subject, start and end as last synced; edited occurrences by their series and
original start. What several appointments are equally like stays ambiguous: a wrong link is worse than none.

An event deleted here takes nothing away from one that is still here, and nothing at all by mere likeness: the sync would
delete the appointment. What looks like it is held.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from migration.likeness import MASTER, Candidate, Known, resemblance, subject_key, times, times_and_subject
from migration.lookalikes import Edited, pair
from migration.settling import Settled

# Near misses kept per anomaly: enough to choose from, few enough to look at.
CANDIDATES = 10
# How what was found by neither id nor series was found.
LIKENESS = ("ical_uid", "subject_times")
# Outcome and how of what was settled at first sight.
SETTLED = ("id", "translated")
T = TypeVar("T")
Side = TypeVar("Side", Known, Candidate)


class Match(NamedTuple):
    appointment_id: str
    outcome: str
    how: str
    elsewhere: bool = False


class Anomaly(NamedTuple):
    reason: str
    candidates: tuple[str, ...] = ()


@dataclass(slots=True)
class Matches:
    """`untold`: ids of series that look the same and could be told apart by their edited occurrences, once read;
    `settled`: what was matched before."""

    matched: dict[int, Match] = field(default_factory=dict)
    anomalies: dict[int, Anomaly] = field(default_factory=dict)
    untold: set[str] = field(default_factory=set)
    settled: Settled = field(default_factory=Settled)

    @property
    def claimed(self) -> set[str]:
        return {match.appointment_id for match in self.matched.values()}

    def of(self, pk: int) -> Match | None:
        """Of those settled before, too."""
        settled = self.settled.matched.get(pk)
        return Match(settled, *SETTLED) if settled else self.matched.get(pk)


def match(
    known: Sequence[Known],
    candidates: Sequence[Candidate],
    read: Collection[str] = (),
    settled: Settled | None = None,
) -> Matches:
    """Every synced event ends in exactly one of `matched` and `anomalies`, every appointment in at most one match.

    `read`: ids of the series whose edited occurrences are among the candidates, if they have any. `known` and
    `candidates` are without what is `settled`.
    """
    known = sorted(known, key=lambda one: (one.uid, one.pk))
    candidates = sorted(candidates, key=lambda one: one.id)
    result = Matches(settled=settled or Settled())
    _by_translated_id(known, candidates, result)
    _by_calendar_uid(known, candidates, result)
    ambiguous = _by_subject_and_times(known, candidates, read, result)
    _occurrences(known, candidates, result)
    _explain(known, candidates, result, ambiguous)
    return result


def masters_to_read(known: Iterable[Known], candidates: Iterable[Candidate], result: Matches) -> set[str]:
    """Ids of series of which only reading them gives the edited occurrences, where we hold such: the matched ones,
    and those that nothing else tells apart."""
    found = {one.series: result.of(one.series) for one in known if one.series is not None}
    matched = {match.appointment_id for match in found.values() if match}
    return result.untold | (matched & _masters(candidates, result))


def slots_to_read(known: Iterable[Known], candidates: Iterable[Candidate], result: Matches) -> set[tuple[str, int]]:
    """Series and original start of the occurrences that we hold as edited and Outlook, though it has the series, does
    not: they may be there as ordinary ones."""
    missing = [one for one in known if one.series is not None and one.pk in result.anomalies]
    masters = _masters(candidates, result) if missing else set()
    slots = ((result.of(one.series), one.original_start) for one in missing if one.series is not None)
    return {
        (match.appointment_id, start)
        for match, start in slots
        if match and start is not None and match.appointment_id in masters
    }


def _masters(candidates: Iterable[Candidate], result: Matches) -> set[str]:
    return result.settled.masters.union(one.id for one in candidates if one.kind == MASTER)


def ids_to_read(known: Iterable[Known], candidates: Iterable[Candidate], result: Matches) -> set[str]:
    """New ids of singles and masters whose old one resolves while no list has it: it names an appointment of the mailbox
    that lies where no list of ours leads, or that a list has left out. Only asking for it tells."""
    open_ = {pk for pk, one in result.matched.items() if one.how in LIKENESS} | result.anomalies.keys()
    ids = {one.translated for one in known if one.pk in open_ and one.translated and one.series is None}
    return ids.difference(one.id for one in candidates) if ids else ids


def in_doubt(result: Matches) -> bool:
    """Whether the mailbox has to be looked through again: for what was not found; and for what was found by likeness,
    since that its old id is nowhere, and that no other is as much like it, is absence too."""
    return bool(result.anomalies) or any(one.how in LIKENESS for one in result.matched.values())


def _claim(result: Matches, claimed: set[str], known: Known, candidate: Candidate, outcome: str, how: str) -> None:
    claimed.add(candidate.id)
    result.matched[known.pk] = Match(candidate.id, outcome, how, candidate.elsewhere)


def _by_translated_id(known: Iterable[Known], candidates: Iterable[Candidate], result: Matches) -> None:
    """Where two old ids lead to one appointment, it is that of the event which is more like it."""
    there = {one.id: one for one in candidates}
    wanted: dict[str, list[Known]] = {}
    for one in known:
        found = there.get(one.translated)
        # The id of an occurrence that leads to its series says which series, not which occurrence.
        if found is not None and not (one.series is not None and found.kind == MASTER):
            wanted.setdefault(found.id, []).append(one)
    claimed: set[str] = set()
    for appointment_id, claimants in wanted.items():
        found = there[appointment_id]
        _claim(result, claimed, _most_alike(claimants, found), found, "id", "translated")


def _most_alike(claimants: Sequence[Known], found: Candidate) -> Known:
    """The first of those that are equally alike."""
    return claimants[0] if len(claimants) == 1 else max(claimants, key=lambda one: resemblance(one, found))


def _by_calendar_uid(known: Sequence[Known], candidates: Iterable[Candidate], result: Matches) -> None:
    """Unique among all, not among those left: a copy of a matched event shares its UID and is another event."""
    claimed = result.claimed
    ours = [one for one in known if one.series is None and one.ical_uid]
    wanted = _by_uid(ours) | _by_uid(one for one in ours if not one.gone)
    theirs = _by_uid(one for one in candidates if not one.series and one.ical_uid)
    for uid, one in wanted.items():
        found = theirs.get(uid) if uid not in result.settled.uids else None
        if found is not None and one.pk not in result.matched and found.id not in claimed:
            _claim(result, claimed, one, found, "metadata", "ical_uid")


def _by_uid(items: Iterable[Side]) -> dict[str, Side]:
    """Those whose UID no other has."""
    seen: dict[str, Side | None] = {}
    for item in items:
        seen[item.ical_uid] = None if item.ical_uid in seen else item
    return {uid: item for uid, item in seen.items() if item is not None}


def _by_subject_and_times(
    known: Sequence[Known], candidates: Sequence[Candidate], read: Collection[str], result: Matches
) -> set[int]:
    """Returns the ambiguous ones: alike to appointments that stay unclaimed."""
    claimed, ambiguous = result.claimed, set[int]()
    theirs = _groups(
        (one for one in candidates if one.id not in claimed and not one.series and not one.elsewhere), times_and_subject
    )
    ours = _groups(
        (one for one in known if one.pk not in result.matched and one.series is None and not one.gone),
        times_and_subject,
    )
    edited: Edited | None = None
    for key, mine in ours.items():
        others = theirs.get(key, [])
        if len(mine) == len(others) == 1:
            _claim(result, claimed, mine[0], others[0], "metadata", "subject_times")
        elif others:
            edited = edited or Edited(known, candidates, read)
            pairs, left, left_there = pair(mine, others, edited)
            for one, other in pairs:
                _claim(result, claimed, one, other, "metadata", "subject_times")
            ambiguous.update(one.pk for one in left if left_there)
    result.untold = edited.untold if edited else set()
    return ambiguous


def _occurrences(known: Iterable[Known], candidates: Iterable[Candidate], result: Matches) -> None:
    """Edited occurrences: by the series' counterpart and the start the pattern gave them. It rests on what the
    series was found by."""
    claimed = result.claimed
    there = {(one.series, one.original_start): one for one in candidates if one.series and one.id not in claimed}
    wanted: dict[tuple[str, int | None], list[Known]] = defaultdict(list)
    outcomes: dict[tuple[str, int | None], str] = {}
    for one in known if there else ():
        series = result.of(one.series) if one.series is not None and one.pk not in result.matched else None
        if series and (slot := (series.appointment_id, one.original_start)) in there:
            wanted[slot].append(one)
            outcomes[slot] = series.outcome
    for slot, claimants in wanted.items():
        found = there[slot]
        _claim(result, claimed, _most_alike(claimants, found), found, outcomes[slot], "occurrence")


def _explain(
    known: Iterable[Known], candidates: Sequence[Candidate], result: Matches, ambiguous: Collection[int]
) -> None:
    """An anomaly holds the appointments that look the same, each of which somebody has to hold, and the nearest others
    of its subject or its time. Occurrences belong to their series, so they are nobody's near miss; what has been deleted
    here has no near misses."""
    missing = [one for one in known if one.pk not in result.matched]
    if not missing:
        return
    claimed = result.claimed
    left = [one for one in candidates if one.id not in claimed and one.start is not None and not one.elsewhere]
    same, misses = _shared_out(missing, left), _NearMisses(one for one in left if not one.series)
    for one in missing:
        held = same.get(one.pk, ())
        if one.gone:
            result.anomalies[one.pk] = Anomaly("deleted_here" if held else "not_found", held)
        elif one.pk in ambiguous:
            result.anomalies[one.pk] = Anomaly("ambiguous", held)
        else:
            near = (other for other in misses.of(one) if other not in held)
            result.anomalies[one.pk] = Anomaly("not_found", (*held, *near)[: max(CANDIDATES, len(held))])


def _shared_out(missing: Iterable[Known], left: Iterable[Candidate]) -> dict[int, tuple[str, ...]]:
    """For each those that look the same, at least `CANDIDATES` where there are so many, and each of them for somebody:
    whatever nobody holds would be imported as new by the next sync."""
    shared: dict[int, tuple[str, ...]] = {}
    theirs = _groups(left, times_and_subject)
    for key, mine in _groups(missing, times_and_subject).items():
        ids = [one.id for one in theirs.get(key, ())]
        each = min(len(ids), max(CANDIDATES, -(-len(ids) // len(mine))))
        for number, one in enumerate(mine):
            shared[one.pk] = tuple(ids[(number * each + step) % len(ids)] for step in range(each))
    return shared


class _NearMisses:
    """Of one subject by start, and of one time: a look costs the same however many there are."""

    def __init__(self, left: Iterable[Candidate]) -> None:
        self.by_times: dict[Hashable, list[str]] = defaultdict(list)
        self.by_subject: dict[str, list[tuple[int, str]]] = defaultdict(list)
        for one in left:
            self.by_times[times(one)].append(one.id)
            if (subject := subject_key(one.subject)) and one.start is not None:
                self.by_subject[subject].append((one.start, one.id))
        for starts in self.by_subject.values():
            starts.sort()

    def of(self, one: Known) -> list[str]:
        """Nearest first."""
        starts = self.by_subject.get(subject_key(one.subject), [])
        middle = bisect_left(starts, (one.start, ""))
        near = starts[max(0, middle - CANDIDATES) : middle + CANDIDATES]
        found = dict.fromkeys(self.by_times.get(times(one), [])[:CANDIDATES], 0)
        found |= {other: abs(start - one.start) for start, other in near}
        return sorted(found, key=lambda other: (found[other], other))[:CANDIDATES]


def _groups(items: Iterable[T], key: Callable[[T], Hashable]) -> dict[Hashable, list[T]]:
    groups: dict[Hashable, list[T]] = defaultdict(list)
    for item in items:
        groups[key(item)].append(item)
    return groups
