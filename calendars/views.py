from datetime import datetime

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache

from calendars import agenda, connections, cutoff, status
from calendars.models import CalendarConnection
from firms.models import User


@never_cache
@login_required
def dashboard(request: HttpRequest) -> HttpResponse:
    """The member's next events and the state of her connection."""
    assert isinstance(request.user, User)
    member, now = request.user, timezone.now()
    connection = connections.live(member)
    context = {
        "entries": agenda.next_events(member, now),
        # "America/New_York" is a name for programs.
        "place": member.time_zone.rsplit("/", 1)[-1].replace("_", " "),
        "today": now.astimezone(member.zone).date(),
        "connection": connection,
        "status": _status(connection, now) if connection else None,
    }
    return render(request, "calendars/dashboard.html", context)


def _status(connection: CalendarConnection, now: datetime) -> status.Status:
    return status.of(connection.state, cutoff_passed=cutoff.has_passed(now, settings.SYNC_CUTOFF))
