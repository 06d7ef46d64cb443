from django.conf import settings
from django.db import models

from firms.models.firm import Firm


class Wave(models.Model):
    """Firms flagged together at a set time, in the name of whoever scheduled it; carried out by `firms.waves`."""

    name = models.CharField(max_length=200)
    flag_at = models.DateTimeField("flag at", db_index=True)
    firms = models.ManyToManyField(Firm, related_name="waves")
    scheduled_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", editable=False)
    carried_out_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["-flag_at"]

    def __str__(self) -> str:
        return self.name
