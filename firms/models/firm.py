from django.conf import settings
from django.db import models


class Firm(models.Model):
    """A law firm. Its flag is changed by `firms.flags` alone, which audits it."""

    slug = models.SlugField(max_length=100, unique=True)
    name = models.CharField(max_length=200, db_index=True)
    # The flag: set = the firm's Outlook members move to Graph at their next login.
    flagged_at = models.DateTimeField(null=True, blank=True, db_index=True, editable=False)
    flagged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name", "pk"]
        permissions = [("flag_firm", "Can flag firms for Graph sync and take the flag back")]
        constraints = [
            # A wave flags in the name of whoever scheduled it, so a flag always has an author.
            models.CheckConstraint(
                name="firm_flag_has_time_and_author",
                condition=models.Q(flagged_at__isnull=True, flagged_by__isnull=True)
                | models.Q(flagged_at__isnull=False, flagged_by__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_flagged(self) -> bool:
        return self.flagged_at is not None
