"""From a request to the handler of what it asks for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from tests.simulator.graph import batch, calendars, delta, reading, responding, subscribing, translate, writing
from tests.simulator.graph.context import Context, account, preferences, signed_in
from tests.simulator.graph.errors import GraphError, bad
from tests.simulator.graph.routes import Route, resolve
from tests.simulator.http import Request, Response
from tests.simulator.mailbox import Mailbox
from tests.simulator.world import World

Run = Callable[[Request], Response]
# A handler that has to wait for somebody gives back what is still to be done, without the lock, for its answer.
Later = Callable[[], Response]
Handler = Callable[[Context], Response | Later]
_READ = ("Calendars.Read", "Calendars.ReadWrite")
_USER = ("User.Read", "User.ReadBasic.All", "User.ReadWrite", "User.Read.All")
# What each operation does and which scope it needs; those from the second list also need a mailbox in the cloud.
_ACCOUNT: dict[str, tuple[Handler, tuple[str, ...]]] = {
    "me": (calendars.me, _USER),
    "timezones": (calendars.time_zones, _USER),
}
_MAILBOX: dict[str, tuple[Handler, tuple[str, ...]]] = {
    "calendars": (calendars.calendars, _READ),
    "calendar": (calendars.calendar, _READ),
    "groups": (calendars.groups, _READ),
    "settings": (calendars.settings, ("MailboxSettings.Read", "MailboxSettings.ReadWrite")),
    "list": (reading.events, _READ),
    "get": (reading.event, _READ),
    "view": (reading.view, _READ),
    "delta": (delta.delta, _READ),
    "instances": (reading.instances, _READ),
    "create": (writing.create, _READ[1:]),
    "change": (writing.change, _READ[1:]),
    "delete": (writing.delete, _READ[1:]),
    "cancel": (responding.cancel, _READ[1:]),
    "accept": (responding.respond, _READ[1:]),
    "decline": (responding.respond, _READ[1:]),
    "tentativelyAccept": (responding.respond, _READ[1:]),
    "translate": (translate.translate, _USER),
    "subscriptions": (subscribing.subscriptions, _READ),
}


def handle(world: World, request: Request, page_cap: int, run: Run) -> Response:
    """Answer a request; ``run`` answers each item of a batch."""
    client_id = request.headers.get("client-request-id")
    try:
        response = _handle(world, request, page_cap, run)
    except GraphError as error:
        response = error.response(world.now(), client_id)
    if client_id:
        response.headers.setdefault("client-request-id", client_id)
    return response


def _handle(world: World, request: Request, page_cap: int, run: Run) -> Response:
    with world.lock:
        reader, scopes = signed_in(world, request)
        route = _route(request)
        operation = route.operation(request.method)
        request.mailbox = reader.address
        answer: Response | Later = lambda: batch.run_batch(request, run)  # noqa: E731
        if operation != "batch":
            mailbox = account(world, route, reader)
            prefer = preferences(request.headers.get("Prefer"))
            answer = _perform(Context(world, request, route, reader, mailbox, scopes, prefer, page_cap), operation)
    return answer if isinstance(answer, Response) else answer()


def _perform(context: Context, operation: str) -> Response | Later:
    if operation in _ACCOUNT:
        handler, scopes = _ACCOUNT[operation]
        if operation != "me" or context.mailbox is context.reader:
            context.require(*scopes)
    else:
        handler, scopes = _MAILBOX[operation]
        context.require_mailbox()
        context.require(*scopes)
    response = handler(context)
    if isinstance(response, Response) and context.prefer.applied:
        response.headers.setdefault("Preference-Applied", ", ".join(context.prefer.applied))
    return response


def _route(request: Request) -> Route:
    segments = request.segments
    if segments[0] != "v1.0":
        raise bad(f"Invalid version: {segments[0]}")
    return resolve(segments[1:])


def describe(world: World, request: Request) -> tuple[str, Mailbox | None, bool]:
    """Name of the operation, the mailbox, and whether the mailbox's limits hold. Never raises."""
    operation = "unknown"
    try:
        route = _route(request)
        operation = route.operation(request.method)
        with world.lock:
            reader = signed_in(world, request)[0]
            mailbox = account(world, route, reader)
    except GraphError:
        return operation, None, False
    return operation, mailbox, operation not in ("batch", "me", "timezones", "subscriptions")


def throttled(message: str, wait: int) -> Response:
    """429 with ``Retry-After``."""
    error = GraphError(429, "ApplicationThrottled", message, {"Retry-After": str(wait)})
    return error.response(dt.datetime.now(dt.UTC))


def bad_request(message: str) -> Response:
    return bad(message).response(dt.datetime.now(dt.UTC))
