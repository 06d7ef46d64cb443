"""Firms that wait for their administrator at Microsoft: to be looked at. What opens and ends a wait is the sign-in."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest

from firms.admin.base import ReadOnlyAdmin
from firms.models import Firm
from migration.answers import Reason
from migration.models import ConsentRequest, SignInAttempt

OPEN = ConsentRequest.objects.filter(settled_at=None)


class WaitFilter(admin.SimpleListFilter):
    """Of waits: where they stand."""

    title = "state"
    parameter_name = "state"
    states = {
        "waiting": Q(settled_at=None, reported_at=None),
        "reported": Q(settled_at=None, reported_at__isnull=False),
        "settled": Q(settled_at__isnull=False),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("waiting", "Waiting for its administrator"),
            ("reported", "Said to be given; nobody has signed in yet"),
            ("settled", "Given"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ConsentRequest]) -> QuerySet[ConsentRequest]:
        chosen = self.states.get(self.value() or "")
        return queryset if chosen is None else queryset.filter(chosen)


class WaitingFirmFilter(admin.SimpleListFilter):
    """Of firms: those that wait."""

    title = "administrator at Microsoft"
    parameter_name = "administrator"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("awaited", "Waiting for its administrator")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Firm]) -> QuerySet[Firm]:
        if self.value() != "awaited":
            return queryset
        return queryset.filter(Exists(OPEN.filter(firm=OuterRef("pk"))))


@admin.register(ConsentRequest)
class ConsentRequestAdmin(ReadOnlyAdmin):
    show_facets = admin.ShowFacets.ALWAYS
    list_display = ("firm", "state", "members", "asked_at", "reported_at", "settled_at")
    list_filter = (WaitFilter,)
    list_select_related = ("firm",)
    search_fields = ("firm__name", "firm__slug")
    search_help_text = "Name or short name of the firm"
    fields = ("firm", "state", "members", "asked_at", "reported_at", "settled_at")
    readonly_fields = ("state", "members")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ConsentRequest]:
        sent_away = SignInAttempt.objects.filter(
            member__firm=OuterRef("firm"), consumed_at__gte=OuterRef("asked_at"),
            result=SignInAttempt.Result.CONSENT_MISSING, detail__startswith=Reason.ADMINISTRATOR,
        )  # fmt: skip
        members = sent_away.order_by().values("member__firm").annotate(n=Count("member", distinct=True)).values("n")
        number = Coalesce(Subquery(members, output_field=IntegerField()), 0)
        return super().get_queryset(request).annotate(member_count=number)

    @admin.display(description="members sent away", ordering="member_count")
    def members(self, wait: Any) -> int:
        return wait.member_count

    @admin.display
    def state(self, wait: ConsentRequest) -> str:
        if wait.settled_at:
            return "Given"
        return "Said to be given" if wait.reported_at else "Waiting for its administrator"

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever may see firms may see what they wait for."""
        return request.user.has_perm("firms.view_firm")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)
