"""The page of an event: what it says, how it stands with the calendar service, and what can be done with it."""

from datetime import date, datetime, timedelta

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from calendars import agenda, connections, editing, limits, occurrences, places, sayings, wording
from calendars.agenda import Entry
from calendars.models import CalendarConnection, Event
from calendars.sync.status import statuses
from calendars.sync.waking import SYNCING
from calendars.views.access import MemberRequest, of_member
from firms.models import User
from firms.zones import zone_info

NEXT_DATES = 5
# What waits longer than this is not carried over "within moments".
LATE = timedelta(minutes=5)


@require_safe
@of_member
def event(request: MemberRequest, pk: int) -> HttpResponse:
    """An event of its own: a single one, a whole series, or an edited date of one."""
    return _page(request, own_event(request.user, pk), None)


@require_safe
@of_member
def occurrence(request: MemberRequest, pk: int, slot: str) -> HttpResponse:
    """A date of a series as its rule gives it; one that was edited has a page of its own."""
    master = own_event(request.user, pk)
    edited = edited_date(master, slot)
    if edited is not None:
        return redirect("event", edited.pk)
    return _page(request, master, date_of_series(master, slot))


@require_safe
@of_member
def standing(request: MemberRequest, pk: int) -> HttpResponse:
    """How an event stands with the calendar service, as the part of its page that fetches itself again while it waits."""
    event = own_event(request.user, pk)
    connection = connections.live(request.user)
    if connection is None:
        raise Http404
    return render(request, "calendars/standing_alone.html", {"event": event} | _standing(connection, event))


def own_event(member: User, pk: int) -> Event:
    return get_object_or_404(Event.objects.select_related("series"), pk=pk, member=member)


def date_of_series(master: Event, slot: str) -> datetime:
    """The wall-clock start that `slot` names; 404 where the series does not take place then."""
    if not master.rrule or slot in master.exdates or not occurrences.is_slot(master, slot):
        raise Http404
    return datetime.fromisoformat(slot)


def edited_date(master: Event, slot: str) -> Event | None:
    try:
        return editing.edited_date(master, slot)
    except editing.Gone:
        raise Http404 from None


def _page(request: MemberRequest, event: Event, slot: datetime | None) -> HttpResponse:
    member, connection = request.user, connections.live(request.user)
    entry = agenda.entry(event, member.zone, date.min, slot)
    whole = bool(event.rrule) and slot is None
    context = {
        "event": event,
        "entry": entry,
        "slot": entry.slot,
        "whole": whole,
        "master": event.series or (event if event.rrule else None),
        "repeats": wording.repeats(event.series or event),
        "there": _there(entry, member),
        "place": places.place(member.time_zone),
        "limits": limits.of(connection, event),
        "versions": sayings.versions(event),
        "next_dates": agenda.dates_of(event, member.zone, timezone.now(), NEXT_DATES) if whole else (),
        "edited": [agenda.entry(one, member.zone, date.min) for one in _exceptions(event)] if whole else (),
        "removed": [datetime.fromisoformat(one) for one in sorted(event.exdates)] if whole else (),
    }
    return render(request, "calendars/event.html", context | _standing(connection, event))


def _standing(connection: CalendarConnection | None, event: Event) -> dict[str, object]:
    status = statuses(connection, [event])[event.pk]
    return {
        "connection": connection,
        "syncing": connection is not None and connection.state in SYNCING,
        "status": status,
        "late": status.since is not None and timezone.now() - status.since > LATE,
    }


def _exceptions(master: Event) -> list[Event]:
    return list(master.exceptions.order_by("original_starts_at", "pk"))


def _there(entry: Entry, member: User) -> dict[str, object] | None:
    """Start and end where the event is, if its clocks show another time than the member's."""
    event = entry.event
    if event.all_day or event.floating or event.time_zone == member.time_zone:
        return None
    zone = zone_info(event.time_zone)
    start, end = entry.start.astimezone(zone), entry.end.astimezone(zone)
    if (start.utcoffset(), end.utcoffset()) == (entry.start.utcoffset(), entry.end.utcoffset()):
        return None
    # Naive: the pages' templates turn aware times into the member's.
    start, end = start.replace(tzinfo=None), end.replace(tzinfo=None)
    days = [start.date(), end.date()]
    return {
        "start": start, "end": end, "place": places.place(event.time_zone),
        "other_days": days != [entry.start.date(), entry.end.date()], "until": days[1] if days[0] != days[1] else None,
    }  # fmt: skip
