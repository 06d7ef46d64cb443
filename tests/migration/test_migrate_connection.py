"""`manage.py migrate_connection`: one member's run while somebody looks on, or what it would do."""

import io
from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.apps import apps
from django.core import mail
from django.core.management import CommandError, call_command
from django_q.models import OrmQ

from calendars import leases
from calendars.graph.client import GraphClient
from calendars.models import CalendarConnection, Grant
from calendars.states import OUTLOOK_STATES, Provider, State
from migration import tasks
from migration.models import MigrationRun, Outcome, Ticket
from tests import queue, sample
from tests.factories import NOW, ConnectionFactory
from tests.migration import moving

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock(monkeypatch, settings) -> Iterator[None]:
    monkeypatch.setattr("migration.runs.foreground.PAUSE", 0.05)
    settings.SWEEP_SECONDS = 0.1
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture
def seeded(simulator, tmp_path):
    """Of 160 events 4 are gone, 6 renumbered, 1 is in another calendar."""
    made = sample.calendar(160, deleted=4, renumbered=6)
    events = [event for event in made.events if event["ref"] not in made.renumbered]
    moved = next(event for event in events if "recurrence" not in event)
    here = [event for event in made.events if event is not moved]
    calendars = [{"name": "Matters", "default": True, "events": here}, {"name": "Private", "events": [moved]}]
    moving.mailbox(simulator, [], calendars=calendars)
    return made, moving.connection_with(made, tmp_path)


def migrate(*options: str, address: str = moving.ADDRESS) -> str:
    out = io.StringIO()
    call_command("migrate_connection", address, *options, stdout=out)
    return out.getvalue()


def everything() -> dict[str, list[dict]]:
    """Every row of every table, with every column."""
    return {
        model._meta.label: list(model._default_manager.order_by("pk").values())
        for model in apps.get_models(include_auto_created=True)
    }


def assert_done(made, connection) -> None:
    run, now = connection.runs.get(), CalendarConnection.objects.get(pk=connection.pk)
    assert (run.state, now.state, now.lease_owner) == ("done", State.GRAPH_SYNC, "")
    assert (run.by_id, run.by_metadata, run.anomalies) == (150, 6, 4)
    found = Outcome.objects.filter(run=run, outcome="anomaly").values_list("synced_event__uid", flat=True)
    assert set(found) == set(made.deleted)


def test_it_carries_out_the_run_to_its_end(seeded, simulator):
    made, connection = seeded
    moving.sign_in(connection, simulator)
    out = migrate()
    assert_done(made, connection)
    assert "has moved: 160 synced events" in out
    figures = ["150 found by id", "6 found by subject and times", "4 not found in Outlook"]
    assert [line.strip() for line in out.splitlines()[1:]] == figures
    # The task that was in the queue comes too late.
    assert queue.drain() == 1
    assert_done(made, connection)


def test_it_goes_on_beyond_the_time_of_a_task(seeded, simulator, settings):
    settings.TASK_SECONDS = 0
    made, connection = seeded
    moving.sign_in(connection, simulator)
    OrmQ.objects.all().delete()
    migrate()
    assert_done(made, connection)
    assert not OrmQ.objects.exists()


@pytest.mark.parametrize("state", sorted(OUTLOOK_STATES - {State.MIGRATING}))
def test_a_connection_that_is_not_migrating_is_left_alone(state):
    ConnectionFactory(account=moving.ADDRESS, state=state)
    before = everything()
    for options in ([], ["--dry-run"]):
        with pytest.raises(CommandError, match=rf"is not migrating \(state: {State(state).label}\)\. \w"):
            migrate(*options)
    assert everything() == before


def test_a_member_of_google_is_told_that_it_does_not_concern_them():
    ConnectionFactory(account=moving.ADDRESS, provider=Provider.GOOGLE, state=State.GOOGLE_SYNC)
    with pytest.raises(CommandError, match="does not concern"):
        migrate()


def test_an_address_nobody_has_is_named():
    with pytest.raises(CommandError, match=r"nobody@harperwolfe\.example has no connection"):
        migrate(address="nobody@harperwolfe.example")


