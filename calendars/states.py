"""The connection's states and the table of its moves. Pure but for Django's choices; docs/states.md explains it.

Every move is carried out by `calendars.connections.move`, which repeats the state and epoch it was decided on.
"""

from dataclasses import dataclass

from django.db.models import TextChoices


class Provider(TextChoices):
    OUTLOOK = "outlook", "Outlook"
    GOOGLE = "google", "Google Calendar"


class State(TextChoices):
    OLD_SYNC = "old_sync", "Old sync"
    REAUTH_REQUIRED = "reauth_required", "Waiting for sign-in"
    MIGRATING = "migrating", "Migrating"
    GRAPH_SYNC = "graph_sync", "Graph sync"
    GRANT_LOST = "grant_lost", "Sign-in lost"
    UNSUPPORTED = "unsupported", "Mailbox not served"
    DISABLED = "disabled", "Disabled at the cutoff"
    DISCONNECTED = "disconnected", "Disconnected"
    GOOGLE_SYNC = "google_sync", "Google sync"


class Cause(TextChoices):
    """Why a connection moves; also the audit's action, as `connection.<cause>`."""

    LOGIN = "login", "first login after the flag or the cutoff"
    BANNER_BUTTON = "banner_button", "the banner's button in an open session"
    CUTOFF = "cutoff", "the cutoff passed"
    CUTOFF_MOVED = "cutoff_moved", "the cutoff was moved later"
    UNFLAGGED = "unflagged", "staff took the flag back"
    SAME_MAILBOX = "same_mailbox", "sign-in with the same mailbox"
    APPROVED_ACCOUNT = "approved_account", "sign-in with the account that support approved"
    CANNOT_SERVE = "cannot_serve", "Graph cannot serve the mailbox"
    TRY_AGAIN = "try_again", "the member or support tries again"
    RUN_DONE = "run_done", "the run is done"
    GRANT_REFUSED = "grant_refused", "the grant was refused for good"
    SAME_ACCOUNT = "same_account", "sign-in with the same account"
    DISCONNECT = "disconnect", "the member disconnects"
    RECONNECT_OLD = "reconnect_old", "reconnects the same mailbox, old sync still allowed"
    RECONNECT_MIGRATE = "reconnect_migrate", "reconnects the same mailbox, ids not yet moved"
    RECONNECT = "reconnect", "reconnects the same mailbox, ids moved"


@dataclass(frozen=True)
class Move:
    provider: Provider
    cause: Cause
    sources: frozenset[State]
    target: State


OUTLOOK_STATES = frozenset(State) - {State.GOOGLE_SYNC}
GOOGLE_STATES = frozenset({State.GOOGLE_SYNC, State.GRANT_LOST, State.DISCONNECTED})


def _outlook(cause: Cause, sources: set[State] | frozenset[State], target: State) -> Move:
    return Move(Provider.OUTLOOK, cause, frozenset(sources), target)


def _google(cause: Cause, sources: set[State], target: State) -> Move:
    return Move(Provider.GOOGLE, cause, frozenset(sources), target)


MOVES = (
    _outlook(Cause.LOGIN, {State.OLD_SYNC, State.DISABLED}, State.REAUTH_REQUIRED),
    _outlook(Cause.BANNER_BUTTON, {State.DISABLED}, State.REAUTH_REQUIRED),
    _outlook(Cause.CUTOFF, {State.OLD_SYNC}, State.DISABLED),
    _outlook(Cause.CUTOFF_MOVED, {State.DISABLED}, State.OLD_SYNC),
    _outlook(Cause.UNFLAGGED, {State.REAUTH_REQUIRED}, State.OLD_SYNC),
    _outlook(Cause.SAME_MAILBOX, {State.REAUTH_REQUIRED}, State.MIGRATING),
    _outlook(Cause.APPROVED_ACCOUNT, {State.REAUTH_REQUIRED, State.GRANT_LOST}, State.MIGRATING),
    _outlook(Cause.CANNOT_SERVE, {State.REAUTH_REQUIRED}, State.UNSUPPORTED),
    _outlook(Cause.TRY_AGAIN, {State.UNSUPPORTED}, State.REAUTH_REQUIRED),
    _outlook(Cause.RUN_DONE, {State.MIGRATING}, State.GRAPH_SYNC),
    _outlook(Cause.GRANT_REFUSED, {State.GRAPH_SYNC}, State.GRANT_LOST),
    _outlook(Cause.SAME_ACCOUNT, {State.GRANT_LOST}, State.GRAPH_SYNC),
    _outlook(Cause.DISCONNECT, OUTLOOK_STATES - {State.DISCONNECTED}, State.DISCONNECTED),
    _outlook(Cause.RECONNECT_OLD, {State.DISCONNECTED}, State.OLD_SYNC),
    _outlook(Cause.RECONNECT_MIGRATE, {State.DISCONNECTED}, State.MIGRATING),
    _outlook(Cause.RECONNECT, {State.DISCONNECTED}, State.GRAPH_SYNC),
    _google(Cause.GRANT_REFUSED, {State.GOOGLE_SYNC}, State.GRANT_LOST),
    _google(Cause.SAME_ACCOUNT, {State.GRANT_LOST}, State.GOOGLE_SYNC),
    _google(Cause.DISCONNECT, {State.GOOGLE_SYNC, State.GRANT_LOST}, State.DISCONNECTED),
    _google(Cause.RECONNECT, {State.DISCONNECTED}, State.GOOGLE_SYNC),
)
_TARGETS = {(move.provider, source, move.cause): move.target for move in MOVES for source in move.sources}

# The state of a connection that a member makes anew: new connections never use the old sync.
INITIAL = {Provider.OUTLOOK: State.GRAPH_SYNC, Provider.GOOGLE: State.GOOGLE_SYNC}


class ForbiddenMove(Exception):
    """The table of moves has no such move: a mistake of ours, never of a user."""


def target(provider: str, state: str, cause: str) -> State:
    """The state that follows; raises ForbiddenMove where the table has none."""
    try:
        return _TARGETS[Provider(provider), State(state), Cause(cause)]
    except KeyError:
        raise ForbiddenMove(f"{provider}: no move from {state} because of {cause}") from None
