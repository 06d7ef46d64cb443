import pytest

from calendars.states import (
    GOOGLE_STATES,
    INITIAL,
    MOVES,
    OUTLOOK_STATES,
    Cause,
    ForbiddenMove,
    Provider,
    State,
    target,
)
from tests.calendars.moves_table import ALLOWED, EVERY_CELL, STATES


@pytest.mark.parametrize(("provider", "state", "cause"), EVERY_CELL)
def test_every_cell_of_the_table(provider: str, state: str, cause: str):
    after = ALLOWED.get((provider, state, cause))
    if after is None:
        with pytest.raises(ForbiddenMove, match=f"{provider}: no move from {state} because of {cause}"):
            target(provider, state, cause)
    else:
        assert target(provider, state, cause) == after


def test_the_table_speaks_of_states_and_causes_that_exist_and_each_is_reached():
    assert {(provider, state) for provider, state, _ in ALLOWED} == {(p, s) for p, some in STATES.items() for s in some}
    assert {cause for _, _, cause in ALLOWED} == set(Cause), "a cause that moves nothing is no cause"
    reached = {(provider, after) for (provider, _, _), after in ALLOWED.items()}
    assert reached == {(provider, state) for provider, some in STATES.items() for state in some}


def test_each_provider_has_its_states_and_new_connections_never_use_the_old_sync():
    assert set(STATES["outlook"]) == OUTLOOK_STATES
    assert set(STATES["google"]) == GOOGLE_STATES
    assert INITIAL == {"outlook": "graph_sync", "google": "google_sync"}


def test_no_cell_is_written_twice_in_code():
    cells = [(move.provider, source, move.cause) for move in MOVES for source in move.sources]
    assert len(cells) == len(set(cells)) == len(ALLOWED)


def test_words_that_are_no_state_are_refused_as_such():
    with pytest.raises(ValueError, match="asleep"):
        target(Provider.OUTLOOK, "asleep", Cause.LOGIN)
    with pytest.raises(ValueError, match="boredom"):
        target(Provider.OUTLOOK, State.OLD_SYNC, "boredom")
