"""What must hold of any outcome, judged by somebody who knows the truth and shares no line with the engine."""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass

from migration.matching import Candidate, Known
from tests.migration.worlds import World

# Of the fields of a group's members those that say nothing where empty: UID, spelling, edited weeks.
MAY_BE_SILENT = (0, 1, 5)


@dataclass
class Verdict:
    """Outcomes as a run leaves them: primary key → (appointment id, how), and → candidates of the anomalies."""

    links: dict[int, tuple[str, str]]
    held: dict[int, set[str]]


def judge(world: World, verdict: Verdict) -> None:
    everyone = {one.pk for one in world.known}
    assert verdict.links.keys() | verdict.held.keys() == everyone, "I3: an outcome for each"
    assert not verdict.links.keys() & verdict.held.keys(), "I3: one outcome for each"
    claimed = Counter(there for there, _ in verdict.links.values())
    assert not claimed or max(claimed.values()) == 1, "I1: an appointment is claimed once"
    assert not claimed.keys() & {one for held in verdict.held.values() for one in held}, "I5: held is not claimed"
    assert claimed.keys() <= world.appointments().keys()
    _look_alikes_are_held(world, verdict, set(claimed))
    _ids_come_first(world, verdict)
    _unique_uids_come_next(world, verdict)
    _likeness(world, verdict)
    _occurrences_follow_their_series(world, verdict)


def _fold(text: str) -> str:
    return text.strip().lower()


def _looks(one: Known | Candidate) -> Hashable:
    return _fold(one.subject), one.start, one.end, one.all_day


def _look_alikes_are_held(world: World, verdict: Verdict, claimed: set[str]) -> None:
    held = {one for several in verdict.held.values() for one in several}
    missing = {_looks(one) for one in world.known if one.pk in verdict.held}
    free = {one.id for one in world.listed if not one.elsewhere and one.id not in claimed and _looks(one) in missing}
    assert free <= held, "I5: whatever looks like an anomaly is held"
    assert not {one.id for one in world.listed if one.elsewhere} & held


def _ids_come_first(world: World, verdict: Verdict) -> None:
    wanted = Counter(one.translated for one in world.known)
    for one in world.known:
        if one.translated and wanted[one.translated] == 1:
            assert verdict.links.get(one.pk) == (one.translated, "translated")
        elif one.translated:
            takers = [pk for pk, link in verdict.links.items() if link == (one.translated, "translated")]
            assert len(takers) == 1, "of several ids that lead to one appointment, one does"
            rivals = [other for other in world.known if other.translated == one.translated]
            living = {other.pk for other in rivals if not other.gone}
            assert not living or takers[0] in living, "what is deleted here takes nothing from what is not"
    for pk, (there, how) in verdict.links.items():
        if how == "translated":
            assert there in {one.translated for one in world.known if one.pk == pk}


def _unique_uids_come_next(world: World, verdict: Verdict) -> None:
    living = Counter(one.ical_uid for one in world.known if one.series is None and not one.gone)
    ours = Counter(one.ical_uid for one in world.known if one.series is None)
    theirs = Counter(one.ical_uid for one in world.listed)
    by_id = {there for there, how in verdict.links.values() if how == "translated"}
    unique = {one.ical_uid: one for one in world.listed if theirs[one.ical_uid] == 1 and one.id not in by_id}
    for one in world.known:
        # Among the living, what has been deleted here does not count.
        count = ours[one.ical_uid] if one.gone else living[one.ical_uid]
        found = unique.get(one.ical_uid) if one.ical_uid and count == 1 else None
        how = verdict.links.get(one.pk, ("", ""))[1]
        if found and one.series is None and how != "translated":
            assert verdict.links.get(one.pk) == (found.id, "ical_uid")
        else:
            assert how != "ical_uid"


def _likeness(world: World, verdict: Verdict) -> None:
    """Group by group, what ids and UIDs have left of either side; of ours, what has not been deleted here."""
    assert not {one.pk for one in world.known if one.gone and verdict.links.get(one.pk, ("", ""))[1] == "subject_times"}
    done = {there for there, how in verdict.links.values() if how in ("translated", "ical_uid")}
    ours = [
        one for one in world.known
        if one.series is None and not one.gone
        and verdict.links.get(one.pk, ("", ""))[1] not in ("translated", "ical_uid")
    ]  # fmt: skip
    theirs = [one for one in world.listed if not one.elsewhere and one.id not in done]
    there = _grouped(theirs, _looks)
    for looks, mine in _grouped(ours, _looks).items():
        group = Group(world, verdict, mine, there.get(looks, []))
        group.nothing_is_wrong()
        group.nothing_is_missed()
    for one in ours:
        if one.pk in verdict.links:
            assert verdict.links[one.pk][0] in {other.id for other in there.get(_looks(one), [])}


def _grouped(items: Iterable, key: Callable) -> dict:
    groups = defaultdict(list)
    for item in items:
        groups[key(item)].append(item)
    return groups


