"""Which resource a path names."""

from __future__ import annotations

from dataclasses import dataclass

from tests.simulator.graph.errors import GraphError, bad

_ACTIONS = {
    "instances": "instances", "cancel": "cancel", "accept": "accept", "decline": "decline",
    "tentativelyaccept": "tentativelyAccept",
}  # fmt: skip
# What each resource can be asked to do.
METHODS: dict[str, dict[str, str]] = {
    "me": {"GET": "me"},
    "calendars": {"GET": "calendars"},
    "calendar": {"GET": "calendar"},
    "groups": {"GET": "groups"},
    "group": {"GET": "groups"},
    "events": {"GET": "list", "POST": "create"},
    "event": {"GET": "get", "PATCH": "change", "DELETE": "delete"},
    "view": {"GET": "view"},
    "delta": {"GET": "delta"},
    "instances": {"GET": "instances"},
    "cancel": {"POST": "cancel"},
    "accept": {"POST": "accept"},
    "decline": {"POST": "decline"},
    "tentativelyAccept": {"POST": "tentativelyAccept"},
    "translate": {"POST": "translate"},
    "timezones": {"GET": "timezones"},
    "settings": {"GET": "settings"},
    "batch": {"POST": "batch"},
    "subscriptions": {"GET": "subscriptions", "POST": "subscriptions"},
    "subscription": {"GET": "subscriptions", "PATCH": "subscriptions", "DELETE": "subscriptions"},
    "reauthorize": {"POST": "subscriptions"},
}


@dataclass
class Route:
    """A resource. ``user`` is None for the signed-in one; ``calendar`` is None for the mailbox, "" for the default."""

    resource: str
    user: str | None = None
    calendar: str | None = None
    group: str | None = None
    event: str | None = None
    subscription: str | None = None
    standard: str = "Windows"

    def operation(self, method: str) -> str:
        """The name of what a method does here; raises :class:`GraphError` 405."""
        found = METHODS[self.resource].get(method)
        if found is None:
            raise GraphError(405, "BadRequest", f"The OData request is not supported: {method} on {self.resource}.")
        return found


def no_segment(name: str) -> GraphError:
    return bad(f"Resource not found for the segment '{name}'.")


def resolve(segments: list[str]) -> Route:
    """The resource of a path's segments below ``/v1.0``; raises :class:`GraphError` where there is none."""
    head, *rest = segments or [""]
    name = head.casefold()
    if name == "$batch" and not rest:
        return Route("batch")
    if name == "subscriptions":
        return _in_subscriptions(rest)
    if name == "me":
        return _in_mailbox(Route("me"), rest)
    if name == "users" and rest:
        return _in_mailbox(Route("me", user=rest[0]), rest[1:])
    raise no_segment(head)


def _in_subscriptions(segments: list[str]) -> Route:
    if not segments:
        return Route("subscriptions")
    wanted, *rest = segments
    if rest and (len(rest) > 1 or rest[0].casefold() != "reauthorize"):
        raise no_segment(rest[0])
    return Route("reauthorize" if rest else "subscription", subscription=wanted)


def _in_mailbox(route: Route, segments: list[str]) -> Route:
    if not segments:
        return route
    head, *rest = segments
    name = head.casefold()
    if name == "calendargroups":
        return _in_groups(route, rest)
    if name == "translateexchangeids" and not rest:
        route.resource = "translate"
    elif name == "mailboxsettings" and not rest:
        route.resource = "settings"
    elif name == "outlook" and len(rest) == 1 and rest[0].casefold().startswith("supportedtimezones"):
        route.resource = "timezones"
        if "iana" in rest[0].casefold():
            route.standard = "Iana"
    else:
        return _in_calendars(route, segments)
    return route


def _in_groups(route: Route, segments: list[str]) -> Route:
    if not segments:
        route.resource = "groups"
        return route
    route.group, *rest = segments
    if not rest:
        route.resource = "group"
        return route
    if rest[0].casefold() != "calendars":
        raise no_segment(rest[0])
    return _in_calendars(route, rest)


def _in_calendars(route: Route, segments: list[str]) -> Route:
    head, *rest = segments
    name = head.casefold()
    if name == "calendars":
        if not rest:
            route.resource = "calendars"
            return route
        route.calendar, *rest = rest
    elif name == "calendar":
        route.calendar = ""
    else:
        return _in_events(route, segments)
    if not rest:
        route.resource = "calendar"
        return route
    return _in_events(route, rest)


def _in_events(route: Route, segments: list[str]) -> Route:
    head, *rest = segments
    name = head.casefold()
    if name == "calendarview" and len(rest) < 2:
        if rest and rest[0].casefold().removesuffix("()") != "delta":
            raise no_segment(rest[0])
        route.resource = "delta" if rest else "view"
        return route
    if name != "events":
        raise no_segment(head)
    if not rest:
        route.resource = "events"
        return route
    route.event, *rest = rest
    route.resource = "event"
    if rest:
        # An id with a plain "/" falls apart here; the service then speaks of the id, not of the segment.
        route.resource = _ACTIONS.get(rest[0].casefold(), "") if len(rest) == 1 else ""
        if not route.resource:
            raise bad("Id is malformed.", "ErrorInvalidIdMalformed")
    return route
