"""The table of the connection's moves as the design has it, written out, so that the code's own is held against it."""

from calendars.states import Cause, Provider, State

TABLE = """
    provider | state           | what happens      | to
    outlook  | old_sync        | login             | reauth_required
    outlook  | disabled        | login             | reauth_required
    outlook  | old_sync        | cutoff            | disabled
    outlook  | disabled        | banner_button     | reauth_required
    outlook  | disabled        | cutoff_moved      | old_sync
    outlook  | reauth_required | unflagged         | old_sync
    outlook  | reauth_required | same_mailbox      | migrating
    outlook  | reauth_required | approved_account  | migrating
    outlook  | grant_lost      | approved_account  | migrating
    outlook  | reauth_required | cannot_serve      | unsupported
    outlook  | unsupported     | try_again         | reauth_required
    outlook  | migrating       | run_done          | graph_sync
    outlook  | graph_sync      | grant_refused     | grant_lost
    outlook  | grant_lost      | same_account      | graph_sync
    outlook  | old_sync        | disconnect        | disconnected
    outlook  | reauth_required | disconnect        | disconnected
    outlook  | migrating       | disconnect        | disconnected
    outlook  | graph_sync      | disconnect        | disconnected
    outlook  | grant_lost      | disconnect        | disconnected
    outlook  | unsupported     | disconnect        | disconnected
    outlook  | disabled        | disconnect        | disconnected
    outlook  | disconnected    | reconnect_old     | old_sync
    outlook  | disconnected    | reconnect_migrate | migrating
    outlook  | disconnected    | reconnect         | graph_sync
    google   | google_sync     | grant_refused     | grant_lost
    google   | grant_lost      | same_account      | google_sync
    google   | google_sync     | disconnect        | disconnected
    google   | grant_lost      | disconnect        | disconnected
    google   | disconnected    | reconnect         | google_sync
"""
Cell = tuple[str, str, str]
ALLOWED: dict[Cell, str] = {}
for line in TABLE.strip().splitlines()[1:]:
    provider, state, cause, after = (word.strip() for word in line.split("|"))
    assert (provider, state, cause) not in ALLOWED, f"twice in the table: {line}"
    ALLOWED[provider, state, cause] = after

# The states that a connection of each provider can be in.
STATES = {
    "outlook": [
        "old_sync",
        "reauth_required",
        "migrating",
        "graph_sync",
        "grant_lost",
        "unsupported",
        "disabled",
        "disconnected",
    ],
    "google": ["google_sync", "grant_lost", "disconnected"],
}
EVERY_CELL = [(provider, state, cause) for provider in Provider for state in State for cause in Cause]
