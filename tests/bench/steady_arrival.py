"""`python -m tests.bench.steady_arrival HOW COUNT EVENTS`: seconds from a change in Outlook until it stands in our database.

A web server and `manage.py work` as in production, both started here; the simulator delivers. HOW is "told", one change
after the other by notifications, or "polled", with a poll every POLL seconds and the changes spread between the polls.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import django

from tests.bench import steady_member
from tests.demo.leftovers import kill_session
from tests.demo.ports import Door
from tests.simulator.client import Control

# Between two polls by the clock, in place of a quarter of an hour.
POLL = 4.0
# Between two looks into the database.
LOOK = 0.01
PATIENCE = 60.0
TOLD, POLLED = "told", "polled"


@contextmanager
def product(how: str, door: Door) -> Iterator[None]:
    """Both processes, ended with all that they have started."""
    environment = {**os.environ, "BENCH_POLL": str(POLL)} if how == POLLED else {**os.environ}
    environment |= {"BENCH_PUBLIC_URL": door.address} if how == TOLD else {}
    gunicorn = ["-m", "gunicorn", "caret_sync.wsgi", "--bind", f"fd://{door.number}", "--threads", "4"]
    commands = [["manage.py", "work"]] + ([[*gunicorn, "--no-control-socket"]] if how == TOLD else [])
    started: list[subprocess.Popen[bytes]] = []
    with tempfile.TemporaryFile() as log:
        try:
            for command in commands:
                started.append(
                    subprocess.Popen(
                        [sys.executable, *command], env=environment, pass_fds=[door.number], start_new_session=True,
                        stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                    )
                )  # fmt: skip
            yield
        finally:
            ended = [one.poll() for one in started]
            for one in started:
                kill_session(one.pid)
                one.wait()
            if any(code is not None for code in ended):
                log.seek(0)
                sys.stderr.write(log.read().decode()[-3000:])


def wait(holds: Callable[[], Any]) -> Any:
    until = time.monotonic() + PATIENCE
    while not (found := holds()):
        if time.monotonic() > until:
            raise SystemExit(f"what was waited for has not come within {PATIENCE:.0f} s")
        time.sleep(LOOK)
    return found


class Arrivals:
    def __init__(self, control: Control, service: str = "graph") -> None:
        self.control = control
        self.connection = steady_member.connect(control, service)
        self.service = service

    def ready(self, how: str) -> list[Any]:
        from django.db import transaction

        from calendars.models import Sync
        from calendars.sync import outbox

        with transaction.atomic():
            outbox.wake(self.connection)
        wait(lambda: Sync.objects.filter(synced_at__isnull=False).exists())
        if how == TOLD:
            wait(lambda: Sync.objects.exclude(subscription_id="").exists())
            time.sleep(2)
        return steady_member.singles(self.connection, self.service)

    def told(self, rows: list[Any]) -> list[float]:
        """Each change waits until the one before has come."""
        found = []
        for number, row in enumerate(rows):
            begun = self._edit(row, number)
            wait(lambda row=row, number=number: self._subjects([row]).get(row.event_id) == _subject(number))
            found.append(time.monotonic() - begun)
        return found

    def polled(self, rows: list[Any]) -> list[float]:
        """One every so often, whether the one before has come or not."""
        begun: dict[int, float] = {}
        found: dict[int, float] = {}
        start, left = time.monotonic(), list(enumerate(rows))
        # No even part of the pause between two polls, so that they meet it at different moments.
        pause = POLL * 0.37
        until = start + len(rows) * pause + PATIENCE
        while len(found) < len(rows):
            if time.monotonic() > until:
                raise SystemExit("some changes have never come")
            if left and time.monotonic() >= start + left[0][0] * pause:
                number, row = left.pop(0)
                begun[number] = self._edit(row, number)
            subjects = self._subjects(rows)
            for number in begun.keys() - found.keys():
                if subjects.get(rows[number].event_id) == _subject(number):
                    found[number] = time.monotonic() - begun[number]
            time.sleep(LOOK)
        return list(found.values())

    def _edit(self, row: Any, number: int) -> float:
        begun = time.monotonic()
        steady_member.edit_there(self.control, row.known_as, _subject(number))
        return begun

    def _subjects(self, rows: list[Any]) -> dict[int, str]:
        from calendars.models import Event

        return dict(Event.objects.filter(pk__in=[row.event_id for row in rows]).values_list("pk", "subject"))


def _subject(number: int) -> str:
    return f"Changed in Outlook {number}"


def main(how: str, count: str, events: str) -> dict[str, Any]:
    django.setup()
    from django.conf import settings

    control = Control(settings.SIMULATOR_URL)
    steady_member.open_mailbox(control, "graph", int(events))
    arrivals = Arrivals(control)
    with Door(0) as door, product(how, door):
        rows = arrivals.ready(how)[: int(count)]
        seconds = arrivals.told(rows) if how == TOLD else arrivals.polled(rows)
    return {"how": how, "events": int(events), "poll": POLL if how == POLLED else None, "seconds": seconds}


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
