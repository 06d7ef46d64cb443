"""What members had written and is there no more: each can be taken up again, by an ordinary edit."""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from calendars import sayings
from calendars.views.access import MemberRequest, of_member
from calendars.views.drafts import blank

SHOWN = 50


@require_safe
@of_member
def deleted(request: MemberRequest) -> HttpResponse:
    """Events that were deleted, here or in the other calendar, latest first."""
    page = Paginator(sayings.of_deleted(request.user), SHOWN).get_page(request.GET.get("page"))
    base = blank(request.user, None, None)
    rows = [(row, sayings.as_said(row, base) if sayings.is_whole(row) else None) for row in page]
    return render(request, "calendars/deleted.html", {"page": page, "rows": rows})
