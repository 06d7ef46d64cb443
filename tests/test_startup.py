"""What a start refuses: settings with a fault, limits that contradict each other, a database older than the code."""

import os
import re
import runpy
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core import management
from django.core.checks import run_checks
from django.db import OperationalError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from caret_sync import startup
from caret_sync.checks import SETTINGS_TAG
from tests.test_settings import COMPLETE, KEY, ROOT, VARIABLES


def found_by_checks() -> list[str]:
    return [problem.msg for problem in run_checks(tags=[SETTINGS_TAG])]


def test_the_checks_name_every_problem(settings: Any):
    assert found_by_checks() == []
    settings.SETTING_PROBLEMS = {"SECRET_KEY": "is not set.", "WORKERS": "must be a whole number, not 1.5."}
    assert found_by_checks() == ["SECRET_KEY is not set.", "WORKERS must be a whole number, not 1.5."]


@pytest.mark.parametrize("key", ["short", "é" * 44, KEY[:-1], "=" * 44], ids=["short", "accents", "unpadded", "empty"])
def test_a_key_that_cannot_encrypt_is_found_and_not_shown(settings: Any, key: str):
    settings.TOKEN_KEYS = [KEY, key]
    assert found_by_checks() == ["TOKEN_KEYS has no valid Fernet key at position 2."]


@pytest.mark.parametrize(("retry", "timeout", "fine"), [(241, 120, True), (240, 120, False), (100, 120, False)])
def test_a_task_is_not_given_out_again_while_it_may_still_run(settings: Any, retry: int, timeout: int, fine: bool):
    settings.Q_CLUSTER = {**settings.Q_CLUSTER, "retry": retry, "timeout": timeout}
    assert found_by_checks() == ([] if fine else [f"TASK_RETRY ({retry}) must be more than twice TASK_TIMEOUT (120)."])


@pytest.mark.parametrize(("lease", "timeout", "fine"), [(31, 30, True), (30, 30, False), (0.5, 30, False)])
def test_a_lease_outlasts_a_request(settings: Any, lease: float, timeout: float, fine: bool):
    settings.LEASE_SECONDS, settings.HTTP_TIMEOUT = lease, timeout
    assert found_by_checks() == ([] if fine else [f"LEASE_SECONDS ({lease:g}) must be more than HTTP_TIMEOUT (30)."])


@pytest.mark.parametrize(("stall", "fine"), [(121, True), (120, False)])
def test_a_queue_that_is_busy_is_not_taken_for_dead(settings: Any, stall: float, fine: bool):
    settings.STALL_SECONDS = stall
    assert found_by_checks() == ([] if fine else ["STALL_SECONDS (120) must be more than TASK_TIMEOUT (120)."])


def test_graph_is_asked_for_no_more_than_microsoft_allows(settings: Any):
    settings.SYNC_WINDOW_PAST_DAYS, settings.SYNC_WINDOW_FUTURE_DAYS = 900, 900
    settings.SUBSCRIPTION_SECONDS = 253_800
    assert found_by_checks() == []
    settings.SYNC_WINDOW_FUTURE_DAYS, settings.SUBSCRIPTION_SECONDS = 901, 253_801
    assert found_by_checks() == [
        "SYNC_WINDOW_PAST_DAYS and SYNC_WINDOW_FUTURE_DAYS together (1801) must be at most 1800.",
        "SUBSCRIPTION_SECONDS (253801) must be at most 253800.",
    ]


@pytest.mark.django_db
def test_a_database_that_lacks_a_migration_is_older_than_the_code():
    assert startup.obstacles() == []
    (latest,) = MigrationLoader(connection).graph.leaf_nodes("calendars")
    MigrationRecorder(connection).record_unapplied(*latest)
    [sentence] = startup.obstacles()
    assert re.fullmatch(
        r"The database is older than this code \(\d+ steps? behind\): run manage\.py migrate\.", sentence
    )
    with pytest.raises(management.CommandError, match=r"run manage\.py migrate"):
        management.call_command("qcluster")


def test_a_database_that_does_not_answer_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch):
    def fail(*args: Any) -> None:
        raise OperationalError("connection refused\n\tIs the server running?")

    monkeypatch.setattr(startup, "MigrationExecutor", fail)
    assert startup.database_obstacles() == ["The database that DATABASE_URL names cannot be used: connection refused."]


