"""Pictures that were refused, before support have them carried out: events are deleted then, so a page asks first."""

import hashlib
from collections.abc import Iterable

from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.sites import AdminSite
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from calendars.models import Sync
from calendars.sync import refusals
from firms.models import User


def carry_out(request: HttpRequest, chosen: QuerySet[Sync], site: AdminSite) -> HttpResponse | None:
    """The page that asks, and once it is answered the deed, if the pictures still are those that the page showed."""
    refused = chosen.filter(refused__isnull=False, let_through=False).select_related("connection__member__firm")
    syncs = list(refused.order_by("pk"))
    seen = digest(syncs)
    if request.POST.get("seen") == seen or not syncs:
        _do(request, syncs, left=chosen.count() - len(syncs))
        return None
    if "seen" in request.POST:
        messages.warning(request, "Something has changed since you were asked. Please look again.")
    context = {
        **site.each_context(request),
        "title": "Carry out what was refused?",
        "opts": Sync._meta,
        "syncs": syncs,
        "gone": sum((sync.refused or {})["gone"] for sync in syncs),
        "seen": seen,
        "checkbox_name": ACTION_CHECKBOX_NAME,
    }
    return TemplateResponse(request, "admin/calendars/refused.html", context)


def digest(syncs: Iterable[Sync]) -> str:
    """Of what the page shows: whoever confirms it confirms exactly this."""
    shown = [(sync.pk, sorted((sync.refused or {}).items())) for sync in syncs]
    return hashlib.sha256(repr(shown).encode()).hexdigest()


def _do(request: HttpRequest, syncs: list[Sync], *, left: int) -> None:
    assert isinstance(request.user, User)
    done = sum(refusals.let_through(sync, actor=request.user) for sync in syncs)
    left += len(syncs) - done
    messages.success(request, f"{done} will be carried out with the next sync; {left} had nothing to decide.")
