"""Daily syncs: how each stands, and the one thing about them that people decide."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince

from calendars.admin.refused import carry_out
from calendars.models import LocalChange, Sync, SyncedEvent
from calendars.sync import refusals, services
from firms.admin.base import ReadOnlyAdmin
from firms.models import User

WAITS = {
    "throttled": "The service asked us to wait", "busy": "The service is busy", "unreachable": "Nobody answers",
    "unreadable": "Answers cannot be read", "trouble": "Trouble; it is tried again", "grant": "The member has to sign in",
    "operator": "Our registration with the service", "blocked": "The organisation does not allow it",
    "mailbox": "No mailbox that the service serves", "denied": "A permission is missing",
    "stopped": "Ended its worker again and again",
}  # fmt: skip


class WaitFilter(admin.SimpleListFilter):
    title = "what it waits for"
    parameter_name = "wait_reason"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(WAITS.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Sync]) -> QuerySet[Sync]:
        return queryset.filter(wait_reason=self.value()) if self.value() in WAITS else queryset


class StandingFilter(admin.SimpleListFilter):
    title = "standing"
    parameter_name = "standing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("refused", "A picture was refused"), ("waiting", "Waiting"), ("failing", "Fails at single appointments"),
            ("never", "Not synced yet"),
        ]  # fmt: skip

    def queryset(self, request: HttpRequest, queryset: QuerySet[Sync]) -> QuerySet[Sync]:
        if self.value() == "refused":
            return queryset.filter(refused__isnull=False)
        if self.value() == "waiting":
            return queryset.exclude(wait_reason="")
        if self.value() == "failing":
            return queryset.exclude(failing_next=None)
        return queryset.filter(synced_at=None) if self.value() == "never" else queryset


@admin.register(Sync)
class SyncAdmin(ReadOnlyAdmin):
    list_display = ("account", "state", "waits_for", "picture", "last_success", "told_later")
    list_filter = (StandingFilter, "service", WaitFilter)
    list_select_related = ("connection__member__firm",)
    search_fields = ("connection__account", "connection__member__email")
    search_help_text = "Account or member"
    actions = ("let_through", "look_again")
    fieldsets = (
        (
            None,
            {"fields": ("account", "member", "state", "service", "last_success", "full_at", "next_at", "told_later")},
        ),
        ("Waiting", {"fields": ("waits_for", "error", "attempts")}),
        ("Fails at single appointments", {"fields": ("fails_at", "failing_next")}),
        ("Refused", {"fields": ("picture", "gone", "refused_at", "let_through")}),
        ("Change notifications", {"fields": ("subscription_id", "subscription_until"), "classes": ("collapse",)}),
    )
    readonly_fields = (
        "account", "member", "state", "last_success", "waits_for", "fails_at", "picture", "gone", "told_later",
    )  # fmt: skip

    class Media:
        css = {"all": ["css/admin/tickets.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Sync]:
        # Opaque, of no use to a person, and long.
        rows = super().get_queryset(request).select_related("connection__member__firm").defer("mark", "cursor")
        changes = LocalChange.objects.filter(connection=OuterRef("connection")).order_by()
        counts = changes.values("connection").annotate(n=Count("pk")).values("n")
        return rows.annotate(changes=Coalesce(Subquery(counts, output_field=IntegerField()), 0))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Without the link to synced events for who may not see them."""
        sets = super().get_fieldsets(request, obj)
        if request.user.has_perm("calendars.view_syncedevent"):
            return sets
        return [(name, {**one, "fields": [field for field in one["fields"] if field != "gone"]}) for name, one in sets]

    @admin.display(description="account, firm", ordering="connection__account")
    def account(self, sync: Sync) -> SafeString:
        firm = sync.connection.member.firm or "no firm"
        return format_html('{}<br><span class="quiet">{}</span>', sync.connection.account, firm)

    @admin.display(description="member")
    def member(self, sync: Sync) -> SafeString:
        member = sync.connection.member
        return format_html('<a href="{}">{}</a>', reverse("admin:firms_user_change", args=[member.pk]), member.email)

    @admin.display(description="state", ordering="connection__state")
    def state(self, sync: Sync) -> str:
        """Whether it syncs at all is the connection's state."""
        name = sync.connection.get_state_display()
        return name if services.service_of(sync.connection, timezone.now()) else f"{name}: does not sync"

    @admin.display(description="last success", ordering="synced_at", empty_value="never")
    def last_success(self, sync: Sync) -> str | None:
        return f"{timesince(sync.synced_at, depth=1)} ago" if sync.synced_at else None

    @admin.display(description="waits for", ordering="wait_reason", empty_value="–")
    def waits_for(self, sync: Sync) -> str | None:
        return WAITS.get(sync.wait_reason, sync.wait_reason) or None

    @admin.display(description="appointments", empty_value="–")
    def fails_at(self, sync: Sync) -> str | None:
        """Their ids, by which the organisation's administrator finds them."""
        return ", ".join(sync.failing) or None

    @admin.display(description="refused picture", ordering="refused_at", empty_value="–")
    def picture(self, sync: Sync) -> SafeString | str | None:
        if not sync.refused:
            return None
        said = f"{sync.refused['gone']:,} of {sync.refused['of']:,} events gone at once"
        return f"{said}; to be carried out" if sync.let_through else said

    @admin.display(description="which", empty_value="–")
    def gone(self, sync: Sync) -> SafeString | None:
        if not sync.refused:
            return None
        address, proven = reverse("admin:calendars_syncedevent_changelist"), SyncedEvent.Doubt.PROVEN.value
        words = '<a href="{}?connection__id__exact={}&amp;doubt__exact={}">The events that are gone</a>'
        return format_html(words, address, sync.connection_id, proven)

    @admin.display(description="not told yet", ordering="changes")
    def told_later(self, sync: Any) -> str:
        return f"{sync.changes:,}"

    @admin.action(description="Carry out once what was refused…", permissions=["decide"])
    def let_through(self, request: HttpRequest, chosen: QuerySet[Sync]) -> HttpResponse | None:
        return carry_out(request, chosen, self.admin_site)

    @admin.action(description="Look again: read the whole calendar", permissions=["decide"])
    def look_again(self, request: HttpRequest, chosen: QuerySet[Sync]) -> None:
        assert isinstance(request.user, User)
        for sync in chosen:
            refusals.look_again(sync, actor=request.user)
        messages.success(request, f"{chosen.count()} will be read from the beginning.")

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("calendars.decide_sync")
