"""Organisations that have ended EWS: which firms and tenants are hit, so that staff flag them."""

from typing import Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import Count, F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from calendars import blocked
from calendars.models import CalendarConnection

PER_PAGE = 50


class BlockedFilter(admin.SimpleListFilter):
    """Of connections."""

    title = "old sync"
    parameter_name = "old_sync"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(blocked.REASON, "Ended by the organisation")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[CalendarConnection]) -> QuerySet[CalendarConnection]:
        return queryset.filter(pk__in=blocked.hit().values("pk")) if self.value() == blocked.REASON else queryset


class BlockedFirmFilter(BlockedFilter):
    """Of firms: those with members who are hit."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        hit = blocked.hit().values("member__firm")
        return queryset.filter(pk__in=hit) if self.value() == blocked.REASON else queryset


def overview(site: Any, request: HttpRequest) -> HttpResponse:
    """Firm by firm and tenant by tenant, most members first."""
    firms = blocked.hit().values(
        "tid", firm=F("member__firm_id"), name=F("member__firm__name"), flagged=F("member__firm__flagged_at")
    )  # fmt: skip
    rows = firms.annotate(members=Count("pk")).order_by("-members", "name", "firm", "tid")
    context = {
        **site.each_context(request),
        "title": "Organisations that have ended EWS",
        "opts": CalendarConnection._meta,
        "total": blocked.hit().count(),
        "rows": Paginator(rows, PER_PAGE).get_page(request.GET.get("page")),
    }
    return TemplateResponse(request, "admin/calendars/blocked.html", context)
