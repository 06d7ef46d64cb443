"""One request from its arrival to its answer: limits, faults, latency, journal. No sockets here."""

from __future__ import annotations

import importlib
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from tests.simulator import control, graph, services
from tests.simulator.faults import Cut, Faults, Rule
from tests.simulator.http import BadBody, Request, Response
from tests.simulator.journal import Journal
from tests.simulator.mailbox import Mailbox
from tests.simulator.world import World

CONCURRENCY = 4  # requests in flight that Outlook allows for a mailbox


@dataclass
class Answer:
    """What goes over the wire: with ``truncate`` only so many bytes of the body."""

    response: Response
    truncate: int | None = None


@dataclass
class Call:
    """A request on its way: what it does, for whom, its line in the journal and, for a batch, those of its items."""

    request: Request
    operation: str
    mailbox: Mailbox | None
    limited: bool
    line: dict[str, Any]
    items: list[dict[str, Any]] = field(default_factory=list)
    truncate: int | None = None

    @property
    def counted(self) -> tuple[str, str]:
        """What requests in flight are counted by: each service has a limit of its own for a mailbox."""
        return services.name(self.request.path), self.mailbox.address if self.mailbox else ""


class Simulation:
    """The simulated services with the settings they run under."""

    def __init__(self, latency: float = 0, page_cap: int = 1000) -> None:
        self.world = World()
        self.faults = Faults(self.world)
        self.journal = Journal()
        self.latency = latency / 1000
        self.page_cap = page_cap
        self._lock = threading.Lock()
        self._in_flight: Counter[tuple[str, str]] = Counter()

    def reset(self, seed: str, now: Any) -> None:
        """Forget everything; who is held goes on."""
        self.faults.clear()
        self.world.reset(seed, now)
        self.journal.clear()

    def answer(self, request: Request) -> Answer:
        """The answer to a request from outside; raises :class:`Cut` where the connection is to be closed."""
        if request.path.startswith("/_sim"):
            return Answer(control.handle(self, request))
        call = self._call(request)
        try:
            response = self._serve(call)
            call.line["status"] = response.status
            return Answer(response, call.truncate)
        finally:
            self._close(call)
            self.journal.write(call.line, call.items)

    def _item(self, parent: Call, request: Request) -> Response:
        """The answer to one item of a batch."""
        call = self._call(request)
        try:
            response = self._serve(call)
            call.line["status"] = response.status
            parent.truncate = parent.truncate if call.truncate is None else call.truncate
            return response
        finally:
            self._close(call)
            parent.items.append(call.line)

    def _call(self, request: Request) -> Call:
        operation, mailbox, limited = describe(self.world, request)
        line = self.journal.line(request, operation, self.world.now())
        call = Call(request, operation, mailbox, limited, line)
        if mailbox is not None and limited:
            with self._lock:
                self._in_flight[call.counted] += 1
                line["in_flight"] = self._in_flight[call.counted]
        return call

    def _close(self, call: Call) -> None:
        """Over before the answer leaves: who has read it may ask again at once."""
        if call.mailbox is not None and call.limited:
            with self._lock:
                self._in_flight[call.counted] -= 1
        call.line["mailbox"] = call.mailbox.address if call.mailbox else call.request.mailbox
        call.line["end"] = self.world.now().isoformat()

    def _serve(self, call: Call) -> Response:
        refusal = self._refusal(call)
        if refusal is not None:
            return refusal
        address = call.mailbox.address if call.mailbox else call.request.mailbox
        rule = self.faults.pick(call.request, call.operation, address)
        if self.latency and call.operation != "batch":
            time.sleep(self.latency)
        if rule is None:
            return self._dispatch(call)
        call.line["fault"] = rule.id
        return self._faulty(call, rule)

    def _refusal(self, call: Call) -> Response | None:
        """The limits of the service for one mailbox."""
        if call.mailbox is None or not call.limited:
            return None
        service = _service(call.request)
        if service is not None:
            limit = service.CONCURRENCY
            return service.too_many() if limit and call.line["in_flight"] > limit else None
        wait = self.world.count_request(call.mailbox)
        if wait is not None:
            return graph.throttled("Application is over its MailboxRequests limit.", wait)
        if call.line["in_flight"] > CONCURRENCY:
            return graph.throttled("Application is over its MailboxConcurrency limit.", 1)
        return None

    def _faulty(self, call: Call, rule: Rule) -> Response:
        spec = rule.spec
        early = rule.before and not ("truncate" in spec and not rule.replaces)
        response = None if early else self._dispatch(call)
        if spec.get("delay"):
            time.sleep(float(spec["delay"]))
        if spec.get("hold"):
            self.faults.hold(rule)
        if spec.get("cut"):
            raise Cut
        if rule.replaces:
            response = _replacement(call.request, rule)
        if "truncate" in spec:
            call.truncate = int(spec["truncate"])
        return response if response is not None else self._dispatch(call)

    def _dispatch(self, call: Call) -> Response:
        request = call.request
        try:
            if services.name(request.path) == "graph":
                run: Callable[[Request], Response] = lambda item: self._item(call, item)  # noqa: E731
                return graph.handle(self.world, request, self.page_cap, run)
            service = _service(request)
            if service is not None:
                found: Response = service.handle(self.world, request, self.page_cap)
                return found
            return _identity().handle(self.world, request) or _unknown(request)
        except BadBody as error:
            return graph.bad_request(str(error))


def describe(world: World, request: Request) -> tuple[str, Mailbox | None, bool]:
    """Name of the operation, mailbox it is about, and whether the mailbox's limits hold for it."""
    if services.name(request.path) == "graph":
        return graph.describe(world, request)
    service = _service(request)
    if service is not None:
        operation, mailbox = service.describe(world, request)
        return operation, mailbox, True
    endings = {"authorize": "authorize", "token": "token", "openid-configuration": "discovery", "keys": "keys"}
    name = endings.get(request.path.rstrip("/").rpartition("/")[2], "identity")
    return name, _identity().concerned(world, request), False


def _service(request: Request) -> ModuleType | None:
    """The other service that a path belongs to; None for Graph and the identity platform."""
    name = services.name(request.path)
    if name not in ("ews", "google"):
        return None
    # Imported when it is first needed: Graph can be used and tested without what the others depend on.
    return importlib.import_module(f"tests.simulator.{name}.dispatch")


def _replacement(request: Request, rule: Rule) -> Response:
    """The answer that a rule gives, where it has no body of its own in the service's words."""
    service = _service(request)
    if service is None or "body" in rule.spec:
        return rule.response()
    found: Response = service.faulty(request, rule.spec.get("status", 200), rule.spec.get("code"), rule.headers)
    return found


def _identity() -> ModuleType:
    return importlib.import_module("tests.simulator.identity")


def _unknown(request: Request) -> Response:
    return Response.json({"error": {"code": "NotFound", "message": f"Nothing at {request.path}"}}, 404)
