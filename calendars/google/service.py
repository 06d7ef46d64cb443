"""Google Calendar as a calendar service of `calendars.sync`: "Synchronize resources efficiently" and "Recurring events"."""

import json
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from calendars.errors import ItemNotFound, MarkLost, Refused, TryLater
from calendars.google import events, tokens
from calendars.google.client import Duplicate, GoogleClient, path_of
from calendars.google.client import Gone as DeletedAlready
from calendars.models import CalendarConnection, Grant
from calendars.sync.content import PARTS, Content, Part
from calendars.sync.service import (
    Appointment,
    CancelOccurrence,
    Capabilities,
    Change,
    Create,
    Delete,
    Page,
    Update,
    UpdateOccurrence,
)

PAGE = 250
# Birthdays, places of work and what Gmail makes of mails are not appointments.
_KINDS = "default"
Value = Mapping[str, Any]


def open(connection: CalendarConnection, hold: Callable[[], None]) -> "GoogleService":
    """Raises Grant.DoesNotExist. `hold` is called before every request, and raises where none may be made any more."""
    grant = Grant.objects.get(connection=connection, service=Grant.Service.GOOGLE)
    client = GoogleClient(lambda refresh: tokens.access_token(grant, refresh=refresh), hold)
    return GoogleService(client, connection.calendar_id or "primary", grant)


@dataclass(frozen=True)
class Mark:
    """A sync token, or none in a complete pull; the page to go on with; and the calendar's own zone and reminder."""

    token: str = ""
    page: str = ""
    zone: str = "UTC"
    reminder: int | None = None

    @classmethod
    def of(cls, text: str) -> "Mark":
        try:
            return cls(**json.loads(text)) if text else cls()
        except (ValueError, TypeError):
            raise MarkLost(code="unreadable") from None

    def __str__(self) -> str:
        return json.dumps(self.__dict__)


