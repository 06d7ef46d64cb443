"""The page of a member's connection: what is connected, how its sync is doing, and how to connect it again."""

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from calendars import connections, cutoff, status
from calendars.models import CalendarConnection, Grant, Sync
from calendars.states import Provider, State
from calendars.views.access import MemberRequest, of_member


@require_safe
@of_member
def connection(request: MemberRequest) -> HttpResponse:
    member, now = request.user, timezone.now()
    live = connections.live(member)
    shown = live or connections.last(member)
    if shown and not shown.account:  # begun, and nobody has signed in
        shown = None
    sync = Sync.objects.filter(connection=shown).first() if shown else None
    waits_for, passed = sync.wait_reason if sync else "", cutoff.has_passed(now, settings.SYNC_CUTOFF)
    context = {
        "connection": shown,
        "live": live,
        "status": status.of(shown.state, cutoff_passed=passed, waits_for=waits_for) if shown else None,
        "sync": sync,
        "google": shown is not None and shown.provider == Provider.GOOGLE,
        "google_lost": live is not None and _google_needs_sign_in(live),
    }
    return render(request, "calendars/connection.html", context)


def _google_needs_sign_in(live: CalendarConnection) -> bool:
    """Also where it was taken over without a grant: it stands, and cannot sync."""
    if live.provider != Provider.GOOGLE:
        return False
    if live.state == State.GRANT_LOST:
        return True
    return not Grant.objects.filter(connection=live, service=Grant.Service.GOOGLE, lost_at=None).exists()
