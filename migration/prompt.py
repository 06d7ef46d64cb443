"""What a member is to be shown about the move. Pure.

The firm's flag is no input. It acts in one place alone, `calendars.connections.require_reauthentication` at a real
login, so a flag by itself can show nobody anything (R2): until then the state says `old_sync` and nothing is shown.
"""

from dataclasses import dataclass
from enum import StrEnum

from calendars.states import Provider, State


class Notice(StrEnum):
    """What stands on the dashboard."""

    NOTHING = "nothing"
    # The banner. It stands wherever a login ends at the prompt, and until the member has signed in.
    BANNER = "banner"
    # The progress strip, in the banner's place.
    PROGRESS = "progress"
    # The mailbox cannot be served: whom to ask, and no nagging.
    UNSUPPORTED = "unsupported"
    # For a while after the move: it is done, and here is the report.
    MOVED = "moved"


class Kind(StrEnum):
    """Why the member has to sign in with Microsoft."""

    MOVE = "move"
    AFTER_CUTOFF = "after_cutoff"
    # They had signed in, and Microsoft no longer accepts it.
    SIGN_IN_LOST = "sign_in_lost"


@dataclass(frozen=True)
class Decision:
    notice: Notice = Notice.NOTHING
    # Given with the banner, and only with it.
    kind: Kind | None = None

    @property
    def prompts(self) -> bool:
        """Whether a login ends at the prompt."""
        return self.notice is Notice.BANNER


def decide(
    provider: str, state: str, *, cutoff_passed: bool, grant_gone: bool = False, recently_moved: bool = False
) -> Decision:
    """What to show for a connection in this state; at a login, in the state the login has left it in.

    `grant_gone`: the run waits for a new sign-in. It counts only while migrating; afterwards the state itself says so.
    """
    if provider != Provider.OUTLOOK:
        return Decision()
    sign_in = Kind.AFTER_CUTOFF if cutoff_passed else Kind.MOVE
    if state in (State.REAUTH_REQUIRED, State.DISABLED):
        return Decision(Notice.BANNER, sign_in)
    if state == State.OLD_SYNC and cutoff_passed:
        # The cutoff's task has not come to this one yet; nothing syncs it any more all the same.
        return Decision(Notice.BANNER, sign_in)
    if state == State.GRANT_LOST or (state == State.MIGRATING and grant_gone):
        return Decision(Notice.BANNER, Kind.SIGN_IN_LOST)
    if state == State.MIGRATING:
        return Decision(Notice.PROGRESS)
    if state == State.UNSUPPORTED:
        return Decision(Notice.UNSUPPORTED)
    if state == State.GRAPH_SYNC and recently_moved:
        return Decision(Notice.MOVED)
    return Decision()