def test_a_failed_run_is_taken_up(seeded, simulator):
    made, connection = seeded
    run = moving.sign_in(connection, simulator)
    MigrationRun.objects.filter(pk=run.pk).update(
        state="failed", step="queued", failure_class="AccessDenied", attempts=5
    )
    migrate()
    assert_done(made, connection)


def test_a_wait_is_waited_in_place_and_never_cut_short(seeded, simulator, settings):
    made, connection = seeded
    moving.sign_in(connection, simulator)
    simulator.fault(path="translateExchangeIds", status=429, headers={"Retry-After": "1"}, count=1)
    out = migrate()
    assert_done(made, connection)
    assert out.count("Microsoft asks us to wait: goes on at") == 1
    throttled = next(line for line in simulator.journal() if line["status"] == 429)
    later = [
        line for line in simulator.journal() if line["seq"] > throttled["seq"] and line["operation"] == "translate"
    ]
    assert later and min(line["start"] for line in later) >= throttled["end"]


def test_a_wait_that_began_before_is_kept_too(seeded, simulator, monkeypatch):
    made, connection = seeded
    run = moving.sign_in(connection, simulator)
    until = NOW + timedelta(minutes=5)
    waiting = {"state": "waiting", "step": "queued", "wait_reason": "throttled", "wait_until": until}
    MigrationRun.objects.filter(pk=run.pk).update(**waiting)
    asked = []
    with time_machine.travel(NOW, tick=False) as clock:

        def sleep(seconds: float) -> None:
            asked.append(len(simulator.journal()))
            clock.shift(60)

        monkeypatch.setattr("migration.runs.foreground.time.sleep", sleep)
        quiet = len(simulator.journal())
        migrate()
    assert asked[:5] == [quiet] * 5
    assert_done(made, connection)


def test_a_grant_that_is_gone_is_said_and_the_run_waits(seeded, simulator):
    _, connection = seeded
    moving.sign_in(connection, simulator)
    simulator.fault(path="/token", status=400, body={"error": "invalid_grant", "error_codes": [50173]})
    with pytest.raises(CommandError, match="signed in again"):
        migrate()
    run = connection.runs.get()
    assert (run.state, run.wait_reason) == ("waiting", "grant")
    with pytest.raises(CommandError, match="signed in again"):
        migrate()


def test_a_run_that_fails_says_why_and_what_to_do(seeded, simulator):
    _, connection = seeded
    moving.sign_in(connection, simulator)
    simulator.fault(path="/events", status=403, body={"error": {"code": "ErrorAccessDenied"}})
    with pytest.raises(CommandError, match=r"The run failed: AccessDenied 403 ErrorAccessDenied.*\n.*permission"):
        migrate()


def test_it_looks_on_while_another_worker_has_the_connection(seeded, simulator, monkeypatch):
    made, connection = seeded
    moving.sign_in(connection, simulator)
    connection.refresh_from_db()
    lease = leases.take(connection, owner="another", seconds=60)
    slept = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            leases.release(lease)

    monkeypatch.setattr("migration.runs.foreground.time.sleep", sleep)
    out = migrate()
    assert len(slept) == 3
    assert out.count("Another worker is at it; looking on.") == 1
    assert_done(made, connection)


def interrupt(monkeypatch, name: str) -> None:
    """Ctrl-C during the first request of this kind."""

    def interrupted(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(GraphClient, name, interrupted)


@pytest.mark.parametrize("name", ["default_calendar", "translate", "series", "calendars"])
def test_ctrl_c_leaves_the_run_to_the_worker(seeded, simulator, monkeypatch, name):
    made, connection = seeded
    moving.sign_in(connection, simulator)
    OrmQ.objects.all().delete()
    for _ in range(7):  # more often than a worker may die
        with monkeypatch.context() as patch:
            interrupt(patch, name)
            with pytest.raises(CommandError, match="Interrupted: a worker goes on"):
                migrate()
        connection.refresh_from_db()
        assert (connection.state, connection.lease_owner) == (State.MIGRATING, "")
    queue.drain()
    assert_done(made, connection)


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
