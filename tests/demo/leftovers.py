"""One demo at a time in a checkout, and nothing left of those before it.

The demo holds a lock as long as it lives, whichever way it ends. What it starts is written down with the time at which it
began, so that the next demo can end what a killed one left behind, and nothing else.
"""

import contextlib
import fcntl
import json
import os
import signal
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from tests.demo import proof
from tests.demo.places import DemoFailed

MARK = "CARET_SYNC_DEMO"
PATIENCE = 5.0


@dataclass(frozen=True)
class Record:
    """A process that leads a session of the same number; `mark` stands in the environment of everything in it."""

    name: str
    pid: int
    started: str | None
    mark: str


def lock(folder: Path) -> IO[str]:
    """Held until the file is closed. Raises DemoFailed beside a living demo, and names it."""
    file = (folder / "lock").open("a+", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.seek(0)
        pid = file.read().strip() or "unknown"
        file.close()
        raise DemoFailed(
            f"A demo is running here already, as process {pid}: end it with Ctrl-C in its window, or with kill {pid}."
        ) from None
    file.seek(0)
    file.truncate()
    file.write(f"{os.getpid()}\n")
    file.flush()
    return file


def write(folder: Path, records: list[Record]) -> None:
    """Whole or not at all."""
    new = folder / "processes.new"
    new.write_text(json.dumps([asdict(record) for record in records], indent=1), encoding="utf-8")
    new.replace(folder / "processes.json")


def read(folder: Path) -> list[Record]:
    """What an earlier demo wrote down; nothing where that cannot be read, since it then proves nothing."""
    try:
        return [Record(**record) for record in json.loads((folder / "processes.json").read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError):
        return []


def end(records: list[Record]) -> list[Record]:
    """Ends what is still there of these and provably ours; returns what was. Only for a demo that holds the lock.

    At once: what they worked on is thrown away anyway. Raises DemoFailed where something will not end.
    """
    left = [record for record in records if is_ours(record)]
    for record in left:
        kill_session(record.pid)
    if _gone(left):
        return left
    names = ", ".join(f"{record.name} (process {record.pid})" for record in left)
    raise DemoFailed(f"An earlier demo's {names} will not end; end it yourself, then start again.")


def is_ours(record: Record) -> bool:
    """The leader is the one that was written down; or it is gone, and all that is left of its session bears the mark."""
    found = proof.started(record.pid)
    if found is not None:
        return found == record.started
    rest = proof.members(record.pid)
    return bool(rest) and all(proof.carries(pid, f"{MARK}={record.mark}") for pid in rest)


def kill_session(leader: int) -> None:
    """The leader's own group, and the groups that its processes have made."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)
    for pid in proof.members(leader):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _gone(records: list[Record]) -> bool:
    until = time.monotonic() + PATIENCE
    while any(proof.started(record.pid) or proof.members(record.pid) for record in records):
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True
