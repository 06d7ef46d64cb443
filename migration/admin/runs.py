"""Runs, outcomes, sign-ins and held appointments: to be looked at. A run is written by its worker alone; the one thing
people may do is to have a failed or waiting one go on."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince

from firms.admin.base import FlagFilter, ReadOnlyAdmin
from firms.models import User
from migration import runs
from migration.models import MigrationRun

RETRIED = (MigrationRun.State.FAILED, MigrationRun.State.WAITING)


class RunFirmFlagFilter(FlagFilter):
    title = "flag of the firm"
    firm = "connection__member__firm__"


class TroubleFilter(admin.SimpleListFilter):
    title = "trouble"
    parameter_name = "trouble"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("grant", "Waits for the member’s sign-in"), ("service", "Waits for Microsoft"), ("failed", "Failed")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[MigrationRun]) -> QuerySet[MigrationRun]:
        waiting = queryset.filter(state=MigrationRun.State.WAITING)
        if self.value() == "grant":
            return waiting.filter(wait_reason="grant")
        if self.value() == "service":
            return waiting.exclude(wait_reason="grant")
        return queryset.filter(state=MigrationRun.State.FAILED) if self.value() == "failed" else queryset


@admin.register(MigrationRun)
class MigrationRunAdmin(ReadOnlyAdmin):
    show_facets = admin.ShowFacets.ALWAYS
    list_display = (
        "account", "shown_state", "firm", "events", "found", "not_found", "requests", "queued",
    )  # fmt: skip
    list_filter = ("state", TroubleFilter, "metadata_only", RunFirmFlagFilter)
    list_select_related = ("connection__member__firm",)
    search_fields = ("connection__account", "connection__member__email", "connection__member__name")
    search_help_text = "Account or member"
    actions = ("retry",)
    change_form_template = "admin/migration/migrationrun/change_form.html"
    fieldsets = (
        (None, {"fields": ("account", "member", "firm", "shown_state", "step", "metadata_only")}),
        ("What it found", {"fields": ("total", "listed", "by_id", "by_metadata", "anomalies", "outcomes")}),
        ("Waiting", {"fields": ("wait_until", "wait_reason")}),
        ("Failure", {"fields": ("failure_class", "failure_message", "failure_hint", "attempts")}),
        ("When and how much", {"fields": ("requests", "queued_at", "started_at", "touched_at", "finished_at")}),
    )
    readonly_fields = ("account", "member", "firm", "shown_state", "outcomes", "queued_at", "touched_at")

    class Media:
        css = {"all": ["css/admin/tickets.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[MigrationRun]:
        return super().get_queryset(request).select_related("connection__member__firm")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Without the link to texts of events for who may not see them."""
        sets = super().get_fieldsets(request, obj)
        if request.user.has_perm("migration.view_outcome"):
            return sets
        return [
            (name, {**one, "fields": [field for field in one["fields"] if field != "outcomes"]}) for name, one in sets
        ]

    @admin.display(description="account", ordering="connection__account")
    def account(self, run: MigrationRun) -> str:
        return run.connection.account

    @admin.display(description="member", ordering="connection__member__email")
    def member(self, run: MigrationRun) -> User:
        return run.connection.member

    @admin.display(description="firm", ordering="connection__member__firm__name", empty_value="–")
    def firm(self, run: MigrationRun) -> Any:
        return run.connection.member.firm

    @admin.display(description="state", ordering="state")
    def shown_state(self, run: MigrationRun) -> SafeString:
        """And what it waits for, or why it failed."""
        trouble = run.failure_class or run.wait_reason
        words = '<span class="pill pill-{}">{}</span><br><span class="quiet">{}</span>'
        return format_html(words, run.state, run.get_state_display(), trouble)

    @admin.display(description="events", ordering="total")
    def events(self, run: MigrationRun) -> str:
        return f"{run.total:,}"

    @admin.display(description="by id + else", ordering="by_id")
    def found(self, run: MigrationRun) -> SafeString:
        return format_html('{} <span class="quiet">+ {}</span>', f"{run.by_id:,}", f"{run.by_metadata:,}")

    @admin.display(description="not found", ordering="anomalies")
    def not_found(self, run: MigrationRun) -> str:
        return f"{run.anomalies:,}"

    @admin.display(description="queued", ordering="queued_at")
    def queued(self, run: MigrationRun) -> str:
        return f"{timesince(run.queued_at, depth=1)} ago"

    @admin.display(description="outcomes")
    def outcomes(self, run: MigrationRun) -> SafeString:
        address = reverse("admin:migration_outcome_changelist")
        return format_html('<a href="{}?run__id__exact={}">Outcome of each event</a>', address, run.pk)

    @admin.action(description="Retry the selected runs", permissions=["retry"])
    def retry(self, request: HttpRequest, chosen: QuerySet[MigrationRun]) -> None:
        assert isinstance(request.user, User)
        taken = sum(runs.take_up(run, actor=request.user) for run in chosen.filter(state__in=RETRIED).order_by("pk"))
        left = chosen.count() - taken
        messages.success(request, f"{taken} taken up where they stopped; {left} neither failed nor waiting.")

    def has_retry_permission(self, request: HttpRequest) -> bool:
        """Support, for the member who asks; and whoever answers for the rollout of a firm."""
        user = request.user
        return user.has_perm("migration.resolve_ticket") or user.has_perm("firms.flag_firm")

    def get_urls(self) -> list[URLPattern]:
        retry = self.admin_site.admin_view(self.retry_view)
        return [path("<int:pk>/retry/", retry, name="migration_migrationrun_retry"), *super().get_urls()]

    def retry_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """POST only: the run goes on where it was."""
        if request.method != "POST" or not (self.has_view_permission(request) and self.has_retry_permission(request)):
            raise PermissionDenied
        run = self.get_queryset(request).filter(pk=pk).first()
        if run is None:
            raise Http404
        assert isinstance(request.user, User)
        if runs.take_up(run, actor=request.user):
            messages.success(request, "The run goes on where it stopped. Nothing it found so far is lost.")
        else:
            messages.error(request, "Nothing was done: the run is neither failed nor waiting any more.")
        return HttpResponseRedirect(reverse("admin:migration_migrationrun_change", args=[pk]))

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        run = context["original"]
        may_retry = run.state in RETRIED and self.has_retry_permission(request)
        context |= {"title": f"Run of {run.connection.account}", "subtitle": None, "may_retry": may_retry}
        return super().render_change_form(request, context, *args, **kwargs)
