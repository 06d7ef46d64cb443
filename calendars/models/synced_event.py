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

    class Doubt(models.IntegerChoices):
        """Whether its appointment is still there."""

        NONE = 0, "None"
        # By the service, or by a complete pull that did not show it; proves nothing.
        SAID = 1, "Said to be gone"
        PROVEN = 2, "Read, and gone"

    # Each index is written anew for every row when a run links them all in one transaction: none stands here that another
    # begins with, and that of series holds occurrences alone.
    connection = models.ForeignKey(CalendarConnection, models.CASCADE, related_name="synced_events", db_index=False)
    event = models.ForeignKey(Event, models.SET_NULL, null=True, blank=True, related_name="synced_as", db_index=False)
    uid = models.CharField(max_length=255)
    series = models.ForeignKey("self", models.CASCADE, null=True, blank=True, related_name="exceptions", db_index=False)

    link = models.CharField(max_length=10, choices=Link, default=Link.OLD)
    ews_id = models.CharField(max_length=ID_LENGTH, null=True, blank=True)  # noqa: DJ001  unique unless unknown
    # The appointment's immutable id at Graph, or its id at Google.
    appointment_id = models.CharField(max_length=ID_LENGTH, null=True, blank=True)  # noqa: DJ001  unique unless unknown
    calendar = models.CharField(max_length=10, choices=Calendar, default=Calendar.SYNCED)
    # Of an anomaly: somebody has decided that it has no counterpart. What looks like it there is another appointment, and
    # imported as such; nothing is held for it any more.
    kept_here = models.BooleanField(default=False)
    ical_uid = models.CharField(max_length=ID_LENGTH, blank=True)
    change_key = models.CharField(max_length=255, blank=True)
    body_hash = models.CharField(max_length=64, blank=True)
    modified_here = models.DateTimeField(null=True, blank=True)
    modified_there = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    # What our pages must know before a member changes it: whom the service would write to, and whose it is.
    attendees = models.PositiveIntegerField(default=0)
    organized = models.BooleanField(default=True)
    # A reason of `calendars.sync.reasons`: what it says there has no words here, so nothing of it is changed.
    unsayable = models.CharField(max_length=30, blank=True)
    # The number of the last pull that showed it (`Sync.pull`).
    seen_in = models.PositiveBigIntegerField(default=0)
    doubt = models.PositiveSmallIntegerField(choices=Doubt, default=Doubt.NONE)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="synced_event_uid_unique", fields=["connection", "uid"]),
            models.UniqueConstraint(name="synced_event_of_event_unique", fields=["event", "connection"]),
            models.UniqueConstraint(name="synced_event_old_id_unique", fields=["connection", "ews_id"]),
            models.UniqueConstraint(name="synced_event_appointment_unique", fields=["connection", "appointment_id"]),
            models.CheckConstraint(
                name="synced_event_linked_has_appointment",
                condition=models.Q(link="linked", appointment_id__isnull=False)
                | (~models.Q(link="linked") & models.Q(appointment_id__isnull=True)),
            ),
        ]
        indexes = [
            models.Index(fields=["connection", "link"]),
            models.Index(name="synced_event_of_series", fields=["series"], condition=models.Q(series__isnull=False)),
            models.Index(name="synced_event_in_doubt", fields=["connection"], condition=models.Q(doubt__gt=0)),
        ]

    def __str__(self) -> str:
        return self.uid


class HeldAppointment(models.Model):
    """A candidate of an undecided anomaly: never imported as new, never claimed, until someone decides."""

    connection = models.ForeignKey(CalendarConnection, models.CASCADE, related_name="held_appointments")
    synced_event = models.ForeignKey(SyncedEvent, models.CASCADE, related_name="held_appointments")
    appointment_id = models.CharField(max_length=ID_LENGTH)
    # What it showed when it was found, for the person who decides: subject, all_day, start, end (ISO text; wall-clock where
    # there is a time_zone, else UTC), location; pattern, of a series, as `calendars.recurrence.comparable` writes it;
    # occurrence, of one date of a series. What is empty is left out.
    shown = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(name="held_once_per_anomaly", fields=["synced_event", "appointment_id"])]
        indexes = [models.Index(fields=["connection", "appointment_id"])]

    def __str__(self) -> str:
        return f"candidate of {self.synced_event_id}"
