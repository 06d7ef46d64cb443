"""Sign-ins with Microsoft, read-only: what support look up when a member calls. Never the flow nor the state's hash."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from firms.admin.base import ReadOnlyAdmin
from migration.models import SignInAttempt


@admin.register(SignInAttempt)
class SignInAttemptAdmin(ReadOnlyAdmin):
    show_facets = admin.ShowFacets.ALWAYS
    list_display = ("started_at", "member", "connected", "address", "result", "verdict", "old_ids", "detail")
    list_filter = ("result", "verdict", "held_by_another", "started_at")
    list_select_related = ("member", "connection")
    search_fields = ("member__email", "member__name", "connection__account", "address")
    search_help_text = "Member, connected account, or the address that signed in"
    fields = (
        "member", "connected", "address", "tid", "oid", "result", "verdict", "held_by_another", "old_ids", "detail",
        "started_at", "expires_at", "consumed_at",
    )  # fmt: skip
    readonly_fields = ("member", "connected", "old_ids")

    @admin.display(description="connected account", ordering="connection__account")
    def connected(self, attempt: SignInAttempt) -> str:
        return attempt.connection.account

    @admin.display(description="old ids")
    def old_ids(self, attempt: SignInAttempt) -> str:
        return attempt.evidence

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("member", "connection")
