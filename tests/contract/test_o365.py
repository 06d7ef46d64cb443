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
from O365.subscriptions import Subscriptions
from O365.utils.token import MemoryTokenBackend

from tests.contract.conftest import ADA, Simulator
from tests.simulator_tests.msal_steps import CLIENT, ToSimulator, sign_in
from tests.simulator_tests.receiver import receiving

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


def test_a_series_one_of_whose_occurrences_is_moved(simulator: Simulator, schedule: Schedule) -> None:
    calendar = schedule.get_default_calendar()
    event = calendar.new_event("Briefing")
    event.start = dt.datetime(2026, 12, 2, 9, tzinfo=ZONE)
    event.end = dt.datetime(2026, 12, 2, 10, tzinfo=ZONE)
    event.recurrence.set_weekly(1, days_of_week=["wednesday"], first_day_of_week="sunday", start=dt.date(2026, 12, 2))
    event.recurrence.occurrences = 3
    assert event.save()
    series = calendar.get_event(event.object_id)
    found = list(series.get_occurrences(start=dt.datetime(2026, 12, 1), end=dt.datetime(2027, 1, 1)))
    assert [one.start.day for one in found] == [2, 9, 16]
    found[1].start = dt.datetime(2026, 12, 10, 14, tzinfo=ZONE)
    found[1].end = dt.datetime(2026, 12, 10, 15, tzinfo=ZONE)
    assert found[1].save()
    assert found[2].delete()
    (kept,) = [one for one in simulator.get_mailbox(ADA)["calendars"][0]["events"] if one["subject"] == "Briefing"]
    assert [one["originalStart"] for one in kept["exceptions"]] == ["2026-12-09T14:00:00Z"]
    assert kept["cancelled"] == ["2026-12-16"]


def test_a_subscription(simulator: Simulator, schedule: Schedule) -> None:
    subscriptions = Subscriptions(parent=schedule)
    with receiving() as receiver:
        made = subscriptions.create_subscription(
            f"{receiver.url}/hook",
            "me/events",
            ["created", "deleted"],
            expiration_datetime=dt.datetime(2026, 11, 25, tzinfo=dt.UTC),
            client_state="secret",
        )
        event = schedule.get_default_calendar().new_event("Told")
        event.start = dt.datetime(2026, 12, 29, 9, tzinfo=ZONE)
        assert event.save()
        (notice,) = receiver.wait(1)
    assert (notice["changeType"], notice["resourceData"]["id"]) == ("created", event.object_id)
    assert notice["subscriptionId"] == made["id"]
    renewed = subscriptions.renew_subscription(
        made["id"], expiration_datetime=dt.datetime(2026, 11, 25, 8, tzinfo=dt.UTC)
    )
    assert renewed["expirationDateTime"].startswith("2026-11-25T08:00")
    assert [one["id"] for one in subscriptions.list_subscriptions()] == [made["id"]]
    assert subscriptions.delete_subscription(made["id"])
    assert simulator.subscriptions(ADA) == []
