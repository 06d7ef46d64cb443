"""The ticket's states and the table of its moves. Pure but for Django's choices.

Every move is carried out in `migration.tickets`, which repeats the state and the turn it was decided on.
"""

from dataclasses import dataclass

from django.db.models import TextChoices

from calendars.states import State as ConnectionState


class TicketState(TextChoices):
    OPEN = "open", "Open"
    WAITING_FOR_MEMBER = "waiting_for_member", "Waiting for the member"
    APPROVED = "approved", "Approved"
    CLOSED = "closed", "Closed"


class Cause(TextChoices):
    """What happens to a ticket; also the action of its entry, and of the audit as `ticket.<cause>`."""

    MISMATCH = "mismatch", "Signed in with another mailbox"
    CALENDAR_NOT_FOUND = "calendar_not_found", "The calendar was not found"
    HELP = "help", "Asked for help with signing in"
    MESSAGE = "message", "The member wrote"
    ASK_AGAIN = "ask_again", "Wrong account: asked to sign in again"
    APPROVE_SAME_MAILBOX = "approve_same_mailbox", "Same mailbox: address accepted"
    APPROVE_OTHER_ACCOUNT = "approve_other_account", "Move to the other account approved"
    ANSWER = "answer", "Answered"
    CLOSE = "close", "Closed by support"
    LISTED = "listed", "The new address is approved, with others of the firm"
    TAKE_BACK = "take_back", "Taken back by support"
    REOPEN = "reopen", "Opened again by support"
    EXPIRED = "expired", "The approval expired"
    USED = "used", "Signed in with the approved account"
    SUCCESS = "success", "Settled: the right account signed in, or the move is made"
    # Told by the entry alone: the ticket stays as it is.
    MAIL_FAILED = "mail_failed", "A mail could not be sent"


class MemberReason(TextChoices):
    """What members say of a sign-in with another account, in their own words."""

    WRONG_ACCOUNT = "wrong_account", "I clicked the wrong account"
    ADDRESS_CHANGED = "address_changed", "My address has changed"
    OTHER_CALENDAR = "other_calendar", "I want another calendar"


OPEN, WAITING, APPROVED, CLOSED = TicketState
LIVE = frozenset({OPEN, WAITING, APPROVED})

# What happens: from which state to which.
MOVES: dict[Cause, dict[TicketState, TicketState]] = {
    # An approval stands for the account it names, whatever else the member tries.
    Cause.MISMATCH: {OPEN: OPEN, WAITING: OPEN, APPROVED: APPROVED},
    Cause.CALENDAR_NOT_FOUND: {OPEN: OPEN, WAITING: OPEN, APPROVED: OPEN},
    Cause.HELP: {OPEN: OPEN, WAITING: OPEN, APPROVED: APPROVED},
    # In doubt, refuse: what the member writes may be "not that one", so an approval waits until support has read it.
    Cause.MESSAGE: {OPEN: OPEN, WAITING: OPEN, APPROVED: OPEN},
    Cause.ASK_AGAIN: {OPEN: WAITING, APPROVED: WAITING},
    Cause.APPROVE_SAME_MAILBOX: {OPEN: APPROVED, WAITING: APPROVED},
    Cause.APPROVE_OTHER_ACCOUNT: {OPEN: APPROVED, WAITING: APPROVED},
    Cause.ANSWER: {OPEN: WAITING, WAITING: WAITING, APPROVED: APPROVED},
    Cause.CLOSE: {OPEN: CLOSED, WAITING: CLOSED, APPROVED: CLOSED},
    Cause.LISTED: {OPEN: WAITING, WAITING: WAITING, APPROVED: APPROVED},
    # A decision that nobody has acted on yet; a ticket that support closed, and nothing else did.
    Cause.TAKE_BACK: {WAITING: OPEN, APPROVED: OPEN},
    Cause.REOPEN: {CLOSED: OPEN},
    Cause.EXPIRED: {APPROVED: OPEN},
    Cause.USED: {APPROVED: CLOSED},
    Cause.SUCCESS: {OPEN: CLOSED, WAITING: CLOSED, APPROVED: CLOSED},
}


class ForbiddenTicketMove(Exception):
    """The table of moves has no such move, or the ticket's connection is in no state for it."""


def target(state: str, cause: Cause) -> TicketState:
    """The state that follows; raises ForbiddenTicketMove where the table has none."""
    try:
        return MOVES[cause][TicketState(state)]
    except KeyError:
        raise ForbiddenTicketMove(f"no move of a ticket from {state} because of {cause}") from None


@dataclass(frozen=True)
class Decision:
    """What support may do with a ticket, and in which states of the member's connection it leads anywhere."""

    cause: Cause
    connection_states: frozenset[ConnectionState]
    # It makes sense only after a sign-in with another account; or binds exactly that account, which must be known.
    after_mismatch: bool = False
    binds_account: bool = False
    # Only where support closed the ticket, and the member has no other one by now.
    reopens: bool = False


SIGN_IN_STATES = frozenset({ConnectionState.REAUTH_REQUIRED, ConnectionState.GRANT_LOST, ConnectionState.MIGRATING})
DECISIONS = (
    Decision(Cause.ASK_AGAIN, SIGN_IN_STATES, after_mismatch=True),
    # Once the ids are Graph's, an account other than the pinned one can't be the same mailbox.
    Decision(Cause.APPROVE_SAME_MAILBOX, frozenset({ConnectionState.REAUTH_REQUIRED}), binds_account=True),
    Decision(
        Cause.APPROVE_OTHER_ACCOUNT,
        frozenset({ConnectionState.REAUTH_REQUIRED, ConnectionState.GRANT_LOST}),
        binds_account=True,
    ),
    Decision(Cause.ANSWER, frozenset(ConnectionState)),
    Decision(Cause.TAKE_BACK, frozenset(ConnectionState)),
    Decision(Cause.CLOSE, frozenset(ConnectionState)),
    Decision(Cause.REOPEN, frozenset(ConnectionState) - {ConnectionState.DISCONNECTED}, reopens=True),
)


def offered(
    state: str, *, connection_state: str, mismatched: bool, account_known: bool, reopenable: bool = False
) -> list[Cause]:
    """The decisions that make sense, in the order they are shown. `account_known`: exactly, and it has a calendar."""
    return [
        decision.cause
        for decision in DECISIONS
        if state in MOVES[decision.cause]
        and connection_state in decision.connection_states
        and (mismatched or not decision.after_mismatch)
        and (account_known or not decision.binds_account)
        and (reopenable or not decision.reopens)
    ]
