"""The simulator as a process of its own, filled through `/_sim/`, for clients written for the real service."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.simulator.client import Control

ROOT = Path(__file__).resolve().parents[2]
ADA = "ada@harper.example"
TID = "11111111-0000-4000-8000-000000000001"

# No proxy stands between this machine and itself.
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1"


class Simulator(Control):
    """A running simulator, with short cuts to Ada's mailbox."""

    def access(self) -> str:
        """An access token of Ada's for Graph."""
        return str(self.token(ADA)["access_token"])

    def event(self, ref: str) -> dict[str, Any]:
        """One appointment of Ada's as it is kept, with all its ids, by its `ref`."""
        calendars = self.get_mailbox(ADA)["calendars"]
        (found,) = [event for calendar in calendars for event in calendar["events"] if event["ref"] == ref]
        return dict(found)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_it_answers(process: subprocess.Popen[bytes], simulator: Simulator) -> None:
    for _ in range(200):
        if process.poll() is not None:
            break
        try:
            simulator.clock()
            return
        except requests.ConnectionError:
            time.sleep(0.1)
    pytest.exit(f"the simulator does not answer (exit code {process.poll()})", returncode=1)


@pytest.fixture(scope="session")
def running() -> Iterator[Simulator]:
    """One simulator for all tests, in the interpreter that `SIMULATOR_PYTHON` names."""
    port = _free_port()
    python = os.environ.get("SIMULATOR_PYTHON", sys.executable)
    command = [str(ROOT / python), "-m", "tests.simulator", "--port", str(port)]
    with subprocess.Popen(command, cwd=ROOT) as process:
        simulator = Simulator(f"http://127.0.0.1:{port}")
        try:
            _wait_until_it_answers(process, simulator)
            yield simulator
        finally:
            process.terminate()
            simulator.close()


@pytest.fixture
def simulator(running: Simulator) -> Simulator:
    """The simulator with Ada's mailbox in it, and nothing else."""
    running.reset(seed="contract", now="2026-11-23T08:00:00Z")
    running.mailbox(ADA, tid=TID, calendars=CALENDARS)
    return running


def _at(day: int, hour: int) -> dict[str, str]:
    return {"dateTime": f"2026-12-{day:02}T{hour:02}:00:00", "timeZone": "UTC"}


def _single(number: int) -> dict[str, Any]:
    day = number % 28 + 1
    subject = f"Meeting {number:02}"
    return {"ref": f"single-{number}", "subject": subject, "start": _at(day, 9), "end": _at(day, 10)}


SERIES: dict[str, Any] = {
    "ref": "series",
    "subject": "Weekly review",
    "start": _at(1, 14),
    "end": _at(1, 15),
    "recurrence": {
        "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["tuesday"], "firstDayOfWeek": "sunday"},
        "range": {
            "type": "numbered",
            "startDate": "2026-12-01",
            "numberOfOccurrences": 4,
            "recurrenceTimeZone": "UTC",
        },
    },
    "exceptions": [
        {
            "ref": "moved",
            "originalStart": "2026-12-08T14:00:00Z",
            "subject": "Weekly review, moved",
            "start": _at(9, 16),
            "end": _at(9, 17),
        }
    ],
    "cancelled": ["2026-12-15"],
}

CALENDARS: list[dict[str, Any]] = [
    {"name": "Calendar", "default": True, "events": [*(_single(number) for number in range(25)), SERIES]},
    {"name": "Hearings", "events": [{**_single(40), "translates": "error"}]},
    {"name": "Bea", "owner": {"name": "Bea", "address": "bea@harper.example"}},
]
