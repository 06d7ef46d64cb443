from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from calendars.models import HeldAppointment, SyncedEvent
from firms.admin.base import ReadOnlyAdmin


class HeldAppointmentInline(admin.TabularInline):
    model = HeldAppointment
    fields = ("appointment_id", "shown")
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


@admin.register(SyncedEvent)
class SyncedEventAdmin(ReadOnlyAdmin):
    """Lists show no texts of members; the page of one event shows what support need to recognise it."""

    list_display = ("uid", "connection", "link", "calendar", "starts_at", "all_day", "deleted_at")
    list_filter = ("link", "calendar", ("deleted_at", admin.EmptyFieldListFilter))
    list_select_related = ("connection",)
    search_fields = ("=uid", "=ews_id", "=appointment_id", "connection__account")
    search_help_text = "The account's address, or exactly an event's UID or id"
    inlines = (HeldAppointmentInline,)
    fieldsets = (
        (None, {"fields": ("connection", "uid", "link", "calendar", "deleted_at")}),
        (
            "As last synced",
            {
                "fields": (
                    "subject",
                    "start",
                    "end",
                    "time_zone",
                    "all_day",
                    "rrule",
                    "exdates",
                    "original_start",
                    "location",
                )
            },
        ),
        ("Ids", {"fields": ("ews_id", "appointment_id", "ical_uid", "change_key"), "classes": ("collapse",)}),
        ("Changes", {"fields": ("modified_here", "modified_there"), "classes": ("collapse",)}),
    )

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[SyncedEvent]:
        queryset = super().get_queryset(request)
        resolver = request.resolver_match
        if resolver is not None and (resolver.url_name or "").endswith("_changelist"):
            return queryset.defer("subject", "location", "rrule", "exdates")
        return queryset