@pytest.mark.parametrize(
    ("command", "sentences", "expected"),
    [
        ("export_links", ["Run migrate."], SystemExit),
        ("export_links", [], OperationalError),
        ("migrate", ["Run migrate."], OperationalError),
    ],
)
def test_a_command_that_meets_an_old_database_says_so_and_hides_no_other_fault(
    command: str, sentences: list[str], expected: type[BaseException], monkeypatch: pytest.MonkeyPatch
):
    def fail(arguments: list[str]) -> None:
        raise OperationalError("no such column")

    monkeypatch.setattr(management, "execute_from_command_line", fail)
    monkeypatch.setattr(startup, "database_obstacles", lambda: sentences)
    monkeypatch.setattr(startup, "unreachable", list)
    monkeypatch.setattr(sys, "argv", ["manage.py", command])
    with pytest.raises(expected, match="Run migrate" if expected is SystemExit else "no such column"):
        runpy.run_path(str(ROOT / "manage.py"))["main"]()


def process(*arguments: str, **variables: str) -> tuple[int, str]:
    others = {
        name: value for name, value in os.environ.items() if name not in VARIABLES and not name.startswith("DJANGO")
    }
    done = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=others | variables, capture_output=True, text=True, timeout=120
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout + done.stderr


SERVE = ("-c", "import caret_sync.wsgi")


def test_a_person_who_starts_it_without_settings_is_told_which(tmp_path: Path):
    database = f"sqlite:///{tmp_path}/new.sqlite3"
    code, said = process("manage.py", "check", DATABASE_URL=database, WORKERS="many", LEASE_SECONDS="10")
    assert code == 1
    for sentence in (
        "SECRET_KEY is not set.", "TOKEN_KEYS is not set.", "SUPPORT_EMAIL or SUPPORT_URL must be set",
        "WORKERS must be a number", "LEASE_SECONDS (10) must be more than HTTP_TIMEOUT (30).",
    ):  # fmt: skip
        assert sentence in said
    code, said = process(*SERVE, DATABASE_URL=database, TOKEN_KEYS="no key", **{
        name: value for name, value in COMPLETE.items() if name not in ("TOKEN_KEYS", "SECRET_KEY")
    })  # fmt: skip
    assert code == 3, "gunicorn's own sign that a worker cannot start, so that it does not try again"
    assert "SECRET_KEY is not set." in said and "TOKEN_KEYS has no valid Fernet key" in said and "no key" not in said


@pytest.mark.parametrize("command", ["migrate", "export_links ada@firm.example"])
@pytest.mark.parametrize("kind", ["nobody listens", "a folder that is not there", "no database"])
def test_a_person_whose_database_does_not_answer_is_told_so_in_one_line(command: str, kind: str, tmp_path: Path):
    (tmp_path / "letter.txt").write_text("Dear Ada, this is a letter and no database at all, however long it is.\n" * 9)
    with socket.socket() as taken:
        # Nobody else comes to listen at a port that is bound.
        taken.bind(("127.0.0.1", 0))
        addresses = {
            "nobody listens": f"postgres://ada:hunter2@127.0.0.1:{taken.getsockname()[1]}/caret_sync",
            "a folder that is not there": f"sqlite:///{tmp_path}/nowhere/x.sqlite3",
            "no database": f"sqlite:///{tmp_path}/letter.txt",
        }
        code, said = process("manage.py", *command.split(), DEBUG="1", DATABASE_URL=addresses[kind])
    assert code == 1 and "hunter2" not in said
    [line] = said.splitlines()
    assert line.startswith("The database that DATABASE_URL names cannot be used: ")


def test_a_person_who_forgot_to_migrate_is_told_so_and_after_it_the_site_starts(tmp_path: Path):
    variables = {"DEBUG": "1", "DATABASE_URL": f"sqlite:///{tmp_path}/old.sqlite3"}
    code, said = process(*SERVE, **variables)
    assert (code, "run manage.py migrate" in said) == (3, True), said
    assert process("manage.py", "migrate", **variables)[0] == 0
    assert process(*SERVE, **variables) == (0, "")
