"""Made-up calendars on both sides, with the truth about which appointment is whose.

Events come from few subjects, times and places, so that many look the same, and some have been deleted here since. Then
Outlook goes on without us: it renames, moves, deletes, copies, makes anew, forgets ids. What is changed there becomes
something nobody else has: what two sides hold could otherwise speak against the truth, and no engine could tell.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

from hypothesis import strategies as st

from migration.matching import Candidate, Known

MONDAY = int(datetime(2026, 12, 7, 14, tzinfo=UTC).timestamp()) // 60
HOUR, DAY = 60, 24 * 60
MIDNIGHT = MONDAY - 14 * HOUR
WEEKLY, DAILY = "weekly every 1 on monday", "daily every 1"
SUBJECTS = ["Hearing", "Hearing", "hearing ", "Call", ""]
# Start, length, all day.
TIMES = [(MONDAY, HOUR, False), (MONDAY, HOUR, False), (MONDAY + HOUR, HOUR, False), (MIDNIGHT, DAY, True)]
PLACES = ["", "", "Court 3", "Phone"]
PATTERNS = ["", "", "", WEEKLY, DAILY]
# What happens to an appointment, mostly nothing.
EDITS = [(), (), (), (), ("rename",), ("move",), ("relocate",), ("repattern",), ("relocate", "repattern"), ("drop uid",),
         ("elsewhere",), ("copy",), ("copy with uid",), ("delete",), ("anew",), ("relocate", "copy")]  # fmt: skip
# What became of an edited occurrence of ours.
FATES = ["edited", "edited", "edited", "ordinary", "cancelled"]


@dataclass
class World:
    """`truth`: primary key → id of the counterpart, None where there is none any more. `read`, `ordinary`: what reading
    a series, or one slot of it, gives."""

    known: list[Known] = field(default_factory=list)
    listed: list[Candidate] = field(default_factory=list)
    read: dict[str, list[Candidate]] = field(default_factory=dict)
    ordinary: dict[tuple[str, int], Candidate] = field(default_factory=dict)
    cancelled: dict[str, list[int]] = field(default_factory=dict)
    truth: dict[int, str | None] = field(default_factory=dict)

    @property
    def owners(self) -> dict[str, int]:
        return {there: pk for pk, there in self.truth.items() if there is not None}

    def appointments(self) -> dict[str, Candidate]:
        rows = [*self.listed, *(one for rows in self.read.values() for one in rows), *self.ordinary.values()]
        return {one.id: one for one in rows}


Choose = Callable[[list], Any]


@st.composite
def worlds(draw, most: int = 7) -> World:
    """For hypothesis, which makes failures smaller."""
    world = made(lambda choices: draw(st.sampled_from(choices)), draw(st.integers(1, most)))
    _lead_astray(world, lambda choices: draw(st.sampled_from(choices)))
    return world


def made(choose: Choose, number: int) -> World:
    """Of so many events, and their edited occurrences."""
    world, fresh, pks = World(), count(1), count(1)
    for _ in range(number):
        _event(world, choose, next(pks), fresh, pks)
    _ordinary_weeks(world)
    # Neither side comes in the order of the other.
    world.listed.sort(key=lambda one: one.id[::-1])
    return world


def _event(world: World, choose: Choose, pk: int, fresh: Iterator[int], pks: Iterator[int]) -> None:
    start, length, all_day = choose(TIMES)
    uid = choose(["", "own", "own", "shared"])
    one = Known(
        pk, f"event-{pk % 3}-{pk}", choose(SUBJECTS), start, start + length, all_day, choose(PLACES),
        choose(PATTERNS), f"own {pk}" if uid == "own" else uid,
    )  # fmt: skip
    # Its number says nothing of ours: the order of ids is another on each side.
    name = f"c{pk * 7 % 10}{pk}"
    there = Candidate(
        name, "seriesMaster" if one.pattern else "singleInstance", one.subject, one.start, one.end, one.all_day,
        one.location, one.pattern, one.ical_uid,
    )  # fmt: skip
    edits = choose(EDITS)
    for edit in edits:
        there = _edited(there, edit, fresh)
    deleted = "delete" in edits
    by_id = not deleted and "anew" not in edits and choose([True, False])
    gone = choose([False, False, False, False, True])
    world.known.append(one._replace(translated=name if by_id else "", gone=gone))
    world.truth[pk] = None if deleted else name
    if not deleted:
        world.listed.append(there)
    if there.kind == "seriesMaster":
        world.read[name] = []
    for edit in edits:
        if edit.startswith("copy"):
            copy = there._replace(id=f"{name}-copy", ical_uid=there.ical_uid if "uid" in edit else f"new {next(fresh)}")
            world.listed.append(copy)
            world.read[copy.id] = []
    if one.pattern:
        goes_on = not deleted and (there.pattern, there.start) == (one.pattern, one.start)
        _occurrences(world, choose, one, there if goes_on else None, fresh, pks)


def _edited(there: Candidate, edit: str, fresh: Iterator[int]) -> Candidate:
    number = next(fresh)
    if edit == "rename":
        return there._replace(subject=f"Renamed {number}")
    if edit == "move" and there.start is not None and there.end is not None and not (there.all_day and there.pattern):
        # To an hour of its own, too: the starts that a series' pattern gave are none of it any more.
        shift = number * 7 * DAY + (0 if there.all_day else 3 * HOUR + 17)
        return there._replace(start=there.start + shift, end=there.end + shift)
    if edit == "relocate":
        return there._replace(location=f"Place {number}")
    if edit == "repattern" and there.pattern:
        monthly = f"absoluteMonthly every {number + 1 + number // 11} day 7"
        return there._replace(kind="seriesMaster", pattern=monthly)
    if edit == "drop uid":
        return there._replace(ical_uid="")
    if edit == "anew":
        return there._replace(ical_uid=f"new {number}")
    return there._replace(elsewhere=True) if edit == "elsewhere" else there


def _occurrences(
    world: World, choose: Choose, series: Known, master: Candidate | None, fresh: Iterator[int], pks: Iterator[int]
) -> None:
    """Each series has edited weeks of its own; the first of them stays edited as long as there is a series."""
    for number in range(choose([0, 0, 1, 2])):
        slot = series.start + (1 + series.pk * 2 + number) * 7 * DAY
        pk = next(pks)
        world.known.append(
            Known(pk, f"edited {pk}", choose(SUBJECTS), slot + HOUR, slot + 2 * HOUR, False, series=series.pk,
                  original_start=slot, gone=choose([False, False, False, False, True]))
        )  # fmt: skip
        world.truth[pk] = None
        fate = choose(FATES) if number else "edited"
        if master is None or fate == "cancelled":
            if master is not None:
                world.cancelled.setdefault(master.id, []).append(slot)
            continue
        there = Candidate(
            f"{master.id}-{slot}", fate if fate == "ordinary" else "exception", world.known[-1].subject, slot + HOUR,
            slot + 2 * HOUR, False, original_start=slot, series=master.id, elsewhere=master.elsewhere,
        )  # fmt: skip
        world.truth[pk] = there.id
        if fate == "ordinary":
            world.ordinary[master.id, slot] = there._replace(kind="occurrence")
        else:
            world.read[master.id].append(there)
    if master is not None and choose([False, True]):
        slot = series.start + (60 + next(fresh)) * 7 * DAY
        extra = Candidate(f"{master.id}-{slot}", "exception", "Hearing", slot, slot + HOUR, False,
                          original_start=slot, series=master.id, elsewhere=master.elsewhere)  # fmt: skip
        world.read[master.id].append(extra)


def _ordinary_weeks(world: World) -> None:
    """What other series have at the starts of edited occurrences: one may be taken for the series of another's."""
    slots = {one.original_start for one in world.known if one.original_start is not None}
    for master in world.listed:
        there = {one.original_start for one in world.read.get(master.id, ())} | set(world.cancelled.get(master.id, ()))
        for slot in slots - there:
            if _occurs(master, slot):
                ordinary = Candidate(
                    f"{master.id}-{slot}", "occurrence", master.subject, slot, slot + HOUR, False,
                    original_start=slot, series=master.id, elsewhere=master.elsewhere,
                )  # fmt: skip
                world.ordinary.setdefault((master.id, slot), ordinary)


def _occurs(master: Candidate, slot: int) -> bool:
    if not master.pattern or master.start is None or slot < master.start:
        return False
    if master.pattern in (DAILY, WEEKLY):
        return (slot - master.start) % (DAY if master.pattern == DAILY else 7 * DAY) == 0
    first, then = (datetime.fromtimestamp(one * 60, UTC) for one in (master.start, slot))
    months = (then.year - first.year) * 12 + then.month - first.month
    return (then.day, then.time()) == (7, first.time()) and months % int(master.pattern.split()[2]) == 0


def _lead_astray(world: World, choose: Choose) -> None:
    """Sometimes two old ids lead to one appointment."""
    led = [one for one in world.known if one.translated]
    if led and choose([False, False, True]):
        target, number = choose(led), choose(list(range(len(world.known))))
        stray = world.known[number]
        if stray.series is None and not stray.translated:
            world.known[number] = stray._replace(translated=target.translated)
