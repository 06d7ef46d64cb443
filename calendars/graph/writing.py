"""One change at a time, told to Graph. See "Create event", "Update event", "Delete event", "List instances".

Attendees, categories and attachments are never named: a PATCH that does not name them leaves them as they are.
"""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from django.conf import settings

from calendars.graph import contents, reading
from calendars.graph.answers import readable, rows
from calendars.graph.client import PAGE, GraphClient
from calendars.graph.errors import BadRequest, Conflict, ItemNotFound, Refused, TryLater
from calendars.graph.reading import MASTER, OCCURRENCES, PREFER_TEXT, WHOLE, path_of
from calendars.recurrence import Unsayable
from calendars.sync.content import PARTS, Content, Part
from calendars.sync.service import (
    KEY_NAME,
    KEY_SET,
    Appointment,
    CancelOccurrence,
    Change,
    Create,
    Delete,
    Update,
    UpdateOccurrence,
    the_one,
)
from calendars.times import instant
from firms.zones import UnknownZone

log = logging.getLogger(__name__)
Value = dict[str, Any]
# A day to either side: where an all-day event begins depends on the zone it was made in.
_MARGIN = {True: timedelta(days=1), False: timedelta(minutes=1)}
_OLD_KEY = f"String {{{KEY_SET}}} Name {KEY_NAME}"
_TOO_LONG = {"errormessagesizeexceeded", "requestentitytoolarge"}


def push(client: GraphClient, calendar_id: str, change: Change) -> Appointment | None:
    """As `calendars.sync.service.Service.push`. Each of its requests may safely be sent twice: a creation by its
    transactionId, a change and a deletion by the version they are for."""
    with _told(change):
        match change:
            case Create():
                return _create(client, calendar_id, change)
            case Update():
                return _update(client, change)
            case UpdateOccurrence():
                return _update_occurrence(client, change)
            case CancelOccurrence():
                return _cancel_occurrence(client, change)
            case Delete():
                _delete(client, change.id, change.version)
                return None


def find(client: GraphClient, calendar_id: str, key: str, content: Content) -> Appointment | None:
    """What carries the key as its transactionId: looked for where the creation was to begin, then, since its owner may have
    moved it, in all of the calendar. What the old sync made has the key in a named property instead."""
    old = quote(f"singleValueExtendedProperties/Any(ep: ep/id eq '{_OLD_KEY}' and ep/value eq '{key}')")
    if found := rows(client.request("GET", f"{_events(calendar_id)}?$select=id&$filter={old}")):
        return reading.read_one(client, found[0]["id"])
    start = instant(content.start, content.time_zone, content.all_day)
    margin = _MARGIN[content.all_day]
    first, last = (f"{one:%Y-%m-%dT%H:%M:%S}" for one in (start - margin, start + margin))
    around = quote(f"start/dateTime ge '{first}' and start/dateTime le '{last}'")
    for where in (f"&$filter={around}", ""):
        link: str | None = f"{_events(calendar_id)}?$select=id,transactionId&$top={PAGE}{where}"
        while link:
            answer = client.request("GET", link)
            for value in rows(answer):
                if str(value.get("transactionId") or "").casefold() == key.casefold():
                    return reading.read_one(client, value["id"])
            link = answer.get("@odata.nextLink")
    return None


def _create(client: GraphClient, calendar_id: str, change: Create) -> Appointment:
    told = {name: value for name, value in _said(change.content, PARTS).items() if value is not None}
    told["transactionId"] = change.key
    try:
        made = client.request("POST", _events(calendar_id), json=told, prefer=PREFER_TEXT)
    except BadRequest as error:
        if error.code.casefold() != "errorduplicatetransactionid":
            raise
        # An earlier request, of other words, has taken effect since it was looked for: it is looked for again.
        raise TryLater(str(error), seconds=settings.RETRY_SECONDS, reason="busy", code=error.code) from None
    return _now(client, made)


def _update(client: GraphClient, change: Update) -> Appointment:
    told = _said(change.content, change.parts)
    return _now(client, _patch(client, change.id, change.version, told))


