"""One Graph request with all that its handler needs to know."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from tests.simulator import ids, times
from tests.simulator.events import Event
from tests.simulator.graph.errors import (
    GraphError,
    bad,
    denied,
    failed,
    malformed,
    not_found,
    unauthorized,
    unknown_zone,
)
from tests.simulator.graph.routes import Route
from tests.simulator.http import Request
from tests.simulator.mailbox import Calendar, Mailbox
from tests.simulator.world import World

_PREFERENCE = re.compile(r'\s*([\w.-]+)\s*(?:=\s*("[^"]*"|[^,;\s]*))?[^,]*(?:,|$)')


@dataclass
class Preferences:
    """What ``Prefer`` asks for; ``applied`` is the answer's ``Preference-Applied``."""

    immutable: bool = False
    zone: str = "UTC"
    body: str = "html"
    page_size: int | None = None
    applied: list[str] = field(default_factory=list)


def preferences(header: str | None) -> Preferences:
    """Read the header; preferences nobody knows are ignored. Raises :class:`GraphError`."""
    found = Preferences()
    for match in _PREFERENCE.finditer(header or ""):
        name, value = match[1].casefold(), (match[2] or "").strip('"')
        if name == "idtype" and value.casefold() == "immutableid":
            found.immutable = True
        elif name == "outlook.timezone":
            if not times.is_supported(value):
                raise unknown_zone(value)
            found.zone = value
        elif name == "outlook.body-content-type" and value.casefold() in ("text", "html"):
            found.body = value.casefold()
        elif name == "odata.maxpagesize" and value.isdecimal() and int(value):
            found.page_size = int(value)
        else:
            continue
        found.applied.append(match[0].strip().rstrip(","))
    return found


@dataclass
class Context:
    """``reader`` is who signed in, ``mailbox`` whose data the path names."""

    world: World
    request: Request
    route: Route
    reader: Mailbox
    mailbox: Mailbox
    scopes: frozenset[str]
    prefer: Preferences
    page_cap: int

    @property
    def root(self) -> str:
        return f"{self.request.base_url}/v1.0"

    def link(self, what: str) -> str:
        """``@odata.context`` of an answer."""
        return f"{self.root}/$metadata#{what}"

    def calendar(self) -> Calendar:
        """The calendar that the path names (the default one where it names none); raises :class:`GraphError`."""
        wanted = self.route.calendar
        found = self.mailbox.calendars.get(wanted) if wanted else self.mailbox.default_calendar
        if found is None:
            raise not_found() if not wanted or ids.is_well_formed(wanted) else malformed()
        return found

    def event(self) -> Event:
        """The event that the path names; raises :class:`GraphError`."""
        item_id = self.route.event or ""
        found = self.mailbox.find(item_id)
        if found is None:
            raise not_found() if ids.is_well_formed(item_id) else malformed()
        if self.route.calendar is not None and found.calendar is not self.calendar():
            raise not_found()
        if found.is_spoilt:
            raise failed()
        return found

    def require(self, *scopes: str) -> None:
        """One of these must have been granted; of another's mailbox, its shared form. Raises :class:`GraphError`."""
        own = self.mailbox is self.reader
        wanted = {scope.casefold() if own else f"{scope}.shared".casefold() for scope in scopes}
        if not wanted & self.scopes:
            raise denied()

    def require_mailbox(self) -> None:
        """Guests and people whose mailbox is on their own servers have none here."""
        if self.mailbox.kind in ("guest", "onpremises"):
            message = "The mailbox is either inactive, soft-deleted, or is hosted on-premise."
            raise GraphError(404, "MailboxNotEnabledForRESTAPI", message)


def bearer(request: Request) -> str:
    """The token of a request; raises :class:`GraphError`."""
    scheme, _, token = str(request.headers.get("Authorization") or "").partition(" ")
    if scheme.casefold() != "bearer" or not token.strip():
        raise unauthorized("Access token is empty.")
    return token.strip()


def signed_in(world: World, request: Request) -> tuple[Mailbox, frozenset[str]]:
    """Who asks, and the scopes granted, without their resource, casefolded. Raises :class:`GraphError` 401."""
    token = bearer(request)
    reader = world.check_access(token)
    if reader is None:
        known = token in world.access_tokens
        raise unauthorized(
            "Lifetime validation failed, the token is expired." if known else "CompactToken parsing failed."
        )
    scope = world.access_tokens[token].scope.casefold()
    foreign = "outlook.office" in scope or "googleapis" in scope
    if reader.provider != "outlook" or (foreign and "graph.microsoft.com" not in scope):
        raise unauthorized("Access token validation failure. Invalid audience.")
    return reader, frozenset(part.rpartition("/")[2] for part in scope.split())


def account(world: World, route: Route, reader: Mailbox) -> Mailbox:
    """Whose data the path names; raises :class:`GraphError`."""
    if route.user is None:
        return reader
    found = world.find_account(route.user)
    if found is None or found.provider != "outlook" or found.tid != reader.tid:
        if route.resource == "me":
            message = (
                f"Resource '{route.user}' does not exist or one of its queried reference-property objects"
                " are not present."
            )
            raise GraphError(404, "Request_ResourceNotFound", message)
        raise GraphError(404, "ErrorInvalidUser", f"The requested user '{route.user}' is invalid.")
    if found is not reader and route.resource != "me" and not shares(found, reader):
        raise denied()
    return found


def shares(owner: Mailbox, reader: Mailbox) -> bool:
    if owner.kind == "shared":
        return True
    owners = {calendar.owner.get("address", "").casefold() for calendar in reader.calendars.values()}
    return bool(owners & {name.casefold() for name in owner.names()})


def whole(text: str | None, name: str) -> int:
    """A query option that must be a whole number from 0; raises :class:`GraphError`."""
    if text is None or not text.isdecimal():
        raise bad(f"Invalid value '{text}' for {name} query option found. A non-negative integer is required.")
    return int(text)
