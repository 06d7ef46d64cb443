"""Subscriptions to the changes of a calendar, and the notices that follow from a change."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.simulator import ids, times
from tests.simulator.events import Event
from tests.simulator.mailbox import Calendar, Mailbox

CHANGES = ("created", "updated", "deleted")
LIFECYCLE = ("reauthorizationRequired", "subscriptionRemoved", "missed")


@dataclass(eq=False)
class Subscription:
    """One subscription, of the signed-in user to a calendar of his own; ``calendar`` None is the default one.

    ``paused``: a reauthorization was asked for and has not been done; what changes meanwhile is told nobody.
    """

    id: str
    mailbox: Mailbox
    calendar: str | None
    resource: str
    changes: frozenset[str]
    url: str
    lifecycle_url: str | None
    expires: dt.datetime
    client_state: str | None
    tls: str
    immutable: bool
    paused: bool = False

    @property
    def change_type(self) -> str:
        return ",".join(name for name in CHANGES if name in self.changes)

    def covers(self, change: str, calendar: Calendar) -> bool:
        """Is a change in a calendar to be told?"""
        wanted = calendar.is_default if self.calendar is None else calendar.id == self.calendar
        return wanted and change in self.changes and not self.paused

    def graph(self) -> dict[str, Any]:
        """As Graph shows it."""
        return {
            "id": self.id, "resource": self.resource, "applicationId": ids.guid(self.mailbox.seed, "application"),
            "changeType": self.change_type, "clientState": self.client_state, "notificationUrl": self.url,
            "notificationQueryOptions": None, "lifecycleNotificationUrl": self.lifecycle_url,
            "expirationDateTime": times.stamp(self.expires), "creatorId": self.mailbox.graph_id,
            "includeResourceData": None, "latestSupportedTlsVersion": self.tls, "encryptionCertificate": None,
            "encryptionCertificateId": None, "notificationUrlAppId": None,
        }  # fmt: skip

    def _head(self) -> dict[str, Any]:
        return {
            "subscriptionId": self.id, "subscriptionExpirationDateTime": times.stamp(self.expires),
            "tenantId": self.mailbox.tid, "clientState": self.client_state,
        }  # fmt: skip

    def change_notice(self, change: str, event: Event) -> dict[str, Any]:
        """What the notification says of a change: which event, never what is in it."""
        item_id = event.id(self.immutable)
        resource = f"Users/{self.mailbox.graph_id}/Events/{item_id}"
        data = {
            "@odata.type": "#Microsoft.Graph.Event", "@odata.id": resource,
            "@odata.etag": f'W/"{event.data.get("changeKey")}"', "id": item_id,
        }  # fmt: skip
        return {**self._head(), "changeType": change, "resource": resource, "resourceData": data}

    def lifecycle_notice(self, happening: str) -> dict[str, Any]:
        return {**self._head(), "lifecycleEvent": happening}


@dataclass
class Subscriptions:
    """Those of a world. Hold ``world.lock``. Who is over its time is not there any more, and nobody is told so."""

    made: int = 0
    _all: dict[str, Subscription] = field(default_factory=dict)

    def add(self, subscription: Subscription) -> None:
        self._all[subscription.id] = subscription

    def next_id(self, seed: str) -> str:
        self.made += 1
        return ids.guid(seed, "subscription", self.made)

    def remove(self, subscription: Subscription) -> None:
        self._all.pop(subscription.id, None)

    def find(self, subscription_id: str, now: dt.datetime) -> Subscription | None:
        found = self._all.get(subscription_id)
        return found if found is not None and found.expires > now else None

    def of(self, mailbox: Mailbox | None, now: dt.datetime) -> list[Subscription]:
        """Those of a mailbox (of all for None), oldest first."""
        wanted = mailbox.address.casefold() if mailbox else None
        return [
            one
            for one in self._all.values()
            if one.expires > now and wanted in (None, one.mailbox.address.casefold())
        ]  # fmt: skip

    def covering(self, change: str, calendar: Calendar, now: dt.datetime) -> Iterator[Subscription]:
        """Those that are to be told of a change in a calendar."""
        return (one for one in self.of(calendar.mailbox, now) if one.covers(change, calendar))
