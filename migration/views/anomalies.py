"""The member's anomalies: the list of a run's, one beside its candidates, and what she decides."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from firms.models import User
from migration.anomalies import pages, reading, words
from migration.anomalies.deciding import NotNow, StaleAnomaly
from migration.anomalies.reading import STANDS, Look
from migration.anomalies.standing import Act, Standing
from migration.models import Anomaly, AnomalyDecision
from migration.views.reports import PAGE_SIZE, search_of
from migration.views.runs import own_run

ALL = "all"
ASK_OR_DO = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
@login_required
@never_cache
def anomalies(request: HttpRequest, pk: int) -> HttpResponse:
    """`?standing=open|linked|kept|deleted|all`, `?q=` in the subject, `?page=`; open ones where none is given."""
    run, search = own_run(request, pk), search_of(request)
    found = reading.of_run(run, search)
    counts = reading.counted(found)
    given = request.GET.get("standing", "")
    chosen = None if given == ALL else next((one for one in Standing if one == given), Standing.OPEN)
    page = Paginator(found.filter(STANDS[chosen]) if chosen else found, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "run": run,
        "search": search,
        "chosen": chosen or ALL,
        "tabs": [
            ("all", "All", sum(counts.values())),
            *((one, words.STANDING[one][0], counts[one]) for one in Standing),
        ],
        "page": page,
        "rows": [pages.row(one, _user(request).zone) for one in page],
    }
    return render(request, "migration/anomalies/list.html", context)


@require_safe
@login_required
@never_cache
def anomaly(request: HttpRequest, pk: int) -> HttpResponse:
    return _page(request, _own(request, pk))


@require_safe
@login_required
@never_cache
def of_event(request: HttpRequest, pk: int) -> HttpResponse:
    """Leads from an event to what stands beside it; from an edited date, where it has none, to that of its series."""
    own = Anomaly.objects.filter(run__connection__member_id=request.user.pk).order_by("-run__queued_at", "-pk")
    found = own.filter(synced_event__event=pk).first() or own.filter(synced_event__event__exceptions=pk).first()
    if found is None:
        raise Http404
    return redirect("migration:anomaly", found.pk)


@ASK_OR_DO
@login_required
@never_cache
def decide(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """GET says what will happen, POST does it. `candidate`: the appointment to link with."""
    look, wanted = _own(request, pk), next((one for one in Act if one == act), None)
    if wanted is None:
        raise Http404
    return _answer(request, look, pages.Decision(look, wanted, request))


@ASK_OR_DO
@login_required
@never_cache
def undo(request: HttpRequest, pk: int, decision: int) -> HttpResponse:
    look = _own(request, pk)
    taken_back = get_object_or_404(AnomalyDecision, pk=decision, anomaly=pk)
    return _answer(request, look, pages.Undoing(look, taken_back, request))


def _answer(request: HttpRequest, look: Look, question: "pages.Question") -> HttpResponse:
    """409 where it makes no sense, or no longer: with the page as it is now, and why."""
    try:
        if request.method != "POST":
            return render(request, "migration/anomalies/ask.html", question.context())
        question.carry_out(actor=_user(request), now=timezone.now())
    except StaleAnomaly:
        messages.error(request, pages.STALE)
    except NotNow as why:
        messages.error(request, str(why))
    else:
        messages.success(request, question.words.done)
        return redirect("migration:anomaly", look.anomaly.pk)
    return _page(request, _own(request, look.anomaly.pk), status=409)


def _page(request: HttpRequest, look: Look, status: int = 200) -> HttpResponse:
    link_url = reverse("migration:anomaly_decide", args=[look.anomaly.pk, Act.LINK])
    context = pages.context(look) | {"link_url": link_url}
    return render(request, "migration/anomalies/page.html", context, status=status)


def _own(request: HttpRequest, pk: int) -> Look:
    """Of the member who asks; anyone else's does not exist for them."""
    return reading.look(get_object_or_404(reading.rows(), pk=pk, run__connection__member_id=request.user.pk))


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
