"""One request to Google Calendar with all that its handler needs to know."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from tests.simulator import times
from tests.simulator.google.errors import GoogleError, invalid, not_found
from tests.simulator.google.mailbox import GoogleMailbox
from tests.simulator.http import Request
from tests.simulator.mailbox import Calendar
from tests.simulator.world import World

_SCOPE = "https://www.googleapis.com/auth/"
# Every method takes these.
_COMMON = frozenset(("alt", "fields", "key", "prettyPrint", "quotaUser", "userIp", "access_token", "oauth_token"))
_ALL = ("calendar",)
READ_EVENTS = (*_ALL, "calendar.readonly", "calendar.events", "calendar.events.readonly", "calendar.events.owned",
               "calendar.events.owned.readonly")  # fmt: skip
WRITE_EVENTS = (*_ALL, "calendar.events", "calendar.events.owned")
READ_LIST = (*_ALL, "calendar.readonly", "calendar.calendarlist", "calendar.calendarlist.readonly")
READ_CALENDARS = (*_ALL, "calendar.readonly", "calendar.calendars", "calendar.calendars.readonly")


@dataclass
class Context:
    """``parts`` are the ids in the path, in its order."""

    world: World
    request: Request
    mailbox: GoogleMailbox
    scopes: frozenset[str]
    parts: list[str]
    page_cap: int

    def require(self, scopes: tuple[str, ...]) -> None:
        """One of these must have been granted. Raises :class:`GoogleError`."""
        if not {_SCOPE + scope for scope in scopes} & self.scopes:
            raise GoogleError(403, "insufficientPermissions")

    def known(self, *names: str) -> None:
        """Refuse query parameters that the method does not have."""
        unknown = sorted(set(self.request.query) - _COMMON - set(names))
        if unknown:
            message = f'Invalid JSON payload received. Unknown name "{unknown[0]}": Cannot bind query parameter.'
            raise GoogleError(400, "badRequest", message)

    def calendar(self, write: bool = False) -> Calendar:
        """The calendar that the path names; raises :class:`GoogleError`."""
        wanted = self.parts[0]
        for one in self.mailbox.calendars.values():
            first = one.is_default and wanted.casefold() in (
                "primary",
                *(name.casefold() for name in self.mailbox.names()),
            )
            if first or wanted == one.id:
                if write and not one.can_edit:
                    raise GoogleError(403, "requiredAccessLevel", "You need to have writer access to this calendar.")
                return one
        raise not_found()

    def zone(self) -> str:
        """The zone of the answer's times; raises :class:`GoogleError`."""
        wanted = self.request.arg("timeZone") or self.mailbox.time_zone
        try:
            times.zone(wanted)
        except times.UnknownZone as error:
            raise invalid(where="timeZone") from error
        return wanted

    def flag(self, name: str) -> bool:
        value = self.request.arg(name, "false")
        if value not in ("true", "false"):
            raise invalid(f"Invalid boolean value: {value!r}.", name)
        return value == "true"

    def whole(self, name: str, default: int, most: int) -> int:
        value = self.request.arg(name, str(default)) or ""
        if not value.isdecimal() or int(value) < 1:
            raise invalid(f"Invalid integer value: {value!r}.", name)
        return min(int(value), most, self.page_cap)

    def moment(self, name: str) -> dt.datetime | None:
        """An RFC 3339 time with its offset; raises :class:`GoogleError`."""
        value = self.request.arg(name)
        if value is None:
            return None
        try:
            # A plus sign that was not encoded arrives as a space, and is none to Google either.
            found = times.parse(value)
        except ValueError as error:
            raise invalid(f"Invalid value for: Invalid format: {value!r}", name) from error
        if found.tzinfo is None:
            raise invalid("Bad Request", name)
        return found.astimezone(dt.UTC)

    def body(self) -> dict[str, Any]:
        found = self.request.json() if self.request.body else {}
        if not isinstance(found, dict):
            raise GoogleError(400, "parseError", "This API does not support parsing form-encoded input.")
        return found
