"""`manage.py work`: the queue's processes are killed one by one, and its tasks are carried out all the same."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import OperationalError
from django_q.models import OrmQ
from django_q.tasks import async_task

from caret_sync.heartbeat import VARIABLE
from caret_sync.watchdog import START_SECONDS, Pulse, Watchdog
from tests.campaign.worker_processes import ROOT, Worker, wait_for

NOWHERE = "http://127.0.0.1:9"


def pulse(stall: float = 100.0) -> Pulse:
    return Pulse(stall, started=1000.0)


def test_a_cluster_that_answers_is_never_still_and_is_asked_only_in_silence():
    one = pulse()
    assert not one.should_ask(1009) and one.should_ask(1010)
    one.asked(1010)
    assert not one.should_ask(1019)
    one.heard(1015)
    assert not one.should_ask(1024) and one.should_ask(1025) and not one.is_still(5000)


def test_silence_counts_from_the_first_question_without_an_answer():
    one = pulse()
    one.heard(1001)
    for second in range(1020, 1120, 10):
        one.asked(second)
        assert not one.is_still(second)
    assert not one.is_still(1120) and one.is_still(1121)
    one.heard(1122)
    assert not one.is_still(1122)


def test_silence_alone_is_no_sign_of_death():
    one = pulse()
    one.heard(1001)
    assert not one.is_still(1_000_000)


def test_a_question_that_the_database_does_not_take_has_been_asked(monkeypatch: pytest.MonkeyPatch):
    """A process that is frozen in the middle of a transaction keeps a SQLite database from everybody."""

    def locked(*args: object, **kwargs: object) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr("caret_sync.watchdog.async_task", locked)
    one = pulse()
    Watchdog([], every=1, stall=1, patience=1)._ask(one)
    assert one.unanswered_since is not None


def test_a_cluster_that_has_yet_to_load_is_given_time():
    one = pulse(stall=1.0)
    one.asked(1000.1)
    assert not one.is_still(1000 + START_SECONDS) and one.is_still(1001 + START_SECONDS)


def test_a_duty_that_fails_does_not_end_the_watch(caplog: pytest.LogCaptureFixture):
    def fail() -> None:
        raise RuntimeError("Hearing: Harlow v. Pine")

    done: list[int] = []
    Watchdog([fail, lambda: done.append(1)], every=1, stall=1, patience=1)._do_duties()
    assert done == [1]
    assert "RuntimeError" in caplog.text and "Harlow" not in caplog.text


def carry_something_out(worker: Worker) -> None:
    """What is enqueued now is done, by whichever processes there are by then."""
    task = async_task("caret_sync.heartbeat.answer", save=False)
    assert task
    wait_for(lambda: not OrmQ.objects.exists(), "the queue is emptied")
    wait_for(worker.is_at_work, "all workers are there again")


def kill(*processes: int) -> None:
    for pid in processes:
        os.kill(pid, signal.SIGKILL)


@pytest.mark.django_db(transaction=True)
def test_whichever_process_is_killed_the_queue_goes_on(tmp_path: Path):
    with Worker(NOWHERE, tmp_path / "log") as worker:
        carry_something_out(worker)
        # One of the idle workers holds the lock of the queue: those that replace them wait for it for ever.
        kill(*worker.workers)
        carry_something_out(worker)
        assert worker.starts == 2 and "has not answered for" in worker.log.read_text()
        kill(worker.monitor)
        carry_something_out(worker)
        assert worker.starts >= 2
        before = worker.starts
        main, others = worker.group, worker.members
        assert main
        kill(main)
        wait_for(lambda: worker.starts > before, "a new cluster")
        assert not others & worker.members
        carry_something_out(worker)
        before = worker.starts
        kill(worker.guard)
        wait_for(lambda: worker.starts > before, "a new cluster")
        carry_something_out(worker)
    assert worker.members == set()


@pytest.mark.django_db(transaction=True)
def test_no_process_outlives_a_watchdog_that_was_killed(tmp_path: Path):
    worker = Worker(NOWHERE, tmp_path / "log")
    try:
        wait_for(worker.is_at_work, "the cluster starts")
        kill(worker.process.pid)
        worker.process.wait()
        wait_for(lambda: not worker.members, "the cluster has ended")
    finally:
        worker._kill()


def test_without_a_watchdog_the_queue_beats_for_nobody(monkeypatch: pytest.MonkeyPatch):
    from caret_sync import heartbeat

    monkeypatch.delenv(VARIABLE, raising=False)
    heartbeat.beat()
    heartbeat.end_with_watchdog()
    heartbeat.answer()


def test_where_nothing_could_run_it_says_so_and_ends(tmp_path: Path):
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "manage.py", "work"], cwd=ROOT, capture_output=True, text=True, timeout=120,
        env=kept | {"DEBUG": "1", "DATABASE_URL": f"sqlite:///{tmp_path}/empty.sqlite3"},
    )  # fmt: skip
    assert done.returncode == 1 and "run manage.py migrate" in done.stderr and "Traceback" not in done.stderr
