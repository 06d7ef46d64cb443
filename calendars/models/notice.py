from django.db import models

from calendars.models.connection import ID_LENGTH, CalendarConnection


class Notice(models.Model):
    """What a change notification of Graph's has named, for the next pull to read. Of one connection the primary keys rise
    in the order in which they are committed (`calendars.graph.notices`), so that a pull can remember the last it heeded."""

    connection = models.ForeignKey(CalendarConnection, models.CASCADE, related_name="notices")
    # Empty: any may have changed without a notification, and all has to be looked at.
    appointment_id = models.CharField(max_length=ID_LENGTH, blank=True)
    at = models.DateTimeField(db_index=True)

    class Meta:
        indexes = [models.Index(fields=["connection", "id"])]

    def __str__(self) -> str:
        return f"notice {self.pk} to connection {self.connection_id}"
