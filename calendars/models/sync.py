from django.conf import settings
from django.db import models

from calendars.models.connection import CalendarConnection
from calendars.models.event import Event
from calendars.models.grant import Grant
from calendars.models.synced_event import SyncedEvent


class Sync(models.Model):
    """Where the daily sync of a connection stands. Written by `calendars.sync.worker` under the connection's lease,
    but for `wanted`, which whoever wants a sync raises (`calendars.sync.outbox.wake`)."""

    connection = models.OneToOneField(CalendarConnection, models.CASCADE, related_name="sync")
    # Whose mark it is: a connection may have been with another service before.
    service = models.CharField(max_length=10, choices=Grant.Service, blank=True)
    # Where the next pull, or the next page of this one, goes on; the service's own, opaque text.
    mark = models.TextField(blank=True)
    # The number of the pull under way or done last; `SyncedEvent.seen_in` is compared with it after a complete one.
    pull = models.PositiveBigIntegerField(default=0)
    # Of the pull under way, empty between pulls: {"full": from the beginning?, "wanted": as it was when the pull began}.
    cursor = models.JSONField(default=dict, blank=True)
    # When a pull from the beginning last came to its end.
    full_at = models.DateTimeField(null=True, blank=True)

    # A sync is due while `done` < `wanted`. `next_at` is when the clock asks for one: the next poll, the end of a wait
    # (`wait_reason`), or, while a task exists, when that must have come to its end. Empty: a person has to do something.
    wanted = models.PositiveBigIntegerField(default=1)
    done = models.PositiveBigIntegerField(default=0)
    next_at = models.DateTimeField(null=True, blank=True, db_index=True)
    # Raised when a task starts and cleared when it ends well, so that a sync that kills its worker stops trying.
    attempts = models.PositiveIntegerField(default=0)
    wait_reason = models.CharField(max_length=20, blank=True)
    error = models.CharField(max_length=200, blank=True)
    synced_at = models.DateTimeField(null=True, blank=True)

    # A picture that looked wrong and was not carried out: {"gone": n, "of": m}; staff let it through once, or look again.
    refused = models.JSONField(null=True, blank=True)
    refused_at = models.DateTimeField(null=True, blank=True)
    let_through = models.BooleanField(default=False)

    # Ids of appointments at which the service fails by itself, and when it is asked for them again.
    failing = models.JSONField(default=list, blank=True)
    failing_next = models.DateTimeField(null=True, blank=True)

    # The subscription to change notifications, if there is one, and a hash of the secret that proves a notification.
    subscription_id = models.CharField(max_length=255, blank=True, db_index=True)
    subscription_secret = models.CharField(max_length=64, blank=True)
    subscription_until = models.DateTimeField(null=True, blank=True)
    # When it is to be made, renewed, or tried again; empty = at once.
    subscription_due = models.DateTimeField(null=True, blank=True, db_index=True)

    class Meta:
        verbose_name = "daily sync"
        permissions = [("decide_sync", "Can decide about refused pictures of daily syncs")]
        constraints = [
            models.CheckConstraint(name="sync_done_up_to_wanted", condition=models.Q(done__lte=models.F("wanted")))
        ]

    def __str__(self) -> str:
        return f"sync of connection {self.connection_id}"


class LocalChange(models.Model):
    """An event changed here that its calendar service has not been told yet. One per event; its place in the order is
    that of the first change not told. Written by `calendars.sync.outbox`, worked off by `calendars.sync.push`."""

    connection = models.ForeignKey(CalendarConnection, models.CASCADE, related_name="local_changes")
    uid = models.CharField(max_length=255)
    # Empty once the event has been deleted; the tombstone is `synced_event`.
    event = models.ForeignKey(Event, models.SET_NULL, null=True, blank=True, related_name="local_changes")
    synced_event = models.ForeignKey(SyncedEvent, models.CASCADE, null=True, blank=True, related_name="local_changes")
    # Raised by every further edit: who has carried out number 3 does not clear number 4.
    number = models.PositiveBigIntegerField(default=1)
    recorded_at = models.DateTimeField()
    # Committed before the request that may create something: found again after a kill, it is looked up first.
    started_at = models.DateTimeField(null=True, blank=True)
    # What the requests whose end is unknown said, oldest first, as `calendars.sync.rows` writes it.
    told = models.JSONField(default=list, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    not_before = models.DateTimeField(null=True, blank=True)
    # A code of `calendars.sync.reasons`: it waits for the member to change the event again.
    refused = models.CharField(max_length=30, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(name="local_change_one_per_event", fields=["connection", "uid"])]
        indexes = [models.Index(fields=["event"])]

    def __str__(self) -> str:
        return f"{self.uid}, number {self.number}"


class EventVersion(models.Model):
    """What an event said before the other side won, or before it was deleted there: nothing a member wrote is lost."""

    class Why(models.TextChoices):
        BOTH_CHANGED = "both_changed", "Changed on both sides; the later change won"
        DELETED_THERE = "deleted_there", "Deleted in the other calendar"
        DELETED_HERE = "deleted_here", "Deleted here"
        LINKED = "linked", "Found there as it was, but for this"
        ADJUSTED = "adjusted", "The other calendar keeps it in another form"

    member = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="event_versions")
    uid = models.CharField(max_length=255)
    at = models.DateTimeField()
    why = models.CharField(max_length=20, choices=Why)
    # Which side's words these are: "here" or "there".
    side = models.CharField(max_length=5)
    # The columns of `EventFields` and `body`, as far as they lost.
    said = models.JSONField()

    class Meta:
        indexes = [models.Index(fields=["member", "uid", "at"])]

    def __str__(self) -> str:
        return f"{self.uid} at {self.at}"
