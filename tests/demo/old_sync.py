"""The old sync's own memory of a mailbox, as it comes with a member whose calendar has long been in step.

Needs Django with its settings.
"""

from exchangelib.services import SyncFolderItems

from calendars.ews import transport

MOST = 512


def state_of(address: str, access_token: str) -> str:
    """Exchange's sync state after everything that the mailbox holds now."""
    with transport.account(address, access_token, lambda: None) as mailbox:
        service, state = SyncFolderItems(account=mailbox), None
        while not service.includes_last_item_in_range:
            round_of_changes = service.call(
                folder=mailbox.calendar, shape="IdOnly", additional_fields=[], sync_state=state, ignore=None,
                max_changes_returned=MOST, sync_scope=None,
            )  # fmt: skip
            list(round_of_changes)
            state = service.sync_state
        return str(state)
