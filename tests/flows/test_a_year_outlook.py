"""A member's year (R2, R3, R4, R5, R8, R9, R10, R13): the old sync runs, her firm is flagged, she logs in, moves, and goes on.

Told over HTTP; what was asked of Exchange and of Graph is read in the simulator's journal.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from calendars import tasks
from calendars.models import SyncedEvent
from calendars.states import State
from calendars.sync.content import Content
from migration.models import MigrationRun
from tests import queue
from tests.calendars.conformance.services import Graph
from tests.calendars.sync.world import FOURTH, HEARING, SECOND, SERIES, THIRD
from tests.flows.years import Year, flag, linked, year
from tests.simulator.client import Simulator

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> Any:
    with year(simulator, monkeypatch) as world:
        yield world


def a_working_calendar(world: Year) -> dict[str, Any]:
    """Made on both sides and carried both ways by the old sync."""
    hearing = world.add(body="Bring the file.")
    leave = world.add(subject="Leave", all_day=True, start="2026-12-22", end="2026-12-29")
    theirs = world.there.add(SERIES)
    world.there.add(Content("Partners", False, "2026-12-02T12:00:00", "2026-12-02T13:00:00",
                                      "America/New_York"), attendees=3)  # fmt: skip
    world.sync()
    world.there.edit_occurrence(theirs, SECOND, subject="Moved review")
    world.there.change(world.id_of(hearing), location="Court 5")
    series = next(event for event in world.events if event.rrule)
    world.sync()
    world.cancel_occurrence(series, THIRD)
    world.edit_occurrence(series, FOURTH, subject="Not for long")
    gone_here, gone_there = world.add(subject="Gone here"), world.there.add(replace(HEARING, subject="Gone there"))
    world.sync()
    # What comes and goes in between leaves nothing that the run would look for in vain.
    world.delete(gone_here)
    world.there.delete(gone_there)
    world.cancel_occurrence(series, FOURTH)
    world.sync()
    world.assert_in_step()
    return {"hearing": hearing, "leave": leave, "series": series}


def test_a_year_of_a_member_with_outlook(ada: Year):
    made = a_working_calendar(ada)
    assert ada.subjects() == ["Hearing", "Leave", "Moved review", "Partners", "Review"]

    # Her firm is flagged: nothing changes for her, whatever time goes by.
    flag(ada.member.firm)
    ada.pass_time(2 * 24 * 3600)
    ada.there.change(ada.id_of(made["leave"]), subject="Long leave")
    ada.sync()
    made["leave"].refresh_from_db()
    assert (ada.connection.state, made["leave"].subject) == (State.OLD_SYNC, "Long leave")

    # She logs in: Exchange is asked for nothing more, and she is asked to sign in.
    client, page, answered = ada.log_in()
    assert ada.connection.state == State.REAUTH_REQUIRED and page.redirect_chain[-1][0].startswith("/move/")
    # Until she does, both sides are changed.
    ada.change(made["hearing"], subject="Renamed here")
    ada.there.change(ada.id_of(made["series"]), location="Room 4")
    new_here = ada.add(subject="New here", start="2026-12-09T09:00:00", end="2026-12-09T10:00:00")
    deleted = ada.id_of(made["leave"])
    ada.pass_time(24 * 3600)
    queue.drain()
    assert ada.old_requests(answered) == []

    # She signs in: the run finds all of them, and mails nobody.
    client, page, _ = ada.log_in()
    run_began = len(ada.simulator.journal())
    ada.there.delete(deleted)
    ada.move(client, page)
    run = MigrationRun.objects.get()
    assert (run.state, ada.connection.state) == (MigrationRun.State.DONE, State.GRAPH_SYNC)
    assert (run.total, run.by_id, run.anomalies) == (5, 4, 1)

    # What was done meanwhile is carried over once; what was gone when she moved stays here and is not made again.
    ada.sync()
    there = {one.content.subject: one for one in ada.there.listing().values()}
    assert sorted(there) == ["New here", "Partners", "Renamed here", "Review"]
    assert there["Renamed here"].content.location == "Court 5" and there["Review"].content.location == "Room 4"
    (edited,) = there["Review"].exceptions
    assert edited.content.subject == "Moved review"
    anomaly = SyncedEvent.objects.get(link=SyncedEvent.Link.ANOMALY)
    assert anomaly.event == made["leave"]
    assert ada.old_requests(answered) == [] and len(ada.simulator.journal()) > run_began

    # Graph carries both ways from now on.
    ada.change(new_here, subject="Changed here")
    ada.there.add(Content("New there", False, "2026-12-10T09:00:00", "2026-12-10T10:00:00",
                                    "America/New_York"))  # fmt: skip
    ada.edit_occurrence(made["series"], "2027-01-04T09:00:00", subject="Last review")
    ada.sync()
    assert ada.subjects() == [
        "Changed here", "Last review", "Long leave", "Moved review", "New there", "Partners", "Renamed here", "Review",
    ]  # fmt: skip
    ada.assert_in_step()
    assert len(set(linked().values())) == len(linked()), "nothing is doubled"
    assert ada.simulator.outbox() == [], "and nobody was written to"
    _, page, _ = ada.log_in()
    assert page.redirect_chain[-1][0] == "/"


def test_a_year_of_a_member_who_does_not_log_in(ada: Year, settings: Any):
    made = a_working_calendar(ada)
    settings.SYNC_CUTOFF = timezone.now() + timedelta(days=3)
    ada.pass_time(3 * 24 * 3600 + 1)
    ada.there.change(ada.id_of(made["hearing"]), subject="Renamed there")
    ada.change(made["series"], location="Room 4")
    cut = timezone.now()
    ada.pass_time(24 * 3600)
    queue.drain()
    assert ada.old_requests(cut) == [] and ada.state.wait_reason == ""

    assert tasks.keep_cutoff() == (1, 0)
    ada.connection.refresh_from_db()
    assert ada.connection.state == State.DISABLED
    client, page, _ = ada.log_in()
    assert ada.connection.state == State.REAUTH_REQUIRED
    ada.move(client, page)
    run = MigrationRun.objects.get()
    assert (run.state, run.total, run.anomalies) == (MigrationRun.State.DONE, 5, 0)
    ada.sync()
    made["hearing"].refresh_from_db()
    assert made["hearing"].subject == "Renamed there"
    assert isinstance(ada.there, Graph) and len(ada.events) == 5
    ada.assert_in_step()
    assert ada.old_requests(cut) == [] and ada.simulator.outbox() == []
