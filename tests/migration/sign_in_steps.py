"""The steps of a sign-in with the simulated Microsoft, each over HTTP: what a browser and its person do."""

from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import requests
from django.http import HttpResponse
from django.test import Client

from calendars.models import CalendarConnection, Grant, SyncedEvent
from calendars.states import State
from firms.models import User
from migration.models import MigrationRun, SignInAttempt
from tests.factories import NOW, ConnectionFactory, SyncedEventFactory
from tests.simulator.client import Simulator

ADA = "ada@harper.example"
MALLORY = "mallory@elsewhere.example"


def browser(member: User | None = None) -> Client:
    """A browser, logged in where a member is given, at a host that Microsoft sends people back to."""
    client = Client(headers={"host": "localhost"})
    if member:
        client.force_login(member)
    return client


def to_microsoft(client: Client, **fields: str) -> str:
    """Presses the button; the address at Microsoft that the browser is sent to."""
    answer = client.post("/move/sign-in/", fields)
    assert answer.status_code == 302, answer.content.decode()
    return str(answer["Location"])


def at_microsoft(address: str, account: str = "", **more: str) -> str:
    """The person picks `account`, or does something else; the address of ours that they come back to."""
    picked = {"sim_account": account} if account else {}
    answer = requests.get(f"{address}&{urlencode(picked | more)}", allow_redirects=False, timeout=10)
    assert answer.status_code == 302, answer.text
    assert answer.headers["Location"].startswith("http://localhost/move/callback/?")
    return answer.headers["Location"].removeprefix("http://localhost")


def sign_in(client: Client, account: str, **fields: str) -> HttpResponse:
    """From the button to the page that says how it ended."""
    return client.get(at_microsoft(to_microsoft(client, **fields), account), follow=True)


def asked(address: str) -> dict[str, str]:
    """The parameters of an address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def page(answer: HttpResponse) -> str:
    """A page's text, white space collapsed."""
    return " ".join(answer.content.decode().split())


def connection_of(address: str = ADA, **fields: Any) -> CalendarConnection:
    """A member who has been prompted, and their connection."""
    stopped = {"state": State.REAUTH_REQUIRED, "stopped_at": NOW, "member__email": address}
    return ConnectionFactory(**{**stopped, **fields})


def synced(connection: CalendarConnection, count: int) -> list[SyncedEvent]:
    return SyncedEventFactory.create_batch(count, connection=connection)


def mailbox_with(simulator: Simulator, events: list[SyncedEvent], address: str = ADA, **fields: Any) -> dict[str, Any]:
    """A mailbox whose calendar holds the counterparts of `events` under their old ids."""
    there = [
        {
            "ref": event.uid,
            "subject": event.subject,
            "ewsId": event.ews_id,
            "start": {"dateTime": event.start, "timeZone": event.time_zone},
            "end": {"dateTime": event.end, "timeZone": event.time_zone},
        }
        for event in events
    ]
    return simulator.mailbox(address, calendars=[{"name": "Calendar", "default": True, "events": there}], **fields)


def held(connection: CalendarConnection) -> dict[str, list[dict[str, Any]]]:
    """Connection, ids and grants, byte for byte (I8)."""
    rows = {
        "connection": CalendarConnection.objects.filter(pk=connection.pk),
        "synced": SyncedEvent.objects.filter(connection=connection).order_by("pk"),
        "grants": Grant.objects.filter(connection=connection).order_by("pk"),
    }
    return {name: [_plain(row) for row in found.values()] for name, found in rows.items()}


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: bytes(value) if isinstance(value, memoryview) else value for name, value in row.items()}


def newest() -> SignInAttempt:
    return SignInAttempt.objects.latest("pk")


def ended(connection: CalendarConnection, before: Any, result: str, detail: str) -> None:
    """The newest attempt ended so, and nothing else happened."""
    attempt = newest()
    assert (attempt.result, attempt.detail.partition(" ")[0]) == (result, detail)
    assert bytes(attempt.flow) == b""
    assert held(connection) == before
    assert not MigrationRun.objects.exists()
    assert not Grant.objects.filter(service="graph").exists()


def refused_at_our_door(answer: Any) -> str:
    """The text of the page at the end, whose address shows nothing of the answer."""
    assert answer.status_code == 200
    assert answer.redirect_chain[-1][0] in ("/move/sign-in/?unknown", f"/move/sign-in/{newest().pk}/")
    return page(answer)
