"""How each of a member's events stands with her calendar service: for pages, in one query."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.db.models import Exists, FilteredRelation, OuterRef, Q
from django.utils import timezone

from calendars.models import CalendarConnection, Event, SyncedEvent
from calendars.sync import reasons

Name = Literal["synced", "waiting", "failed", "anomaly", "not_synced"]
LABELS: dict[Name, tuple[str, str]] = {
    "synced": ("success", "Synced"),
    "waiting": ("info", "Waiting"),
    "failed": ("warning", "Not carried over"),
    "anomaly": ("warning", "Not in {service}"),
    "not_synced": ("info", "Only here"),
}


@dataclass(frozen=True, slots=True)
class Status:
    """`since` is set of what waits; `text` is a sentence where there is something to say. `tone` is that of a badge of
    the pages' design, `label` its words."""

    name: Name
    tone: str
    label: str
    since: datetime | None = None
    text: str = ""


def statuses(connection: CalendarConnection | None, events: Collection[Event]) -> dict[int, Status]:
    """By the event's primary key; occurrences that were not edited stand as their master does."""
    if connection is None:
        return {event.pk: _status("not_synced", "") for event in events}
    service = connection.get_provider_display().removesuffix(" Calendar")
    anomalies = SyncedEvent.objects.filter(connection=connection, link=SyncedEvent.Link.ANOMALY)
    rows = Event.objects.filter(pk__in=[event.pk for event in events]).annotate(
        synced=FilteredRelation("synced_as", condition=Q(synced_as__connection=connection)),
        change=FilteredRelation("local_changes", condition=Q(local_changes__connection=connection)),
        of_anomaly=Exists(anomalies.filter(event=OuterRef("series"))),
    )
    found = rows.values_list(
        "pk", "synced__link", "synced__ews_id", "synced__appointment_id", "synced__unsayable",
        "change__refused", "change__recorded_at", "change__not_before", "of_anomaly",
    )  # fmt: skip
    now = timezone.now()
    return {
        pk: _of(
            service, link, bool(old_id or new_id), unsayable or "", refused, since, bool(later and later > now), part
        )
        for pk, link, old_id, new_id, unsayable, refused, since, later, part in found
    }


def _of(
    service: str,
    link: str | None,
    has_id: bool,
    unsayable: str,
    refused: str | None,
    since: datetime | None,
    put_aside: bool,
    of_anomaly: bool,
) -> Status:
    if link == SyncedEvent.Link.ANOMALY:
        return _status("anomaly", service)
    if of_anomaly:
        return _status("anomaly", service, text=reasons.sentence("series_anomaly"))
    if refused:
        return _status("failed", service, text=reasons.sentence(refused))
    if since:
        return _status("waiting", service, since=since, text=reasons.sentence("put_aside") if put_aside else "")
    if unsayable:
        return _status("failed", service, text=reasons.sentence(unsayable))
    return _status("synced" if has_id else "not_synced", service)


def _status(name: Name, service: str, *, since: datetime | None = None, text: str = "") -> Status:
    tone, label = LABELS[name]
    return Status(name, tone, label.format(service=service), since, text)
