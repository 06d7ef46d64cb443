"""The report of a run, as a page and as CSV."""

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from migration import report as reports
from migration.models import MigrationRun, Outcome
from migration.views.runs import own_run

PAGE_SIZE = 50
SEARCH_LENGTH = 200


@require_safe
@login_required
def report(request: HttpRequest, pk: int) -> HttpResponse:
    """`?outcome=id|metadata|anomaly`, `?q=` in the subject, `?page=`; anything else there is taken as not given."""
    run, kind, search = own_run(request, pk), _kind(request), search_of(request)
    # Counted rather than read from the run, whose counters are set at its end.
    counted = dict(Outcome.objects.filter(run=run).values_list("outcome").annotate(Count("pk")).order_by())
    page = Paginator(reports.outcomes(run, kind=kind, search=search), PAGE_SIZE).get_page(request.GET.get("page"))
    zone = request.user.zone  # type: ignore[union-attr]
    kinds = [{"kind": one, "count": counted.get(one, 0)} for one in Outcome.Kind]
    return render(
        request,
        "migration/report.html",
        {
            "run": run,
            "finished": run.state == MigrationRun.State.DONE,
            "kinds": kinds,
            "counts": {str(one): counted.get(one, 0) for one in Outcome.Kind},
            "total": sum(counted.values()),
            "to_go": max(0, run.total - sum(counted.values())),
            "kind": kind,
            "search": search,
            "page": page,
            "rows": [reports.row(outcome, zone) for outcome in page],
        },
    )


@require_safe
@login_required
def report_csv(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    """All that the page with the same `outcome` and `q` lists; `docs/http.md` names the columns."""
    run = own_run(request, pk)
    found = reports.outcomes(run, kind=_kind(request), search=search_of(request))
    zone = request.user.zone  # type: ignore[union-attr]
    day = timezone.localtime(timezone=zone).date()
    return StreamingHttpResponse(
        reports.csv_lines(found, zone),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="outlook-move-{day}.csv"'},
    )


def _kind(request: HttpRequest) -> str:
    kind = request.GET.get("outcome", "")
    return kind if kind in Outcome.Kind.values else ""


def search_of(request: HttpRequest) -> str:
    """Without the NUL that PostgreSQL cannot search for."""
    return request.GET.get("q", "").replace("\0", "").strip()[:SEARCH_LENGTH]
