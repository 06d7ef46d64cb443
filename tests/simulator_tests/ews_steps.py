"""Steps that the tests of EWS share: Exchange as unmodified exchangelib sees it."""

from __future__ import annotations

from typing import Any

import requests
from exchangelib import (
    DELEGATE,
    OAUTH2,
    Account,
    Build,
    CalendarItem,
    Configuration,
    EWSDateTime,
    EWSTimeZone,
    ExtendedProperty,
    Version,
)
from exchangelib.credentials import OAuth2AuthorizationCodeCredentials

from tests.simulator.client import Simulator
from tests.simulator_tests.graph_steps import ADA, Graph

NEW_YORK = EWSTimeZone("America/New_York")
OURS = "c0ffee00-1111-4222-8333-444455556666"
# What a sync asks of each item in a list; the rest comes by GetItem.
LISTED = ("subject", "start", "end", "uid", "is_all_day", "type", "last_modified_time")


class FirmId(ExtendedProperty):
    """The product's own name of an event, on the appointment."""

    property_set_id = OURS
    property_name = "FirmEventId"
    property_type = "String"


class Outlook:
    """A mailbox through both of its services."""

    def __init__(self, simulator: Simulator, address: str = ADA, **token: Any) -> None:
        self.simulator, self.address = simulator, address
        self.url = f"{simulator.url}/EWS/Exchange.asmx"
        self.token = simulator.token(address, service="ews", **token)["access_token"]
        self.graph = Graph(simulator, address)
        self.account = self.sign_in(self.token)

    def sign_in(self, token: str, address: str | None = None) -> Account:
        """The account of an address as the owner of the token sees it."""
        credentials = OAuth2AuthorizationCodeCredentials(access_token={"access_token": token, "token_type": "Bearer"})
        config = Configuration(
            service_endpoint=self.url,
            credentials=credentials,
            auth_type=OAUTH2,
            version=Version(build=Build(15, 20, 0, 0)),
        )
        return Account(
            address or self.address,
            config=config,
            autodiscover=False,
            access_type=DELEGATE,
            default_timezone=EWSTimeZone("UTC"),
        )

    def sync(self, state: str | None = None, **more: Any) -> tuple[list[tuple[str, Any]], str]:
        """A whole round from a state: what came, and the new state."""
        calendar = self.account.calendar
        calendar.item_sync_state = None
        found = list(calendar.sync_items(sync_state=state, only_fields=LISTED, **more))
        return found, str(calendar.item_sync_state)

    def fetch(self, ref: str) -> Any:
        """The appointment with everything in it, by the ref that the simulator knows it by."""
        (found,) = self.account.fetch([(self.graph.id(ref, "ewsId"), None)])
        return found

    def soap(self, operation: str, **headers: str) -> requests.Response:
        """The answer to an operation as it is written here, below the types' and messages' prefixes."""
        body = (
            '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"'
            ' xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages"'
            ' xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types">'
            f"<s:Body>{operation}</s:Body></s:Envelope>"
        )
        sent = {"Authorization": f"Bearer {self.token}", "Content-Type": "text/xml; charset=utf-8", **headers}
        return requests.post(self.url, body.encode(), headers=sent, timeout=30)


def kinds(changes: list[tuple[str, Any]]) -> list[tuple[str, str | None]]:
    """What happened to what, of a round's changes."""
    return [(kind, getattr(item, "subject", None)) for kind, item in changes]


def at(day: int, hour: int, month: int = 12, minute: int = 0) -> EWSDateTime:
    """A time in New York."""
    return EWSDateTime(2026, month, day, hour, minute, tzinfo=NEW_YORK)


def draft(outlook: Outlook, **fields: Any) -> CalendarItem:
    """An item that is not saved yet."""
    given = {"subject": "Deposition", "start": at(2, 9), "end": at(2, 10)} | fields
    return CalendarItem(account=outlook.account, folder=outlook.account.calendar, **given)


def shown(outlook: Outlook, item: CalendarItem, **query: str) -> dict[str, Any]:
    """The item as Graph shows it."""
    (answer,) = outlook.graph.translate([item.id]).json()["value"]
    return dict(outlook.graph.get(f"/me/events/{answer['targetId']}", **query))
