"""The demo from its beginning to its end: a clean place, the processes, the walk, and everything taken down again."""

import argparse
import os
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import requests

from tests.demo import environment, leftovers, ports, signposts
from tests.demo.checks import Checks
from tests.demo.database import Database
from tests.demo.interrupts import Interrupts
from tests.demo.places import DemoFailed, clear
from tests.demo.processes import Children
from tests.simulator.client import Control

PATIENCE = 60.0
# What the product says goes to logs; on this terminal only what is worth a person's attention.
LOUD, QUIET = {"LOG_LEVEL": "INFO"}, {"LOG_LEVEL": "WARNING"}


@dataclass(frozen=True)
class Addresses:
    web: str
    simulator: str


def run(folder: Path, interrupts: Interrupts, options: argparse.Namespace) -> int:
    """0 where every figure of the walk was as seeded, else 1. Raises DemoFailed; whatever was begun is undone."""
    begun = time.monotonic()
    undo = ExitStack()
    try:
        database = _own_database(folder, undo)
        children = Children(folder, interrupts)
        undo.callback(children.stop)
        at = _addresses(options)
        mails = _mails(folder)
        environment.replace_settings(_settings(at, database, mails) | QUIET)
        undo.callback(_leave_database)
        checks = Checks()
        checks.step(f"Three firms, through the importer, into a fresh database ({database.words})")
        code = _walk(at, children, folder, mails, checks)
        checks.note(f"It took {time.monotonic() - begun:.0f} seconds.")
        if not options.once:
            print(signposts.text(web=at.web, simulator=at.simulator, folder=str(folder)), flush=True)
            _stay(children)
        return code
    finally:
        interrupts.ignore()
        undo.close()


def _own_database(folder: Path, undo: ExitStack) -> Database:
    """Alone in this folder, with nothing left of earlier demos there."""
    undo.enter_context(leftovers.lock(folder))
    for record in leftovers.end(leftovers.read(folder)):
        print(f"  An earlier demo had left its {record.name} behind (process {record.pid}); it is ended.")
    clear(folder)
    database = Database(os.environ.get("DATABASE_URL", ""), folder)
    database.make()
    undo.callback(database.drop)
    return database


def _addresses(options: argparse.Namespace) -> Addresses:
    """Ports that were asked for must be free; the usual ones give way."""
    web, simulator = options.port, options.simulator_port
    web = ports.choose(8000, "the web site") if web is None else ports.insist(web)
    simulator = ports.choose(9100, "the simulated Microsoft") if simulator is None else ports.insist(simulator)
    return Addresses(f"http://{ports.HOST}:{web}", f"http://{ports.HOST}:{simulator}")


def _mails(folder: Path) -> Path:
    mails = folder / "mails"
    mails.mkdir()
    return mails


def _settings(at: Addresses, database: Database, mails: Path) -> dict[str, str]:
    return environment.variables(
        web=at.web, simulator=at.simulator, database=database.url, mails=mails, now=datetime.now(UTC)
    )


def _walk(at: Addresses, children: Children, folder: Path, mails: Path, checks: Checks) -> int:
    simulator = [sys.executable, "-m", "tests.simulator", "--port", at.simulator.rpartition(":")[2]]
    children.start("simulator", simulator, LOUD)
    _set_up_django()
    # Only now: these need Django with its settings.
    from tests.demo import bystanders, seeding, walk, wrong_account
    from tests.demo.stage import Stage

    _wait_for(f"{at.simulator}/_sim/clock", "simulator", children)
    control = Control(at.simulator)
    seeded = seeding.seed(control, folder / "firms.jsonl")
    _serve(at, children)
    stage = Stage(at.web, control, seeded, mails, checks, children.check)
    try:
        walk.move(stage)
        wrong_account.refuse_and_retry(stage)
        bystanders.look_on(stage)
    except requests.ConnectionError:
        # Most likely one of ours has died: then its log says why.
        time.sleep(0.5)
        children.check()
        raise
    return checks.verdict()


def _set_up_django() -> None:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)


def _leave_database() -> None:
    """Closes this process's own connections: a database in use cannot be dropped."""
    from django.db import connections

    connections.close_all()


def _serve(at: Addresses, children: Children) -> None:
    """Web site and worker as in production: gunicorn, and the queue's processes."""
    site = [sys.executable, "-m", "gunicorn", "caret_sync.wsgi", "--bind", at.web.removeprefix("http://")]
    children.start("web server", [*site, "--threads", "8", "--graceful-timeout", "1", "--no-control-socket"], LOUD)
    children.start("worker", [sys.executable, "manage.py", "qcluster"], LOUD)
    _wait_for(f"{at.web}/accounts/login/", "web server", children)


def _wait_for(url: str, what: str, children: Children) -> None:
    """Until it answers well. Raises DemoFailed."""
    session = requests.Session()
    session.trust_env = False
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        children.check()
        try:
            answer = session.get(url, timeout=PATIENCE)
        except requests.ConnectionError:
            time.sleep(0.1)
            continue
        if answer.ok:
            return
        raise DemoFailed(f"The {what} answers {answer.status_code} at {url}; its log is in .demo.")
    raise DemoFailed(f"The {what} does not answer at {url}; its log is in .demo.")


def _stay(children: Children) -> None:
    """Until Ctrl-C, which is no failure here. Raises DemoFailed where something dies."""
    try:
        while True:
            time.sleep(0.5)
            children.check()
    except KeyboardInterrupt:
        print("\nEnding everything.", flush=True)
