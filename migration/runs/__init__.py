"""The run: one connection's migration, in the background (R8, R9, R10). Read-only toward Outlook.

lifecycle  queue, take up, wait, fail, cancel        worker    one task: lease, steps, hand on
steps      find the calendar, list, translate, match, confirm, finish, each ending in a saved turn
staging    what the steps read and write             saving    the guarded write
foreground a run while a person looks on             rehearsal what a run would do, on a copy in memory
"""

from migration.runs.lifecycle import cancel, queue, take_up

__all__ = ["cancel", "queue", "take_up"]
