"""Processes of the bench: the simulator, and one for each thing that is measured, so that nothing else counts for it.

This process stays small: on Linux a child's peak memory is never less than that of the process that started it.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = "tests.bench.settings"


class BenchFailed(Exception):
    """The bench cannot go on; the message is for the person who started it."""


def child(
    module: str, *arguments: str, database: str = "", simulator: str = "", settings: str = SETTINGS
) -> dict[str, Any]:
    """Runs `python -m tests.bench.MODULE`; the JSON object that it wrote as its last line."""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": settings, "PYTHONHASHSEED": "0"}
    environment |= {"DATABASE_URL": database} if database else {}
    environment |= {"BENCH_SIMULATOR": simulator} if simulator else {}
    command = [sys.executable, "-m", f"tests.bench.{module}", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    if done.returncode:
        end = "\n".join(f"    {line}" for line in done.stderr.splitlines()[-15:])
        raise BenchFailed(f"{module} {' '.join(arguments)} ended with code {done.returncode}:\n{end}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@contextmanager
def simulator(latency: int) -> Iterator["Simulator"]:
    """A simulator of its own process, `latency` in milliseconds."""
    command = [sys.executable, "-m", "tests.simulator", "--port", "0", "--latency", str(latency)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if "http://" not in line:
            raise BenchFailed("the simulator does not start")
        yield Simulator(line.split()[-1])
    finally:
        process.terminate()
        process.wait()


class Simulator:
    """As much of steering it as the bench needs."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._session = requests.Session()
        self._session.trust_env = False

    def load(self, mailbox: Path) -> None:
        """The mailbox in one request, straight from the file."""
        headers = {"Content-Type": "application/json"}
        with mailbox.open("rb") as body:
            answer = self._session.post(f"{self.url}/_sim/mailboxes", data=body, headers=headers, timeout=900)
        answer.raise_for_status()

    def mark(self) -> int:
        """The last line of the journal so far."""
        return max((line["seq"] for line in self.journal()), default=0)

    def journal(self, since: int = 0) -> list[dict[str, Any]]:
        """The requests answered after line `since`, without their bodies."""
        answer = self._session.get(f"{self.url}/_sim/journal?since={since}", timeout=300, stream=True)
        answer.raise_for_status()
        return [{**json.loads(line), "body": None} for line in answer.iter_lines()]
