"""Steps that the tests of Google share: a calendar as google-auth and requests see it."""

from __future__ import annotations

from typing import Any

import requests
from google.auth.transport.requests import AuthorizedSession
from google.oauth2.credentials import Credentials

from tests.simulator.client import Simulator

GUS = "gus@gmail.example"
EVENTS = "/calendars/primary/events"
Items = list[dict[str, Any]]  # inside the class its name means a method


def timed(day: int, hour: int = 9, zone: str = "America/New_York", month: int = 12) -> dict[str, Any]:
    """Start and end of an hour."""
    return {
        side: {"dateTime": f"2026-{month}-{day:02}T{at:02}:00:00", "timeZone": zone}
        for side, at in (("start", hour), ("end", hour + 1))
    }


def whole(day: int, days: int = 1) -> dict[str, Any]:
    return {"start": {"date": f"2026-12-{day:02}"}, "end": {"date": f"2026-12-{day + days:02}"}}


class Google:
    """Gus' calendars."""

    def __init__(self, simulator: Simulator, address: str = GUS, **token: Any) -> None:
        self.simulator, self.address = simulator, address
        tokens = simulator.token(address, **token)
        self.credentials = Credentials(
            token=tokens["access_token"],
            refresh_token=tokens["refresh_token"],
            token_uri=f"{simulator.url}/token",
            client_id="caret",
            client_secret="s",
        )
        self.session = AuthorizedSession(self.credentials)

    def call(self, method: str, path: str, **more: Any) -> requests.Response:
        answer: requests.Response = self.session.request(
            method, f"{self.simulator.url}/calendar/v3{path}", timeout=30, **more
        )
        return answer

    def get(self, path: str = EVENTS, **query: Any) -> dict[str, Any]:
        """The JSON of a call that must succeed."""
        answer = self.call("GET", path, params=query)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def list(self, **query: Any) -> tuple[Items, str]:
        """All items of a list over all pages, and the sync token, empty where there is none."""
        found, page = [], self.get(**query)
        while "nextPageToken" in page:
            found += page["items"]
            page = self.get(**query, pageToken=page["nextPageToken"])
        return found + page["items"], str(page.get("nextSyncToken", ""))

    def insert(self, **fields: Any) -> dict[str, Any]:
        answer = self.call("POST", EVENTS, json={"summary": "Deposition", **timed(2), **fields})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def patch(self, event_id: str, **fields: Any) -> dict[str, Any]:
        answer = self.call("PATCH", f"{EVENTS}/{event_id}", json=fields)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def kept(self, event_id: str) -> dict[str, Any]:
        """The event as ``/_sim/`` shows it, like Outlook's."""
        (calendar,) = self.simulator.get_mailbox(self.address)["calendars"]
        return next(event for event in calendar["events"] if event["immutableId"] == event_id)

    def instances(self, event_id: str) -> Items:
        """The occurrences of a series, cancelled ones too."""
        return Items(self.get(f"{EVENTS}/{event_id}/instances", showDeleted="true")["items"])

    def id(self, ref: str) -> str:
        """The id of the event with this ref."""
        events = [event for one in self.simulator.get_mailbox(self.address)["calendars"] for event in one["events"]]
        events += [exception for event in events for exception in event.get("exceptions", [])]
        return next(str(event["immutableId"]) for event in events if event["ref"] == ref)


def refused(answer: requests.Response) -> tuple[int, str]:
    """Status and reason of an error."""
    error = answer.json()["error"]
    assert error["code"] == answer.status_code
    return answer.status_code, error["errors"][0]["reason"]


def names(items: list[dict[str, Any]]) -> list[tuple[str, str | None]]:
    """Status and summary of each item, sorted."""
    return sorted(((item["status"], item.get("summary")) for item in items), key=str)
