"""Google's push channels: who is told that something in a calendar has changed, never what."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from email.utils import format_datetime

from tests.simulator.mailbox import Calendar, Mailbox


@dataclass(eq=False)
class Channel:
    """One channel to the events of a calendar; ``number`` is that of its last message."""

    id: str
    mailbox: Mailbox
    calendar: Calendar
    resource_id: str
    uri: str
    url: str
    expires: dt.datetime
    token: str | None = None
    number: int = 0

    def headers(self, state: str) -> dict[str, str]:
        """The next message; all that it says stands in its headers."""
        self.number += 1
        found = {
            "Content-Type": "application/json; charset=UTF-8", "X-Goog-Channel-ID": self.id,
            "X-Goog-Channel-Expiration": format_datetime(self.expires, usegmt=True),
            "X-Goog-Resource-ID": self.resource_id, "X-Goog-Resource-URI": self.uri,
            "X-Goog-Resource-State": state, "X-Goog-Message-Number": str(self.number),
        }  # fmt: skip
        return {**found, **({"X-Goog-Channel-Token": self.token} if self.token is not None else {})}


@dataclass
class Channels:
    """Those of a world. Hold ``world.lock``. Who is over its time is told nothing more, and nobody is told so."""

    _all: dict[str, Channel] = field(default_factory=dict)

    def add(self, channel: Channel) -> None:
        self._all[channel.id] = channel

    def remove(self, channel: Channel) -> None:
        self._all.pop(channel.id, None)

    def find(self, channel_id: str) -> Channel | None:
        """Also one that is over: its id is used up."""
        return self._all.get(channel_id)

    def of(self, mailbox: Mailbox | None, now: dt.datetime) -> list[Channel]:
        """Those of a mailbox (of all for None), oldest first."""
        return [one for one in self._all.values() if one.expires > now and mailbox in (None, one.mailbox)]

    def covering(self, calendar: Calendar, now: dt.datetime) -> list[Channel]:
        return [one for one in self._all.values() if one.expires > now and one.calendar is calendar]
