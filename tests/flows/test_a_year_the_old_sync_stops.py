"""The login stops the old sync wherever it stands (R3): a request under way may end, no other begins, nothing is doubled."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from calendars.models import CalendarConnection, Event, SyncedEvent
from calendars.states import State
from calendars.sync.content import Content
from migration import tasks
from migration.models import MigrationRun
from tests import queue
from tests.calendars.conformance.services import Exchange
from tests.calendars.sync.world import SERIES
from tests.flows.years import Year, flag, take_back, year
from tests.simulator.client import Simulator

pytestmark = pytest.mark.django_db
# The old sync of this story asks so often: folders, a round, what it showed, and what is told.
REQUESTS = 16


@pytest.fixture
def ada(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> Any:
    with year(simulator, monkeypatch) as world:
        yield world


def stopped_at_request(world: Year, number: int) -> tuple[datetime, int]:
    """Something waits on both sides; the answer to the login is there while this request of the old sync is under way.
    When, and how many requests had been answered then."""
    event, gone = world.add(), world.add(subject="Gone")
    world.add(SERIES)
    world.sync()
    world.there.add(Content("Theirs", False, "2026-12-03T09:00:00", "2026-12-03T10:00:00", "UTC"))
    world.change(event, subject="Ours")
    world.delete(gone)
    world.add(subject="New", start="2026-12-04T09:00:00", end="2026-12-04T10:00:00")
    flag(world.member.firm)
    seen: list[tuple[datetime, int]] = []

    def log_in() -> None:
        _, _, answered = world.log_in()
        seen.append((answered, len(world.there.requests())))

    world.there.meanwhile[number] = log_in
    queue.drain()
    if not seen:
        # It was through before.
        world.there.meanwhile.clear()
        log_in()
    return seen[0]


@pytest.mark.parametrize("number", range(1, REQUESTS + 1))
def test_no_request_begins_after_the_login_and_what_was_under_way_is_known(ada: Year, number: int):
    answered, before = stopped_at_request(ada, number)
    assert ada.connection.state == State.REAUTH_REQUIRED
    late = ada.there.requests()[before:]
    assert len(late) <= 1, "the one that was under way"
    for line in late:
        if line["operation"] == "CreateItem":
            new = Event.objects.get(subject="New")
            assert SyncedEvent.objects.get(event=new).ews_id is not None
    assert CalendarConnection.objects.get().lease_owner == ""
    ada.pass_time(24 * 3600)
    queue.drain()
    assert ada.old_requests(answered) == []

    client, page, _ = ada.log_in()
    ada.move(client, page)
    run = MigrationRun.objects.get()
    assert (run.state, run.anomalies) == (MigrationRun.State.DONE, 0)
    ada.sync()
    assert ada.subjects() == ["New", "Ours", "Review", "Theirs"]
    ada.assert_in_step()
    assert ada.old_requests(answered) == [] and ada.simulator.outbox() == []


@pytest.mark.parametrize("number", range(1, REQUESTS + 1, 3))
def test_a_flag_taken_back_takes_the_old_sync_up_again_and_doubles_nothing(ada: Year, number: int):
    answered, _ = stopped_at_request(ada, number)
    ada.add(subject="Since", start="2026-12-05T09:00:00", end="2026-12-05T10:00:00")
    ada.pass_time(3600)
    queue.drain()
    assert ada.old_requests(answered) == []
    take_back(ada.member.firm)
    ada.connection.refresh_from_db()
    assert ada.connection.state == State.OLD_SYNC and ada.connection.stopped_at is None
    # The clock comes by; nobody has to ask.
    ada.pass_time(3600)
    queue.drain()
    assert ada.old_requests(answered) != []
    ada.sync()
    assert isinstance(ada.there, Exchange) and ada.subjects() == ["New", "Ours", "Review", "Since", "Theirs"]
    ada.assert_in_step()


def test_a_creation_whose_answer_never_came_is_found_by_its_key_after_the_move(ada: Year):
    """Not even by its words: its owner has changed them since."""
    ada.sync()
    ada.add(subject="New")
    ada.there.fault(operation="CreateItem", when="after", cut=True, count=9)
    queue.drain()
    ada.simulator.clear_faults()
    flag(ada.member.firm)
    client, page, answered = ada.log_in()
    (there,) = ada.there.listing()
    ada.there.change(there, subject="Renamed there", start="2026-12-08T11:00:00", end="2026-12-08T12:00:00")
    ada.move(client, page)
    ada.sync()
    assert ada.subjects() == ["Renamed there"] and len(ada.there.listing()) == 1
    ada.assert_in_step()
    assert ada.old_requests(answered) == []


def test_the_run_begins_only_when_the_old_sync_has_let_go(ada: Year):
    ada.add()
    flag(ada.member.firm)
    done: list[Any] = []

    def moves_at_once() -> None:
        client, page, _ = ada.log_in()
        done.append(ada.move(client, page))
        done.append(len(graph(ada)))

    ada.there.meanwhile[3] = moves_at_once
    queue.drain()
    assert done[1] == 0, "nothing was asked of Graph while a request to Exchange was under way"
    ada.pass_time(3600)
    assert tasks.sweep_runs() == 1
    queue.drain()
    ada.connection.refresh_from_db()
    assert ada.connection.state == State.GRAPH_SYNC
    ada.sync()
    assert ada.subjects() == ["Hearing"]
    ada.assert_in_step()


def graph(world: Year) -> list[str]:
    """What a run asks and a sign-in does not."""
    return [line["operation"] for line in world.simulator.journal() if line["operation"] in ("list", "translate")]


def test_after_the_cutoff_no_request_begins_in_the_middle_of_a_sync(ada: Year, settings: Any):
    ada.add()
    ada.sync()
    for number in range(4):
        ada.there.add(Content(f"Theirs {number}", False, "2026-12-03T09:00:00", "2026-12-03T10:00:00", "UTC"))
    ada.add(subject="New", start="2026-12-04T09:00:00", end="2026-12-04T10:00:00")

    def pass_the_cutoff() -> None:
        settings.SYNC_CUTOFF = timezone.now() - timedelta(seconds=5)

    asked = len(ada.there.requests())
    ada.there.meanwhile[3] = pass_the_cutoff
    queue.drain()
    ada.pass_time(3600)
    queue.drain()
    assert len(ada.there.requests()) == asked + 3
    assert CalendarConnection.objects.get().state == State.OLD_SYNC, "its task has not even come by"
