"""How an anomaly stands, and what can be decided about it. Pure."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum


class Standing(StrEnum):
    OPEN = "open"
    LINKED = "linked"
    KEPT = "kept"
    DELETED = "deleted"


class Act(StrEnum):
    """Also the end of its address, and of the audit's action: `anomaly.<act>`."""

    LINK = "link"
    KEEP = "keep"
    COPY = "copy"
    DELETE = "delete"


# The connection has moved, and no other run is about to decide anew.
DECIDABLE_STATES = frozenset({"graph_sync", "grant_lost"})
# How an anomaly stands once this has been decided, and what the calendar has made of it since; else it is not undone.
AFTER = {
    Act.LINK: {Standing.LINKED},
    Act.KEEP: {Standing.KEPT, Standing.DELETED},
    Act.DELETE: {Standing.DELETED},
}


@dataclass(frozen=True, slots=True)
class Facts:
    """`newest`: its run is the connection's latest, and done. `held`: how many appointments wait for the decision, and
    `linkable`: how many of them it can be linked with. `copied`: a copy stands and exists."""

    connection_state: str
    newest: bool
    standing: Standing
    held: int
    linkable: int
    copied: bool


def standing(*, link: str, kept_here: bool, deleted: bool) -> Standing:
    if deleted:
        return Standing.DELETED
    if link == "linked":
        return Standing.LINKED
    return Standing.KEPT if kept_here else Standing.OPEN


def offered(facts: Facts) -> tuple[Act, ...]:
    """What can be decided now. Of an event that is deleted here, only that what is held for it be let go. A copy can be
    made of what is kept only here, too, and one at a time."""
    if not _decidable(facts):
        return ()
    copy = () if facts.copied else (Act.COPY,)
    match facts.standing:
        case Standing.OPEN:
            return (*((Act.LINK,) if facts.linkable else ()), Act.KEEP, *copy, Act.DELETE)
        case Standing.KEPT:
            return copy
        case Standing.DELETED:
            return (Act.KEEP,) if facts.held else ()
        case Standing.LINKED:
            return ()


def undoable(facts: Facts, acts: Collection[str]) -> tuple[Act, ...]:
    """Which of the decisions that stand, `acts`, can be taken back now. What the sync, or the member in the calendar, has
    done since is theirs to take back."""
    if not _decidable(facts):
        return ()
    return tuple(
        act for act in Act if act in acts and (facts.copied if act is Act.COPY else facts.standing in AFTER[act])
    )


def _decidable(facts: Facts) -> bool:
    return facts.newest and facts.connection_state in DECIDABLE_STATES
