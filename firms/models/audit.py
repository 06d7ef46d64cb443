from typing import Any, NoReturn

from django.conf import settings
from django.db import models

from firms.models.firm import Firm


class AppendOnly(TypeError):
    """An audit entry is neither changed nor deleted."""


class AuditQuerySet(models.QuerySet["AuditEntry"]):
    def update(self, **values: Any) -> NoReturn:
        raise AppendOnly("Audit entries are never changed.")

    def delete(self) -> NoReturn:
        raise AppendOnly("Audit entries are never deleted.")

    def bulk_create(self, objs: Any, *args: Any, **options: Any) -> list[Any]:
        if options.get("update_conflicts"):
            raise AppendOnly("Audit entries are never changed.")
        return super().bulk_create(objs, *args, **options)


class AuditEntry(models.Model):
    """Who did what to whom and when; written by `firms.audit.record` in the transaction of the deed itself."""

    at = models.DateTimeField(db_index=True)
    # Nobody = the system itself: a scheduled task, an import.
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    action = models.CharField(max_length=80, db_index=True)
    firm = models.ForeignKey(Firm, models.PROTECT, null=True, related_name="audit_entries")
    member = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="audit_entries")
    # The row it is about, as "calendars.CalendarConnection:17".
    subject = models.CharField(max_length=120, blank=True, db_index=True)
    note = models.TextField(blank=True)
    data = models.JSONField(default=dict)

    objects = AuditQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.action}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise AppendOnly("Audit entries are never changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnly("Audit entries are never deleted.")
