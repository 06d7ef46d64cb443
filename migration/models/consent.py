from django.db import models

from firms.models import Firm


class ConsentRequest(models.Model):
    """A firm that waits for its administrator to let us in at Microsoft; at most one open per firm.

    Written by `migration.consent` alone.
    """

    firm = models.ForeignKey(Firm, models.PROTECT, related_name="consent_requests")
    asked_at = models.DateTimeField()
    # When somebody last came back from Microsoft's page saying that it is done. Anybody with the link can say so.
    reported_at = models.DateTimeField(null=True, blank=True)
    # When Microsoft let a member of the firm in: the only proof.
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-asked_at"]
        verbose_name = "wait for an administrator"
        verbose_name_plural = "waits for administrators"
        constraints = [
            models.UniqueConstraint(
                name="consent_one_open_per_firm", fields=["firm"], condition=models.Q(settled_at__isnull=True)
            )
        ]

    def __str__(self) -> str:
        return f"consent for {self.firm_id}"

    @classmethod
    def open_of(cls, firm_id: int | None) -> "ConsentRequest | None":
        """What this firm waits for, if anything."""
        return cls.objects.filter(firm=firm_id, settled_at=None).first() if firm_id else None
