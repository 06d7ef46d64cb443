"""Looks after the queue's processes, and does what cannot wait for the queue's own clock.

django-q2 replaces a worker that dies. But one that is killed while it waits for work takes the lock of the queue with it
into the grave: all processes live on, and nothing is ever done again. So the watchdog listens for a heartbeat: a byte for
each task that has gone all the way, from the table through a worker back to the table. Where none comes it asks for one,
by a task of its own; where that is not answered either, the whole group of processes is killed and started anew.

Heartbeats come through a pair of sockets (`caret_sync.heartbeat`), so that each side also hears of the other's end.
"""

import contextlib
import logging
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FrameType

from django.conf import settings
from django.db import DatabaseError, close_old_connections
from django_q.tasks import async_task

from caret_sync import heartbeat

log = logging.getLogger(__name__)

PROBE = "caret_sync.heartbeat.answer"
# Until its first heartbeat a cluster may take this long: it has to be loaded first.
START_SECONDS = 60.0
# Clusters that end before their first heartbeat are started anew ever more slowly, up to this pause.
LONGEST_PAUSE = 30.0


@dataclass
class Pulse:
    """What has been heard of a cluster and what it was asked; pure. Times are seconds on a clock that never jumps."""

    stall: float
    started: float
    heard_at: float | None = None
    asked_at: float | None = None
    unanswered_since: float | None = None

    def heard(self, now: float) -> None:
        self.heard_at, self.unanswered_since = now, None

    def asked(self, now: float) -> None:
        self.asked_at = now
        self.unanswered_since = now if self.unanswered_since is None else self.unanswered_since

    def should_ask(self, now: float) -> bool:
        """A cluster with work to do is heard without being asked."""
        last = max(self.started, self.heard_at or 0, self.asked_at or 0)
        return now - last >= self.stall / 10

    def is_still(self, now: float) -> bool:
        patience = self.stall if self.heard_at is not None else max(self.stall, START_SECONDS)
        return self.unanswered_since is not None and now - self.unanswered_since > patience


class Cluster:
    """The queue's processes, in a process group of their own."""

    def __init__(self) -> None:
        self.socket, theirs = socket.socketpair()
        with theirs:
            theirs.setblocking(False)
            self.process = subprocess.Popen(  # noqa: S603  our own command
                [sys.executable, str(settings.BASE_DIR / "manage.py"), "qcluster"],
                env={**os.environ, heartbeat.VARIABLE: str(theirs.fileno())},
                pass_fds=[theirs.fileno()],
                process_group=0,
            )
        self.socket.setblocking(False)

    def heard(self) -> bool:
        heard = b""
        with contextlib.suppress(BlockingIOError, ConnectionError):
            while more := self.socket.recv(4096):
                heard += more
        return bool(heard)

    def terminate(self) -> None:
        """Asks it to finish the tasks at hand and to end."""
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()

    def kill(self) -> None:
        """Its whole group, so that no worker is left over whose guardian is gone."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.socket.close()


@dataclass
class Watchdog:
    """`duties` are called every `every` seconds; one that fails is logged and called again."""

    duties: list[Callable[[], object]]
    every: float
    stall: float
    # How long the tasks at hand may take when everything is to end.
    patience: float
    restarts: int = 0
    _signals: list[int] = field(default_factory=list)

    def run(self) -> None:
        """Until SIGTERM or SIGINT, which are passed on; a second one ends the tasks at hand too."""
        self._catch_signals()
        pause = 0.0
        while not self._signals:
            cluster, pulse = Cluster(), Pulse(self.stall, time.monotonic())
            try:
                reason = self._watch(cluster, pulse)
            finally:
                cluster.kill()
            if self._signals:
                return
            self.restarts += 1
            pause = 0.0 if pulse.heard_at is not None else min(max(1.0, 2 * pause), LONGEST_PAUSE)
            log.error("The queue %s; start %s in %.0f s", reason, self.restarts + 1, pause)
            self._rest(pause, None)

    def _watch(self, cluster: Cluster, pulse: Pulse) -> str:
        """Until the cluster has ended or stands still, and why; or until everything is to end and it has."""
        log.info("The queue is process group %s", cluster.process.pid)
        while not self._signals:
            self._rest(self.every, cluster)
            if cluster.heard():
                pulse.heard(time.monotonic())
            code = cluster.process.poll()
            if code is not None:
                return f"ended with code {code}"
            self._do_duties()
            if pulse.is_still(time.monotonic()):
                return f"has not answered for {self.stall:.0f} s"
            if pulse.should_ask(time.monotonic()):
                self._ask(pulse)
        return self._end(cluster)

    def _end(self, cluster: Cluster) -> str:
        cluster.terminate()
        until = time.monotonic() + self.patience
        while len(self._signals) < 2 and time.monotonic() < until:
            try:
                cluster.process.wait(0.1)
            except subprocess.TimeoutExpired:
                continue
            break
        return "was asked to end"

    def _ask(self, pulse: Pulse) -> None:
        """A question that does not reach the table counts too: where one of the cluster's own processes is frozen in the
        middle of a transaction, it is what keeps the database from answering."""
        self._guarded(lambda: async_task(PROBE, save=False))
        pulse.asked(time.monotonic())

    def _do_duties(self) -> None:
        for duty in self.duties:
            self._guarded(duty)

    def _guarded(self, action: Callable[[], object]) -> None:
        """The watchdog outlives whatever it does; messages of errors may quote rows, so the class alone is logged."""
        try:
            close_old_connections()
            action()
        except DatabaseError as error:
            log.error("The watchdog's database does not answer: %s", type(error).__name__)
        except Exception as error:
            log.error("A duty of the watchdog failed: %s", type(error).__name__)

    def _rest(self, seconds: float, cluster: Cluster | None) -> None:
        """Some time; less where a signal comes or the cluster ends."""
        ends = [self._wakeup, *([cluster.socket] if cluster else [])]
        until = time.monotonic() + seconds
        while not self._signals and (left := until - time.monotonic()) > 0:
            ready, _, _ = select.select(ends, [], [], left)
            if cluster and cluster.socket in ready:
                if not cluster.socket.recv(1, socket.MSG_PEEK):
                    # All of its processes are gone; whoever is waited for is at its very end.
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        cluster.process.wait(max(0.0, left))
                    return
                ends = [self._wakeup]  # a heartbeat: it is read after the rest

    def _catch_signals(self) -> None:
        self._wakeup, bell = socket.socketpair()
        self._bell = bell
        bell.setblocking(False)
        signal.set_wakeup_fd(bell.fileno())
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._signals.append(number)
