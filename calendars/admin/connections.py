from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path

from calendars.admin.blocked import BlockedFilter, overview
from calendars.admin.cutoff import forecast
from calendars.admin.sharing import HeldByFilter, also_held_by
from calendars.models import CalendarConnection, Grant
from firms.admin.base import MemberFirmFlagFilter, ReadOnlyAdmin


@admin.register(CalendarConnection)
class CalendarConnectionAdmin(ReadOnlyAdmin):
    list_display = ("account", "member", "firm", "provider", "state", "state_since", "stopped_at", "migrated_at")
    list_filter = ("state", "provider", MemberFirmFlagFilter, HeldByFilter, BlockedFilter, "state_since")
    list_select_related = ("member__firm",)
    search_fields = ("account", "member__email", "member__firm__slug")
    search_help_text = "Address of the account or of the member, or the short name of the firm"
    fieldsets = (
        (
            None,
            {"fields": ("member", "provider", "account", "other_addresses", "calendar_name", "is_default_calendar")},
        ),
        ("State", {"fields": ("state", "state_since", "stopped_at", "migrated_at", "epoch", "created_at")}),
        ("Ids", {"fields": ("tid", "oid", "also_held_by", "ews_folder_id", "calendar_id"), "classes": ("collapse",)}),
        ("Worker", {"fields": ("lease_owner", "lease_until", "lease_fence"), "classes": ("collapse",)}),
    )

    readonly_fields = ("also_held_by",)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[CalendarConnection]:
        # Opaque, of no use to a person, and long.
        return super().get_queryset(request).defer("sync_state")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("cutoff/", view(self._cutoff), name="calendars_cutoff"),
            path("blocked/", view(self._blocked), name="calendars_blocked"),
            *super().get_urls(),
        ]

    def _cutoff(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return forecast(self.admin_site, request)

    def _blocked(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return overview(self.admin_site, request)

    @admin.display(description="also held by", empty_value="no other member")
    def also_held_by(self, connection: CalendarConnection) -> object:
        return also_held_by(connection)

    @admin.display(description="firm", ordering="member__firm__name")
    def firm(self, connection: CalendarConnection) -> object:
        return connection.member.firm


@admin.register(Grant)
class GrantAdmin(ReadOnlyAdmin):
    """Which grants there are, never what is in them."""

    fields = ("connection", "service", "scopes", "version", "lost_at", "updated_at")
    list_display = ("connection", "service", "updated_at", "lost_at")
    list_filter = ("service", ("lost_at", admin.EmptyFieldListFilter))
    list_select_related = ("connection",)
    search_fields = ("connection__account", "connection__member__email")

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Grant]:
        return super().get_queryset(request).defer("secret")
