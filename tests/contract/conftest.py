"""The simulator as a process of its own, filled through `/_sim/`, for clients written for the real service."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests

ROOT = Path(__file__).resolve().parents[2]
ADA = "ada@harper.example"
TID = "11111111-0000-4000-8000-000000000001"

# No proxy stands between this machine and itself.
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1"


@dataclass
class Simulator:
    """A running simulator; `url` has no slash at its end."""

    url: str
    session: requests.Session = field(default_factory=requests.Session)

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """One call to `/_sim/{path}`; fails with the simulator's reason."""
        answer = self.session.request(method, f"{self.url}/_sim/{path}", json=body, timeout=30)
        assert answer.ok, answer.text
        return answer

    def token(self, address: str = ADA) -> str:
        """An access token for Graph."""
        return str(self.call("POST", "tokens", {"address": address}).json()["access_token"])

    def mailbox(self, address: str = ADA) -> dict[str, Any]:
        """Everything in a mailbox."""
        return dict(self.call("GET", f"mailboxes/{address}").json())

    def event(self, ref: str) -> dict[str, Any]:
        """One appointment of Ada's with all its ids, by its `ref`."""
        calendars = self.mailbox()["calendars"]
        found = [event for calendar in calendars for event in calendar["events"] if event.get("ref") == ref]
        assert len(found) == 1, ref
        return found[0]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_it_answers(process: subprocess.Popen[bytes], simulator: Simulator) -> None:
    for _ in range(200):
        if process.poll() is not None:
            break
        try:
            simulator.session.get(f"{simulator.url}/_sim/journal", timeout=5)
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
        simulator.session.trust_env = False
        try:
            _wait_until_it_answers(process, simulator)
            yield simulator
        finally:
            process.terminate()
            simulator.session.close()


@pytest.fixture
def simulator(running: Simulator) -> Simulator:
    """The simulator with Ada's mailbox in it, and nothing else."""
    running.call("POST", "reset", {"seed": "contract", "now": "2026-11-23T08:00:00Z"})
    running.call("POST", "mailboxes", {"address": ADA, "tid": TID, "calendars": CALENDARS})
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
