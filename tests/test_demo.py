"""The demo's parts, each by itself; `.ci/run` runs the whole of it."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.demo import environment, leftovers, ports, proof
from tests.demo.checks import Checks
from tests.demo.interrupts import Interrupts
from tests.demo.leftovers import MARK, Record
from tests.demo.places import ROOT, DemoFailed, clear
from tests.demo.processes import Children

SLEEPS = [sys.executable, "-c", "import time; time.sleep(600)"]
# A leader that starts another process, in a group of its own, as the queue's watchdog does, and says which.
WITH_ANOTHER = (
    "import subprocess, sys, time;"
    "command = [sys.executable, '-c', 'import time; time.sleep(600)'];"
    "print(subprocess.Popen(command, process_group=0).pid, flush=True);"
    "time.sleep(600)"
)


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as server:
        server.bind((ports.HOST, 0))
        server.listen()
        yield server.getsockname()[1]


@pytest.fixture
def children(tmp_path: Path) -> Iterator[Children]:
    children = Children(tmp_path, Interrupts())
    yield children
    children.stop()


def wait_until(holds: Callable[[], object]) -> None:
    until = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.02)


def pid_in(log: Path) -> int:
    wait_until(lambda: log.read_text().endswith("\n"))
    return int(log.read_text())


def test_a_port_in_use_gives_way_to_the_next_and_is_named(taken: int, capsys) -> None:
    with ports.choose(taken, "the web site") as door:
        assert taken < door.port < taken + ports.TRIES
        assert capsys.readouterr().out == f"  Port {taken} is in use, so the web site takes {door.port}.\n"
        with pytest.raises(DemoFailed):
            ports.insist(door.port)
    ports.insist(door.port).close()


@pytest.mark.parametrize("port", [70000, -1])
def test_a_port_that_was_asked_for_must_be_free(taken: int, port: int) -> None:
    for wanted in (taken, port):
        with pytest.raises(DemoFailed, match=f"Port {wanted} is in use or not allowed"):
            ports.insist(wanted)


def test_one_demo_at_a_time_and_the_other_is_named(tmp_path: Path) -> None:
    with leftovers.lock(tmp_path), pytest.raises(DemoFailed, match=f"running here already, as process {os.getpid()}:"):
        leftovers.lock(tmp_path)
    leftovers.lock(tmp_path).close()


def test_a_killed_demos_processes_are_ended_by_the_next(tmp_path: Path) -> None:
    killed = Children(tmp_path, Interrupts())
    child = killed.start("worker", SLEEPS, {})

    left = leftovers.end(leftovers.read(tmp_path))

    assert [(record.name, record.pid) for record in left] == [("worker", child.process.pid)]
    assert child.process.wait(10) == -signal.SIGKILL
    assert leftovers.end(leftovers.read(tmp_path)) == []


def test_a_process_that_got_the_number_of_ours_is_left_alone(tmp_path: Path, children: Children) -> None:
    child = children.start("worker", SLEEPS, {})
    (record,) = leftovers.read(tmp_path)

    assert leftovers.end([replace(record, started="another time")]) == []
    assert child.process.poll() is None


@pytest.mark.skipif(not proof.PROC.exists(), reason="the system does not show a process's environment")
@pytest.mark.parametrize("marked", [True, False])
def test_what_is_left_of_a_session_is_ended_only_with_our_mark(
    tmp_path: Path, children: Children, marked: bool
) -> None:
    child = children.start("worker", [sys.executable, "-c", WITH_ANOTHER], {})
    (record,) = leftovers.read(tmp_path)
    another = pid_in(child.log)
    child.process.kill()
    child.process.wait()

    left = leftovers.end([record if marked else replace(record, mark="of somebody else")])

    assert left == ([record] if marked else [])
    assert (proof.started(another) is None) == marked


@pytest.mark.parametrize("written", ["", "{", '[{"pid": 1}]', "[1]"])
def test_an_unreadable_list_of_processes_proves_nothing(tmp_path: Path, written: str) -> None:
    (tmp_path / "processes.json").write_text(written)

    assert leftovers.read(tmp_path) == []


def test_the_lists_own_process_is_told_from_one_that_is_gone() -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()

    assert proof.started(os.getpid()) == proof.started(os.getpid()) is not None
    assert proof.started(gone.pid) is None
    assert not leftovers.is_ours(Record("worker", gone.pid, None, "mark"))


def test_a_child_that_dies_is_named_with_the_end_of_its_log(children: Children) -> None:
    words = "print('first'); print('no such table'); raise SystemExit(3)"
    child = children.start("web server", [sys.executable, "-c", words], {})
    child.process.wait()

    with pytest.raises(DemoFailed, match=r"(?s)The web server ended with code 3\. .*web-server\.log:.*no such table"):
        children.check()


def test_the_end_takes_the_whole_session(children: Children) -> None:
    another = pid_in(children.start("worker", [sys.executable, "-c", WITH_ANOTHER], {}).log)

    children.stop()

    wait_until(lambda: proof.started(another) is None)


def test_children_know_their_settings_and_the_mark(children: Children) -> None:
    words = f"import os; print(os.environ['LOG_LEVEL'], '{MARK}' in os.environ, os.getpgrp() == os.getpid())"
    child = children.start("worker", [sys.executable, "-c", words], {"LOG_LEVEL": "INFO"})
    child.process.wait()

    assert child.log.read_text() == "INFO True True\n"


def test_an_interrupt_waits_until_a_start_is_written_down() -> None:
    interrupts, done = Interrupts(), []
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    interrupts.catch()
    try:
        with pytest.raises(KeyboardInterrupt), interrupts.held():
            os.kill(os.getpid(), signal.SIGINT)
            done.append("started and written down")
        os.kill(os.getpid(), signal.SIGTERM)  # impatience does not disturb the end that has begun
    finally:
        for number, handler in zip((signal.SIGINT, signal.SIGTERM, signal.SIGHUP), before, strict=True):
            signal.signal(number, handler)
    assert done


def test_one_wrong_figure_fails_the_whole(capsys) -> None:
    checks = Checks()
    checks.equal("events", 5000, 5000)
    assert checks.verdict() == 0

    checks.equal("found by id", 4947, 4948)

    assert checks.verdict() == 1
    assert "  ✗ found by id: 4,947 – should be 4,948\n" in capsys.readouterr().out


def test_a_walk_without_a_check_proves_nothing() -> None:
    assert Checks().verdict() == 1


def test_too_many_is_wrong() -> None:
    checks = Checks()
    checks.at_most("requests", 41, 40)

    assert checks.wrong == ["requests: 41 (at most 40) – too many"]


def test_nothing_of_the_shell_reaches_the_product(monkeypatch: pytest.MonkeyPatch) -> None:
    shell = {"SYNC_CUTOFF": "nonsense", "TASK_RETRY": "1", "PATH": "/bin", "DEBUG": "0"}
    monkeypatch.setattr(os, "environ", dict(shell))

    environment.replace_settings({"DEBUG": "1"})

    assert os.environ == {"PATH": "/bin", "DEBUG": "1"}


def test_an_earlier_demos_files_go_and_strangers_stay(tmp_path: Path) -> None:
    (tmp_path / "mails").mkdir()
    for name in ("mails/one.log", "demo.sqlite3", "demo.sqlite3-wal", "worker.log", "firms.jsonl", "lock", "notes.txt"):
        (tmp_path / name).write_text("old")

    clear(tmp_path)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["lock", "notes.txt"]


def run_demo(folder: Path, *given: str, **variables: str) -> subprocess.CompletedProcess[str]:
    words = "import sys; from pathlib import Path; from tests.demo.__main__ import main; "
    command = [sys.executable, "-c", f"{words}sys.exit(main({list(given)!r}, Path({str(folder)!r})))"]
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        command, cwd=ROOT, env=kept | variables, capture_output=True, text=True, timeout=120, check=False
    )


def test_a_demo_that_cannot_start_says_why_in_a_sentence(tmp_path: Path, taken: int) -> None:
    no_port = run_demo(tmp_path, "--once", "--port", str(taken))
    no_address = run_demo(tmp_path, "--once", DATABASE_URL="mysql://nothing")
    with leftovers.lock(tmp_path):
        beside = run_demo(tmp_path, "--once")

    assert f"✗ Port {taken} is in use" in no_port.stderr
    assert "✗ DATABASE_URL must look like" in no_address.stderr
    assert f"as process {os.getpid()}" in beside.stderr
    for ended in (no_port, no_address, beside):
        assert ended.returncode == 1
        assert "Traceback" not in ended.stdout + ended.stderr
