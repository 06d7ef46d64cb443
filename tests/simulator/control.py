"""``/_sim/…``: how tests and demos steer the simulator. JSON in and out; see README.md for every call.

``POST /_sim/delta`` sets what delta brings beside the truth (traps.py), ``POST /_sim/notifications`` how changes are told
to subscribers (delivery.py), ``POST /_sim/lifecycle`` has them told of their subscription. ``/_sim/page`` is for people.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tests.simulator import edits, inventory, page, times, traps
from tests.simulator.delivery import MODES
from tests.simulator.http import BadBody, Request, Response
from tests.simulator.loading import ControlError, check_keys, load_mailbox, one_of, text
from tests.simulator.mailbox import Mailbox
from tests.simulator.subscriptions import LIFECYCLE
from tests.simulator.world import SCOPES, Tenant

if TYPE_CHECKING:
    from tests.simulator.frame import Simulation

Handler = Callable[..., Any]


def handle(simulation: Simulation, request: Request) -> Response:
    """Answer a call; 400 with a reason for what cannot be carried out, 404 for what is not there."""
    try:
        if request.segments[1:2] == ["page"]:
            return _page(simulation, request)
        return _route(simulation, request)
    except (ControlError, BadBody) as error:
        return Response.json({"error": str(error)}, 400)


def _page(simulation: Simulation, request: Request) -> Response:
    try:
        return page.handle(simulation, request)
    except LookupError as error:
        return page.missing(str(error.args[0]))


def _route(simulation: Simulation, request: Request) -> Response:
    name, *rest = request.segments[1:] or [""]
    handler = _HANDLERS.get((request.method, name, len(rest), *rest[1:]))
    if handler is None:
        known = any(key[1] == name and key[2] == len(rest) for key in _HANDLERS)
        status, reason = (405, "not with this method") if known else (404, "no such call")
        return Response.json({"error": f"{request.method} {request.path}: {reason}"}, status)
    try:
        found = handler(simulation, request, *rest[:1])
    except LookupError as error:
        return Response.json({"error": str(error.args[0])}, 404)
    return found if isinstance(found, Response) else Response.json(found)


def _object(request: Request, known: set[str], what: str) -> dict[str, Any]:
    return check_keys(request.json() if request.body else {}, known, what)


def _reset(simulation: Simulation, request: Request) -> dict[str, Any]:
    spec = _object(request, {"seed", "now"}, "reset")
    now = None
    if spec.get("now") is not None:
        try:
            now = times.parse_utc(spec["now"])
        except ValueError as error:
            raise ControlError(f"reset: now: {error}") from error
    simulation.reset(str(spec.get("seed", "1")), now)
    return {"now": times.stamp(simulation.world.now())}


def _clock(simulation: Simulation, request: Request) -> dict[str, Any]:
    seconds = _object(request, {"advance"}, "clock").get("advance")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds <= 10**10:
        raise ControlError("clock: advance must be a number of seconds from 0")
    simulation.world.advance(seconds)
    return {"now": times.stamp(simulation.world.now())}


def _now(simulation: Simulation, request: Request) -> dict[str, Any]:
    return {"now": times.stamp(simulation.world.now())}


def _tenant(simulation: Simulation, request: Request) -> dict[str, Any]:
    spec = _object(request, {"tid", "consent", "ews"}, "tenant")
    tenant = Tenant(
        text(spec, "tid", "tenant"),
        one_of(spec.get("consent", "user"), ("user", "admin"), "consent"),
        one_of(spec.get("ews", "on"), ("on", "blocked"), "ews"),
    )
    with simulation.world.lock:
        simulation.world.tenants[tenant.tid] = tenant
    return dataclasses.asdict(tenant)


def _add_mailbox(simulation: Simulation, request: Request) -> dict[str, Any]:
    spec = request.json()
    with simulation.world.lock:
        return inventory.account(load_mailbox(simulation.world, spec))


def _mailbox(simulation: Simulation, address: str) -> Mailbox:
    mailbox = simulation.world.find_account(address)
    if mailbox is None:
        raise LookupError(f"no mailbox {address}")
    return mailbox


def _get_mailbox(simulation: Simulation, request: Request, address: str) -> dict[str, Any]:
    with simulation.world.lock:
        return inventory.mailbox(_mailbox(simulation, address))


def _edit(simulation: Simulation, request: Request, address: str) -> dict[str, Any]:
    with simulation.world.lock:
        return edits.edit(_mailbox(simulation, address), request.json(), simulation.world.now())


def _delta(simulation: Simulation, request: Request) -> dict[str, Any]:
    """Set traps of a mailbox (see traps.py), or lose its links with the code in ``lose``; the traps as they are then."""
    spec = _object(request, {"address", "lose"} | traps.names(), "delta")
    with simulation.world.lock:
        mailbox = _mailbox(simulation, text(spec, "address", "delta"))
        try:
            wanted = {name: traps.check(name, value) for name, value in spec.items() if name in traps.names()}
        except ValueError as error:
            raise ControlError(f"delta: {error}") from error
        if "lose" in spec:
            wanted["lost"] = one_of(spec["lose"], ("SyncStateNotFound", "resyncRequired"), "delta: lose")
            simulation.world.lose_sync_states(mailbox)
        mailbox.traps = dataclasses.replace(mailbox.traps, **wanted)
        return dataclasses.asdict(mailbox.traps)


def _subscriptions(simulation: Simulation, request: Request) -> list[dict[str, Any]]:
    """The active subscriptions of everybody, or of the mailbox in ``address``."""
    world, address = simulation.world, request.arg("address")
    with world.lock:
        found = world.subscriptions.of(_mailbox(simulation, address) if address else None, world.now())
        return [{**one.graph(), "mailbox": one.mailbox.address, "paused": one.paused} for one in found]


def _lifecycle(simulation: Simulation, request: Request) -> list[str]:
    """Have a lifecycle notice sent for all subscriptions of a mailbox, or for one; the ids of those."""
    spec = _object(request, {"address", "event", "subscription"}, "lifecycle")
    happening = one_of(spec.get("event"), LIFECYCLE, "lifecycle: event")
    world = simulation.world
    with world.lock:
        found = world.subscriptions.of(_mailbox(simulation, text(spec, "address", "lifecycle")), world.now())
        found = [one for one in found if spec.get("subscription") in (None, one.id)]
        if not found:
            raise LookupError("lifecycle: no such subscription")
        for one in found:
            world.happens(one, happening)
    return [one.id for one in found]


def _channels(simulation: Simulation, request: Request) -> list[dict[str, Any]]:
    """The active push channels of Google's, of everybody or of the mailbox in ``address``."""
    world, address = simulation.world, request.arg("address")
    with world.lock:
        found = world.channels.of(_mailbox(simulation, address) if address else None, world.now())
        return [
            {"id": one.id, "mailbox": one.mailbox.address, "calendar": one.calendar.id, "resourceId": one.resource_id,
             "address": one.url, "expiration": times.stamp(one.expires), "messages": one.number}
            for one in found
        ]  # fmt: skip


