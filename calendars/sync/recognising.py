"""Which of our events an appointment is that no id links: looked for before anything is created here. Pure."""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from calendars.sync.content import Content
from calendars.sync.service import Appointment


@dataclass(frozen=True, slots=True)
class Candidate:
    """An event of ours that is not linked: as it is now, as last synced, as it was told in a request whose end is unknown.
    `uids` are the calendar UIDs it may be known by. `key` orders, and names it to the caller."""

    key: int
    sayings: tuple[Content, ...]
    uids: frozenset[str] = frozenset()
    anomaly: bool = False
    row: Any = None


@dataclass(frozen=True, slots=True)
class Recognised:
    """By the appointment's id: which event it is, or for which anomalies it is held. Of any other we know nothing."""

    links: dict[str, Candidate]
    held: dict[str, tuple[Candidate, ...]]


def recognise(unknown: Sequence[Appointment], candidates: Iterable[Candidate]) -> Recognised:
    free = {one.key: one for one in sorted(candidates, key=lambda one: one.key)}
    waiting = {one.id: one for one in sorted(unknown, key=lambda one: one.id)}
    links = _by_uid(waiting.values(), free.values())
    for appointment_id, candidate in links.items():
        del waiting[appointment_id], free[candidate.key]
    links |= _by_looks(waiting.values(), [one for one in free.values() if not one.anomaly])
    anomalies: defaultdict[Hashable, list[Candidate]] = defaultdict(list)
    for one in free.values():
        for looks in _looks(one) if one.anomaly else ():
            anomalies[looks].append(one)
    # Subject and times alone do not end an anomaly: a person decides, and until then it is nobody's.
    held = {
        one.id: tuple(anomalies[one.content.looks()])
        for one in waiting.values()
        if one.id not in links and one.content.looks() in anomalies
    }
    return Recognised(links, held)


def _by_uid(unknown: Iterable[Appointment], candidates: Iterable[Candidate]) -> dict[str, Candidate]:
    """Where it is one appointment's and one event's alone: an attendee may have several of a meeting."""
    unknown, candidates = list(unknown), list(candidates)
    there = Counter(one.ical_uid for one in unknown if one.ical_uid)
    here = Counter(uid for one in candidates for uid in one.uids)
    owner = {uid: one for one in candidates for uid in one.uids if here[uid] == 1}
    found = {one.id: owner[one.ical_uid] for one in unknown if there[one.ical_uid] == 1 and one.ical_uid in owner}
    claims = Counter(one.key for one in found.values())
    return {appointment_id: one for appointment_id, one in found.items() if claims[one.key] == 1}


def _by_looks(unknown: Iterable[Appointment], candidates: Sequence[Candidate]) -> dict[str, Candidate]:
    """In a fixed order, where several look the same; of those, first the ones that agree in more."""
    by_looks: defaultdict[Hashable, list[Candidate]] = defaultdict(list)
    for one in candidates:
        for looks in _looks(one):
            by_looks[looks].append(one)
    links: dict[str, Candidate] = {}
    taken: set[int] = set()
    for strict in (True, False):
        for appointment in unknown:
            left = [one for one in by_looks.get(appointment.content.looks(), ()) if one.key not in taken]
            best = next((one for one in left if not strict or _agrees(one, appointment.content)), None)
            if best is not None and appointment.id not in links:
                links[appointment.id] = best
                taken.add(best.key)
    return links


def _looks(candidate: Candidate) -> set[Hashable]:
    return {one.looks() for one in candidate.sayings}


def _agrees(candidate: Candidate, content: Content) -> bool:
    return any(
        one.part("location") == content.part("location") and one.part("rule") == content.part("rule")
        for one in candidate.sayings
    )
