"""The pictures and tables of docs/states.md show the moves that the code has, no more and no fewer."""

import re

import pytest

from calendars.states import MOVES, Provider, State
from migration.models import MigrationRun
from migration.ticket_states import MOVES as TICKET_MOVES
from migration.ticket_states import TicketState
from tests.test_repository import ROOT

Edge = tuple[str, str, str]
PAGE = (ROOT / "docs" / "states.md").read_text()
SECTIONS = {part.partition("\n")[0]: part for part in PAGE.split("\n## ")[1:]}


def drawn(section: str) -> set[Edge]:
    """The arrows between states: from, to, and each of the causes written at them."""
    [picture] = re.findall(r"```mermaid\n(.*?)```", SECTIONS[section], re.DOTALL)
    arrows = re.findall(r"^ +(\w+) --> (\w+): (.+)$", picture, re.MULTILINE)
    return {(source, after, cause) for source, after, causes in arrows for cause in causes.split(", ")}


def test_the_connections_picture_shows_every_move_of_outlook_but_disconnecting():
    moves = {
        (str(source), str(move.target), str(move.cause))
        for move in MOVES
        for source in move.sources
        if move.provider == Provider.OUTLOOK and move.target != State.DISCONNECTED
    }
    assert drawn("Connection") == moves
    assert all(move.cause == "disconnect" for move in MOVES if move.target == State.DISCONNECTED)


def test_the_connections_table_names_every_cause_with_its_states():
    rows = re.findall(r"^\| (.+?) \| `(\w+)` \| (.+?) \| .+ \|$", SECTIONS["Connection"], re.MULTILINE)
    named = {
        cause: (set(re.findall(r"`(\w+)`", source)), set(re.findall(r"`(\w+)`", after)))
        for source, cause, after in rows
    }
    assert set(named) == {str(move.cause) for move in MOVES}
    for cause, (sources, after) in named.items():
        moves = [move for move in MOVES if move.cause == cause]
        assert after == {str(move.target) for move in moves}
        if cause == "disconnect":
            assert sources == {"disconnected"}, "any but this one"
        else:
            assert sources == {str(source) for move in moves for source in move.sources}


def test_the_tickets_picture_shows_every_move_that_changes_its_state():
    moves = {
        (str(source), str(after), str(cause))
        for cause, steps in TICKET_MOVES.items()
        for source, after in steps.items()
        if source != after
    }
    assert drawn("Ticket") == moves


@pytest.mark.parametrize(
    ("section", "states"), [("Connection", State), ("Run", MigrationRun.State), ("Ticket", TicketState)]
)
def test_every_state_is_on_the_page(section: str, states: type[State]):
    assert [state for state in states if str(state) not in SECTIONS[section]] == []
