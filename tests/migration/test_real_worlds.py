"""Made-up calendars through the importer, the simulator and the whole run, judged like matching alone (I1–I5)."""

import random

import pytest

from calendars.graph.client import GraphClient
from calendars.models import HeldAppointment, SyncedEvent
from migration.models import MigrationRun
from tests.migration import moving, oracle, worlds
from tests.migration.both_sides import BothSides
from tests.migration.worlds_there import both_sides, verdict

pytestmark = pytest.mark.django_db


def assert_a_run_is_right(seed, moved, simulator, monkeypatch):
    """Pages and batches are of another size each time."""
    rng = random.Random(seed)
    world = worlds.made(rng.choice, rng.randint(3, 25))
    monkeypatch.setattr("calendars.graph.client.PAGE", rng.choice([2, 5, 1000]))
    monkeypatch.setattr("migration.runs.reading.TRANSLATE_LIMIT", rng.choice([3, 1000]))
    monkeypatch.setattr("migration.runs.steps.BATCH_LIMIT", rng.choice([1, 20]))
    both, elsewhere = both_sides(world)
    calendars = [{"name": "Calendar", "default": True, "events": both.events}, {"name": "Matters", "events": elsewhere}]
    connection = moved(both, calendars=calendars)
    found = verdict(world, connection, simulator)
    oracle.judge(world, found)
    run = MigrationRun.objects.get(connection=connection)
    by_id = run.outcomes.filter(outcome="id").count()
    assert (run.by_id, run.by_metadata) == (by_id, len(found.links) - by_id)
    assert run.anomalies == len(found.held) == SyncedEvent.objects.filter(link="anomaly").count()
    assert HeldAppointment.objects.count() == sum(map(len, found.held.values()))
    aside = {one.id for one in world.appointments().values() if one.elsewhere}
    linked_aside = {f"{pk}" for pk, (there, _) in found.links.items() if there in aside}
    assert set(SyncedEvent.objects.filter(calendar="moved").values_list("uid", flat=True)) == linked_aside


@pytest.mark.parametrize("seed", range(20))
def test_a_run_over_a_made_up_calendar_is_right(seed, moved, simulator, monkeypatch):
    assert_a_run_is_right(seed, moved, simulator, monkeypatch)


@pytest.mark.parametrize("seed", range(300, 312))
def test_a_run_is_right_though_somebody_goes_on_in_outlook_and_all_is_read_anew(seed, moved, simulator, monkeypatch):
    original, made = GraphClient.appointments, BothSides().theirs("new", "2026-12-05T12:01:00", subject="Never seen")

    def appointments(self, calendar_id, next_link=None, **options):
        page = original(self, calendar_id, next_link, **options)
        if "new" not in moving.refs(simulator).values():
            simulator.edit(moving.ADDRESS, "new", "create", event=made)
        return page

    monkeypatch.setattr(GraphClient, "appointments", appointments)
    assert_a_run_is_right(seed, moved, simulator, monkeypatch)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(20, 300))
def test_runs_over_many_made_up_calendars_are_right(seed, moved, simulator, monkeypatch):
    assert_a_run_is_right(seed, moved, simulator, monkeypatch)
