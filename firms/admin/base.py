"""What the admin's pages have in common."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import BadRequest
from django.db import models
from django.db.models import Count, IntegerField, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse

from firms.keys import is_key


class Admin(admin.ModelAdmin):
    """Fast whatever the number of rows: no second count of everything, counts beside filters only when asked for."""

    show_facets = admin.ShowFacets.ALLOW
    show_full_result_count = False
    list_per_page = 50

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """400 for filters that no database can look for, and for a selection of what is no row: Django looks at neither."""
        filters = [value for _, values in request.GET.lists() for value in values]
        if any("\0" in value for value in filters) or not all(map(is_key, request.POST.getlist(ACTION_CHECKBOX_NAME))):
            raise BadRequest("no filter or selection of this list")
        return super().changelist_view(request, extra_context)

    def get_search_results(
        self, request: HttpRequest, queryset: models.QuerySet[Any], search_term: str
    ) -> tuple[models.QuerySet[Any], bool]:
        return super().get_search_results(request, queryset, search_term.replace("\0", ""))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """History is kept: firms, people and what was done for them are closed or ended, never deleted."""
        return False


class ReadOnlyAdmin(Admin):
    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class FlagFilter(admin.SimpleListFilter):
    """Firms, or the rows of their members, by the firm's flag; `firm` is the way to the firm's columns."""

    title = "flag"
    parameter_name = "flag"
    firm = ""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("set", "Flagged for Graph sync"), ("none", "Not flagged")]

    def queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        if self.value() == "set":
            return queryset.filter(**{f"{self.firm}flagged_at__isnull": False})
        if self.value() == "none":
            return queryset.filter(**{f"{self.firm}flagged_at": None})
        return queryset


class FirmFlagFilter(FlagFilter):
    title = "flag of the firm"
    firm = "firm__"


class MemberFirmFlagFilter(FlagFilter):
    title = "flag of the firm"
    firm = "member__firm__"


def count_of(rows: models.QuerySet[Any], field: str) -> Coalesce:
    """How many of `rows` name the listed row in `field`: a subquery, so that counts neither multiply nor add queries."""
    counts = rows.filter(**{field: OuterRef("pk")}).order_by().values(field).annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counts, output_field=IntegerField()), 0)
