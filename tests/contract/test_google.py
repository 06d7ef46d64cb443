"""Google's own client, unmodified: discovery built in, paging by `list_next`, its errors and retries."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError

from tests.contract.conftest import CALENDARS, Simulator

GUS = "gus@gmail.example"


@pytest.fixture
def service(simulator: Simulator) -> Iterator[Any]:
    """Gus' calendars, with what Ada has in hers."""
    simulator.mailbox(GUS, provider="google", timeZone="America/New_York", calendars=CALENDARS)
    tokens = simulator.token(GUS)
    credentials = Credentials(
        token=tokens["access_token"], refresh_token=tokens["refresh_token"], token_uri=f"{simulator.url}/token",
        client_id="caret", client_secret="s",
    )  # fmt: skip
    service = build(
        "calendar", "v3", credentials=credentials, static_discovery=True, cache_discovery=False,
        client_options={"api_endpoint": f"{simulator.url}/calendar/v3/"},
    )  # fmt: skip
    yield service
    service.close()


def _all(service: Any, **query: Any) -> tuple[list[dict[str, Any]], str]:
    """Every item of the primary calendar, and the sync token."""
    found: list[dict[str, Any]] = []
    request = service.events().list(calendarId="primary", **query)
    while request is not None:
        page = request.execute()
        found += page["items"]
        request = service.events().list_next(request, page)
    return found, str(page["nextSyncToken"])


def _timed(day: int, **fields: Any) -> dict[str, Any]:
    zone = "America/New_York"
    moments = {
        side: {"dateTime": f"2026-12-{day:02}T{hour}:00:00", "timeZone": zone}
        for side, hour in (("start", "09"), ("end", "10"))
    }
    return {"summary": "Deposition", **moments, **fields}


def test_calendars_and_pages(service: Any) -> None:
    calendars = service.calendarList().list().execute()["items"]
    assert [one["summary"] for one in calendars] == [GUS, "Hearings", "Bea"]
    assert service.calendars().get(calendarId="primary").execute()["timeZone"] == "America/New_York"
    whole, token = _all(service)
    assert len(whole) == 28 and _all(service, maxResults=5)[0] == whole
    assert _all(service, syncToken=token) == ([], token)


def test_an_event_from_its_making_to_its_end(service: Any) -> None:
    _, token = _all(service)
    events = service.events()
    made = events.insert(
        calendarId="primary", body=_timed(2, id="0c0ffee0", recurrence=["RRULE:FREQ=DAILY;COUNT=3"])
    ).execute()
    with pytest.raises(HttpError) as taken:
        events.insert(calendarId="primary", body=_timed(2, id="0c0ffee0")).execute()
    assert (taken.value.status_code, taken.value.error_details[0]["reason"]) == (409, "duplicate")
    second = events.instances(calendarId="primary", eventId=made["id"]).execute()["items"][1]
    events.patch(calendarId="primary", eventId=second["id"], body={"summary": "Moved"}).execute()
    stale = events.patch(calendarId="primary", eventId=made["id"], body={"summary": "Lost"})
    stale.headers["If-Match"] = '"0"'
    with pytest.raises(HttpError) as conflict:
        stale.execute()
    assert conflict.value.status_code == 412
    items, token = _all(service, syncToken=token)
    assert {item["summary"] for item in items} == {"Deposition", "Moved"}
    assert events.delete(calendarId="primary", eventId=made["id"]).execute() == ""
    with pytest.raises(HttpError) as gone:
        events.delete(calendarId="primary", eventId=made["id"]).execute()
    assert (gone.value.status_code, gone.value.error_details[0]["reason"]) == (410, "deleted")
    assert [(item["id"], item["status"]) for item in _all(service, syncToken=token)[0]] == [(made["id"], "cancelled")]


def test_limits_are_waited_out_and_lost_tokens_are_told(service: Any, simulator: Simulator) -> None:
    _, token = _all(service)
    simulator.fault(operation="events.list", status=403, code="userRateLimitExceeded", count=1)
    assert service.events().list(calendarId="primary", maxResults=1).execute(num_retries=2)["items"]
    simulator.fault(operation="events.list", status=403, code="quotaExceeded", count=1)
    with pytest.raises(HttpError, match="usage limits"):
        service.events().list(calendarId="primary").execute(num_retries=2)
    simulator.call("POST", "delta", {"address": GUS, "lose": "SyncStateNotFound"})
    with pytest.raises(HttpError) as lost:
        _all(service, syncToken=token)
    assert lost.value.error_details[0]["reason"] == "fullSyncRequired"


def test_an_expired_token_is_renewed(service: Any, simulator: Simulator) -> None:
    simulator.clock(advance=5000)
    assert service.events().list(calendarId="primary", maxResults=1).execute()["items"]
    assert "token" in [line["operation"] for line in simulator.journal()]


def test_channels(service: Any, simulator: Simulator) -> None:
    body = {"id": "one", "type": "web_hook", "address": "http://127.0.0.1:9/hook"}
    made = service.events().watch(calendarId="primary", body=body).execute()
    assert [one["id"] for one in simulator.channels(GUS)] == ["one"]
    service.channels().stop(body={"id": "one", "resourceId": made["resourceId"]}).execute()
    assert simulator.channels(GUS) == []
