"""The campaign: each request of a run and each commit, disturbed in every way there is, and the same end every time.

`make test` tries a selection in which every two of request, fault, moment, repetition and pace meet; `make soak` all.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.db.models import F
from django.utils import timezone

from calendars.models import CalendarConnection
from migration.models import MigrationRun
from tests.campaign import driving, faults, scene
from tests.campaign.faults import Variant
from tests.campaign.interrupting import Commits
from tests.factories import NOW
from tests.migration import moving
from tests.simulator.client import Simulator

pytestmark = pytest.mark.django_db
# The variants are dealt to as many tests, so that processes share them.
PARTS = 8
PACES = {"one task": 20.0, "a task a step": 0.0}


@dataclass
class Campaign:
    simulator: Simulator
    connection: CalendarConnection
    # By pace, as an undisturbed run ends.
    undisturbed: dict[str, Any] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def run(self, pace: str, around: Any = None, rule: dict[str, Any] | None = None) -> dict[str, Any]:
        """The end of one run in this pace; `around(run, clock)` makes what is entered around each of its tasks.

        Whatever the run left is taken back. Raises AssertionError where it changed something in Outlook.
        """
        settings.TASK_SECONDS = PACES[pace]
        since = len(self.simulator.journal())
        with time_machine.travel(NOW, tick=True) as clock, scene.taken_back():
            self.connection.refresh_from_db()
            run = moving.sign_in(self.connection, self.simulator)
            task: AbstractContextManager[object] | None = around(run, clock) if around else None
            if rule:
                self.simulator.fault(**rule)
            try:
                driving.go_on(run, self.simulator, clock, task)
            finally:
                applied = [one["applied"] for one in self.simulator.faults()]
                self.simulator.clear_faults()
            end = scene.final_state(run)
        assert all(applied), "the fault met no request"
        assert scene.changing(self.simulator.journal(since)) == [] and self.simulator.outbox() == []
        return end

    def try_one(self, name: Any, pace: str, **how: Any) -> None:
        try:
            end = self.run(pace, **how)
            assert end == self.undisturbed[pace], "it came to another end"
        except AssertionError as error:
            self.wrong.append(f"{name}: {error}")


@pytest.fixture
def campaign(outlook: Simulator, tmp_path: Path) -> Iterator[Campaign]:
    with time_machine.travel(NOW, tick=True):
        campaign = Campaign(outlook, scene.seed(outlook, tmp_path))
    for pace in PACES:
        campaign.undisturbed[pace] = campaign.run(pace)
    assert campaign.undisturbed["one task"] == campaign.undisturbed["a task a step"]
    yield campaign


def asked(campaign: Campaign) -> list[faults.Asked]:
    since = len(campaign.simulator.journal())
    campaign.run("one task")
    return faults.requests_in(line for line in campaign.simulator.journal(since))


def test_the_undisturbed_run_has_something_of_everything(campaign: Campaign):
    """Otherwise the campaign would leave out what it is for."""
    end = campaign.undisturbed["one task"]
    figures = end["run"]
    assert figures["state"] == "done" and figures["anomalies"] == 3 and figures["by_metadata"] >= 3
    assert {"synced", "moved"} <= {calendar for *_, calendar, _ in end["events"]}
    requests = asked(campaign)
    assert {"discovery", "token", "calendar", "calendars", "list", "translate", "batch", "get"} <= {
        one.operation for one in requests
    }
    pages = [one for one in requests if one.operation == "list"]
    assert len(pages) > 6 and any(one.in_batch for one in requests)


@pytest.mark.parametrize("part", range(PARTS))
def test_whatever_befalls_a_request_the_run_comes_to_the_same_end(
    campaign: Campaign, part: int, everything: bool, record_property: Any
):
    variants = faults.all_variants(asked(campaign))
    chosen: list[Variant] = variants if everything else faults.pairwise(variants)
    mine = chosen[part::PARTS]
    for variant in mine:
        campaign.try_one(variant, variant.pace, rule=variant.rule)
    record_property("variants", len(mine))
    assert campaign.wrong == []


# --- Commits ------------------------------------------------------------------------------------------------------------
def dies_before(campaign: Campaign, at: int, run: Any, clock: Any) -> Commits:
    return Commits(at, dies="before")


def dies_after(campaign: Campaign, at: int, run: Any, clock: Any) -> Commits:
    return Commits(at, dies="after")


def loses_its_lease(campaign: Campaign, at: int, run: Any, clock: Any) -> Commits:
    """To one that dies as soon as it has it."""

    def lose() -> None:
        CalendarConnection.objects.filter(pk=run.connection_id).update(
            lease_owner="another", lease_fence=F("lease_fence") + 1, lease_until=timezone.now()
        )

    return Commits(at, before=lose)


def is_overtaken(campaign: Campaign, at: int, run: Any, clock: Any) -> Commits:
    """Frozen until another worker has done everything; then it goes on with what it knows by heart."""

    def others_go_on() -> None:
        driving.wait(MigrationRun.objects.get(pk=run.pk), clock)
        driving.go_on(MigrationRun.objects.get(pk=run.pk), campaign.simulator, clock)

    return Commits(at, before=others_go_on)


BEFALLEN = (dies_before, dies_after, loses_its_lease, is_overtaken)


def commits_of(campaign: Campaign, pace: str) -> int:
    commits = Commits()
    campaign.run(pace, around=lambda run, clock: commits)
    return commits.count


def at_commits(campaign: Campaign, everything: bool) -> list[tuple[str, int, Any]]:
    """Each commit of a run in one task with each that can befall it; of one with many tasks, some in turn."""
    chosen = [("one task", at, how) for at in range(1, commits_of(campaign, "one task") + 1) for how in BEFALLEN]
    last = commits_of(campaign, "a task a step")
    if everything:
        return chosen + [("a task a step", at, how) for at in range(1, last + 1) for how in BEFALLEN]
    for number, at in enumerate(range(1, last + 1, 3)):
        chosen.append(("a task a step", at, BEFALLEN[number % len(BEFALLEN)]))
    return chosen


@pytest.mark.parametrize("part", range(PARTS))
def test_whatever_befalls_a_worker_at_a_commit_the_run_comes_to_the_same_end(
    campaign: Campaign, part: int, everything: bool, record_property: Any
):
    mine = at_commits(campaign, everything)[part::PARTS]
    for pace, at, how in mine:
        made: list[Commits] = []

        def around(run: Any, clock: Any, at: int = at, how: Any = how, made: list[Commits] = made) -> Commits:
            made.append(how(campaign, at, run, clock))
            return made[0]

        campaign.try_one((pace, at, how.__name__), pace, around=around)
        assert made[0].met, "there is no such commit"
    record_property("variants", len(mine))
    assert campaign.wrong == []
