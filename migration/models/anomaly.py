from typing import ClassVar

from django.conf import settings
from django.db import models

from migration.models.run import Outcome


class Anomalies(models.Manager["Anomaly"]):
    def get_queryset(self) -> models.QuerySet["Anomaly"]:
        return super().get_queryset().filter(outcome=Outcome.Kind.ANOMALY)


class Anomaly(Outcome):
    """A synced event that a run has found no counterpart of, as the member and support decide about it."""

    objects: ClassVar[Anomalies] = Anomalies()

    class Meta:
        proxy = True
        verbose_name_plural = "anomalies"
        permissions = [("decide_anomaly", "Can decide about members' anomalies")]

    def __str__(self) -> str:
        return f"anomaly {self.pk}"


class AnomalyDecision(models.Model):
    """What somebody decided about an anomaly, and what taking it back needs. Written by `migration.anomalies` alone.

    A decision stands until it is taken back. `copy` decides nothing: the anomaly stays as open as it was.
    """

    class Action(models.TextChoices):
        LINK = "link", "Linked to an appointment"
        KEEP = "keep", "Kept only here"
        COPY = "copy", "Copied as a new event"
        DELETE = "delete", "Deleted here"

    anomaly = models.ForeignKey(Anomaly, models.CASCADE, related_name="decisions")
    action = models.CharField(max_length=10, choices=Action)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    # Between support alone.
    note = models.TextField(blank=True)
    # The held appointments that it released: [{"synced_event", "appointment_id", "shown"}, …].
    released = models.JSONField(default=list)
    # Of a link: the appointment. Of a copy: its events' uids, the series' first.
    appointment_id = models.TextField(blank=True)
    copies = models.JSONField(default=list)
    # Of a deletion: the keys of the `EventVersion`s that keep what was deleted, the series' first.
    versions = models.JSONField(default=list)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            models.UniqueConstraint(
                name="anomaly_decided_once",
                fields=["anomaly"],
                condition=models.Q(undone_at=None) & ~models.Q(action="copy"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.action} of anomaly {self.anomaly_id}"
