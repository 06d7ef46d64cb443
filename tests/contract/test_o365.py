"""The simulated sign-in and Graph, used by python-o365, unmodified.

The library has no setting for Graph's host, and none is needed: the host is mounted on the simulator in its
session, as a proxy would do it. Its tokens come from a sign-in with MSAL into the library's own token store.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from zoneinfo import ZoneInfo

import pytest
import requests
from O365 import Account, MSGraphProtocol
from O365.calendar import Schedule
from O365.utils.token import MemoryTokenBackend

from tests.contract.conftest import ADA, Simulator
from tests.simulator_tests.msal_steps import CLIENT, ToSimulator, sign_in

GRAPH = "https://graph.microsoft.com"
SCOPES = [f"{GRAPH}/User.Read", f"{GRAPH}/Calendars.ReadWrite"]
ZONE = ZoneInfo("America/New_York")


@pytest.fixture
def schedule(simulator: Simulator) -> Iterator[Schedule]:
    """Ada's calendars, seen from New York, with immutable ids."""
    tokens = MemoryTokenBackend()
    assert "access_token" in sign_in(simulator.url, ADA, SCOPES, tokens)
    account = Account(
        (CLIENT, "secret"),
        protocol=MSGraphProtocol(timezone="America/New_York"),
        token_backend=tokens,
        default_headers={"Prefer": 'IdType="ImmutableId"'},
        requests_delay=0,
        request_retries=0,
    )
    assert account.is_authenticated
    account.con.session = account.con.get_session(load_token=True)
    account.con.session.trust_env = False
    account.con.session.mount(f"{GRAPH}/", ToSimulator(simulator.url))
    yield account.schedule()
    account.con.session.close()


def test_calendars(schedule: Schedule) -> None:
    names = [(calendar.name, calendar.can_edit) for calendar in schedule.list_calendars()]
    assert names == [("Calendar", True), ("Hearings", True), ("Bea", False)]
    assert schedule.get_default_calendar().owner.address == ADA


def test_events_come_page_by_page(schedule: Schedule) -> None:
    calendar = schedule.get_default_calendar()
    events = list(calendar.get_events(limit=None, batch=10, include_recurring=False))
    assert len({event.object_id for event in events}) == len(events) == 26
    first = next(event for event in events if event.subject == "Meeting 00")
    assert first.start == dt.datetime(2026, 12, 1, 9, tzinfo=dt.UTC)


def test_a_view_with_occurrences(schedule: Schedule) -> None:
    found = schedule.get_default_calendar().get_events(
        include_recurring=True,
        start_recurring=dt.datetime(2026, 12, 1, 13, 30),
        end_recurring=dt.datetime(2026, 12, 9, 23),
    )
    subjects = [event.subject for event in found if event.subject.startswith("Weekly")]
    assert subjects == ["Weekly review", "Weekly review, moved"]


def test_create_change_and_delete(simulator: Simulator, schedule: Schedule) -> None:
    calendar = schedule.get_default_calendar()
    event = calendar.new_event("Mediation")
    event.start = dt.datetime(2026, 12, 29, 9, tzinfo=ZONE)
    event.end = dt.datetime(2026, 12, 29, 11, tzinfo=ZONE)
    event.location = "Court 3"
    assert event.save()
    stored = calendar.get_event(event.object_id)
    assert (stored.subject, stored.start) == ("Mediation", event.start)
    assert stored.location["displayName"] == "Court 3"
    stored.subject = "Mediation, second day"
    assert stored.save()
    assert calendar.get_event(event.object_id).subject == "Mediation, second day"
    assert stored.delete()
    with pytest.raises(requests.HTTPError) as gone:
        calendar.get_event(event.object_id)
    assert gone.value.response.status_code == 404
    assert "Mediation" not in str(simulator.get_mailbox(ADA)["calendars"])


def test_an_all_day_event_stays_on_its_day(schedule: Schedule) -> None:
    event = schedule.get_default_calendar().new_event("Closing")
    event.start = dt.date(2026, 12, 24)
    event.is_all_day = True
    assert event.save()
    stored = schedule.get_default_calendar().get_event(event.object_id)
    assert stored.is_all_day
    assert stored.start.date() == dt.date(2026, 12, 24)
