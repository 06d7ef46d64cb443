"""What a member may change of an event, given what its calendar service allows, and whom the service would write to."""

from dataclasses import dataclass

from calendars.models import CalendarConnection, Event, SyncedEvent
from calendars.sync import reasons
from calendars.sync.content import PARTS, Part
from calendars.sync.merging import OWN_AFFAIR

_ALL = frozenset(PARTS)


@dataclass(frozen=True, slots=True)
class Limits:
    """`parts` may be changed; `reason` (of `calendars.sync.reasons`) says why no others may. `attendees` is how many people
    `service` writes to when an event changes in what concerns them, or is deleted."""

    service: str = ""
    parts: frozenset[Part] = _ALL
    reason: str = ""
    attendees: int = 0

    @property
    def may_delete(self) -> bool:
        return bool(self.parts)

    @property
    def sentence(self) -> str:
        return reasons.sentence(self.reason) if self.reason else ""

    def mails(self, changed: frozenset[Part]) -> int:
        """How many people are written to about a change of these parts."""
        return self.attendees if changed - OWN_AFFAIR else 0


def of(connection: CalendarConnection | None, event: Event) -> Limits:
    """Of an event; of any date of a series that has not been edited, given the series; in one query."""
    if connection is None:
        return Limits()
    service = connection.get_provider_display()
    rows = {
        row.event_id: row
        for row in SyncedEvent.objects.filter(connection=connection, event__in=[event.pk, event.series_id or event.pk])
    }
    own, series = rows.get(event.pk), rows.get(event.series_id)
    synced = own or series
    if synced is None or any(row and row.link == SyncedEvent.Link.ANOMALY for row in (own, series)):
        return Limits(service)
    unsayable = synced.unsayable or (series.unsayable if series else "")
    if unsayable:
        return Limits(service, frozenset(), unsayable)
    if not synced.organized:
        return Limits(service, OWN_AFFAIR, "organizer")
    return Limits(service, attendees=synced.attendees)
