from datetime import datetime

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from calendars import agenda, connections, cutoff, places, status
from calendars.models import CalendarConnection, Sync
from calendars.sync.status import statuses
from calendars.views.access import MemberRequest, of_member


@of_member
def dashboard(request: MemberRequest) -> HttpResponse:
    """The member's next events and the state of her connection."""
    member, now = request.user, timezone.now()
    connection, entries = connections.live(member), agenda.next_events(member, now)
    events = {entry.event.pk: entry.event for entry in entries}
    context = {
        "entries": entries,
        "statuses": statuses(connection, list(events.values())) if connection else {},
        "place": places.place(member.time_zone),
        "today": now.astimezone(member.zone).date(),
        "connection": connection,
        "status": _status(connection, now) if connection else None,
    }
    return render(request, "calendars/dashboard.html", context)


def _status(connection: CalendarConnection, now: datetime) -> status.Status:
    waits_for = Sync.objects.filter(connection=connection).values_list("wait_reason", flat=True).first()
    passed = cutoff.has_passed(now, settings.SYNC_CUTOFF)
    return status.of(connection.state, cutoff_passed=passed, waits_for=waits_for or "")
