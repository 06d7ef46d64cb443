"""The form of an event: new, changed, or one date of a series; and all that may come between typing and saving."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.dateparse import parse_date, parse_time
from django.views.decorators.http import require_http_methods

from calendars import editing, rebasing, sayings, wording
from calendars.forms.event import YEARS, EventForm
from calendars.models import Event, EventVersion
from calendars.sync import reasons
from calendars.sync.content import Content
from calendars.sync.rows import content_of
from calendars.views import drafts, kept
from calendars.views.access import MemberRequest, of_member
from calendars.views.drafts import Consequence, Draft
from calendars.views.events import date_of_series, edited_date, own_event

FORM = require_http_methods(["GET", "HEAD", "POST"])


@FORM
@kept.keeps_what_was_typed
@of_member
def new(request: MemberRequest) -> HttpResponse:
    """On the day `date`, at `time`; or as the event `copy` says it, or as the earlier `version` did."""
    try:
        draft = drafts.of_new(request.user, _beginning(request), request.GET.urlencode())
    except Http404:
        # What was to be copied may have gone since; what was typed has not.
        return _rescue(request)
    return _save(request, draft) if request.method == "POST" else _show(request, draft)


def _beginning(request: MemberRequest) -> Content:
    member = request.user
    blank = drafts.blank(member, _day(request), _time(request))
    if copy := _key(request, "copy"):
        event = own_event(member, copy)
        if slot := request.GET.get("slot"):
            date_of_series(event, slot)
            return editing.on_slot(content_of(event), slot)
        return drafts.copy_of(content_of(event))
    version = _version(request)
    if version and not sayings.is_whole(version):
        raise Http404
    return drafts.copy_of(sayings.as_said(version, blank)) if version else blank


@FORM
@kept.keeps_what_was_typed
@of_member
def edit(request: MemberRequest, pk: int) -> HttpResponse:
    """A single event, a whole series, or an edited date of one; with `version` as it was then."""
    try:
        event = own_event(request.user, pk)
    except Http404:
        return _rescue(request)
    version = _version(request)
    if version and version.uid != event.uid:
        raise Http404
    shown = sayings.as_said(version, content_of(event)) if version else None
    draft = drafts.of_event(request.user, event, shown, request.GET.urlencode() if version else "")
    return _save(request, draft) if request.method == "POST" else _show(request, draft, version=version)


@FORM
@kept.keeps_what_was_typed
@of_member
def edit_date(request: MemberRequest, pk: int, slot: str) -> HttpResponse:
    """One date of a series that has not been edited yet."""
    try:
        master = own_event(request.user, pk)
        edited = edited_date(master, slot)
        if edited is None:
            date_of_series(master, slot)
    except Http404:
        return _rescue(request)
    if request.method == "POST":
        return _save(request, drafts.of_date(request.user, master, slot))
    if edited is not None:
        return redirect("event_edit", edited.pk)
    return _show(request, drafts.of_date(request.user, master, slot))


def _show(request: MemberRequest, draft: Draft, **context: Any) -> HttpResponse:
    if not draft.limits.parts:
        messages.error(request, f"This event can't be changed here. {draft.limits.sentence}")
        return redirect(draft.back)
    typed = kept.taken_up(request)
    context |= {"typed": typed is not None, **(_as_sent(typed) if typed else {"seen": draft.stamp})}
    return _page(request, draft, draft.form(typed), draft.expected(), **context)


def _save(request: MemberRequest, draft: Draft) -> HttpResponse:
    if not draft.limits.parts:
        return _show(request, draft)
    form, sent = draft.form(request.POST), _as_sent(request.POST)
    if not form.is_valid():
        return _page(request, draft, form, draft.expected(), **sent)
    coming = draft.consequences(form.said)
    if {one.code for one in coming} - set(request.POST.get("agreed", "").split()):
        return _page(request, draft, form, coming, **sent, asking=True)
    try:
        event = draft.save(form, seen=sent["seen"], once=request.POST.get("once", ""))
    except editing.Added as error:
        return _once_more(request, draft, form, error.event)
    except editing.Changed as error:
        return _both(request, draft, form, error.event, base=sent["base"])
    except editing.NotAllowed as error:
        form.add_error(None, reasons.sentence(error.reason))
        return _page(request, draft, form, draft.expected(), **sent)
    except editing.Gone:
        return _rescue(request)
    messages.success(request, "The event is saved." if draft.event else "The event is added.")
    if form.moved_to:
        first = wording.long_date(form.moved_to)
        messages.info(request, f"It begins on {first}, the first date on which it takes place as you said.")
    return redirect(draft.back if event == draft.event else reverse("event", args=[event.pk]))


def _once_more(request: MemberRequest, draft: Draft, form: EventForm, event: Event) -> HttpResponse:
    """A form was sent again, by way of back or of a second click: it adds nothing, but may change what it has added."""
    if content_of(event) == form.said and event.floating == form.is_floating:
        messages.info(request, "You have added this event already. Nothing has been added twice.")
        return redirect("event", event.pk)
    return _both(request, replace(draft, query=""), form, event, added=True)


def _both(
    request: MemberRequest, draft: Draft, form: EventForm, now: Event, base: str = "", added: bool = False
) -> HttpResponse:
    """Somebody else was faster: what stands there now beside what was typed, which is saved only if she says so again.
    What she had not touched is as it is now."""
    # A date of the series may have become an event of its own.
    anew = (
        drafts.of_date(draft.member, now, draft.slot)
        if now.rrule and draft.slot
        else drafts.of_event(draft.member, now)
    )
    said, anew = form.said, replace(anew, query=draft.query)
    if form.is_floating == now.floating:
        said = rebasing.rebased(said, anew.content, base)
        form = replace(anew, shown=said).form()
    lines, coming = sayings.compared(anew.content, said), anew.consequences(said)
    return _page(
        request, anew, form, coming, status=409, seen=anew.stamp, lines=lines, changed=True, added=added and uuid4().hex
    )


def _rescue(request: MemberRequest) -> HttpResponse:
    """The event is not there any more, or never was. What was typed can be saved as a new one."""
    if request.method != "POST":
        raise Http404
    draft = drafts.of_new(request.user, drafts.blank(request.user, None, None))
    return _page(request, draft, draft.form(request.POST), [], status=404, gone=True)


def _as_sent(data: QueryDict) -> dict[str, Any]:
    """What the form says of the event as it was when the form was opened."""
    return {"seen": data.get("seen", ""), "base": data.get("base", "")}


def _page(
    request: MemberRequest,
    draft: Draft,
    form: EventForm,
    coming: list[Consequence],
    *,
    status: int = 200,
    **context: Any,
) -> HttpResponse:
    context = {"base": rebasing.marks(draft.content)} | context
    context |= {
        "draft": draft,
        "form": form,
        "coming": coming,
        "agreed": " ".join(one.code for one in coming),
        "who": kept.signature(request.user.pk),
        "once": "" if draft.event else request.POST.get("once") or uuid4().hex,
    }
    return render(request, "calendars/event_form.html", context, status=status)


def _day(request: MemberRequest) -> Any:
    try:
        day = parse_date(request.GET.get("date", ""))
    except ValueError:
        return None
    return day if day and day.year in YEARS else None


def _time(request: MemberRequest) -> Any:
    try:
        return parse_time(request.GET.get("time", ""))
    except ValueError:
        return None


def _version(request: MemberRequest) -> EventVersion | None:
    key = _key(request, "version")
    return get_object_or_404(EventVersion, pk=key, member=request.user) if key else None


def _key(request: MemberRequest, name: str) -> int | None:
    text = request.GET.get(name, "")
    return int(text) if text.isdecimal() and len(text) < len(str(2**63)) else None
