"""By which tickets are told apart in the list, each with its count: firm and age."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from firms.models import Firm
from migration.models import Ticket
from migration.ticket_states import LIVE

# Beside the list; any other firm is found by the search.
FIRMS_SHOWN = 20


class FirmFilter(admin.SimpleListFilter):
    """The firms with most tickets that are not closed; and the one that is chosen."""

    title = "firm"
    parameter_name = "firm"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        waiting = Count("members__tickets", filter=Q(members__tickets__state__in=LIVE))
        firms = Firm.objects.filter(members__tickets__isnull=False).annotate(waiting=waiting)
        found = {str(firm.pk): firm.name for firm in firms.order_by("-waiting", "name")[:FIRMS_SHOWN]}
        chosen = self.used_parameters.get(self.parameter_name) or request.GET.get(self.parameter_name, "")
        if chosen.isdecimal() and len(chosen) < 10 and chosen not in found:
            found |= {str(firm.pk): firm.name for firm in Firm.objects.filter(pk=chosen)}
        return sorted(found.items(), key=lambda one: one[1])

    def queryset(self, request: HttpRequest, queryset: QuerySet[Ticket]) -> QuerySet[Ticket]:
        chosen = self.value()
        known = {value for value, _ in self.lookup_choices}
        return queryset.filter(member__firm=int(chosen or 0)) if chosen in known else queryset


class AgeFilter(admin.SimpleListFilter):
    """Since it was opened: the oldest first need an answer."""

    title = "age"
    parameter_name = "age"
    # From so many days on, and less than so many.
    spans = {"day": (0, 1), "days": (1, 3), "week": (3, 7), "older": (7, None)}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("day", "Less than a day"), ("days", "1 to 3 days"), ("week", "3 to 7 days"), ("older", "More than a week"),
        ]  # fmt: skip

    def queryset(self, request: HttpRequest, queryset: QuerySet[Ticket]) -> QuerySet[Ticket]:
        if self.value() not in self.spans:
            return queryset
        now, (least, most) = timezone.now(), self.spans[self.value() or ""]
        found = queryset.filter(opened_at__lte=now - timedelta(days=least))
        return found if most is None else found.filter(opened_at__gt=now - timedelta(days=most))
