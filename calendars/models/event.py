from django.conf import settings
from django.db import models

WALL_CLOCK = 19  # "2026-11-23T09:00:00"


class EventFields(models.Model):
    """What an event says. Wall-clock times in `time_zone` are the truth, as in iCalendar and Graph; the instants are
    worked out from them by `calendars.times` for order and comparison.

    `start`, `end`, `original_start` are ISO text: "2026-11-23T09:00:00", or "2026-11-23" (end exclusive) where all-day.
    """

    class ShowAs(models.TextChoices):
        FREE = "free", "Free"
        TENTATIVE = "tentative", "Tentative"
        BUSY = "busy", "Busy"
        OUT_OF_OFFICE = "oof", "Out of office"
        ELSEWHERE = "workingElsewhere", "Working elsewhere"
        UNKNOWN = "unknown", "Unknown"

    class Sensitivity(models.TextChoices):
        NORMAL = "normal", "Normal"
        PERSONAL = "personal", "Personal"
        PRIVATE = "private", "Private"
        CONFIDENTIAL = "confidential", "Confidential"

    subject = models.TextField(blank=True)
    all_day = models.BooleanField(default=False)
    start = models.CharField(max_length=WALL_CLOCK)
    end = models.CharField(max_length=WALL_CLOCK)
    time_zone = models.CharField(max_length=64)
    # Without a zone of its own: shown at the same wall-clock time wherever the member is.
    floating = models.BooleanField(default=False)
    # Instants of start and end; where all-day, midnight UTC of the raw dates.
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    # RFC 5545, masters only; exdates are wall-clock starts.
    rrule = models.TextField(blank=True)
    exdates = models.JSONField(default=list, blank=True)
    # Edited occurrences only: the start that the pattern gave them.
    original_start = models.CharField(max_length=WALL_CLOCK, blank=True)
    original_starts_at = models.DateTimeField(null=True, blank=True)
    location = models.TextField(blank=True)
    show_as = models.CharField(max_length=20, choices=ShowAs, default=ShowAs.BUSY)
    sensitivity = models.CharField(max_length=20, choices=Sensitivity, default=Sensitivity.NORMAL)
    # Minutes before the start; empty = none.
    reminder = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        abstract = True


class Event(EventFields):
    """Ours. Text of members: never in logs."""

    member = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="events")
    uid = models.CharField(max_length=255)
    series = models.ForeignKey("self", models.CASCADE, null=True, blank=True, related_name="exceptions")
    body = models.TextField(blank=True)
    modified_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="event_uid_unique_per_member", fields=["member", "uid"]),
            models.CheckConstraint(
                name="event_ends_after_start", condition=models.Q(ends_at__gte=models.F("starts_at"))
            ),
        ]
        indexes = [models.Index(fields=["member", "starts_at"])]

    def __str__(self) -> str:
        return self.uid