def _deliver(simulation: Simulation, request: Request) -> dict[str, Any]:
    """How notices are delivered from now on (see delivery.py); the settings, and how many wait."""
    spec = _object(request, {"deliver", "delay", "copies", "reverse"}, "notifications")
    one_of(spec.get("deliver", "on"), MODES, "notifications: deliver")
    delay, copies = spec.get("delay", 0), spec.get("copies", 1)
    if isinstance(delay, bool) or not isinstance(delay, int | float) or delay < 0:
        raise ControlError("notifications: delay must be a number of seconds from 0")
    if isinstance(copies, bool) or not isinstance(copies, int) or not 1 <= copies <= 10:
        raise ControlError("notifications: copies must be 1 to 10")
    if not isinstance(spec.get("reverse", False), bool):
        raise ControlError("notifications: reverse must be true or false")
    simulation.world.deliveries.set(**spec)
    return simulation.world.deliveries.state()


def _deliveries(simulation: Simulation, request: Request) -> dict[str, Any]:
    return simulation.world.deliveries.state()


def _delivered(simulation: Simulation, request: Request) -> list[dict[str, Any]]:
    return simulation.world.deliveries.sent()


def _tokens(simulation: Simulation, request: Request) -> dict[str, Any]:
    spec = _object(request, {"address", "service", "expires_in", "scope"}, "tokens")
    address = text(spec, "address", "tokens")
    with simulation.world.lock:
        mailbox = simulation.world.find_account(address)
        if mailbox is None:
            raise LookupError(f"no mailbox {address}")
        default = "google" if mailbox.provider == "google" else "graph"
        service = one_of(spec.get("service", default), tuple(SCOPES), "service")
        seconds = spec.get("expires_in", 4000)
        if isinstance(seconds, bool) or not isinstance(seconds, int):
            raise ControlError("tokens: expires_in must be a whole number of seconds")
        return simulation.world.issue_tokens(mailbox, str(spec.get("scope") or SCOPES[service]), seconds)


def _fault(simulation: Simulation, request: Request) -> dict[str, Any]:
    return {"id": simulation.faults.add(request.json()).id}


def _faults(simulation: Simulation, request: Request) -> list[dict[str, Any]]:
    return simulation.faults.all()


def _clear_faults(simulation: Simulation, request: Request) -> dict[str, Any]:
    simulation.faults.clear()
    return {}


def _release(simulation: Simulation, request: Request, rule_id: str) -> dict[str, Any]:
    if not simulation.faults.release(rule_id):
        raise LookupError(f"no fault {rule_id}")
    return {"id": rule_id}


def _journal(simulation: Simulation, request: Request) -> Response:
    since = request.arg("since", "0") or "0"
    if not since.isdecimal():
        raise ControlError("journal: since must be a whole number")
    return Response.text(simulation.journal.since(int(since)), content_type="application/jsonl; charset=utf-8")


def _outbox(simulation: Simulation, request: Request) -> Response:
    with simulation.world.lock:
        mails = [dataclasses.asdict(mail) for mail in simulation.world.outbox]
    return Response.json(mails)


_HANDLERS: dict[tuple[Any, ...], Handler] = {
    ("POST", "reset", 0): _reset,
    ("POST", "clock", 0): _clock,
    ("GET", "clock", 0): _now,
    ("POST", "tenants", 0): _tenant,
    ("POST", "mailboxes", 0): _add_mailbox,
    ("GET", "mailboxes", 1): _get_mailbox,
    ("POST", "mailboxes", 2, "edit"): _edit,
    ("POST", "delta", 0): _delta,
    ("GET", "subscriptions", 0): _subscriptions,
    ("GET", "channels", 0): _channels,
    ("POST", "lifecycle", 0): _lifecycle,
    ("POST", "notifications", 0): _deliver,
    ("GET", "notifications", 0): _deliveries,
    ("GET", "deliveries", 0): _delivered,
    ("POST", "tokens", 0): _tokens,
    ("POST", "faults", 0): _fault,
    ("GET", "faults", 0): _faults,
    ("DELETE", "faults", 0): _clear_faults,
    ("POST", "release", 1): _release,
    ("GET", "journal", 0): _journal,
    ("GET", "outbox", 0): _outbox,
}
