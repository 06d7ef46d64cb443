"""A real `manage.py work` with its processes, for tests that kill them: who they are, and what they are doing."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from django.db import connection

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0
# Fractions of a second, but for what django-q2 takes in whole ones.
FRACTIONS = {
    "HTTP_TIMEOUT": "0.6", "RETRY_SECONDS": "0.02", "SHORT_WAIT_SECONDS": "0.2", "LEASE_SECONDS": "0.8",
    "SWEEP_SECONDS": "0.3", "WATCH_SECONDS": "0.1", "TASK_SECONDS": "0.2", "TASK_TIMEOUT": "3", "TASK_RETRY": "7",
    "STALL_SECONDS": "3.5", "WORKERS": "2",
}  # fmt: skip


def wait_for(holds: Callable[[], object], what: str, patience: float = PATIENCE) -> None:
    until = time.monotonic() + patience
    while not holds():
        assert time.monotonic() < until, f"in vain: {what}"
        time.sleep(0.02)


def database_url() -> str:
    """That of the test's own database, for processes of their own."""
    found = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{quote(str(found['NAME']))}"
    user = quote(found["USER"], safe="") + (f":{quote(found['PASSWORD'], safe='')}" if found["PASSWORD"] else "")
    return f"postgres://{user}@{found['HOST']}:{found['PORT'] or 5432}/{found['NAME']}"


class Worker:
    """`manage.py work`, from its start until it has ended in good order; nothing of it is left."""

    def __init__(self, simulator_url: str, log: Path, **variables: str) -> None:
        self.log, self.count = log, int(variables.get("WORKERS", FRACTIONS["WORKERS"]))
        settings = {
            "DEBUG": "1",
            "DATABASE_URL": database_url(),
            "SIMULATOR_URL": simulator_url,
            **FRACTIONS,
            **variables,
        }
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "work"], cwd=ROOT, env=kept | settings, stdin=subprocess.DEVNULL,
                stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip

    def __enter__(self) -> Self:
        try:
            wait_for(lambda: len(self.workers) == self.count, "the cluster starts")
        except BaseException as error:
            error.add_note(self.log.read_text()[-3000:])
            self._kill()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is not None:
                error.add_note(self.log.read_text()[-3000:])
            else:
                assert self.end() == 0, self.log.read_text()[-3000:]
        finally:
            self._kill()

    def end(self) -> int:
        """As systemd does it; tasks at hand are finished."""
        self.process.terminate()
        return self.process.wait(PATIENCE)

    def _kill(self) -> None:
        group = self.group
        for one in [self.process.pid, *([group] if group else [])]:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(one, signal.SIGKILL)
        self.process.wait()
        wait_for(lambda: not self.members, "all of its processes are gone")

    # --- Who is who --------------------------------------------------------------------------------------------------
    def _said(self, pattern: str) -> list[tuple[str, ...]]:
        """What matches in the log, oldest first."""
        found = re.findall(pattern, self.log.read_text(), re.MULTILINE)
        return [one if isinstance(one, tuple) else (one,) for one in found]

    def _alive(self, pattern: str) -> list[int]:
        members = self.members
        return [int(pid) for (pid,) in self._said(pattern) if int(pid) in members]

    @property
    def group(self) -> int | None:
        """The process group of the present cluster, and its main process."""
        groups = self._said(r"The queue is process group (\d+)")
        return int(groups[-1][0]) if groups else None

    @property
    def members(self) -> set[int]:
        """The processes of the present cluster, as the system sees them; those that are dead but not buried are not."""
        listed = subprocess.run(["ps", "-eo", "pid,pgid,stat"], capture_output=True, text=True, check=True).stdout
        rows = [line.split() for line in listed.splitlines()[1:]]
        return {int(pid) for pid, group, state in rows if int(group) == self.group and not state.startswith("Z")}

    @property
    def workers(self) -> list[int]:
        return self._alive(r"ready for work at (\d+)$")

    @property
    def monitor(self) -> int:
        return self._alive(r"monitoring at (\d+)$")[-1]

    @property
    def guard(self) -> int:
        """The process that all but the main one descend from."""
        listed = subprocess.run(["ps", "-eo", "pid,ppid"], capture_output=True, text=True, check=True).stdout
        rows = [line.split() for line in listed.splitlines()[1:]]
        (found,) = [int(pid) for pid, parent in rows if int(parent) == self.group]
        return found

    @property
    def busy_with_a_run(self) -> int | None:
        """The worker that has begun a task of a run, and not ended it, and lives."""
        members, pids = self.members, dict(self._said(r"(Process-\w+) ready for work at (\d+)$"))
        ended = {name for (name,) in self._said(r"'migration.tasks.advance_run' \((\S+)\)")}
        begun = self._said(r"(Process-\w+) processing (\S+) 'migration.tasks.advance_run'")
        busy = [int(pids[process]) for process, name in begun if name not in ended and int(pids[process]) in members]
        return busy[-1] if busy else None

    @property
    def starts(self) -> int:
        return len(self._said(r"The queue is process group (\d+)"))

    def is_at_work(self) -> bool:
        """The present cluster has its workers, and has carried something out."""
        text = self.log.read_text().rpartition("The queue is process group")[2]
        return len(self.workers) == self.count and "Processed 'caret_sync.heartbeat.answer'" in text
