"""A run costs at most ⌈N/1000⌉ + 2⌈M/1000⌉ + ⌈S/20⌉ + 15 requests: N synced events, M appointments of the mailbox, S series
with occurrences edited on our side. Also with pages and batches so small that each part of the sum counts."""

from dataclasses import dataclass, field
from typing import Any

import pytest
import time_machine

from migration.models import MigrationRun
from tests import sample
from tests.bench.musts import most_requests
from tests.factories import NOW
from tests.migration import moving

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Shape:
    """`others`: how many appointments each of the mailbox's further calendars has; `sample`: see `tests.sample`."""

    events: int
    sample: dict[str, Any] = field(default_factory=dict)
    others: tuple[int, ...] = ()


SHAPES = {
    "nothing": Shape(0),
    "one": Shape(1),
    "one, gone": Shape(1, {"deleted": 1}),
    "all by id": Shape(240),
    "just full pages": Shape(200, {"every_series": 1000}),
    "gone and renumbered": Shape(240, {"deleted": 9, "renumbered": 12}),
    "many never synced": Shape(60, {"unknown": 240, "deleted": 1}),
    "edited series all over": Shape(240, {"every_series": 2, "deleted": 3}),
    "series nobody edited": Shape(240, {"every_series": 2, "every_edited": 1000, "deleted": 3}),
    "other calendars": Shape(120, {"deleted": 2}, others=(0, 1, 20, 21, 45)),
}


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=True):
        yield


def small(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    monkeypatch.setattr("calendars.graph.client.PAGE", 20)
    monkeypatch.setattr("migration.runs.reading.TRANSLATE_LIMIT", 20)
    monkeypatch.setattr("migration.runs.steps.BATCH_LIMIT", 2)
    return {"page": 20, "batch": 2}


def assert_few_requests(shape: Shape, simulator, tmp_path, **sizes: int) -> int:
    made = sample.calendar(shape.events, **shape.sample)
    others = [sample.calendar(count, seed=number) for number, count in enumerate(shape.others, 2)]
    calendars = [{"name": "Calendar", "default": True, "events": made.events}]
    for number, other in enumerate(others):
        events = [{**event, "ref": f"{number} {event['ref']}", "exceptions": []} for event in other.events]
        calendars.append({"name": f"Calendar {number}", "events": events})
    moving.mailbox(simulator, [], calendars=calendars)
    run = moving.migrate(moving.connection_with(made, tmp_path), simulator)
    assert (run.state, run.total) == (MigrationRun.State.DONE, shape.events)
    asked = [line for line in simulator.journal() if line["parent"] is None]
    # Tokens are asked for elsewhere; they are counted all the same.
    assert run.requests == sum(line["path"].startswith("/v1.0/") for line in asked)
    appointments = sum(len(calendar["events"]) for calendar in calendars)
    series = len({line["series"] for line in made.lines if "series" in line})
    assert len(asked) <= most_requests(shape.events, appointments, series, **sizes)
    return len(asked)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_every_part_of_the_sum_holds(shape, simulator, tmp_path, monkeypatch):
    assert_few_requests(shape, simulator, tmp_path, **small(monkeypatch))


def test_the_sum_holds_with_the_sizes_of_the_service(simulator, tmp_path):
    shape = Shape(1100, {"deleted": 2, "renumbered": 9, "every_edited": 5, "unknown": 20}, others=(30, 40))
    assert assert_few_requests(shape, simulator, tmp_path) < shape.events / 50


@pytest.mark.parametrize("found_by", ["folder id", "most old ids"])
def test_looking_for_a_calendar_that_is_not_the_default_costs_little_more(simulator, tmp_path, monkeypatch, found_by):
    sizes = small(monkeypatch)
    made, folder = sample.calendar(100), "AAMkFolderOfAda+/Ab=="
    calendars = [
        {"name": "Calendar", "default": True, "events": []},
        {"name": "Matters", "ewsFolderId": folder, "events": made.events},
    ]
    moving.mailbox(simulator, [], calendars=calendars)
    fields = {"ews_folder_id": folder} if found_by == "folder id" else {}
    run = moving.migrate(moving.connection_with(made, tmp_path, is_default_calendar=False, **fields), simulator)
    assert (run.state, run.by_id) == ("done", 100)
    series = len({line["series"] for line in made.lines if "series" in line})
    assert run.requests <= most_requests(100, len(made.events), series, **sizes)
