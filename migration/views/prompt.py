"""The prompt: where a login of a member who must sign in with Microsoft ends, and where the banner leads."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from migration import situation
from migration.prompt import Notice


@require_safe
@login_required
@never_cache
def prompt(request: HttpRequest) -> HttpResponse:
    """Changes nothing. A member of whom nothing is asked is told so, or shown the run that is under way."""
    move = situation.of(request.user)  # type: ignore[arg-type]
    if move.decision.notice is Notice.PROGRESS and move.run:
        return redirect("migration:run", move.run.pk)
    if not move.decision.prompts:
        return render(request, "migration/nothing_to_do.html", {"move": move})
    return render(request, "migration/prompt.html", {"move": move, "next": _own_url(request, request.GET.get("next"))})


@require_POST
@login_required
def not_now(request: HttpRequest) -> HttpResponse:
    """Goes on to where the login was meant to lead. Kept nowhere: the banner stands, and the next login asks again."""
    return redirect(_own_url(request, request.POST.get("next")) or "dashboard")


def _own_url(request: HttpRequest, url: str | None) -> str:
    """The URL if it is a page of this site, else nothing."""
    own = url_has_allowed_host_and_scheme(url, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    return url if url and own else ""
