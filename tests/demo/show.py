"""The demo from its beginning to its end: a clean place, the walk, and everything taken down again."""

import argparse
import os
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import requests

from tests.demo import environment, leftovers, ports, signposts
from tests.demo.checks import Checks
from tests.demo.database import Database
from tests.demo.interrupts import Interrupts
from tests.demo.places import clear
from tests.demo.processes import Children
from tests.demo.servers import Servers


def run(folder: Path, interrupts: Interrupts, options: argparse.Namespace) -> int:
    """0 where every figure of the walk was as seeded, else 1. Raises DemoFailed; whatever was begun is undone."""
    begun = time.monotonic()
    undo = ExitStack()
    try:
        database = _own_database(folder, undo)
        children = Children(folder, interrupts)
        undo.callback(children.stop)
        servers = Servers(children, *_doors(options, undo))
        mails = folder / "mails"
        mails.mkdir()
        environment.replace_settings(_settings(servers, database, mails))
        undo.callback(_leave_database)
        checks = Checks()
        checks.step(f"Three firms, through the importer, into a fresh database ({database.words})")
        code = _walk(servers, children, folder, mails, checks)
        checks.note(f"It took {time.monotonic() - begun:.0f} seconds.")
        if not options.once:
            print(signposts.text(web=servers.web, simulator=servers.simulator, folder=str(folder)), flush=True)
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


def _doors(options: argparse.Namespace, undo: ExitStack) -> tuple[ports.Door, ports.Door]:
    """Of web site and simulator. Ports that were asked for must be free; the usual ones give way."""
    web, beside = options.port, options.simulator_port
    site = undo.enter_context(ports.choose(8000, "the web site") if web is None else ports.insist(web))
    usual = ports.choose(9100, "the simulated Microsoft") if beside is None else ports.insist(beside)
    return site, undo.enter_context(usual)


def _settings(servers: Servers, database: Database, mails: Path) -> dict[str, str]:
    wanted = environment.variables(
        web=servers.web, simulator=servers.simulator, database=database.url, mails=mails, now=datetime.now(UTC)
    )
    # What the product says goes to logs; on this terminal only what is worth a person's attention.
    return {**wanted, "LOG_LEVEL": "WARNING"}


def _walk(servers: Servers, children: Children, folder: Path, mails: Path, checks: Checks) -> int:
    servers.start_simulator()
    _set_up_django()
    # Only now: these need Django with its settings.
    from tests.demo import bystanders, in_step, seeding, walk, wrong_account
    from tests.demo.stage import Stage
    from tests.simulator.client import Control

    servers.wait_for_simulator()
    control = Control(servers.simulator)
    seeded = seeding.seed(control, folder / "firms.jsonl")
    servers.start_product()
    stage = Stage(servers.web, control, seeded, mails, checks, children.check)
    try:
        in_step.old_sync_runs(stage)
        walk.move(stage)
        in_step.graph_sync_runs(stage)
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


def _stay(children: Children) -> None:
    """Until Ctrl-C, which is no failure here. Raises DemoFailed where something dies."""
    try:
        while True:
            time.sleep(0.5)
            children.check()
    except KeyboardInterrupt:
        print("\nEnding everything.", flush=True)
