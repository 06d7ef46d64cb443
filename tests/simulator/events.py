"""One appointment: single, series master, exception, or an occurrence that only the pattern names.

``data`` holds Graph's properties as they were given; what was not given comes from :data:`DEFAULTS` in the answers.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.simulator import ids, recurrence, times

if TYPE_CHECKING:
    from tests.simulator.mailbox import Calendar, Mailbox

_NEVER = "0001-01-01T00:00:00Z"
DEFAULTS: dict[str, Any] = {
    "createdDateTime": None,
    "lastModifiedDateTime": None,
    "changeKey": None,
    "categories": [],
    "transactionId": None,
    "originalStartTimeZone": "UTC",
    "originalEndTimeZone": "UTC",
    "iCalUId": None,
    "reminderMinutesBeforeStart": 15,
    "isReminderOn": True,
    "hasAttachments": False,
    "subject": "",
    "bodyPreview": "",
    "importance": "normal",
    "sensitivity": "normal",
    "isAllDay": False,
    "isCancelled": False,
    "isOrganizer": True,
    "responseRequested": True,
    "seriesMasterId": None,
    "showAs": "busy",
    "type": "singleInstance",
    "webLink": None,
    "onlineMeetingUrl": None,
    "isOnlineMeeting": False,
    "onlineMeetingProvider": "unknown",
    "allowNewTimeProposals": True,
    "isDraft": False,
    "hideAttendees": False,
    "originalStart": None,
    "responseStatus": {"response": "organizer", "time": _NEVER},
    "body": {"contentType": "html", "content": ""},
    "start": None,
    "end": None,
    "location": {"displayName": "", "locationType": "default", "uniqueIdType": "unknown"},
    "locations": [],
    "recurrence": None,
    "attendees": [],
    "organizer": None,
    "onlineMeeting": None,
}
PROPERTIES = frozenset(DEFAULTS) | {"id"}
GOOGLE = "google"  # what Google keeps of an event beyond these, in its own words
RELATIONS = frozenset(
    ("attachments", "calendar", "exceptionOccurrences", "extensions", "instances", "multiValueExtendedProperties",
     "singleValueExtendedProperties")
)  # fmt: skip
_NEAR = dt.timedelta(days=800)  # the occurrences of a yearly series are less apart
EXTENDED = "singleValueExtendedProperties"


@dataclass(slots=True, eq=False)
class Event:
    """An appointment in a calendar. ``slot`` is the day an occurrence has in the pattern, in the series' zone."""

    calendar: Calendar
    data: dict[str, Any]
    ews_id: str
    immutable_id: str
    ref: str | None = None
    translates: str = "ok"
    master: Event | None = None
    slot: dt.date | None = None
    revision: int = 0  # of its last change
    added: int = 0  # the revision at which its calendar got it
    extended: dict[str, str] = field(default_factory=dict)
    exceptions: dict[dt.date, Event] = field(default_factory=dict)
    cancelled: set[dt.date] = field(default_factory=set)
    spoilt: bool = False  # its store cannot read it: asked for by its id, it answers with an error
    own: set[str] = field(default_factory=set)  # of an exception: the properties that were changed in itself
    start: dt.datetime = field(init=False)
    end: dt.datetime = field(init=False)

    def __post_init__(self) -> None:
        self.read_times()

    def read_times(self) -> None:
        """Take the instants from ``data``: all-day events count from midnight to midnight in UTC. Raises ValueError."""
        if self.is_all_day:
            self.start = times.local(self.data["start"]).replace(tzinfo=dt.UTC)
            self.end = times.local(self.data["end"]).replace(tzinfo=dt.UTC)
        else:
            self.start, self.end = times.instant(self.data["start"]), times.instant(self.data["end"])

    @property
    def rest_id(self) -> str:
        return ids.to_rest(self.ews_id)

    def id(self, immutable: bool) -> str:
        """The id in the format that the request asked for."""
        return self.immutable_id if immutable else self.rest_id

    def get(self, name: str) -> Any:
        """A property as it is kept, or its default."""
        return self.data.get(name, DEFAULTS.get(name))

    @property
    def mailbox(self) -> Mailbox:
        return self.calendar.mailbox

    @property
    def is_spoilt(self) -> bool:
        return (self.master or self).spoilt

    @property
    def is_all_day(self) -> bool:
        return bool(self.data.get("isAllDay"))

    @property
    def is_master(self) -> bool:
        return self.master is None and self.data.get("recurrence") is not None

    @property
    def type(self) -> str:
        if self.master is not None and self.slot is not None:
            return "exception" if self.master.exceptions.get(self.slot) is self else "occurrence"
        return "seriesMaster" if self.is_master else "singleInstance"

    @property
    def zone(self) -> str:
        """The zone whose days the series counts in."""
        master = self.master or self
        limits = (master.data.get("recurrence") or {}).get("range") or {}
        name = str(limits.get("recurrenceTimeZone") or master.data["start"]["timeZone"])
        try:
            times.zone(name)
        except times.UnknownZone:  # tzone://Microsoft/Custom and the like
            return str(master.data["start"]["timeZone"])
        return name

    def slot_start(self, slot: dt.date) -> dt.datetime:
        """The instant at which the pattern puts the occurrence of a day (on a master)."""
        if self.is_all_day:
            return dt.datetime.combine(slot, dt.time(), dt.UTC)
        return times.at(slot, self._wall(self.start).time(), self.zone)

    def day_of(self, moment: dt.datetime) -> dt.date:
        """The day in the series' zone on which an occurrence that starts at an instant stands."""
        return moment.date() if self.is_all_day else self._wall(moment).date()

    def _wall(self, moment: dt.datetime) -> dt.datetime:
        return moment.astimezone(times.zone(self.zone)).replace(tzinfo=None)

    def has_slot(self, slot: dt.date) -> bool:
        """Is there an occurrence (edited or not) for this day of the pattern?"""
        if slot in self.cancelled:
            return False
        return slot in self.exceptions or recurrence.contains(self.data["recurrence"], slot)

    def crosses_neighbour(self, slot: dt.date, start: dt.datetime) -> bool:
        """Would the occurrence of a day, moved to an instant, come to or across the day of the one before or after it?"""
        day = self.day_of(start)
        near = recurrence.days(self.data["recurrence"], slot - _NEAR, slot + _NEAR)
        live = [one for one in near if one not in self.cancelled]
        before = max((one for one in live if one < slot), default=None)
        after = min((one for one in live if one > slot), default=None)
        return (before is not None and day <= self.day_of(self.occurrence(before).start)) or (
            after is not None and day >= self.day_of(self.occurrence(after).start)
        )

    def occurrence(self, slot: dt.date) -> Event:
        """The exception of a day, or what the pattern says for it (a fresh object that no index knows)."""
        known = self.exceptions.get(slot)
        return known if known is not None else Event(
            self.calendar, self._occurrence_data(slot), *self.occurrence_ids(slot), master=self, slot=slot,
            revision=self.revision, extended=self.extended,
        )  # fmt: skip

    def occurrence_ids(self, slot: dt.date) -> tuple[str, str]:
        """The ewsId and the immutable id of the occurrence of a day."""
        return self.mailbox.occurrence_ids(self, slot)

    def _occurrence_data(self, slot: dt.date) -> dict[str, Any]:
        name = "UTC" if self.is_all_day else self.zone
        start, end = self.start, self.end
        if not self.is_all_day:
            start, end = self._wall(start), self._wall(end)
        begin = dt.datetime.combine(slot, start.time())
        moments = {"start": begin, "end": begin + (end - start)}
        data = {key: value for key, value in self.data.items() if key != "recurrence"}
        data |= {key: {"dateTime": times.seven(value), "timeZone": name} for key, value in moments.items()}
        data["iCalUId"] = ids.instance_ical_uid(data["iCalUId"], slot)
        data["transactionId"] = None
        return data

    def occurrences(self, first: dt.datetime, last: dt.datetime) -> Iterator[Event]:
        """What of a series touches a window of instants: occurrences and exceptions, not the cancelled."""
        span = self.end - self.start + dt.timedelta(days=1)
        days = recurrence.days(self.data["recurrence"], (first - span).date(), (last + dt.timedelta(days=1)).date())
        for slot in days:
            if slot not in self.cancelled and slot not in self.exceptions:
                found = self.occurrence(slot)
                if found.touches(first, last):
                    yield found
        yield from (found for found in self.exceptions.values() if found.touches(first, last))

    def touches(self, first: dt.datetime, last: dt.datetime) -> bool:
        """Does it overlap the window? An event of no length counts at its start."""
        return self.start < last and (self.end > first or self.start == self.end == first)

    def cancelled_ids(self, immutable: bool) -> list[str]:
        """``cancelledOccurrences`` of a master."""
        return [f"OID.{self.id(immutable)}.{slot.isoformat()}" for slot in sorted(self.cancelled)]
