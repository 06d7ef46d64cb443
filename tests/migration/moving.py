"""A member in the middle of the move: events synced so far on our side, their mailbox in the simulator, consent given."""

from typing import Any

from django.core.management import call_command

from calendars import connections, grants
from calendars.models import CalendarConnection, Grant
from calendars.states import Cause
from migration import runs
from migration.models import MigrationRun
from tests import queue
from tests.factories import NOW, ConnectionFactory
from tests.sample import Sample
from tests.simulator.client import Simulator

ADDRESS = "ada@harperwolfe.example"


def connection_with(sample: Sample, tmp_path: Any, **fields: Any) -> CalendarConnection:
    """A connection on the old sync that has synced the sample's events, through the importer."""
    import json

    connection = ConnectionFactory(**{"account": ADDRESS, "member__email": ADDRESS, **fields})
    file = tmp_path / "sample.jsonl"
    lines = [json.dumps({**line, "member": connection.member.email}) for line in sample.lines]
    file.write_text("\n".join(lines), encoding="utf-8")
    call_command("import_sync_data", str(file), verbosity=0)
    return connection


def mailbox(simulator: Simulator, events: list[dict[str, Any]], address: str = ADDRESS, **fields: Any) -> None:
    calendars = [{"name": "Calendar", "default": True, "events": events}]
    simulator.mailbox(address, **{"calendars": calendars, **fields})


def sign_in(connection: CalendarConnection, simulator: Simulator, **options: Any) -> MigrationRun:
    """As after an accepted sign-in: grant stored, run queued."""
    tokens = simulator.token(connection.account, scope="Calendars.ReadWrite User.Read offline_access openid profile")
    connections.move(connection, Cause.LOGIN, actor=connection.member, now=NOW, stopped_at=NOW)
    connections.move(connection, Cause.SAME_MAILBOX, actor=connection.member, now=NOW)
    grants.store(
        connection, Grant.Service.GRAPH, grants.Tokens(refresh_token=tokens["refresh_token"]), ["Calendars.ReadWrite"]
    )
    return runs.queue(connection, **options)


def migrate(connection: CalendarConnection, simulator: Simulator, **options: Any) -> MigrationRun:
    run = sign_in(connection, simulator, **options)
    queue.drain()
    run.refresh_from_db()
    connection.refresh_from_db()
    return run


def refs(simulator: Simulator, address: str = ADDRESS) -> dict[str, str]:
    """Immutable id → our own name of every appointment, edited occurrences included."""
    found: dict[str, str] = {}
    for calendar in simulator.get_mailbox(address)["calendars"]:
        for event in calendar["events"]:
            found[event["immutableId"]] = event["ref"]
            for exception in event.get("exceptions") or []:
                found[exception["immutableId"]] = exception["ref"]
    return found


def assert_only_read(simulator: Simulator) -> None:
    """Whatever was asked of Outlook changed nothing in it, and mailed nobody (I2)."""
    reading = ("/translateExchangeIds", "/$batch", "/token")
    lines = [line for line in simulator.journal() if line["method"] != "GET" and not line["path"].endswith(reading)]
    assert lines == []
    assert simulator.outbox() == []
