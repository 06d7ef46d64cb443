from django.conf import settings
from django.db import models
from django.db.models import Q

from calendars.models import CalendarConnection
from firms.models import Firm

STANDING = Q(used_at=None, ended_at=None)


class AddressChange(models.Model):
    """One line of a list that support approved: what a connection belongs to goes by another address now. It is used once,
    by exactly one account, until it expires; written by `migration.address_changes` alone."""

    class Kind(models.TextChoices):
        SAME_MAILBOX = "same_mailbox", "The same mailbox under a new address"
        OTHER_ACCOUNT = "other_account", "Another mailbox: a move by subject and times"

    firm = models.ForeignKey(Firm, models.PROTECT, related_name="address_changes")
    connection = models.ForeignKey(CalendarConnection, models.PROTECT, related_name="address_changes")
    kind = models.CharField(max_length=20, choices=Kind)
    # Casefolded, both.
    old_address = models.CharField(max_length=320, db_index=True)
    new_address = models.CharField(max_length=320, db_index=True)
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    approved_at = models.DateTimeField()
    until = models.DateTimeField()
    note = models.TextField(blank=True)
    # The one account that it was for, as the sign-in showed.
    used_at = models.DateTimeField(null=True, blank=True)
    tid = models.CharField("tenant id", max_length=64, blank=True)
    oid = models.CharField("account id", max_length=64, blank=True)
    # Taken back by support, replaced by a newer list, or not needed any more.
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-approved_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                name="address_change_one_standing_per_connection", fields=["connection"], condition=STANDING
            )
        ]

    def __str__(self) -> str:
        return f"{self.old_address} → {self.new_address}"
