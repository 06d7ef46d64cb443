"""Workers of a real queue killed (SIGKILL) and frozen (SIGSTOP, SIGCONT once another has taken over) in the middle of
runs. Each run comes to the end of the undisturbed one; nothing is changed in Outlook.

`make test` has two such runs, and one that kills its worker each time; `make soak` twenty kills in a row.
"""

import contextlib
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import time_machine

from calendars.models import CalendarConnection
from migration import runs
from migration.models import MigrationRun
from migration.runs.failures import MAX_ATTEMPTS
from tests import sample
from tests.campaign import driving, scene
from tests.campaign.worker_processes import Worker, wait_for
from tests.factories import NOW, StaffFactory
from tests.migration import moving
from tests.simulator.client import Simulator

pytestmark = pytest.mark.django_db(transaction=True)
State = MigrationRun.State


@pytest.fixture(scope="module")
def slow_outlook() -> Iterator[Simulator]:
    """Slow enough that a run lasts a second, with pages so small that it has many steps."""
    with Simulator.start(page_cap=4, latency=15) as simulator:
        yield simulator


@pytest.fixture
def outlook(slow_outlook: Simulator, settings: Any) -> Simulator:
    slow_outlook.clear_faults()
    slow_outlook.reset(seed=1)
    settings.SIMULATOR_URL, settings.GRAPH_URL = slow_outlook.url, f"{slow_outlook.url}/v1.0"
    return slow_outlook


@dataclass
class Moves:
    """Members that move one after the other, each with a calendar of their own."""

    simulator: Simulator
    folder: Path
    expected: dict[int, dict[str, Any]] = field(default_factory=dict)

    def begin(self) -> MigrationRun:
        """A new member's run, whose undisturbed end has been found out before."""
        number = len(self.expected) + 1
        address = f"member-{number}@harperwolfe.example"
        made = sample.calendar(32, deleted=2, renumbered=2, every_series=7, seed=number)
        moving.mailbox(self.simulator, made.events, address)
        connection = moving.connection_with(made, self.folder, account=address, member__email=address)
        with time_machine.travel(NOW, tick=True) as clock, scene.taken_back():
            trial = moving.sign_in(CalendarConnection.objects.get(pk=connection.pk), self.simulator)
            driving.go_on(trial, self.simulator, clock)
            expected = scene.final_state(trial)
        run = moving.sign_in(connection, self.simulator)
        self.expected[run.pk] = expected
        return run

    def check(self) -> None:
        """To be asked when all workers have ended: one that was frozen has had its chance to spoil something."""
        for pk, expected in self.expected.items():
            assert scene.final_state(MigrationRun.objects.get(pk=pk)) == expected
        assert scene.changing(self.simulator.journal()) == [] and self.simulator.outbox() == []


@pytest.fixture
def moves(outlook: Simulator, tmp_path: Path) -> Moves:
    return Moves(outlook, tmp_path)


def state_of(run: MigrationRun) -> str:
    run.refresh_from_db()
    assert run.state != State.FAILED, f"{run.failure_class}: {run.failure_message}"
    return run.state


def is_done(run: MigrationRun) -> Callable[[], bool]:
    return lambda: state_of(run) == State.DONE


def is_holding(simulator: Simulator) -> Callable[[], bool]:
    return lambda: any(rule["holding"] for rule in simulator.faults())


def send(pid: int, number: signal.Signals) -> None:
    assert pid, "nobody is busy with a run"
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def test_a_busy_worker_that_is_killed_or_frozen_changes_no_end(moves: Moves, tmp_path: Path):
    with Worker(moves.simulator.url, tmp_path / "log") as worker:
        killed = moves.begin()
        # The third page: the worker is in the middle of it, and not between two tasks.
        moves.simulator.fault(operation="list", hold=True, nth=3, count=1)
        wait_for(is_holding(moves.simulator), "the run has begun")
        victim = worker.busy_with_a_run
        assert victim and state_of(killed) == State.LISTING, "killed in the middle"
        send(victim, signal.SIGKILL)
        moves.simulator.clear_faults()
        wait_for(is_done(killed), "another worker goes on")

        frozen = moves.begin()
        # Not in the middle of a transaction, which would keep a SQLite database from everybody.
        moves.simulator.fault(operation="translate", hold=True, count=1)
        wait_for(is_holding(moves.simulator), "a worker waits for an answer")
        victim = worker.busy_with_a_run
        assert victim
        send(victim, signal.SIGSTOP)
        wait_for(is_done(frozen), "another worker goes on")
        moves.simulator.clear_faults()
        send(victim, signal.SIGCONT)
    moves.check()


def test_a_run_that_kills_its_worker_each_time_fails_and_says_so(moves: Moves, tmp_path: Path):
    """Whoever lists this calendar is killed in the middle of it, as if it were too large for the machine."""
    kills = 0
    run = moves.begin()
    moves.simulator.fault(operation="list", hold=True)
    # Time enough to be killed before it gives up waiting for an answer, which would be no death.
    alone = {"HTTP_TIMEOUT": "2.5", "LEASE_SECONDS": "2.6", "WORKERS": "1"}
    with Worker(moves.simulator.url, tmp_path / "log", **alone) as worker:
        is_listing = is_holding(moves.simulator)

        def has_failed() -> bool:
            run.refresh_from_db()
            return run.state == State.FAILED

        while kills < 20:
            wait_for(lambda: has_failed() or is_listing(), "the next try")
            if has_failed():
                break
            kills += 1
            (victim,) = worker.workers
            send(victim, signal.SIGKILL)
            moves.simulator.clear_faults()
            moves.simulator.fault(operation="list", hold=True)
        assert run.failure_class == "WorkerDied"
        # One more where the first of them died in a task that had saved a step before.
        assert kills in (MAX_ATTEMPTS, MAX_ATTEMPTS + 1)
        assert run.failure_hint and run.connection.state == "migrating"
        moves.simulator.clear_faults()
        assert runs.take_up(run, actor=StaffFactory())
        wait_for(is_done(run), "staff have it tried again, and nothing is in its way")
    moves.check()


@pytest.mark.soak
def test_twenty_kills_in_a_row(moves: Moves, tmp_path: Path, record_property: Any):
    chance, done = random.Random(), []
    with Worker(moves.simulator.url, tmp_path / "log") as worker:
        for number in range(20):
            run = moves.begin()
            time.sleep(chance.uniform(0, 1.5))
            wait_for(lambda: worker.workers, "somebody to kill")
            victim, how = chance.choice(worker.workers), (signal.SIGKILL, signal.SIGSTOP)[number % 4 == 3]
            done.append((how.name, state_of(run)))
            send(victim, how)
            wait_for(is_done(run), f"the run goes on after {done[-1]}")
            send(victim, signal.SIGCONT)
        restarts = worker.starts - 1
    moves.check()
    record_property("kills", len(done))
    print(f"{len(done)} kills: {done}; the queue was started anew {restarts} times")
