"""The calendar to look at: a month, a day, the days from one on, and what a search finds."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateformat import format as date_format
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_safe

from calendars import agenda, connections, month, places
from calendars.agenda import Entry
from calendars.models import Event
from calendars.sync.status import statuses
from calendars.views.access import MemberRequest, of_member
from firms.models import User

# Further away nobody has events, and dates come to an end.
YEARS = range(1900, 2200)
AGENDA_DAYS = 28
FOUND = 50
LONGEST_SEARCH = 200


@require_safe
@of_member
def home(request: MemberRequest) -> HttpResponse:
    """Leads to the month of today or of `date`; with `view` to the day, or to the agenda from there on."""
    day = _asked_for(request, "date") or _today(request.user)
    match request.GET.get("view"):
        case "agenda":
            return redirect(_agenda_url(day))
        case "day":
            return redirect(_day_url(day))
        case _:
            return redirect(_month_url(day))


@require_safe
@of_member
def month_page(request: MemberRequest, year: int, number: int) -> HttpResponse:
    member, begin = request.user, _date(year, number, 1)
    first, last = month.first_and_last(year, number, places.first_weekday(member.time_zone))
    entries, today = agenda.between(member, first, last), _today(member)
    context = {
        "month": begin,
        "back": _step(begin - timedelta(days=1), "F", _month_url),
        "on": _step(begin + timedelta(days=31), "F", _month_url),
        "weekdays": [first + timedelta(days=one) for one in range(7)],
        "weeks": list(month.weeks(first, entries)),
    }
    shown = today if begin == today.replace(day=1) else begin
    return render(request, "calendars/month.html", context | _shared(member, entries, shown))


@require_safe
@of_member
def day_page(request: MemberRequest, year: int, number: int, day: int) -> HttpResponse:
    member, shown = request.user, _date(year, number, day)
    entries = agenda.between(member, shown, shown)
    context = {
        "day": shown,
        "back": _step(shown - timedelta(days=1), "M j", _day_url),
        "on": _step(shown + timedelta(days=1), "M j", _day_url),
    }
    return render(request, "calendars/day.html", context | _shared(member, entries, shown))


@require_safe
@of_member
def agenda_page(request: MemberRequest) -> HttpResponse:
    """Four weeks of days with events, from the day `from` on, or from today."""
    member = request.user
    first = _asked_for(request, "from") or _today(member)
    last, step = first + timedelta(days=AGENDA_DAYS - 1), timedelta(days=AGENDA_DAYS)
    entries = agenda.between(member, first, last)
    context = {
        "first": first,
        "last": last,
        "listed": agenda.day_by_day(entries, first, last),
        "back": _step(first - step, "M j", _agenda_url),
        "on": _step(first + step, "M j", _agenda_url),
    }
    return render(request, "calendars/agenda.html", context | _shared(member, entries, first))


@require_safe
@of_member
def search_page(request: MemberRequest) -> HttpResponse:
    """Events that have `q` in subject, location or notes, latest first; a series stands once, where it begins."""
    member = request.user
    # PostgreSQL cannot search for NUL.
    wanted = request.GET.get("q", "").replace("\0", "").strip()[:LONGEST_SEARCH]
    having = Q(subject__icontains=wanted) | Q(location__icontains=wanted) | Q(body__icontains=wanted)
    found = Event.objects.filter(having, member=member) if wanted else Event.objects.none()
    page = Paginator(found.order_by("-starts_at", "-pk"), FOUND).get_page(request.GET.get("page"))
    entries = [agenda.entry(event, member.zone, date.min) for event in page]
    context = {"wanted": wanted, "page": page}
    return render(request, "calendars/search.html", context | _shared(member, entries, _today(member)))


def _shared(member: User, entries: Sequence[Entry], shown: date) -> dict[str, Any]:
    """What every one of these pages needs; `shown` is the day that the other views open at."""
    connection = connections.live(member)
    events = {entry.event.pk: entry.event for entry in entries}
    return {
        "entries": entries,
        "today": _today(member),
        "shown": shown,
        "place": places.place(member.time_zone),
        "connection": connection,
        "statuses": statuses(connection, list(events.values())) if connection else {},
    }


def _today(member: User) -> date:
    return timezone.now().astimezone(member.zone).date()


def _asked_for(request: MemberRequest, name: str) -> date | None:
    """A day given in the query; whatever else stands there is taken as not given."""
    try:
        day = parse_date(request.GET.get(name, ""))
    except ValueError:
        return None
    return _within(day) if day else None


def _date(year: int, number: int, day: int) -> date:
    try:
        asked = date(year, number, day)
    except (ValueError, OverflowError):
        raise Http404 from None
    if not _within(asked):
        raise Http404
    return asked


def _within(day: date) -> date | None:
    return day if day.year in YEARS else None


def _step(day: date, label: str, url: Callable[[date], str]) -> dict[str, str] | None:
    """The way to what comes before or after; None where dates end. `label` is a date format."""
    return {"url": url(day), "label": date_format(day, label)} if _within(day) else None


def _month_url(day: date) -> str:
    return reverse("calendar_month", args=[day.year, day.month])


def _day_url(day: date) -> str:
    return reverse("calendar_day", args=[day.year, day.month, day.day])


def _agenda_url(day: date) -> str:
    return f"{reverse('calendar_agenda')}?from={day.isoformat()}"
