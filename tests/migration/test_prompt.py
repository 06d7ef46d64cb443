"""What a member is shown, for every state, cutoff and provider. The flag is no input: what it does at a login, and that
it does nothing before, is told in test_middleware.py."""

from itertools import product

import pytest

from calendars.states import GOOGLE_STATES, OUTLOOK_STATES, Provider, State
from migration.prompt import Decision, Kind, Notice, decide

NOTHING = Decision()
MOVE = Decision(Notice.BANNER, Kind.MOVE)
AFTER_CUTOFF = Decision(Notice.BANNER, Kind.AFTER_CUTOFF)
LOST = Decision(Notice.BANNER, Kind.SIGN_IN_LOST)
PROGRESS = Decision(Notice.PROGRESS)
UNSUPPORTED = Decision(Notice.UNSUPPORTED)

# State: before the cutoff, after it.
OUTLOOK = {
    State.OLD_SYNC: (NOTHING, AFTER_CUTOFF),
    State.REAUTH_REQUIRED: (MOVE, AFTER_CUTOFF),
    State.DISABLED: (MOVE, AFTER_CUTOFF),
    State.MIGRATING: (PROGRESS, PROGRESS),
    State.GRAPH_SYNC: (NOTHING, NOTHING),
    State.GRANT_LOST: (LOST, LOST),
    State.UNSUPPORTED: (UNSUPPORTED, UNSUPPORTED),
    State.DISCONNECTED: (NOTHING, NOTHING),
}


def test_the_table_has_every_state():
    assert set(OUTLOOK) == OUTLOOK_STATES


@pytest.mark.parametrize("state", OUTLOOK)
@pytest.mark.parametrize("cutoff_passed", [False, True])
def test_an_outlook_connection(state, cutoff_passed):
    assert decide(Provider.OUTLOOK, state, cutoff_passed=cutoff_passed) == OUTLOOK[state][cutoff_passed]


@pytest.mark.parametrize("state", sorted(GOOGLE_STATES))
def test_google_is_never_shown_anything(state):
    for cutoff_passed, grant_gone, recently in product([False, True], repeat=3):
        shown = decide(
            Provider.GOOGLE, state, cutoff_passed=cutoff_passed, grant_gone=grant_gone, recently_moved=recently
        )
        assert shown == NOTHING


@pytest.mark.parametrize("state", OUTLOOK)
@pytest.mark.parametrize("cutoff_passed", [False, True])
def test_a_lost_grant_interrupts_the_migration_and_nothing_else(state, cutoff_passed):
    without = decide(Provider.OUTLOOK, state, cutoff_passed=cutoff_passed)
    shown = decide(Provider.OUTLOOK, state, cutoff_passed=cutoff_passed, grant_gone=True)
    assert shown == (LOST if state == State.MIGRATING else without)


@pytest.mark.parametrize("state", OUTLOOK)
def test_the_end_of_the_move_is_told_for_a_while(state):
    shown = decide(Provider.OUTLOOK, state, cutoff_passed=False, recently_moved=True)
    assert shown == (Decision(Notice.MOVED) if state == State.GRAPH_SYNC else OUTLOOK[state][False])


def test_a_login_is_prompted_exactly_where_the_banner_stands_and_a_banner_says_why():
    for decision in {one for pair in OUTLOOK.values() for one in pair}:
        assert decision.prompts == (decision.notice is Notice.BANNER) == (decision.kind is not None)
