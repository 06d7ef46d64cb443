from django.db import models

from calendars.models import CalendarConnection, SyncedEvent
from calendars.models.connection import ID_LENGTH


class MigrationRun(models.Model):
    """One connection's migration. Written by `migration.runs` under the connection's lease."""

    class State(models.TextChoices):
        QUEUED = "queued", "Queued"
        LISTING = "listing", "Reading the calendar"
        TRANSLATING = "translating", "Translating ids"
        MATCHING = "matching", "Matching"
        CONFIRMING = "confirming", "Confirming what was not found"
        WAITING = "waiting", "Waiting"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    ENDED = (State.DONE, State.CANCELLED)

    connection = models.ForeignKey(CalendarConnection, models.CASCADE, related_name="runs")
    state = models.CharField(max_length=20, choices=State, default=State.QUEUED, db_index=True)
    # The step that goes on after a wait or a failure.
    step = models.CharField(max_length=20, choices=State, default=State.QUEUED)
    # Where the step stands; opaque to all but `migration.runs`.
    cursor = models.JSONField(default=dict)
    # Raised by every saved step; a task is for one turn, so that a task delivered twice stops at once.
    turn = models.PositiveBigIntegerField(default=0)
    # After an approved move to another account: old ids prove nothing there.
    metadata_only = models.BooleanField(default=False)

    total = models.PositiveIntegerField(default=0)
    listed = models.PositiveIntegerField(default=0)
    by_id = models.PositiveIntegerField(default=0)
    by_metadata = models.PositiveIntegerField(default=0)
    anomalies = models.PositiveIntegerField(default=0)
    requests = models.PositiveIntegerField(default=0)
    # Those of the present five minutes, for Microsoft's limit: see `calendars.graph.pace`.
    window = models.PositiveBigIntegerField(default=0)
    window_requests = models.PositiveIntegerField(default=0)

    wait_until = models.DateTimeField(null=True, blank=True)
    # "throttled", "grant", "unstable", "unreachable": informs, never steers.
    wait_reason = models.CharField(max_length=40, blank=True)
    # Tasks begun since the last saved step, counted before they do anything: one that kills its worker is found out.
    attempts = models.PositiveIntegerField(default=0)
    # Automatic tries after an error that may pass, since a person last took it up.
    retries = models.PositiveSmallIntegerField(default=0)
    failure_class = models.CharField(max_length=100, blank=True)
    failure_message = models.TextField(blank=True)
    failure_hint = models.TextField(blank=True)

    queued_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    touched_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-queued_at"]
        constraints = [
            models.UniqueConstraint(
                name="run_one_live_per_connection",
                fields=["connection"],
                condition=~models.Q(state__in=["done", "cancelled"]),
            )
        ]

    def __str__(self) -> str:
        return f"run {self.pk} of {self.connection_id}"


class StagedPage(models.Model):
    """One answer of Outlook's, kept until the run ends.

    As many rows as requests, not as appointments: at 100,000 of them that is what keeps a run cheap.
    """

    run = models.ForeignKey(MigrationRun, models.CASCADE, related_name="staged_pages")
    # "1": the first reading of the synced calendar; "other 0", "ids", "series", …: see `migration.runs.staging`.
    part = models.CharField(max_length=20)
    number = models.PositiveIntegerField()
    # JSON. Texts of events: deleted with the run's end, never logged.
    payload = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(name="staged_once", fields=["run", "part", "number"])]

    def __str__(self) -> str:
        return f"page {self.number} of {self.part}, run {self.run_id}"


class Outcome(models.Model):
    """What became of one synced event in a run."""

    class Kind(models.TextChoices):
        ID = "id", "Found by id"
        METADATA = "metadata", "Found by subject and times"
        ANOMALY = "anomaly", "Not found"

    class How(models.TextChoices):
        TRANSLATED = "translated", "Its old id, translated"
        ICAL_UID = "ical_uid", "Its calendar UID"
        SUBJECT_TIMES = "subject_times", "Subject, start and end"
        OCCURRENCE = "occurrence", "Its series and original date"

    class Reason(models.TextChoices):
        NOT_FOUND = "not_found", "No appointment like it in Outlook"
        AMBIGUOUS = "ambiguous", "Several appointments are equally like it"
        # Nothing is deleted in Outlook on the word of likeness, and in another account not by its UID either.
        DELETED_HERE = "deleted_here", "Deleted here; what is like it is left alone"

    # Found by the indexes that begin with it.
    run = models.ForeignKey(MigrationRun, models.CASCADE, related_name="outcomes", db_index=False)
    synced_event = models.ForeignKey(SyncedEvent, models.CASCADE, related_name="outcomes")
    outcome = models.CharField(max_length=10, choices=Kind)
    how = models.CharField(max_length=20, choices=How, blank=True)
    reason = models.CharField(max_length=20, choices=Reason, blank=True)
    appointment_id = models.CharField(max_length=ID_LENGTH, blank=True)
    calendar = models.CharField(max_length=10, choices=SyncedEvent.Calendar, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="one_outcome_per_event", fields=["run", "synced_event"]),
            models.CheckConstraint(
                name="outcome_explained",
                condition=models.Q(outcome="anomaly", how="", appointment_id="", calendar="") & ~models.Q(reason="")
                | ~models.Q(outcome="anomaly")
                & models.Q(reason="")
                & ~models.Q(how="")
                & ~models.Q(appointment_id="")
                & ~models.Q(calendar=""),
            ),
        ]
        indexes = [models.Index(fields=["run", "outcome"])]

    def __str__(self) -> str:
        return f"{self.outcome} of {self.synced_event_id}"
