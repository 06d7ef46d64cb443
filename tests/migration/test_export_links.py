"""Export of what became of each synced event in a run."""

import io
import json

import pytest
from django.core.management import CommandError, call_command
from django.db import connection as database

from calendars.models import HeldAppointment
from calendars.states import State
from migration.models import MigrationRun, Outcome
from tests.factories import ConnectionFactory, MemberFactory, SyncedEventFactory

pytestmark = pytest.mark.django_db
ADA = "ada@harperwolfe.example"


def export(address: str = ADA) -> list[dict]:
    out, err = io.StringIO(), io.StringIO()
    call_command("export_links", address, stdout=out, stderr=err)
    assert err.getvalue() == ""
    return [json.loads(line) for line in out.getvalue().splitlines()]


@pytest.fixture
def ada():
    return ConnectionFactory(member__email=ADA, account="ada@old.example", state=State.GRAPH_SYNC)


@pytest.fixture
def run(ada):
    return MigrationRun.objects.create(connection=ada, state=MigrationRun.State.DONE)


def found(run: MigrationRun, uid: str, how: str = "translated", kind: str = "id", calendar: str = "synced") -> None:
    event = SyncedEventFactory(connection=run.connection, event__uid=uid, link="linked", appointment_id=f"AAk{uid}")
    Outcome.objects.create(
        run=run, synced_event=event, outcome=kind, how=how, appointment_id=f"AAk{uid}", calendar=calendar
    )


def not_found(run: MigrationRun, uid: str, reason: str, *candidates: str) -> None:
    event = SyncedEventFactory(connection=run.connection, event__uid=uid, link="anomaly")
    Outcome.objects.create(run=run, synced_event=event, outcome="anomaly", reason=reason)
    for candidate in candidates:
        HeldAppointment.objects.create(connection=run.connection, synced_event=event, appointment_id=candidate)


def test_every_synced_event_has_a_line_in_the_order_of_uids(run):
    not_found(run, "c", "not_found")
    found(run, "b", "subject_times", "metadata", calendar="moved")
    found(run, "B", "occurrence", "metadata")
    not_found(run, "d", "ambiguous", "AAk2", "AAk1")
    found(run, "a")
    none = {"how": None, "appointment_id": None, "calendar": None}
    ended = {"reason": None, "candidates": []}
    assert export() == [
        {"uid": "B", "outcome": "metadata", "how": "occurrence", "appointment_id": "AAkB", "calendar": "synced"}
        | ended,
        {"uid": "a", "outcome": "id", "how": "translated", "appointment_id": "AAka", "calendar": "synced"} | ended,
        {"uid": "b", "outcome": "metadata", "how": "subject_times", "appointment_id": "AAkb", "calendar": "moved"}
        | ended,
        {"uid": "c", "outcome": "anomaly", "reason": "not_found", "candidates": []} | none,
        {"uid": "d", "outcome": "anomaly", "reason": "ambiguous", "candidates": ["AAk1", "AAk2"]} | none,
    ]


def test_the_keys_stand_in_the_order_of_the_format(run):
    found(run, "a")
    assert list(export()[0]) == ["uid", "outcome", "how", "appointment_id", "calendar", "reason", "candidates"]


def test_the_latest_run_counts(ada):
    first = MigrationRun.objects.create(connection=ada, state="done")
    found(first, "a")
    second = MigrationRun.objects.create(connection=ada, state="done")
    Outcome.objects.create(
        run=second,
        synced_event=first.outcomes.get().synced_event,
        outcome="metadata",
        how="ical_uid",
        appointment_id="AAkAnother",
        calendar="moved",
    )
    assert [(line["how"], line["appointment_id"]) for line in export()] == [("ical_uid", "AAkAnother")]


@pytest.mark.parametrize("address", [ADA, ADA.upper(), "ada@old.example", "Ada@Old.example", f" {ADA} "])
def test_the_address_is_the_members_or_the_accounts(run, address):
    found(run, "a")
    assert [line["uid"] for line in export(address)] == ["a"]


def test_the_members_own_address_goes_before_an_account(run):
    found(run, "a")
    ConnectionFactory(account=ADA)
    assert [line["uid"] for line in export(ADA)] == ["a"]


def test_the_live_connection_goes_before_earlier_ones(ada, run):
    found(run, "a")
    ConnectionFactory(member=ada.member, state=State.DISCONNECTED)
    assert [line["uid"] for line in export()] == ["a"]


def test_without_a_run_there_is_nothing_and_it_is_said(ada):
    out, err = io.StringIO(), io.StringIO()
    call_command("export_links", ADA, stdout=out, stderr=err)
    assert out.getvalue() == ""
    assert err.getvalue() == "ada@old.example has not been migrated yet: there is nothing to export.\n"


def test_an_unknown_address_is_an_error(ada):
    MemberFactory(email="unconnected@harperwolfe.example")
    for address in ("nobody@harperwolfe.example", "unconnected@harperwolfe.example"):
        with pytest.raises(CommandError, match=f"^{address} has no connection.$"):
            export(address)


def test_an_account_of_several_members_is_an_error(run):
    for _ in range(2):
        ConnectionFactory(account="shared@harperwolfe.example")
    with pytest.raises(CommandError, match="give a member's own address"):
        export("shared@harperwolfe.example")


def test_the_number_of_statements_does_not_grow_with_the_events(run):
    def statements() -> int:
        seen = []
        with database.execute_wrapper(lambda execute, *call: seen.append(call[0]) or execute(*call)):
            export()
        return len(seen)

    not_found(run, "a", "not_found", "AAk1")
    few = statements()
    for number in range(20):
        not_found(run, f"n{number}", "not_found", f"AAkn{number}")
    assert statements() == few
