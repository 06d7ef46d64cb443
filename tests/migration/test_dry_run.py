"""`manage.py migrate_connection --dry-run`: what a run would do, without a trace."""

import pytest
from django.core import mail
from django.core.management import CommandError

from calendars import leases
from calendars.models import Grant
from migration import tasks
from migration.models import Outcome, Ticket
from tests import queue, sample
from tests.migration import moving
from tests.migration.commanding import assert_done, clock, everything, interrupt, migrate, seeded

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
__all__ = ["clock", "seeded"]  # fixtures


def test_a_dry_run_says_what_a_run_would_find_and_changes_nothing(seeded, simulator):
    made, connection = seeded
    moving.sign_in(connection, simulator)
    before, there = everything(), simulator.get_mailbox(moving.ADDRESS)
    out = migrate("--dry-run")
    assert everything() == before
    assert simulator.get_mailbox(moving.ADDRESS) == there
    assert simulator.outbox() == [] and mail.outbox == []
    asked = {(line["method"], line["operation"]) for line in simulator.journal() if line["path"].startswith("/v1.0/")}
    assert asked <= {("GET", "calendar"), ("GET", "calendars"), ("GET", "list"), ("GET", "get"),
                     ("POST", "translate"), ("POST", "batch")}  # fmt: skip
    # As the run then really does.
    migrate()
    assert_done(made, connection)
    run = connection.runs.get()
    lines = [line.strip() for line in out.splitlines()]
    assert lines[1] == f"Calendar 'Matters', 160 synced events, {run.requests} requests."
    hows = Outcome.objects.filter(run=run)
    assert lines[2:] == [
        "150 found by id",
        "6 found by subject and times",
        "4 not found in Outlook",
        f"{hows.filter(how='translated').count()} found: Its old id, translated",
        "6 found: Subject, start and end",
        *(
            [f"{edited} found: Its series and original date"]
            if (edited := hows.filter(how="occurrence").count())
            else []
        ),
        "4 not found: No appointment like it in Outlook",
        "1 of those found in another calendar of the mailbox",
    ]


def test_a_dry_run_in_the_middle_of_a_run_disturbs_nothing(seeded, simulator, settings):
    made, connection = seeded
    run = moving.sign_in(connection, simulator)
    settings.TASK_SECONDS = 0
    for turn in range(2):
        tasks.advance_run(run.pk, turn)
    run.refresh_from_db()
    assert run.turn == 2
    before = everything()
    assert "150 found by id" in migrate("--dry-run")
    assert everything() == before
    queue.drain()
    assert_done(made, connection)


def test_a_dry_run_keeps_out_of_the_way_of_a_worker(seeded, simulator):
    _, connection = seeded
    moving.sign_in(connection, simulator)
    connection.refresh_from_db()
    assert leases.take(connection, owner="a worker", seconds=60)
    before, quiet = everything(), len(simulator.journal())
    with pytest.raises(CommandError, match="A worker is at this run"):
        migrate("--dry-run")
    assert everything() == before and len(simulator.journal()) == quiet


def test_a_dry_run_stops_where_a_worker_begins(seeded, simulator, monkeypatch):
    _, connection = seeded
    moving.sign_in(connection, simulator)
    begun, held = [], leases.is_held
    # The third look at the connection finds a worker there.
    monkeypatch.setattr(leases, "is_held", lambda row: begun.append(row) or len(begun) > 2 or held(row))
    before = everything()
    with pytest.raises(CommandError, match="A worker is at this run"):
        migrate("--dry-run")
    assert everything() == before
    assert not any(line["operation"] in ("translate", "list") for line in simulator.journal())


def test_a_dry_run_renews_the_token_for_itself_alone(seeded, simulator):
    _, connection = seeded
    moving.sign_in(connection, simulator)
    before = Grant.objects.values().get(connection=connection)
    migrate("--dry-run")
    assert any(line["operation"] == "token" for line in simulator.journal())
    assert Grant.objects.values().get(connection=connection) == before


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ({"path": "/token", "status": 400, "body": {"error": "invalid_grant"}}, "signed in again"),
        ({"path": "/events", "status": 403, "body": {"error": {"code": "ErrorAccessDenied"}}}, "AccessDenied"),
    ],
)
def test_a_dry_run_that_cannot_be_made_says_why_and_changes_nothing(seeded, simulator, fault, says):
    _, connection = seeded
    moving.sign_in(connection, simulator)
    simulator.fault(**fault)
    before = everything()
    with pytest.raises(CommandError, match=says):
        migrate("--dry-run")
    assert everything() == before


def test_a_dry_run_that_finds_no_calendar_opens_no_ticket_and_mails_nobody(simulator, tmp_path):
    made = sample.calendar(30)
    calendars = [{"name": "Calendar", "default": True, "events": []}, {"name": "Matters", "events": []}]
    simulator.mailbox(moving.ADDRESS, calendars=calendars)
    connection = moving.connection_with(made, tmp_path, is_default_calendar=False)
    moving.sign_in(connection, simulator)
    before = everything()
    with pytest.raises(CommandError, match="The run failed: CalendarNotFound"):
        migrate("--dry-run")
    assert everything() == before
    assert not Ticket.objects.exists() and mail.outbox == []


def test_ctrl_c_in_a_dry_run_leaves_nothing(seeded, simulator, monkeypatch):
    made, connection = seeded
    moving.sign_in(connection, simulator)
    before = everything()
    with monkeypatch.context() as patch:
        interrupt(patch, "series")
        with pytest.raises(CommandError, match="Interrupted: nothing has been changed"):
            migrate("--dry-run")
    assert everything() == before
    queue.drain()
    assert_done(made, connection)
