"""What the cutoff would do if it were now, or has done (R11): for staff, before anybody is hit by it."""

from typing import Any

from django.conf import settings
from django.core.paginator import Paginator
from django.db.models import Count, F, Q
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from calendars import cutoff
from calendars.models import CalendarConnection
from calendars.states import Provider, State

PER_PAGE = 50


def forecast(site: Any, request: HttpRequest) -> HttpResponse:
    """Members the cutoff concerns, in all and firm by firm, most first: three queries, whatever their number."""
    live = CalendarConnection.objects.exclude(state=State.DISCONNECTED)
    totals = live.aggregate(
        old=Count("pk", filter=Q(state=State.OLD_SYNC)),
        disabled=Count("pk", filter=Q(state=State.DISABLED)),
        told=Count("pk", filter=Q(state=State.DISABLED, told_epoch=F("epoch"))),
        waiting=Count("pk", filter=Q(state=State.REAUTH_REQUIRED)),
        unsupported=Count("pk", filter=Q(state=State.UNSUPPORTED)),
        lost=Count("pk", filter=Q(provider=Provider.OUTLOOK, state=State.GRANT_LOST)),
        google=Count("pk", filter=Q(provider=Provider.GOOGLE)),
        graph=Count("pk", filter=Q(provider=Provider.OUTLOOK, state__in=(State.MIGRATING, State.GRAPH_SYNC))),
    )
    firms = (
        live.filter(state__in=(State.OLD_SYNC, State.DISABLED))
        .values("member__firm_id", "member__firm__name", "member__firm__flagged_at")
        .annotate(members=Count("pk"))
        .order_by("-members", "member__firm__name", "member__firm_id")
    )
    now = timezone.now()
    context = {
        **site.each_context(request),
        "title": "The cutoff",
        "opts": CalendarConnection._meta,
        "cutoff": f"{settings.SYNC_CUTOFF:%B %-d, %Y, %H:%M (UTC%z)}",
        "passed": cutoff.has_passed(now, settings.SYNC_CUTOFF),
        "left": settings.SYNC_CUTOFF - now,
        "totals": totals,
        "firms": Paginator(firms, PER_PAGE).get_page(request.GET.get("page")),
    }
    return TemplateResponse(request, "admin/calendars/cutoff.html", context)
