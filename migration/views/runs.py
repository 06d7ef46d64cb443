"""A run's progress: a page of its own, and the fragments that it and the dashboard's strip fetch again and again."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django_htmx.http import HttpResponseClientRedirect, HttpResponseStopPolling

from migration.models import MigrationRun, Ticket
from migration.situation import progress_of, waits_for_sign_in


def own_run(request: HttpRequest, pk: int) -> MigrationRun:
    """Of the member who asks; anyone else's does not exist for them."""
    runs = MigrationRun.objects.select_related("connection")
    return get_object_or_404(runs, pk=pk, connection__member_id=request.user.pk)


def progress_context(run: MigrationRun) -> dict[str, Any]:
    """What the fragments show: the run, its progress, and whether only the member's sign-in makes it go on."""
    return {
        "run": run,
        "progress": progress_of(run, now=timezone.now()),
        "sign_in_needed": waits_for_sign_in(run),
        "ticket": _live_ticket(run) if run.state == MigrationRun.State.FAILED else None,
    }


def _live_ticket(run: MigrationRun) -> Ticket | None:
    return Ticket.objects.filter(connection=run.connection).exclude(state=Ticket.State.CLOSED).first()


@require_safe
@login_required
@never_cache
def run(request: HttpRequest, pk: int) -> HttpResponse:
    return render(request, "migration/run.html", progress_context(own_run(request, pk)))


@require_safe
@never_cache
def run_status(request: HttpRequest, pk: int) -> HttpResponse:
    """Status 286, which ends the polling, once nothing more will happen. `?as=strip`: the dashboard's form of it."""
    if not request.user.is_authenticated:
        # A login page must not be swapped into the middle of another.
        return HttpResponseClientRedirect(f"{reverse('account_login')}?next={reverse('migration:run', args=[pk])}")
    context = progress_context(own_run(request, pk))
    strip, ended = request.GET.get("as") == "strip", context["progress"].ended
    page = render(request, "migration/run_strip.html" if strip else "migration/run_status.html", context)
    if not ended:
        return page
    # What the page around it says of a move under way is over, too.
    around = b"" if strip else render(request, "migration/run_meanwhile.html", context | {"beside": True}).content
    return HttpResponseStopPolling(page.content + around)