class GoogleService:
    capabilities = Capabilities(id_column="appointment_id", restores_occurrences=True, sayable=events.sayable)

    def __init__(self, client: GoogleClient, calendar: str, grant: Grant) -> None:
        self.grant = grant
        self._client = client
        self._calendar = calendar
        self._zone, self._reminder = "", None
        # What was read last, so that a change needs no second look at whose meeting it is.
        self._meetings: set[str] = set()

    @property
    def requests(self) -> int:
        return self._client.requests

    def close(self) -> None:
        self._client.close()

    # --- Reading --------------------------------------------------------------------------------------------------

    def pull(self, mark: str) -> Page:
        """events.list with a sync token, or from the beginning; raises MarkLost (410)."""
        begun = Mark.of(mark)
        params: dict[str, Any] = {"maxResults": PAGE, "eventTypes": _KINDS}
        params |= {"syncToken": begun.token} if begun.token else {}
        params |= {"pageToken": begun.page} if begun.page else {}
        answer = self._client.ask("GET", path_of(self._calendar), params=params)
        self._remember(answer)
        appointments, gone, failing = self._sorted(_items(answer))
        page, token = answer.get("nextPageToken") or "", answer.get("nextSyncToken") or ""
        if not (page or token):
            raise TryLater("a list without an end", seconds=settings.RETRY_SECONDS, reason="unreadable")
        after = Mark(begun.token if page else token, page, self._zone, self._reminder)
        complete = not page and not begun.token
        return Page(appointments, gone, str(after), last=not page, complete=complete, failing=failing)

    def read(self, ids: Sequence[str]) -> dict[str, Appointment | None]:
        found: dict[str, Appointment | None] = {}
        for one in ids:
            with _unless_it_fails():
                found[one] = self._read(one)
        return found

    def find(self, key: str, content: Content) -> Appointment | None:
        """The id of what we create is made of the key."""
        return self._read(_id_of(key))

    def _read(self, event_id: str) -> Appointment | None:
        try:
            value = self._client.ask("GET", path_of(self._calendar, event_id))
        except ItemNotFound:
            return None
        if value.get("status") == "cancelled":
            return None
        return self._series(value) if value.get("recurrence") else self._readable(value)

    def _series(self, master: Value) -> Appointment:
        """With its edited and cancelled instances, which share its calendar UID."""
        pieces: list[Value] = []
        params = {"iCalUID": master["iCalUID"], "showDeleted": "true", "maxResults": PAGE}
        while True:
            answer = self._client.ask("GET", path_of(self._calendar), params=params)
            self._remember(answer)
            pieces += [one for one in _items(answer) if one.get("recurringEventId") == master["id"]]
            if not answer.get("nextPageToken"):
                return self._readable(master, pieces)
            params["pageToken"] = answer["nextPageToken"]

    def _sorted(self, values: Sequence[Value]) -> tuple[list[Appointment], list[str], list[str]]:
        """Singles as they are; of a series whatever the page shows, it is read whole, once; what is gone; and the series
        at which Google fails by itself."""
        found, gone = [], []
        masters: dict[str, Value | None] = {}
        for value in values:
            if value.get("recurringEventId"):
                masters.setdefault(value["recurringEventId"], None)
            elif value.get("status") == "cancelled":
                gone.append(value["id"])
            elif value.get("recurrence"):
                masters[value["id"]] = value
            else:
                found.append(self._readable(value))
        failing = dict.fromkeys(masters)
        for master_id, master in masters.items():
            with _unless_it_fails():
                whole = self._series(master) if master else self._read(master_id)
                if whole:
                    found.append(whole)
                else:
                    gone.append(master_id)
                del failing[master_id]
        return found, gone, list(failing)

    def _readable(self, value: Value, pieces: Sequence[Value] = ()) -> Appointment:
        try:
            whole = events.appointment(value, self._zone or "UTC", pieces, self._reminder)
        except (KeyError, TypeError, ValueError, AttributeError):
            raise TryLater(
                "an event that cannot be read", seconds=settings.RETRY_SECONDS, reason="unreadable"
            ) from None
        if whole.attendees and whole.organized:
            self._meetings |= {whole.id, *(one.id for one in whole.exceptions)}
        return whole

    def _remember(self, answer: Value) -> None:
        self._zone = answer.get("timeZone") or self._zone
        for one in answer.get("defaultReminders") or ():
            if one.get("method") == "popup":
                self._reminder = one.get("minutes")

    # --- Writing --------------------------------------------------------------------------------------------------

    def push(self, change: Change) -> Appointment | None:
        match change:
            case Create():
                return self._create(change)
            case Update():
                return self._patch(change.id, change.version, change.content, change.parts)
            case UpdateOccurrence():
                instance = self._instance(change.series_id, change.slot, self._zone_of(change.series_id))
                return self._patch(instance["id"], instance.get("etag", ""), change.content, change.parts)
            case CancelOccurrence():
                return self._cancel(change)
            case Delete():
                self._delete(change)
                return None

    def _create(self, change: Create) -> Appointment | None:
        body = {"id": _id_of(change.key), **events.fields(change.content, PARTS)}
        try:
            value = self._client.ask("POST", path_of(self._calendar), params={"sendUpdates": "none"}, body=body)
        except Duplicate:
            return self._read(body["id"])
        return self._series(value) if value.get("recurrence") else self._readable(value)

    def _patch(self, event_id: str, version: str, content: Content, parts: frozenset[Part]) -> Appointment | None:
        body = events.fields(content, parts)
        params = {"sendUpdates": self._mail_to(event_id)}
        value = self._client.ask("PATCH", path_of(self._calendar, event_id), params=params, body=body, version=version)
        if master := value.get("recurringEventId"):
            whole = self._read(master)
            return next((one for one in whole.exceptions if one.id == value["id"]), None) if whole else None
        if not value.get("recurrence"):
            return self._readable(value)
        whole = self._series(value)
        return self._restored(whole, content) if "exdates" in parts else whole

    def _restored(self, whole: Appointment, content: Content) -> Appointment | None:
        """Dates that were cancelled one by one stand again where our series has them."""
        missing = [slot for slot in whole.content.exdates if slot not in content.exdates]
        for slot in missing:
            instance = self._instance(whole.id, slot, whole.content.time_zone)
            path, params = path_of(self._calendar, instance["id"]), {"sendUpdates": self._mail_to(whole.id)}
            self._client.ask("PATCH", path, params=params, body={"status": "confirmed"})
        return self._read(whole.id) if missing else whole

    def _cancel(self, change: CancelOccurrence) -> Appointment | None:
        instance = self._instance(change.series_id, change.slot, self._zone_of(change.series_id))
        if instance.get("status") != "cancelled":
            params = {"sendUpdates": self._mail_to(change.series_id)}
            self._client.ask("DELETE", path_of(self._calendar, instance["id"]), params=params)
        return self._read(change.series_id)

    def _zone_of(self, series_id: str) -> str:
        """In which the slots of a series are written, whatever zone one of its dates is in."""
        master = self._read(series_id)
        if master is None:
            raise ItemNotFound(code="master")
        return master.content.time_zone

    def _instance(self, series_id: str, slot: str, zone: str) -> Value:
        """The occurrence that the rule gives at `slot`, edited or cancelled or neither: "Events: instances"."""
        params = {"originalStart": events.instance_moment(slot, zone), "showDeleted": "true"}
        found = _items(self._client.ask("GET", f"{path_of(self._calendar, series_id)}/instances", params=params))
        if not found:
            raise Refused(code="refused")
        return found[0]

    def _delete(self, change: Delete) -> None:
        params = {"sendUpdates": self._mail_to(change.id)}
        try:
            self._client.ask("DELETE", path_of(self._calendar, change.id), params=params, version=change.version)
        except (DeletedAlready, ItemNotFound):
            return

    def _mail_to(self, event_id: str) -> str:
        """A member's own change of her own meeting is told to those she meets, as Google's pages do; nothing else is."""
        return "all" if event_id in self._meetings else "none"


@contextmanager
def _unless_it_fails() -> Iterator[None]:
    """Nothing comes of it where Google fails by itself; waits that it asks for are kept."""
    try:
        yield
    except TryLater as error:
        if not error.by_itself:
            raise


def _id_of(key: str) -> str:
    """Google lets who creates an event choose its id, of the letters a to v and digits; a second one is refused."""
    return uuid.UUID(key).hex


def _items(answer: Value) -> list[Value]:
    items = answer.get("items")
    if not isinstance(items, list) or not all(isinstance(one, dict) and one.get("id") for one in items):
        raise TryLater("a list that cannot be read", seconds=settings.RETRY_SECONDS, reason="unreadable")
    return items
