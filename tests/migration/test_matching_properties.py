"""Invariants I1, I3, I4 and I5, no wrong link and nothing missed, over made-up calendars whose truth is known."""

import random
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from migration.matching import Matches, masters_to_read, match, slots_to_read
from migration.settling import Settled, claims, settle
from tests.migration.oracle import Verdict, judge
from tests.migration.worlds import World, worlds

# Thousands where the profile is that of make soak.
often = settings(max_examples=3 * settings().max_examples)


def run(world: World, rng: random.Random | None = None, settled: Settled | None = None) -> Matches:
    """Matches, reads what matching asks for, and matches again, as a run does; in any order where `rng` is given. What
    is `settled` is left out."""
    read: set[str] = set()
    slots: set[tuple[str, int]] = set()
    matched = settled.matched if settled else {}
    listed = [one for one in world.listed if one.id not in matched.values()]
    while True:
        found = [*listed, *(one for master in sorted(read) for one in world.read.get(master, ()))]
        found += [world.ordinary[slot] for slot in sorted(slots) if slot in world.ordinary]
        known = [one for one in world.known if one.pk not in matched]
        if rng:
            rng.shuffle(found)
            rng.shuffle(known)
        result = match(known, found, read, settled)
        if more := masters_to_read(known, found, result) - read:
            read |= more if not rng else {rng.choice(sorted(more))}
        elif wanted := slots_to_read(known, found, result) - slots:
            slots |= wanted if not rng else {rng.choice(sorted(wanted))}
        else:
            return result


def settled_in(world: World) -> Settled:
    translated = {one.pk: one.translated for one in world.known if one.translated}
    uids = Counter(one.ical_uid for one in world.known if one.series is None and one.ical_uid)
    apart = [one.pk for one in world.known if one.series is not None or uids[one.ical_uid] > 1]
    rows = [[one.id, one.kind, one.ical_uid] for one in world.listed if not one.elsewhere]
    return settle(claims(translated, apart), rows)[0]


def verdict_of(result: Matches) -> Verdict:
    settled = {pk: (there, "translated") for pk, there in result.settled.matched.items()}
    return Verdict(
        links=settled | {pk: (one.appointment_id, one.how) for pk, one in result.matched.items()},
        held={pk: set(one.candidates) for pk, one in result.anomalies.items()},
    )


@often
@given(worlds())
def test_no_link_is_wrong_and_nothing_is_missed_that_can_be_told_apart(world):
    judge(world, verdict_of(run(world)))


@often
@given(worlds(), st.randoms(use_true_random=False))
def test_neither_order_nor_the_size_of_what_is_read_at_once_changes_the_outcome(world, rng):
    assert run(world, rng) == run(world)


@often
@given(worlds())
def test_what_is_settled_at_first_sight_is_what_comes_of_it_anyway(world):
    settled = settled_in(world)
    short, long = run(world, settled=settled), run(world)
    assert verdict_of(short) == verdict_of(long)
    assert (short.anomalies, short.untold) == (long.anomalies, long.untold)
    # Whoever may be settled is: no other wants the appointment, or has the UID.
    takers = Counter(one.translated for one in world.known)
    listed = {one.id for one in world.listed if not one.elsewhere}
    uids = Counter(one.ical_uid for one in world.known if one.series is None and one.ical_uid)
    assert settled.matched.keys() == {
        one.pk for one in world.known
        if one.translated in listed and takers[one.translated] == 1 and one.series is None and uids[one.ical_uid] < 2
    }  # fmt: skip
