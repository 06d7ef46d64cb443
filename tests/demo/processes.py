"""What the demo starts: each a process with a session and a log of its own, watched, and ended with the demo."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.demo import leftovers, proof
from tests.demo.interrupts import Interrupts
from tests.demo.leftovers import MARK, Record
from tests.demo.places import ROOT, DemoFailed, last_lines

PATIENCE = 5.0


@dataclass(frozen=True)
class Child:
    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def died(self) -> DemoFailed | None:
        """What to say where it has ended, which none of them does by itself."""
        code = self.process.poll()
        if code is None:
            return None
        how = f"with code {code}" if code >= 0 else f"by signal {signal.Signals(-code).name}"
        return DemoFailed(f"The {self.name} ended {how}. The end of its log, {self.log}:\n{last_lines(self.log)}")


class Children:
    def __init__(self, folder: Path, interrupts: Interrupts) -> None:
        self._folder, self._interrupts = folder, interrupts
        self._mark = proof.own_mark()
        self._children: list[Child] = []

    def start(self, name: str, command: list[str], settings: dict[str, str], keep: Sequence[int] = ()) -> Child:
        """Starts a process in a session of its own, so that Ctrl-C reaches it through the demo alone; `keep`: open files
        that it takes over."""
        log = self._folder / f"{name.replace(' ', '-')}.log"
        environment = {**os.environ, **settings, MARK: self._mark, "PYTHONUNBUFFERED": "1"}
        with self._interrupts.held(), log.open("wb") as output:
            process = subprocess.Popen(
                command, cwd=ROOT, env=environment, start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, pass_fds=keep,
            )  # fmt: skip
            child = Child(name, process, log)
            self._children.append(child)
            leftovers.write(self._folder, [self._record(one) for one in self._children])
        return child

    def check(self) -> None:
        """Raises DemoFailed where one of them has died."""
        for child in self._children:
            if (reason := child.died()) is not None:
                raise reason

    def stop(self) -> None:
        """Asks each leader to end; whatever is left of their sessions some seconds later is killed.

        Not all processes at once: the queue waits for ever for one that the same signal has ended.
        """
        for child in self._children:
            with contextlib.suppress(ProcessLookupError):
                child.process.terminate()
        until = time.monotonic() + PATIENCE
        for child in self._children:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.process.wait(max(0.0, until - time.monotonic()))
            leftovers.kill_session(child.process.pid)
            child.process.wait()
        self._children = []
        leftovers.write(self._folder, [])

    def _record(self, child: Child) -> Record:
        return Record(child.name, child.process.pid, proof.started(child.process.pid), self._mark)