class Group:
    """Of one subject and time."""

    def __init__(self, world: World, verdict: Verdict, mine: list[Known], theirs: list[Candidate]) -> None:
        self.world, self.verdict, self.mine, self.theirs = world, verdict, mine, theirs
        self.links = {one.pk: verdict.links[one.pk][0] for one in mine if one.pk in verdict.links}
        uids = {one.ical_uid for one in mine} & {one.ical_uid for one in theirs}
        spellings = {one.subject for one in mine} & {one.subject for one in theirs}
        edited = {one.pk: self._edited(one) for one in mine}
        exceptions = {one.id: self._exceptions(one) for one in theirs}
        weeks = frozenset().union(*edited.values()) & frozenset().union(*exceptions.values())

        def fields(one: Known | Candidate) -> tuple[Hashable, ...]:
            own = edited[one.pk] if isinstance(one, Known) else exceptions[one.id]
            return (
                one.ical_uid if one.ical_uid in uids else "", one.subject if one.subject in spellings else "",
                _fold(one.location), one.pattern, bool(one.pattern), own & weeks,
            )  # fmt: skip

        self.ours = {one.pk: fields(one) for one in mine}
        self.there = {one.id: fields(one) for one in theirs}

    def _edited(self, one: Known) -> frozenset:
        return frozenset(other.original_start for other in self.world.known if other.series == one.pk)

    def _exceptions(self, one: Candidate) -> frozenset:
        return frozenset(other.original_start for other in self.world.read.get(one.id, ()))

    def nothing_is_wrong(self) -> None:
        """Up to swapping those that no field tells apart: a link is true, or joins what has nobody of its own. Where
        its own has been edited, an event may go to a nobody's for which the same fields speak, and more."""
        in_group = {pk: there for pk, there in self.world.truth.items() if pk in self.ours and there in self.there}
        true = Counter((self.ours[pk], self.there[there]) for pk, there in in_group.items())
        orphans = Counter(kind for pk, kind in self.ours.items() if pk not in in_group)
        nobodys = Counter(kind for there, kind in self.there.items() if there not in set(in_group.values()))
        made = Counter((self.ours[pk], self.there[there]) for pk, there in self.links.items())
        left_own = list((true - made).elements())
        for (ours, there), number in sorted((made - true).items(), key=lambda link: -len(_agreeing(*link[0]))):
            better = [own for own in left_own if own[0] == ours and _agreeing(*own) < _agreeing(ours, there)]
            for own in better[: max(0, number - orphans[ours])]:
                left_own.remove(own)
                orphans[ours] += 1
                nobodys[own[1]] += 1
            assert orphans[ours] >= number, "a wrong link: its own is there"
            assert nobodys[there] >= number, "a wrong link: that is somebody else's"
            orphans[ours] -= number
            nobodys[there] -= number

    def nothing_is_missed(self) -> None:
        """Equally many that are equal in all; the one that is left; and where one field points to one, and none to
        another."""
        mine, theirs = Counter(self.ours.values()), Counter(self.there.values())
        for pk, kind in self.ours.items():
            assert not self._full(kind) or mine[kind] != theirs[kind] or pk in self.links, "missed: equal in all"
        if len(mine) == 1 == len(theirs) or len(self.mine) == len(self.theirs) == 1:
            assert len(self.mine) != len(self.theirs) or len(self.links) == len(self.mine)
        left = [pk for pk in self.ours if pk not in self.links]
        free = [there for there in self.there if there not in self.links.values()]
        assert not (len(left) == len(free) == 1), "missed: the only ones left"
        for pk in left:
            pointed = [there for there in free if self._points(pk, there)]
            back = [one for one in left if pointed and self._points(one, pointed[0])]
            assert not (len(pointed) == len(back) == 1), "missed: one field tells, and none contradicts"

    def _everyone(self) -> list[tuple[Hashable, ...]]:
        return [*self.ours.values(), *self.there.values()]

    def _full(self, kind: tuple[Hashable, ...]) -> bool:
        """Does it say something in each field in which others do?"""
        return all(kind[n] or not any(other[n] for other in self._everyone()) for n in MAY_BE_SILENT)

    def _points(self, pk: int, there: str) -> bool:
        """Have they something in common that not everyone in the group has?"""
        ours = self.ours[pk]
        return any(any(kind[n] != ours[n] for kind in self._everyone()) for n in _agreeing(ours, self.there[there]))


def _agreeing(ours: tuple[Hashable, ...], there: tuple[Hashable, ...]) -> set[int]:
    pairs = enumerate(zip(ours, there, strict=True))
    return {n for n, (a, b) in pairs if a == b and (a or n not in MAY_BE_SILENT)}


def _occurrences_follow_their_series(world: World, verdict: Verdict) -> None:
    slots = {(one.series, one.original_start): one.id for rows in world.read.values() for one in rows}
    slots |= {slot: one.id for slot, one in world.ordinary.items()}
    for one in world.known:
        if one.series is None:
            continue
        master = verdict.links.get(one.series, ("", ""))[0]
        expected = slots.get((master, one.original_start))
        assert verdict.links.get(one.pk, (None, ""))[0] == expected
