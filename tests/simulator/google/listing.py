"""``events.list`` and ``events.instances``: pages, filters, sync tokens. Vendor's page: "Synchronize resources efficiently"."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
from collections.abc import Callable
from typing import Any

from tests.simulator.google import events
from tests.simulator.google.context import READ_EVENTS, Context
from tests.simulator.google.entries import Entry, instances, of_calendar
from tests.simulator.google.errors import GoogleError, invalid, not_found
from tests.simulator.http import Response
from tests.simulator.mailbox import Calendar

_LIST = (
    "alwaysIncludeEmail", "eventTypes", "iCalUID", "maxAttendees", "maxResults", "orderBy", "pageToken",
    "privateExtendedProperty", "q", "sharedExtendedProperty", "showDeleted", "showHiddenInvitations", "singleEvents",
    "syncToken", "timeMax", "timeMin", "timeZone", "updatedMin",
)  # fmt: skip
_INSTANCES = (
    "alwaysIncludeEmail", "maxAttendees", "maxResults", "originalStart", "pageToken", "showDeleted", "timeMax", "timeMin",
    "timeZone",
)  # fmt: skip
# What may not stand beside a sync token, and what may differ from the query that gave it.
_NOT_WITH_TOKEN = (
    "iCalUID", "orderBy", "privateExtendedProperty", "q", "sharedExtendedProperty", "timeMin", "timeMax", "updatedMin",
)  # fmt: skip
_FREE = ("pageToken", "syncToken", "maxResults", "timeZone", "maxAttendees", "alwaysIncludeEmail", "alt", "key",
         "prettyPrint", "fields", "quotaUser")  # fmt: skip
_OLDEST_UPDATE = dt.timedelta(days=28)
_TYPES = frozenset(("birthday", "default", "focusTime", "fromGmail", "outOfOffice", "workingLocation"))


def list_events(context: Context) -> Response:
    """A page of a calendar, or of what has changed in it since a sync token."""
    context.require(READ_EVENTS)
    context.known(*_LIST)
    calendar = context.calendar()
    single, since = context.flag("singleEvents"), None
    _check(context, single)
    token = context.request.arg("syncToken")
    query = _fingerprint(context)
    if token is not None:
        since = _read_sync(token, calendar, query)
    window = (context.moment("timeMin"), context.moment("timeMax")) if single else None
    found = [entry for entry in of_calendar(calendar, window) if _wanted(context, entry, since, single)]
    if context.request.arg("iCalUID") and any(entry.event and entry.event.is_spoilt for entry in found):
        raise GoogleError(500, "backendError")
    order = context.request.arg("orderBy")
    if order:
        found.sort(key=_by_start if order == "startTime" else _by_update)
    return _page(context, calendar, found, [query, since], None if order else _sync_token(calendar, query))


def _by_start(entry: Entry) -> tuple[str, str]:
    return (entry.event.start.isoformat() if entry.event else "", entry.id)


def _by_update(entry: Entry) -> tuple[int, str]:
    return entry.revision, entry.id


def _check(context: Context, single: bool) -> None:
    args = context.request.query
    order = context.request.arg("orderBy")
    if order not in (None, "startTime", "updated"):
        raise invalid(where="orderBy")
    if order == "startTime" and not single:
        message = "The requested ordering is not available for the particular query."
        raise GoogleError(400, "badRequest", message)
    if not set(args.get("eventTypes", [])) <= _TYPES:
        raise invalid(where="eventTypes")
    first, last = context.moment("timeMin"), context.moment("timeMax")
    if first and last and last <= first:
        raise GoogleError(400, "timeRangeEmpty")
    updated = context.moment("updatedMin")
    if updated and context.world.now() - updated > _OLDEST_UPDATE:
        raise GoogleError(410, "updatedMinTooLongAgo")
    if "syncToken" not in args:
        return
    for name in _NOT_WITH_TOKEN:
        if name in args:
            raise GoogleError(400, "badRequest", f"Sync token cannot be used with {name}.")
    if context.request.arg("showDeleted") == "false":
        raise GoogleError(400, "badRequest", "Sync token cannot be used with showDeleted set to false.")


def _fingerprint(context: Context) -> str:
    """What must be the same in every request with a token."""
    args = {
        name: sorted(values) for name, values in context.request.query.items() if name not in (*_FREE, "showDeleted")
    }
    for name in ("singleEvents",):
        args.setdefault(name, ["false"])
    return hashlib.sha256(json.dumps([args, context.parts], sort_keys=True).encode()).hexdigest()[:16]


def _encode(value: list[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode()


def _decode(token: str, where: str) -> list[Any]:
    try:
        found = json.loads(base64.urlsafe_b64decode(token))
    except ValueError as error:
        raise invalid(f"Invalid {where} value.", where) from error
    if not isinstance(found, list):
        raise invalid(f"Invalid {where} value.", where)
    return found


def _sync_token(calendar: Calendar, query: str) -> str:
    mailbox = calendar.mailbox
    return _encode([mailbox.address, calendar.id, mailbox.generation, query, mailbox.revision])


def _read_sync(token: str, calendar: Calendar, query: str) -> int:
    """The revision up to which the client knows the calendar; raises :class:`GoogleError`."""
    *mark, told, revision = [*_decode(token, "syncToken"), None, None][:5]
    mailbox = calendar.mailbox
    if mark[:2] != [mailbox.address, calendar.id] or not isinstance(revision, int):
        raise invalid("Invalid sync token value.", "syncToken")
    if mark[2] != mailbox.generation:
        raise GoogleError(410, "fullSyncRequired")
    # The documentation promises nothing here; a client that relies on it is to be found out.
    if told != query:
        raise invalid("The request is not the one that the sync token was given for.", "syncToken")
    return revision


def _wanted(context: Context, entry: Entry, since: int | None, single: bool) -> bool:
    if since is not None:
        return entry.revision > since and _is_type(context, entry)
    updated = context.moment("updatedMin")
    if updated is not None:
        stamp = str(entry.event.get("lastModifiedDateTime"))[:19] if entry.event else ""
        if stamp and stamp < updated.strftime("%Y-%m-%dT%H:%M:%S"):
            return False
    if entry.cancelled and updated is None and not context.flag("showDeleted") and (single or entry.event is None):
        return False
    return entry.touches(context.moment("timeMin"), context.moment("timeMax")) and _matches(context, entry)


def _is_type(context: Context, entry: Entry) -> bool:
    wanted = context.request.query.get("eventTypes")
    return not wanted or entry.event is None or entry.extras().get("eventType", "default") in wanted


def _matches(context: Context, entry: Entry) -> bool:
    args = context.request
    tests: list[Callable[[], bool]] = [lambda: _is_type(context, entry)]
    if args.arg("iCalUID") is not None:
        tests.append(lambda: entry.event is not None and events.uid_of(entry.event) == args.arg("iCalUID"))
    if args.arg("q"):
        tests.append(lambda: str(args.arg("q")).casefold() in json.dumps(entry.show("UTC")).casefold())
    for kind in ("private", "shared"):
        for pair in args.query.get(f"{kind}ExtendedProperty", []):
            name, _, value = pair.partition("=")
            tests.append(lambda kind=kind, name=name, value=value: _marks(entry, kind).get(name) == value)  # type: ignore[misc]
    return all(test() for test in tests)


def _marks(entry: Entry, kind: str) -> dict[str, str]:
    return dict((entry.extras().get("extendedProperties") or {}).get(kind) or {})


def _page(context: Context, calendar: Calendar, found: list[Entry], query: list[Any], sync: str | None) -> Response:
    """Cut at the id that the last page ended with; the sync token is of the moment in which the first page was asked for."""
    most, begun = context.whole("maxResults", 250, 2500), context.request.arg("pageToken")
    if begun is not None:
        *asked, after, sync = [*_decode(begun, "pageToken"), None, None, None, None][:4]
        if asked != query:
            raise invalid("Invalid page token value.", "pageToken")
        places = [place for place, entry in enumerate(found) if entry.id == after]
        # Where that one is gone from the list meanwhile, what comes after it goes on by id.
        found = found[places[0] + 1 :] if places else [entry for entry in found if entry.id > str(after)]
    zone = context.zone()
    page = found[:most]
    answer: dict[str, Any] = {
        "kind": "calendar#events", "etag": f'"p{calendar.mailbox.revision:015d}"', "summary": summary(calendar),
        "description": "", "updated": f"{context.world.now():%Y-%m-%dT%H:%M:%S}.000Z", "timeZone": zone,
        "accessRole": role(calendar), "defaultReminders": default_reminders(calendar),
    }  # fmt: skip
    if len(page) < len(found):
        answer["nextPageToken"] = _encode([*query, page[-1].id, sync])
    elif sync is not None:
        answer["nextSyncToken"] = sync
    return Response.json({**answer, "items": [entry.show(zone) for entry in page]})


def summary(calendar: Calendar) -> str:
    return calendar.mailbox.address if calendar.is_default else calendar.name


def role(calendar: Calendar) -> str:
    names = {name.casefold() for name in calendar.mailbox.names()}
    if str(calendar.owner.get("address", "")).casefold() in names:
        return "owner"
    return "writer" if calendar.can_edit else "reader"


def default_reminders(calendar: Calendar) -> list[dict[str, Any]]:
    return [{"method": "popup", "minutes": events.DEFAULT_REMINDER}]


def list_instances(context: Context) -> Response:
    """A page of a series' occurrences, by start; ``originalStart`` names one of them."""
    context.require(READ_EVENTS)
    context.known(*_INSTANCES)
    calendar, wanted = context.calendar(), context.parts[1]
    master = calendar.events.get(wanted)
    if master is None:
        raise not_found()
    if not master.is_master:
        raise GoogleError(400, "badRequest", "The event is not a recurring one.")
    original = context.request.arg("originalStart")
    first, last = context.moment("timeMin"), context.moment("timeMax")
    found = []
    if original is not None and last is None:
        last = _original(original) + dt.timedelta(days=400)
    for entry in sorted(instances(master, first, last), key=_by_start):
        if (entry.cancelled and not context.flag("showDeleted")) or not entry.touches(first, last):
            continue
        if original is not None and not _is_slot(entry, original):
            continue
        found.append(entry)
    return _page(context, calendar, found, [_fingerprint(context), None], None)


def _original(text: str) -> dt.datetime:
    """The instant of an ``originalStart``, midnight in UTC of a date. Raises :class:`GoogleError`."""
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise invalid(where="originalStart") from error
    return moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment


def _is_slot(entry: Entry, text: str) -> bool:
    event = entry.event
    assert event is not None and event.master is not None and event.slot is not None
    return event.master.slot_start(event.slot) == _original(text)
