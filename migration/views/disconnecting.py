"""Disconnecting by hand (R5): why not to, and for who insists, the deed. Here, since it ends the run as well."""

from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from calendars import connections
from calendars.connections import StaleConnection
from migration import runs, situation


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def disconnect(request: HttpRequest) -> HttpResponse:
    """GET tells why not to; POST does it, in one transaction with the end of a run under way."""
    move = situation.of(request.user)  # type: ignore[arg-type]
    if move.connection is None:
        return redirect("connection")
    if request.method == "POST":
        try:
            with transaction.atomic():
                connections.disconnect(move.connection, actor=request.user)  # type: ignore[arg-type]
                runs.cancel(move.connection, actor=request.user)  # type: ignore[arg-type]
        except StaleConnection:
            # Something happened to it meanwhile: ask again, with what is true now.
            return redirect("migration:disconnect")
        return redirect("connection")
    return render(request, "migration/disconnect.html", {"move": move, "connection": move.connection})
