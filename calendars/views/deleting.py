"""Deleting: asked on a page of its own, done by its button."""

from collections.abc import Callable
from datetime import date as day
from datetime import datetime

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from calendars import agenda, connections, editing, limits
from calendars.models import Event
from calendars.views.access import MemberRequest, of_member
from calendars.views.events import date_of_series, edited_date, own_event

ASKED = require_http_methods(["GET", "HEAD", "POST"])


@ASKED
@of_member
def event(request: MemberRequest, pk: int) -> HttpResponse:
    """A single event, or a whole series; an edited date is taken out of its series."""
    found = own_event(request.user, pk)
    if found.series is not None:
        return _date(request, found.series, editing.slot_of(found, found.series), found)
    return _answer(request, found, "", lambda seen: editing.delete(
        member=request.user, pk=pk, seen=seen, now=timezone.now()
    ))  # fmt: skip


@ASKED
@of_member
def date(request: MemberRequest, pk: int, slot: str) -> HttpResponse:
    """One date of a series that has not been edited."""
    master = own_event(request.user, pk)
    edited = edited_date(master, slot)
    if edited is not None:
        return redirect("event_delete", edited.pk)
    date_of_series(master, slot)
    return _date(request, master, slot, master)


def _date(request: MemberRequest, master: Event, slot: str, event: Event) -> HttpResponse:
    return _answer(request, event, slot, lambda seen: editing.cancel_occurrence(
        member=request.user, series=master.pk, slot=slot, seen=seen, now=timezone.now()
    ))  # fmt: skip


def _answer(request: MemberRequest, event: Event, slot: str, delete: Callable[[str], None]) -> HttpResponse:
    """`event` is what the page shows; `slot` is set where it goes from its series as one date."""
    changed = False
    if request.method == "POST":
        try:
            delete(request.POST.get("seen", ""))
        except editing.Gone:
            raise Http404 from None
        except editing.NotAllowed:
            return redirect("event", event.pk)
        except editing.Changed as error:
            event, changed = error.event, True
        else:
            messages.success(request, "The date is taken out of the series." if slot else "The event is deleted.")
            return _to_month(request, event, slot)
    allowed = limits.of(connections.live(request.user), event)
    if not allowed.may_delete:
        messages.error(request, f"This event can't be deleted here. {allowed.sentence}")
        return redirect("event", event.pk)
    shown = _entry(request, event, slot)
    context = {
        "event": event, "entry": shown, "slot": slot, "changed": changed, "limits": allowed,
        "seen": editing.stamp(event), "edited": 0 if slot else event.exceptions.count(),
    }  # fmt: skip
    return render(request, "calendars/event_delete.html", context, status=409 if changed else 200)


def _to_month(request: MemberRequest, event: Event, slot: str) -> HttpResponse:
    start = _entry(request, event, slot).start
    return redirect("calendar_month", start.year, start.month)


def _entry(request: MemberRequest, event: Event, slot: str) -> agenda.Entry:
    """Of an edited date as it was edited."""
    moment = datetime.fromisoformat(slot) if slot and event.rrule else None
    return agenda.entry(event, request.user.zone, day.min, moment)
