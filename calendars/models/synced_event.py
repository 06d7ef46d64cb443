from django.db import models

from calendars.models.connection import ID_LENGTH, CalendarConnection
from calendars.models.event import Event, EventFields


class SyncedEvent(EventFields):
    """Our event, its appointment's ids, its calendar, and a snapshot of every synced field as last synced.

    It outlives its event (`event` empty = a tombstone since `deleted_at`), so that what was synced stays known.
    """

    class Link(models.TextChoices):
        OLD = "old", "Known by its old id"
        LINKED = "linked", "Linked"
        # No counterpart was found: never pushed, never created, whatever runs (R9, I5).
        ANOMALY = "anomaly", "Not in Outlook"

    class Calendar(models.TextChoices):
        SYNCED = "synced", "The synced calendar"
        # Moved by its owner to another calendar of the mailbox: kept in step by id alone.
        MOVED = "moved", "Another calendar of the mailbox"

    connection = models.ForeignKey(CalendarConnection, models.CASCADE, related_name="synced_events")
    event = models.ForeignKey(Event, models.SET_NULL, null=True, blank=True, related_name="synced_as")
    uid = models.CharField(max_length=255)
    series = models.ForeignKey("self", models.CASCADE, null=True, blank=True, related_name="exceptions")

    link = models.CharField(max_length=10, choices=Link, default=Link.OLD)
    ews_id = models.CharField(max_length=ID_LENGTH, null=True, blank=True)  # noqa: DJ001  unique unless unknown
    # The appointment's immutable id at Graph, or its id at Google.
    appointment_id = models.CharField(max_length=ID_LENGTH, null=True, blank=True)  # noqa: DJ001  unique unless unknown
    calendar = models.CharField(max_length=10, choices=Calendar, default=Calendar.SYNCED)
    ical_uid = models.CharField(max_length=ID_LENGTH, blank=True)
    change_key = models.CharField(max_length=255, blank=True)
    body_hash = models.CharField(max_length=64, blank=True)
    modified_here = models.DateTimeField(null=True, blank=True)
    modified_there = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="synced_event_uid_unique", fields=["connection", "uid"]),
            models.UniqueConstraint(name="synced_event_of_event_unique", fields=["connection", "event"]),
            models.UniqueConstraint(name="synced_event_old_id_unique", fields=["connection", "ews_id"]),
            models.UniqueConstraint(name="synced_event_appointment_unique", fields=["connection", "appointment_id"]),
            models.CheckConstraint(
                name="synced_event_linked_has_appointment",
                condition=models.Q(link="linked", appointment_id__isnull=False)
                | (~models.Q(link="linked") & models.Q(appointment_id__isnull=True)),
            ),
        ]
        indexes = [models.Index(fields=["connection", "link"])]

    def __str__(self) -> str:
        return self.uid


class HeldAppointment(models.Model):
    """A candidate of an undecided anomaly: never imported as new, never claimed, until someone decides."""

    connection = models.ForeignKey(CalendarConnection, models.CASCADE, related_name="held_appointments")
    synced_event = models.ForeignKey(SyncedEvent, models.CASCADE, related_name="held_appointments")
    appointment_id = models.CharField(max_length=ID_LENGTH)
    # What it showed when it was found, for the person who decides: subject, start, end, zone, location.
    shown = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(name="held_once_per_anomaly", fields=["synced_event", "appointment_id"])]
        indexes = [models.Index(fields=["connection", "appointment_id"])]

    def __str__(self) -> str:
        return f"candidate of {self.synced_event_id}"
