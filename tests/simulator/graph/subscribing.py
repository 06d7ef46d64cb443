"""``/subscriptions``: change notifications of one's own calendars, and of what becomes of a subscription.

Pages: "Create subscription", "Set up notifications for changes in resource data", "Reduce missing subscriptions".
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any
from urllib.parse import unquote, urlsplit

from tests.simulator import times
from tests.simulator.delivery import handshake
from tests.simulator.graph.context import Context
from tests.simulator.graph.errors import GraphError, bad, denied, malformed
from tests.simulator.graph.options import check_names
from tests.simulator.graph.routes import resolve
from tests.simulator.http import Response
from tests.simulator.subscriptions import CHANGES, Subscription

LONGEST_LIFE = dt.timedelta(minutes=4230)
SHORTEST_LIFE = dt.timedelta(minutes=45)  # what is asked for below it is raised to it
MOST = 1000  # active ones of a mailbox
_LONGEST_STATE = 128
_PROPERTIES = frozenset(
    ("changeType", "notificationUrl", "lifecycleNotificationUrl", "resource", "expirationDateTime", "clientState",
     "latestSupportedTlsVersion", "includeResourceData", "encryptionCertificate", "encryptionCertificateId",
     "notificationQueryOptions", "notificationUrlAppId")
)  # fmt: skip
_READ_ONLY = frozenset(("id", "applicationId", "creatorId"))
_NOT_OFFERED = ("includeResourceData", "encryptionCertificate", "encryptionCertificateId", "notificationQueryOptions")
_TLS = ("v1_0", "v1_1", "v1_2", "v1_3")
_LOCAL = ("127.0.0.1", "localhost")


def subscriptions(context: Context) -> Any:
    """What the method says; creating one gives back what is left to do without the lock: the handshake."""
    check_names(context, frozenset())
    method, resource = context.request.method, context.route.resource
    if resource == "subscriptions":
        return _create(context) if method == "POST" else _list(context)
    if resource == "reauthorize":
        return _reauthorize(context)
    return {"GET": _get, "PATCH": _renew, "DELETE": _delete}[method](context)


def _invalid(message: str) -> GraphError:
    return bad(message, "InvalidRequest")


def _object(context: Context) -> dict[str, Any]:
    body = context.request.json()
    if not isinstance(body, dict):
        raise _invalid("Unable to read JSON request payload.")
    return {key: value for key, value in body.items() if "@odata." not in key and key not in _READ_ONLY}


def _create(context: Context) -> Any:
    subscription = _read(context, _object(context))
    addresses = [url for url in (subscription.url, subscription.lifecycle_url) if url]
    world = context.world

    def shake_hands() -> Response:
        for url in addresses:
            said = f"Validation: Testing client application reachability for subscription Request-Id: {uuid.uuid4()}"
            wrong = handshake(url, said)
            if wrong is not None:
                raise bad(wrong, "ValidationError")
        with world.lock:
            world.subscriptions.add(subscription)
            return _answer(context, subscription, 201)

    return shake_hands


def _read(context: Context, body: dict[str, Any]) -> Subscription:
    """The subscription that a body asks for; raises :class:`GraphError`."""
    for name in body:
        if name not in _PROPERTIES:
            raise bad(f"Invalid property '{name}' of type 'microsoft.graph.subscription'.")
    for name in _NOT_OFFERED:
        if body.get(name):
            raise _invalid(f"'{name}' is not supported for this resource.")
    for name in ("changeType", "notificationUrl", "resource", "expirationDateTime"):
        if not isinstance(body.get(name), str) or not body[name]:
            raise _invalid(f"The property '{name}' is required.")
    lifecycle = body.get("lifecycleNotificationUrl")
    state = body.get("clientState")
    if state is not None and (not isinstance(state, str) or len(state) > _LONGEST_STATE):
        raise _invalid(f"clientState must be a text of at most {_LONGEST_STATE} characters.")
    tls = body.get("latestSupportedTlsVersion") or "v1_2"
    if tls not in _TLS:
        raise _invalid(f"Requested value '{tls}' was not found.")
    mailbox, now = context.mailbox, context.world.now()
    if len(context.world.subscriptions.of(mailbox, now)) >= MOST:
        raise GraphError(403, "ExtensionError", f"The mailbox has reached the limit of {MOST} active subscriptions.")
    return Subscription(
        context.world.subscriptions.next_id(mailbox.seed), mailbox, _calendar(context, body["resource"]), body["resource"],
        _changes(body["changeType"]), _address(body["notificationUrl"]), _address(lifecycle) if lifecycle else None,
        _expiry(body["expirationDateTime"], now), state, tls, context.prefer.immutable,
    )  # fmt: skip


def _changes(text: str) -> frozenset[str]:
    found = {part.strip().casefold() for part in text.split(",")}
    if not found <= set(CHANGES):
        raise _invalid(f"Invalid changeType '{text}'; supported are {', '.join(CHANGES)}.")
    return frozenset(found)


def _address(url: Any) -> str:
    """An address that can be posted to: https, or plain http on this machine. Raises :class:`GraphError`."""
    parts = urlsplit(url) if isinstance(url, str) else None
    if parts is None or not parts.hostname:
        raise _invalid("The notification URL is invalid.")
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOCAL):
        raise _invalid("The notification URL must be an HTTPS URL.")
    return str(url)


def _expiry(text: Any, now: dt.datetime) -> dt.datetime:
    try:
        wanted = times.parse_utc(text)
    except ValueError as error:
        raise _invalid(f"expirationDateTime '{text}' is no time.") from error
    if wanted <= now:
        raise _invalid("Subscription expiration must be in the future.")
    if wanted > now + LONGEST_LIFE:
        minutes = int(LONGEST_LIFE.total_seconds() // 60)
        raise _invalid(f"Subscription expiration can only be {minutes} minutes in the future.")
    return max(wanted, now + SHORTEST_LIFE)


def _calendar(context: Context, resource: str) -> str | None:
    """The calendar a resource names, None for the default one; raises :class:`GraphError` for any other resource."""
    path, _, options = resource.strip("/").partition("?")
    if options:
        raise _invalid("Query options are not supported for subscriptions to this resource.")
    route = resolve([unquote(part) for part in path.split("/")])
    if route.resource != "events":
        raise _invalid(f"Invalid resource '{resource}': only events can be subscribed to.")
    if route.user is not None and context.world.find_account(route.user) is not context.mailbox:
        raise denied()
    if not route.calendar:
        return None
    if route.calendar not in context.mailbox.calendars:
        raise malformed()
    return route.calendar


def _found(context: Context) -> Subscription:
    """The subscription that the path names, one's own; raises :class:`GraphError`."""
    found = context.world.subscriptions.find(context.route.subscription or "", context.world.now())
    if found is None or found.mailbox.address != context.mailbox.address:
        raise GraphError(404, "ResourceNotFound", "The object was not found.")
    return found


def _answer(context: Context, subscription: Subscription, status: int = 200) -> Response:
    return Response.json({"@odata.context": context.link("subscriptions/$entity"), **subscription.graph()}, status)


def _get(context: Context) -> Response:
    return _answer(context, _found(context))


def _list(context: Context) -> Response:
    found = context.world.subscriptions.of(context.mailbox, context.world.now())
    return Response.json({"@odata.context": context.link("subscriptions"), "value": [one.graph() for one in found]})


def _renew(context: Context) -> Response:
    """200 with the new time; only that can be changed. It is a reauthorization too."""
    found, body = _found(context), _object(context)
    if set(body) != {"expirationDateTime"}:
        raise _invalid("Only 'expirationDateTime' can be updated.")
    found.expires = _expiry(body["expirationDateTime"], context.world.now())
    found.paused = False
    return _answer(context, found)


def _reauthorize(context: Context) -> Response:
    _found(context).paused = False
    return Response(204)


def _delete(context: Context) -> Response:
    context.world.subscriptions.remove(_found(context))
    return Response(204)
