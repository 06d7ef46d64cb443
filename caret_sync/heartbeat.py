"""The queue's side of the heartbeat: says that it lives, and ends when the watchdog does. See `caret_sync.watchdog`."""

import contextlib
import os
import select
import signal
import threading
from typing import Any

# Names the file descriptor of this side's socket; not set where no watchdog is.
VARIABLE = "CARET_SYNC_HEARTBEAT"


def answer() -> None:
    """The task that the watchdog asks with: to have been carried out is all it does."""


def beat(**signal_arguments: Any) -> None:
    """Receiver of django-q2's `post_execute`, which its monitor sends when a task is off the table."""
    if VARIABLE in os.environ:
        # What does not fit has been heard long ago; a watchdog that is gone is noticed below.
        with contextlib.suppress(OSError):
            os.write(int(os.environ[VARIABLE]), b".")


def end_with_watchdog() -> None:
    """From now on the process group of this process ends when the watchdog does: strays would go on taking tasks."""
    if VARIABLE in os.environ:
        threading.Thread(target=_end_at_silence, args=[int(os.environ[VARIABLE])], daemon=True).start()


def _end_at_silence(end: int) -> None:
    with contextlib.suppress(OSError):
        while select.select([end], [], []) and os.read(end, 1):
            pass
    os.killpg(0, signal.SIGKILL)
