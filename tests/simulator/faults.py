"""Rules that make answers go wrong on purpose.

A rule is the object of ``POST /_sim/faults``. It applies to a request when all of these that it has hold:

``mailbox``     the request is about the mailbox of this address, alias or user principal name
``path``        this text is part of the path with its query, decoded; starting with ``^`` it is a regular expression
``operation``   the method (``"GET"``), the service (``"graph"``, ``"ews"``, ``"google"``, ``"identity"``) or the name of
                what is done (see OPERATIONS), one or a list
``batch_item``  ``true``: only items of batches; ``false``: no items of batches; a text: only the item of this id
``nth``         the so-manieth request for which all the above hold since the rule was made, from 1; one or a list

It then does what it says: ``status`` with ``headers`` and ``body`` (text, or JSON of any kind) instead of the answer,
or with the service's own words for it, about an error with the ``code`` given;
``delay`` seconds; ``hold`` (true) until ``POST /_sim/release/{id}``; ``cut`` (true) closes the connection without an
answer; ``truncate`` N sends N bytes of the body under its full length, then closes. ``when`` is ``"before"`` the effect
(the default: a status or a cut then means that nothing happened) or ``"after"`` it. ``count`` is how often it applies:
once with ``nth``, else without end. A ``truncate`` alone is always after the effect. The first rule that applies wins.
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_plus

from tests.simulator import services
from tests.simulator.http import Request, Response
from tests.simulator.loading import ControlError, check_keys, one_of
from tests.simulator.world import World

OPERATIONS = frozenset(
    ("me", "calendars", "calendar", "groups", "list", "view", "instances", "get", "create", "change", "delete",
     "cancel",
     "accept", "decline", "tentativelyAccept", "translate", "batch", "timezones", "settings", "delta", "subscriptions",
     "authorize", "token", "discovery", "keys", "identity", "ews", "google", "unknown",
     "GetFolder", "FindFolder", "SyncFolderItems", "GetItem", "FindItem", "CreateItem", "UpdateItem", "DeleteItem",
     "ConvertId",
     "calendarList.list", "calendarList.get", "calendars.get", "events.list", "events.get", "events.insert",
     "events.patch", "events.update", "events.delete", "events.instances", "events.watch", "channels.stop", "revoke")
)  # fmt: skip
METHODS = frozenset(("GET", "POST", "PATCH", "PUT", "DELETE"))
_NAMES = OPERATIONS | METHODS | services.NAMES
_KEYS = {
    "mailbox", "path", "operation", "batch_item", "nth", "status", "code", "headers", "body", "delay", "hold", "cut",
    "truncate",
    "when", "count",
}  # fmt: skip
_DEFAULTS = {
    401: ("InvalidAuthenticationToken", "Access token has expired or is not yet valid."),
    403: ("ErrorAccessDenied", "Access is denied. Check credentials and try again."),
    404: ("ErrorItemNotFound", "The specified object was not found in the store."),
    410: ("SyncStateNotFound", "The sync state generation is not found."),
    412: ("ErrorIrresolvableConflict", "The send or update operation could not be performed."),
    429: ("ApplicationThrottled", "Application is over its MailboxConcurrency limit."),
    503: ("ServiceUnavailable", "The service is temporarily unavailable."),
    504: ("GatewayTimeout", "The gateway timed out."),
}
LONGEST_HOLD = 600.0


class Cut(Exception):
    """The connection is to be closed without an answer."""


@dataclass(eq=False)
class Rule:
    """One rule with what it has met so far."""

    id: str
    spec: dict[str, Any]
    met: int = 0
    applied: int = 0
    holding: int = 0
    released: threading.Event = field(default_factory=threading.Event)

    @property
    def before(self) -> bool:
        return self.spec.get("when", "before") == "before"

    @property
    def replaces(self) -> bool:
        return bool({"status", "body", "code"} & set(self.spec))

    @property
    def headers(self) -> dict[str, str]:
        return {str(name): str(value) for name, value in (self.spec.get("headers") or {}).items()}

    def response(self) -> Response:
        """The answer that the rule gives."""
        status, body, headers = int(self.spec.get("status", 200)), self.spec.get("body"), self.headers
        if isinstance(body, str):
            return Response(status, {"Content-Type": "text/html; charset=utf-8", **headers}, body.encode())
        if body is None and status >= 400:
            code, message = _DEFAULTS.get(status, ("UnknownError", "A fault was asked for."))
            body = {"error": {"code": self.spec.get("code", code), "message": message}}
        return Response(status, headers) if body is None else Response.json(body, status, headers)

    def summary(self) -> dict[str, Any]:
        return {"id": self.id, **self.spec, "met": self.met, "applied": self.applied, "holding": self.holding}


def _numbers(value: Any, what: str) -> list[int]:
    values = value if isinstance(value, list) else [value]
    if not values or any(isinstance(one, bool) or not isinstance(one, int) or one < 1 for one in values):
        raise ControlError(f"{what} must be a whole number from 1, or a list of them")
    return values


def _check_effects(spec: dict[str, Any]) -> None:
    if not any(key in spec for key in ("status", "code", "body", "delay", "hold", "cut", "truncate")):
        raise ControlError("fault: does nothing; give status, code, body, delay, hold, cut or truncate")
    status = spec.get("status", 200)
    if not isinstance(status, int) or not 200 <= status <= 599:
        raise ControlError("fault: status must be 200 to 599")
    if not isinstance(spec.get("headers", {}), dict):
        raise ControlError("fault: headers must be an object")
    for name in ("delay", "truncate"):
        value = spec.get(name, 0)
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise ControlError(f"fault: {name} must be a number from 0")
    one_of(spec.get("when", "before"), ("before", "after"), "fault: when")


def check(spec: Any) -> dict[str, Any]:
    """A rule that can be obeyed; raises :class:`ControlError`."""
    check_keys(spec, _KEYS, "fault")
    _check_effects(spec)
    if "nth" in spec:
        _numbers(spec["nth"], "fault: nth")
    if "count" in spec:
        _numbers([spec["count"]], "fault: count")
    names = spec.get("operation", [])
    for name in names if isinstance(names, list) else [names]:
        if name not in _NAMES:
            raise ControlError(f"fault: unknown operation {name!r}; known are {', '.join(sorted(_NAMES))}")
    path = spec.get("path", "")
    if not isinstance(path, str):
        raise ControlError("fault: path must be a text")
    try:
        re.compile(path if path.startswith("^") else "")
    except re.error as error:
        raise ControlError(f"fault: path: {error}") from error
    return dict(spec)


class Faults:
    """The rules in force."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._lock = threading.Lock()
        self._rules: dict[str, Rule] = {}
        self._made = 0

    def add(self, spec: Any) -> Rule:
        checked = check(spec)
        with self._lock:
            self._made += 1
            rule = Rule(str(self._made), checked)
            self._rules[rule.id] = rule
        return rule

    def clear(self) -> None:
        """Drop all rules; who is held goes on."""
        with self._lock:
            rules, self._rules = self._rules, {}
        for rule in rules.values():
            rule.released.set()

    def release(self, rule_id: str) -> bool:
        """Let those go on that the rule holds, and hold nobody any more."""
        with self._lock:
            rule = self._rules.get(rule_id)
        if rule is not None:
            rule.released.set()
        return rule is not None

    def all(self) -> list[dict[str, Any]]:
        with self._lock:
            return [rule.summary() for rule in self._rules.values()]

    def pick(self, request: Request, operation: str, address: str | None) -> Rule | None:
        """The rule that applies to this request, counted as applied."""
        found = None
        with self._lock:
            for rule in self._rules.values():
                if not self._meets(rule.spec, request, operation, address):
                    continue
                rule.met += 1
                if found is None and self._is_due(rule):
                    rule.applied += 1
                    found = rule
        return found

    @staticmethod
    def _is_due(rule: Rule) -> bool:
        nth = rule.spec.get("nth")
        count = rule.spec.get("count")
        if isinstance(nth, int):
            return nth <= rule.met < nth + (count or 1)
        if isinstance(nth, list) and rule.met not in nth:
            return False
        return count is None or rule.applied < count

    def _meets(self, spec: dict[str, Any], request: Request, operation: str, address: str | None) -> bool:
        if "mailbox" in spec:
            account = self._world.find_account(str(spec["mailbox"]))
            wanted = account.address if account else str(spec["mailbox"])
            if address is None or address.casefold() != wanted.casefold():
                return False
        names = spec.get("operation")
        known = {operation, request.method, services.name(request.path)}
        if names and not known & set(names if isinstance(names, list) else [names]):
            return False
        item = spec.get("batch_item")
        if item is not None and item is not (request.batch_item is not None) and item != request.batch_item:
            return False
        return self._meets_path(spec.get("path", ""), request)

    @staticmethod
    def _meets_path(wanted: str, request: Request) -> bool:
        query = "&".join(f"{name}={value}" for name, values in request.query.items() for value in values)
        target = unquote_plus(request.path.replace("+", "%2B")) + (f"?{query}" if query else "")
        return bool(re.search(wanted, target)) if wanted.startswith("^") else wanted in target

    def hold(self, rule: Rule) -> None:
        """Wait for the release of the rule (or for ten minutes)."""
        with self._lock:
            rule.holding += 1
        rule.released.wait(LONGEST_HOLD)
        with self._lock:
            rule.holding -= 1
