"""The same year for a member with Google Calendar (R12, I7): her sync goes on, and the move touches none of her rows."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.core import mail
from django.utils import timezone

from calendars import tasks as calendar_tasks
from calendars.models import CalendarConnection, Event, Grant, LocalChange, Sync, SyncedEvent
from calendars.states import State
from firms.models import AuditEntry
from migration import tasks
from tests import queue
from tests.calendars.conformance.services import Google
from tests.calendars.sync.world import HEARING, SECOND, SERIES, THIRD
from tests.flows.years import Year, flag, take_back, year
from tests.simulator.client import Simulator

pytestmark = pytest.mark.django_db
HERS = (CalendarConnection, Grant, Event, SyncedEvent, LocalChange, Sync)


@pytest.fixture
def gus(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> Any:
    with year(simulator, monkeypatch, Google) as world:
        yield world


def rows() -> dict[str, list[dict[str, Any]]]:
    """Everything of hers, byte for byte."""
    return {model.__name__: [_plain(row) for row in model.objects.order_by("pk").values()] for model in HERS}


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: bytes(value) if isinstance(value, memoryview) else value for name, value in row.items()}


def of_the_move() -> int:
    return sum(model.objects.count() for model in apps.get_app_config("migration").get_models())


def work_by_the_clock() -> None:
    calendar_tasks.keep_cutoff()
    calendar_tasks.tell_disabled()
    tasks.sweep_runs()


def both_ways(world: Year, number: int) -> None:
    subjects = world.subjects()
    world.add(subject=f"Here {number}", start="2026-12-03T09:00:00", end="2026-12-03T10:00:00")
    world.there.add(replace(HEARING, subject=f"There {number}"))
    world.sync()
    assert world.subjects() == sorted([*subjects, f"Here {number}", f"There {number}"])
    world.assert_in_step()


def test_a_year_of_a_member_with_google(gus: Year, settings: Any):
    hearing, series = gus.add(show_as="oof"), gus.add(SERIES)
    gus.sync()
    gus.there.edit_occurrence(gus.id_of(series), SECOND, subject="Moved review")
    gus.cancel_occurrence(series, THIRD)
    meeting = gus.there.add(replace(HEARING, subject="Partners"), attendees=3)
    gus.sync()
    both_ways(gus, 1)

    # Her firm is flagged, the flag is taken back, and set again; she logs in each time.
    settings.SYNC_CUTOFF = timezone.now() + timedelta(days=3)
    before, audit = rows(), audited()
    for deed in (flag, take_back, flag):
        deed(gus.member.firm)
        _, page, _ = gus.log_in()
        assert page.redirect_chain[-1][0] == "/" and "Microsoft" not in page.content.decode()
        work_by_the_clock()
        assert rows() == before
    both_ways(gus, 2)

    # The cutoff passes.
    gus.pass_time(3 * 24 * 3600 + 1)
    queue.drain()
    before = rows()
    work_by_the_clock()
    _, page, _ = gus.log_in()
    assert page.redirect_chain[-1][0] == "/" and rows() == before and mail.outbox == []
    for path in ("/", "/calendar/connection/"):
        assert "sign in" not in page.client.get(path, follow=True).content.decode().casefold()
    both_ways(gus, 3)

    gus.there.change(meeting, location="Court 5")
    gus.change(hearing, subject="Renamed")
    gus.sync()
    hearing.refresh_from_db()
    gus.connection.refresh_from_db()
    assert (gus.connection.state, hearing.show_as) == (State.GOOGLE_SYNC, "oof")
    assert audited() == audit and of_the_move() == 0
    gus.assert_in_step()
    assert gus.simulator.outbox() == []


def audited() -> int:
    """What is on record about her connection."""
    return AuditEntry.objects.filter(action__startswith="connection.").count()
