"""How tests of `manage.py migrate_connection` begin, what they call, and what must come of it."""

import io
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.core.management import call_command

from calendars.graph.client import GraphClient
from calendars.models import CalendarConnection
from calendars.states import State
from migration.models import Outcome
from tests import sample
from tests.factories import NOW
from tests.migration import moving


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[None]:
    monkeypatch.setattr("migration.runs.foreground.PAUSE", 0.05)
    settings.SWEEP_SECONDS = 0.1
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture
def seeded(simulator: Any, tmp_path: Any) -> tuple[sample.Sample, CalendarConnection]:
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


def everything() -> dict[str, list[dict[str, Any]]]:
    """Every row of every table, with every column."""
    return {
        model._meta.label: list(model._default_manager.order_by("pk").values())
        for model in apps.get_models(include_auto_created=True)
    }


def assert_done(made: sample.Sample, connection: CalendarConnection) -> None:
    run, now = connection.runs.get(), CalendarConnection.objects.get(pk=connection.pk)
    assert (run.state, now.state, now.lease_owner) == ("done", State.GRAPH_SYNC, "")
    assert (run.by_id, run.by_metadata, run.anomalies) == (150, 6, 4)
    found = Outcome.objects.filter(run=run, outcome="anomaly").values_list("synced_event__uid", flat=True)
    assert set(found) == set(made.deleted)


def interrupt(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Ctrl-C during the first request of this kind."""

    def interrupted(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(GraphClient, name, interrupted)
