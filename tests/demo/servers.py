"""The three servers of the demo: the simulator, and web site and worker as in production."""

import sys
import time

import requests

from tests.demo.places import DemoFailed
from tests.demo.ports import Door
from tests.demo.processes import Child, Children

PATIENCE = 60.0
LOUD = {"LOG_LEVEL": "INFO"}
PYTHON = [sys.executable]


class Servers:
    """`web` and `simulator` are addresses. The web site takes its port over as it is held, so that no other program's
    pages can be taken for ours; the simulator takes its own, and says that it has it."""

    def __init__(self, children: Children, web: Door, simulator: Door) -> None:
        self._children, self._web_door, self._simulator_door = children, web, simulator
        self.web, self.simulator = web.address, simulator.address
        self._started: Child | None = None

    def start_simulator(self) -> None:
        port = self._simulator_door.port
        self._simulator_door.close()
        self._started = self._children.start("simulator", [*PYTHON, "-m", "tests.simulator", "--port", str(port)], LOUD)

    def wait_for_simulator(self) -> None:
        """Raises DemoFailed where it does not come."""
        log = self._started.log if self._started else None
        until = time.monotonic() + PATIENCE
        while log is None or f"Simulator at {self.simulator}" not in log.read_text(encoding="utf-8"):
            self._children.check()
            if time.monotonic() > until:
                raise DemoFailed(f"The simulator has not started; its log is {log}.")
            time.sleep(0.05)

    def start_product(self) -> None:
        """Raises DemoFailed where the web site does not answer well."""
        door = self._web_door
        gunicorn = [*PYTHON, "-m", "gunicorn", "caret_sync.wsgi", "--bind", f"fd://{door.number}", "--threads", "8"]
        options = ["--graceful-timeout", "1", "--no-control-socket"]
        self._children.start("web server", [*gunicorn, *options], LOUD, keep=[door.number])
        door.close()
        self._children.start("worker", [*PYTHON, "manage.py", "work"], LOUD)
        self._wait_for_pages()

    def _wait_for_pages(self) -> None:
        session = requests.Session()
        session.trust_env = False
        url, until = f"{self.web}/accounts/login/", time.monotonic() + PATIENCE
        while time.monotonic() < until:
            self._children.check()
            try:
                answer = session.get(url, timeout=1)
            except requests.RequestException:
                time.sleep(0.1)
                continue
            if answer.ok:
                return
            raise DemoFailed(f"The web site answers {answer.status_code} at {url}; the log of the web server says why.")
        raise DemoFailed(f"The web site does not answer at {url}; the log of the web server may say why.")
