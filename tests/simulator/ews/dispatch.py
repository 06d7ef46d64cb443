"""From a request to the handler of its operation."""

from __future__ import annotations

import re
from collections.abc import Callable

from tests.simulator import times
from tests.simulator.ews import converting, finding, folders, reading, syncing, writing
from tests.simulator.ews.context import Context
from tests.simulator.ews.errors import EwsError
from tests.simulator.ews.soap import Element, Fault, children, find, local, read, response
from tests.simulator.http import Request, Response
from tests.simulator.mailbox import Mailbox
from tests.simulator.world import World

PATH = "/EWS/Exchange.asmx"
SCOPE = "ews.accessasuser.all"
CONCURRENCY = 27  # requests in flight that Exchange allows for a person
_OPERATION = re.compile(rb"<(?:\w+:)?Body\b[^>]*>\s*<(?:\w+:)?(\w+)")
_HANDLERS: dict[str, Callable[[Context], list[Element]]] = {
    "GetFolder": folders.get_folder,
    "FindFolder": folders.find_folder,
    "SyncFolderItems": syncing.sync_items,
    "GetItem": reading.get_item,
    "FindItem": finding.find_item,
    "ConvertId": converting.convert_id,
    "CreateItem": writing.create_item,
    "UpdateItem": writing.update_item,
    "DeleteItem": writing.delete_item,
}


def handle(world: World, request: Request, page_cap: int) -> Response:
    """Answer a request: 401, 403 and 404 are plain HTTP, everything else is SOAP."""
    with world.lock:
        refusal, reader = _admit(world, request)
        if refusal is not None or reader is None:
            return refusal or Response(401)
        try:
            header, operation = read(request.body)
            if local(operation) not in _HANDLERS:
                return Response.text(f"{local(operation)} is not simulated.", 501)
            context = Context(world, reader, operation, _zone(header), page_cap)
            return response(context.operation, _HANDLERS[context.operation](context))
        except EwsError as error:  # of the request as a whole
            return response(local(operation), [error.element(local(operation))])
        except Fault as fault:
            return fault.response()


def _admit(world: World, request: Request) -> tuple[Response | None, Mailbox | None]:
    """Who asks, or why not: the token first, then whether the tenant still lets this service in."""
    if request.path.casefold() != PATH.casefold():
        return Response.text("", 404), None
    if request.method != "POST":
        return Response(405, {"Allow": "POST"}), None
    reader = signed_in(world, request)
    if reader is None:
        return Response(401, {"WWW-Authenticate": 'Bearer client_id="00000002-0000-0ff1-ce00-000000000000"'}), None
    tenant = world.tenants.get(reader.tid)
    if reader.kind == "personal" or (tenant is not None and tenant.ews == "blocked"):
        return Response(403), None
    return None, reader


def signed_in(world: World, request: Request) -> Mailbox | None:
    """Whose token it is; None for one that is expired, unknown or another service's."""
    scheme, _, token = str(request.headers.get("Authorization") or "").partition(" ")
    reader = world.check_access(token.strip()) if scheme.casefold() == "bearer" else None
    if (
        reader is None
        or reader.provider != "outlook"
        or SCOPE not in world.access_tokens[token.strip()].scope.casefold()
    ):
        return None
    return reader


def _zone(header: Element | None) -> str:
    found = None if header is None else find(header, "t:TimeZoneContext/t:TimeZoneDefinition")
    name = "UTC" if found is None else str(found.get("Id"))
    try:
        times.zone(name)
    except times.UnknownZone as error:
        raise Fault("ErrorTimeZone", f"The time zone {name} is unknown.") from error
    return name


def describe(world: World, request: Request) -> tuple[str, Mailbox | None]:
    """Name of the operation, and who asks, refused as it may be. Never raises."""
    found = _OPERATION.search(request.body)
    return (found[1].decode() if found else "ews"), world.token_owner(request.headers.get("Authorization"))


def too_many() -> Response:
    """The answer to more requests in flight than Exchange allows."""
    return Fault("ErrorExceededConnectionCount", "You have exceeded the available concurrent connections.").response()


def faulty(request: Request, status: int, code: str | None, headers: dict[str, str]) -> Response:
    """What a fault rule without a body of its own answers.

    With a ``code`` and a status of 500 or more a SOAP fault, whose ``Retry-After`` is in ``BackOffMilliseconds`` too;
    with a ``code`` alone a response message; without one plain HTTP.
    """
    if code is None:
        return Response(status, headers)
    if status >= 400:
        wait = next((value for name, value in headers.items() if name.casefold() == "retry-after"), None)
        values = {"BackOffMilliseconds": str(round(float(wait) * 1000))} if wait else None
        answer = Fault(code, EwsError(code).message, values).response()
        answer.status = status
    else:
        try:
            _, operation = read(request.body)
        except Fault as fault:
            return fault.response()
        asked = max([1, *(len(children(held)) for held in children(operation) if local(held).endswith("Ids"))])
        answer = response(local(operation), [EwsError(code).element(local(operation)) for _ in range(asked)])
    answer.headers.update(headers)
    return answer
