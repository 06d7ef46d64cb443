from django.db import models

from calendars.models.connection import CalendarConnection


class Grant(models.Model):
    """The tokens of one connection for one service, encrypted; read and written by `calendars.grants` alone."""

    class Service(models.TextChoices):
        EWS = "ews", "Exchange Web Services"
        GRAPH = "graph", "Microsoft Graph"
        GOOGLE = "google", "Google Calendar"

    connection = models.ForeignKey(CalendarConnection, models.CASCADE, related_name="grants")
    service = models.CharField(max_length=10, choices=Service)
    secret = models.BinaryField()
    scopes = models.TextField(blank=True)
    # Raised with every write: whoever refreshed on an older one has lost and reads again.
    version = models.PositiveBigIntegerField(default=1)
    # When the service refused it for good.
    lost_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(name="grant_one_per_service", fields=["connection", "service"])]

    def __str__(self) -> str:
        return f"{self.get_service_display()} of connection {self.connection_id}"
