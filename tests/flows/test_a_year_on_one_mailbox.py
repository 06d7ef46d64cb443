"""An attorney and her assistant, each with an account here, both connected with the attorney's mailbox: each moves at her own
login, the other's sync goes on meanwhile, and in the mailbox nothing is doubled."""

from dataclasses import replace
from typing import Any

import pytest
from django.utils import timezone

from calendars.models import CalendarConnection, Event, SyncedEvent
from calendars.states import State
from migration.models import MigrationRun, Ticket
from tests.calendars.sync.world import HEARING, SECOND, SERIES
from tests.flows.years import Year, flag, year
from tests.simulator.client import Simulator

pytestmark = pytest.mark.django_db
BEA = "bea@harperwolfe.example"


@pytest.fixture
def ada(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> Any:
    with year(simulator, monkeypatch) as world:
        yield world


def in_step(*members: Year) -> None:
    """Round after round, until what one has told has come to the others."""
    for _ in range(2):
        for world in members:
            world.sync()
    for world in members:
        world.assert_in_step()


def mailbox(world: Year) -> list[str]:
    return sorted(one.content.subject for one in world.there.listing().values())


def test_a_year_of_an_attorney_and_her_assistant(ada: Year):
    bea = ada.beside(BEA)
    hearing = ada.add()
    call = bea.add(subject="Call", start="2026-12-02T09:00:00", end="2026-12-02T10:00:00")
    series = ada.there.add(SERIES)
    ada.there.add(replace(HEARING, subject="Partners"), attendees=3)
    in_step(ada, bea)
    ada.there.edit_occurrence(series, SECOND, subject="Moved review")
    in_step(ada, bea)
    assert mailbox(ada) == ["Call", "Hearing", "Partners", "Review"]
    assert ada.subjects() == bea.subjects() == ["Call", "Hearing", "Moved review", "Partners", "Review"]

    # The attorney moves; her assistant has not logged in, and goes on as before.
    flag(ada.member.firm)
    client, page, _ = ada.log_in()
    ada.move(client, page)
    bea.connection.refresh_from_db()
    assert (ada.connection.state, bea.connection.state) == (State.GRAPH_SYNC, State.OLD_SYNC)
    ada.change(hearing, subject="Renamed by Ada")
    bea.change(call, subject="Renamed by Bea")
    bea.add(subject="New of Bea", start="2026-12-03T09:00:00", end="2026-12-03T10:00:00")
    in_step(ada, bea, ada)
    assert ada.subjects() == bea.subjects() and mailbox(ada) == [
        "New of Bea", "Partners", "Renamed by Ada", "Renamed by Bea", "Review",
    ]  # fmt: skip

    # Then she does, with the same account at Microsoft: her events come from it too.
    client, page, answered = bea.log_in()
    bea.move(client, page)
    assert bea.connection.state == State.GRAPH_SYNC and not Ticket.objects.exists()
    assert list(MigrationRun.objects.values_list("state", "anomalies")) == [(MigrationRun.State.DONE, 0)] * 2
    rows = CalendarConnection.objects.values_list("tid", "oid")
    assert len(set(rows)) == 1 and len(rows) == 2, "one account, and each knows it"

    ada.add(subject="New of Ada", start="2026-12-04T09:00:00", end="2026-12-04T10:00:00")
    bea.delete(Event.objects.get(member=bea.member, subject="Renamed by Ada"))
    in_step(ada, bea, ada)
    assert mailbox(ada) == ["New of Ada", "New of Bea", "Partners", "Renamed by Bea", "Review"]
    assert ada.subjects() == bea.subjects()
    for world in (ada, bea):
        ids = SyncedEvent.objects.filter(connection=world.connection, event__isnull=False)
        assert ids.count() == ids.values("appointment_id").distinct().count() == 6
    assert ada.old_requests(answered) == [] and answered < timezone.now()
    assert ada.simulator.outbox() == []
