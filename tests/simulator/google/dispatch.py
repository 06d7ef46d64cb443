"""From a request to Google to the handler of what it asks for: Calendar API v3, and Google's own sign-in."""

from __future__ import annotations

from collections.abc import Callable

from tests.simulator.google import calendars, listing, oauth, watching, writing
from tests.simulator.google.context import Context
from tests.simulator.google.errors import BY_STATUS, GoogleError
from tests.simulator.google.mailbox import GoogleMailbox
from tests.simulator.http import BadBody, Request, Response
from tests.simulator.mailbox import Mailbox
from tests.simulator.world import World

CONCURRENCY = None  # no limit of its own
_ROOT = ("calendar", "v3")
Handler = Callable[[Context], Response]
# By the path below the version, ids as *, and the method: the method's name and what it does.
_METHODS: dict[tuple[str, ...], dict[str, tuple[str, Handler]]] = {
    ("users", "me", "calendarList"): {"GET": ("calendarList.list", calendars.list_calendars)},
    ("users", "me", "calendarList", "*"): {"GET": ("calendarList.get", calendars.get_entry)},
    ("calendars", "*"): {"GET": ("calendars.get", calendars.get_calendar)},
    ("calendars", "*", "events"): {
        "GET": ("events.list", listing.list_events),
        "POST": ("events.insert", writing.insert),
    },
    ("calendars", "*", "events", "watch"): {"POST": ("events.watch", watching.watch)},
    ("calendars", "*", "events", "*"): {
        "GET": ("events.get", writing.get),
        "PATCH": ("events.patch", writing.patch),
        "PUT": ("events.update", writing.update),
        "DELETE": ("events.delete", writing.delete),
    },
    ("calendars", "*", "events", "*", "instances"): {"GET": ("events.instances", listing.list_instances)},
    ("channels", "stop"): {"POST": ("channels.stop", watching.stop)},
}


def _route(request: Request) -> tuple[dict[str, tuple[str, Handler]], list[str]] | None:
    """The methods of a path, and the ids in it."""
    segments = request.segments
    if tuple(segments[:2]) != _ROOT:
        return None
    below = segments[2:]
    for pattern, methods in _METHODS.items():
        if len(pattern) == len(below) and all(part in ("*", given) for part, given in zip(pattern, below, strict=True)):
            return methods, [given for part, given in zip(pattern, below, strict=True) if part == "*"]
    return None


def _is_sign_in(request: Request) -> bool:
    return not request.path.startswith("/calendar/")


def handle(world: World, request: Request, page_cap: int) -> Response:
    """Answer a request."""
    if _is_sign_in(request):
        return oauth.handle(world, request)
    try:
        with world.lock:
            return _perform(world, request, page_cap)
    except GoogleError as error:
        return error.response()
    except BadBody:
        return GoogleError(400, "parseError", "Parse Error").response()


def _perform(world: World, request: Request, page_cap: int) -> Response:
    found = _route(request)
    if found is None:
        return GoogleError(404, "notFound").response()
    methods, parts = found
    if request.method not in methods:
        return GoogleError(405, "httpMethodNotAllowed", "Method not allowed").response()
    mailbox, scopes = signed_in(world, request)
    return methods[request.method][1](Context(world, request, mailbox, scopes, parts, page_cap))


def signed_in(world: World, request: Request) -> tuple[GoogleMailbox, frozenset[str]]:
    """Who asks, and the scopes granted; raises :class:`GoogleError` 401."""
    scheme, _, token = str(request.headers.get("Authorization") or "").partition(" ")
    if not token:
        raise GoogleError(401, "required", "Login Required.", "Authorization")
    mailbox = world.check_access(token.strip()) if scheme.casefold() == "bearer" else None
    if not isinstance(mailbox, GoogleMailbox):
        raise GoogleError(401, "authError", where="Authorization")
    return mailbox, frozenset(world.access_tokens[token.strip()].scope.split())


def describe(world: World, request: Request) -> tuple[str, Mailbox | None]:
    """Name of the method, and who asks, refused as it may be. Never raises."""
    if _is_sign_in(request):
        return oauth.describe(world, request)
    found = _route(request)
    name = found[0].get(request.method, ("google", None))[0] if found else "google"
    return name, world.token_owner(request.headers.get("Authorization"))


def faulty(request: Request, status: int, code: str | None, headers: dict[str, str]) -> Response:
    """What a fault rule without a body of its own answers: the error with this reason, or that of the status."""
    if _is_sign_in(request):
        return oauth.faulty(status, code, headers)
    reason = code or BY_STATUS.get(status, "backendError")
    return GoogleError(status if status >= 400 else 400, reason).response(headers)
