"""Steps that the tests of Graph share."""

from __future__ import annotations

from typing import Any

import requests

from tests.simulator.client import Simulator

ADA = "ada@firm.example"
BOB = "bob@firm.example"
GUEST = {"emailAddress": {"name": "Bob", "address": BOB}}
IMMUTABLE = 'IdType="ImmutableId"'
WINDOW = {"startDateTime": "2026-11-01T00:00:00Z", "endDateTime": "2027-02-01T00:00:00Z"}


def times(start: str, end: str, zone: str = "America/New_York") -> dict[str, Any]:
    return {"start": {"dateTime": start, "timeZone": zone}, "end": {"dateTime": end, "timeZone": zone}}


def meeting(ref: str, day: int = 23, **fields: Any) -> dict[str, Any]:
    return {
        "ref": ref,
        "subject": ref.title(),
        **times(f"2026-11-{day:02}T09:00:00", f"2026-11-{day:02}T10:00:00"),
        **fields,
    }


def weekly(first: str, count: int = 5) -> dict[str, Any]:
    return {
        "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"], "firstDayOfWeek": "sunday"},
        "range": {"type": "numbered", "startDate": first, "numberOfOccurrences": count},
    }


def firm_calendar() -> dict[str, Any]:
    series = meeting("series", recurrence=weekly("2026-11-23"), cancelled=["2026-12-07"])
    moved = {"ref": "moved", "originalStart": "2026-11-30T14:00:00Z", "subject": "Moved"}
    series["exceptions"] = [moved | times("2026-12-01T11:00:00", "2026-12-01T12:00:00")]
    off = meeting("off", isAllDay=True, **times("2026-11-25T00:00:00", "2026-11-26T00:00:00"))
    return {"name": "Calendar", "default": True, "events": [meeting("hearing"), series, off]}


class Graph:
    """Graph as one person sees it, with immutable ids unless ``prefer`` says otherwise."""

    def __init__(self, simulator: Simulator, address: str, **token: Any) -> None:
        self.simulator, self.address = simulator, address
        self.token = simulator.token(address, **token)["access_token"]

    def call(
        self, method: str, path: str, prefer: str | None = IMMUTABLE, headers: dict[str, str] | None = None, **more: Any
    ) -> requests.Response:
        url = path if path.startswith("http") else f"{self.simulator.url}/v1.0{path}"
        sent = {"Authorization": f"Bearer {self.token}", **({"Prefer": prefer} if prefer else {}), **(headers or {})}
        return requests.request(method, url, headers=sent, timeout=30, **more)

    def get(self, path: str, prefer: str | None = IMMUTABLE, **query: str) -> Any:
        """The JSON of a call that must succeed; an option's ``$`` is written ``_``."""
        params = {name.replace("_", "$", 1) if name.startswith("_") else name: value for name, value in query.items()}
        answer = self.call("GET", path, prefer, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def values(self, path: str, prefer: str | None = IMMUTABLE, **query: str) -> list[dict[str, Any]]:
        """All items of a list, over all pages."""
        page = self.get(path, prefer, **query)
        found = list(page["value"])
        while "@odata.nextLink" in page:
            page = self.get(page["@odata.nextLink"], prefer)
            found += page["value"]
        return found

    def id(self, ref: str, form: str = "immutableId") -> str:
        """An id of the event with this ref."""
        return str(self.kept(ref)[form])

    def kept(self, ref: str) -> dict[str, Any]:
        """What ``/_sim/`` says of an event."""
        calendars = self.simulator.get_mailbox(self.address)["calendars"]
        events = [event for calendar in calendars for event in calendar["events"]]
        events += [exception for event in events for exception in event.get("exceptions", [])]
        (found,) = [event for event in events if event["ref"] == ref]
        return dict(found)

    def translate(
        self, wanted: list[str], source: str = "ewsId", target: str = "restImmutableEntryId"
    ) -> requests.Response:
        body = {"inputIds": wanted, "sourceIdType": source, "targetIdType": target}
        return self.call("POST", "/me/translateExchangeIds", json=body)

    def batch(self, *items: dict[str, Any]) -> dict[str, dict[str, Any]]:
        """The answers of a batch by id."""
        answer = self.call("POST", "/$batch", json={"requests": list(items)})
        assert answer.status_code == 200, answer.text
        return {entry["id"]: entry for entry in answer.json()["responses"]}


def refused(answer: requests.Response) -> tuple[int, str]:
    """Status and code of an error."""
    return answer.status_code, answer.json()["error"]["code"]


def draft(**fields: Any) -> dict[str, Any]:
    return {"subject": "New", **times("2026-11-24T09:00:00", "2026-11-24T10:00:00"), **fields}


def create(graph: Graph, **fields: Any) -> dict[str, Any]:
    answer = graph.call("POST", "/me/events", json=draft(**fields))
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def mails(graph: Graph) -> list[tuple[str, list[str]]]:
    return [(mail["kind"], mail["to"]) for mail in graph.simulator.outbox()]