def _patch(client: GraphClient, appointment_id: str, version: str, told: Value) -> Value:
    """Raises Refused for a new text of an online meeting: without what Outlook put into it nobody could join any more."""
    path = path_of(appointment_id)
    if "body" in told and client.request("GET", f"{path}?$select=isOnlineMeeting").get("isOnlineMeeting"):
        raise Refused(code="online_meeting")
    return client.request("PATCH", path, json=told, prefer=PREFER_TEXT, if_match=_etag(version))


def _update_occurrence(client: GraphClient, change: UpdateOccurrence) -> Appointment:
    told = _said(change.content, change.parts)
    master = _master(client, change.series_id)
    if master is None:
        raise ItemNotFound(code="series")
    value = _occurrence(client, master, change.slot)
    if value is None:
        raise ItemNotFound(code="occurrence")
    if value.get("type") != "occurrence":
        raise Conflict(code="edited there already")
    return reading.occurrence(_patch(client, value["id"], value.get("changeKey") or "", told), master)


def _cancel_occurrence(client: GraphClient, change: CancelOccurrence) -> Appointment | None:
    master = _master(client, change.series_id)
    value = _occurrence(client, master, change.slot) if master else None
    if value is not None:
        _delete(client, value["id"], value.get("changeKey") or "")
    return the_one(reading.masters(client, [change.series_id]), change.series_id) if master else None


def _delete(client: GraphClient, appointment_id: str, version: str) -> None:
    try:
        client.request("DELETE", path_of(appointment_id), if_match=_etag(version))
    except ItemNotFound:
        return  # gone already, perhaps by the first try


def _master(client: GraphClient, series_id: str) -> Value | None:
    return the_one(reading.fetch(client, [series_id], WHOLE), series_id)


def _occurrence(client: GraphClient, master: Value, slot: str) -> Value | None:
    """What stands in this slot of the series, edited (then it may have been moved anywhere) or not; None where it was
    cancelled, or there is no such slot."""
    series = readable(contents.appointment, master)
    moved = {one.slot: one.id for one in series.exceptions}
    if slot in moved:
        return next(one for one in master["exceptionOccurrences"] if one["id"] == moved[slot])
    start = instant(slot, series.content.time_zone, series.content.all_day)
    first, last = (f"{start + timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}" for days in (-1, 2))
    window = f"startDateTime={first}&endDateTime={last}&$select={contents.FIELDS}&$top=50"
    answer = client.request("GET", f"{path_of(master['id'])}/instances?{window}", prefer=PREFER_TEXT)
    return next((one for one in rows(answer) if reading.occurrence(one, master).slot == slot), None)


def _now(client: GraphClient, answer: Value) -> Appointment:
    """What Graph answered, as it is then; a series with its occurrences, which no answer to a change shows."""
    kind = answer.get("type")
    if kind in OCCURRENCES:
        series_id = reading.series_of(answer)
        frame = the_one(reading.fetch(client, [series_id], reading.FRAME), series_id)
        if frame is None:
            raise ItemNotFound(code="series")
        return reading.occurrence(answer, frame)
    whole = the_one(reading.masters(client, [answer["id"]]), answer["id"]) if kind == MASTER else None
    # Gone since, or long before, where a creation is tried again: the next pull proves it.
    return whole or readable(contents.appointment, answer)


def _said(content: Content, parts: Iterable[Part]) -> Value:
    try:
        return contents.written(content, parts)
    except Unsayable:
        raise Refused(code="rule") from None
    except UnknownZone:
        raise Refused(code="zone_here") from None


@contextmanager
def _told(change: Change) -> Iterator[None]:
    try:
        yield
    except BadRequest as error:
        code = error.code.casefold()
        log.warning("Graph refuses a change (%s): %s", type(change).__name__, error)
        if code == "erroroccurrencecrossingboundary":
            raise Refused(code="crossing") from None
        raise Refused(code="too_long" if code in _TOO_LONG else "refused") from None


def _events(calendar_id: str) -> str:
    return f"/me/calendars/{quote(calendar_id, safe='')}/events"


def _etag(version: str) -> str:
    return f'W/"{version}"' if version else ""
