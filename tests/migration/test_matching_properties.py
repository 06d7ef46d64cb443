"""Invariants I1, I3, I4 and I5, no wrong link and nothing missed, over made-up calendars whose truth is known."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from migration.matching import Matches, masters_to_read, match, slots_to_read
from tests.migration.oracle import Verdict, judge
from tests.migration.worlds import World, worlds

# Thousands where the profile is that of make soak.
often = settings(max_examples=3 * settings().max_examples)


def settle(world: World, rng: random.Random | None = None) -> Matches:
    """Matches, reads what matching asks for, and matches again, as a run does; in any order where `rng` is given."""
    read: set[str] = set()
    slots: set[tuple[str, int]] = set()
    while True:
        found = [*world.listed, *(one for master in sorted(read) for one in world.read.get(master, ()))]
        found += [world.ordinary[slot] for slot in sorted(slots) if slot in world.ordinary]
        known = list(world.known)
        if rng:
            rng.shuffle(found)
            rng.shuffle(known)
        result = match(known, found, read)
        if more := masters_to_read(known, found, result) - read:
            read |= more if not rng else {rng.choice(sorted(more))}
        elif wanted := slots_to_read(known, found, result) - slots:
            slots |= wanted if not rng else {rng.choice(sorted(wanted))}
        else:
            return result


def verdict_of(result: Matches) -> Verdict:
    return Verdict(
        links={pk: (one.appointment_id, one.how) for pk, one in result.matched.items()},
        held={pk: set(one.candidates) for pk, one in result.anomalies.items()},
    )


@often
@given(worlds())
def test_no_link_is_wrong_and_nothing_is_missed_that_can_be_told_apart(world):
    judge(world, verdict_of(settle(world)))


@often
@given(worlds(), st.randoms(use_true_random=False))
def test_neither_order_nor_the_size_of_what_is_read_at_once_changes_the_outcome(world, rng):
    assert settle(world, rng) == settle(world)
