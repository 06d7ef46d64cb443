from django.conf import settings
from django.db import models


class Impersonation(models.Model):
    """Support seeing the pages as a member does, from when to when. Written by `firms.impersonation` alone."""

    supporter = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    member = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="impersonations")
    # The member can read it.
    reason = models.TextField()
    began_at = models.DateTimeField()
    # It ends by itself then, whether anybody ends it or not.
    until = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True, db_index=True)

    class Meta:
        ordering = ["-began_at", "-pk"]
        default_permissions = ()
        permissions = [("impersonate_member", "Can see the pages as a member does")]

    def __str__(self) -> str:
        return f"view of {self.member_id} by {self.supporter_id}"
