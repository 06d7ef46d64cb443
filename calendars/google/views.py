"""The sign-in with Google as the browser sees it: off to Google, back, and a page where it did not end well."""

from dataclasses import asdict
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from calendars.connections import StaleConnection
from calendars.errors import OperatorFault, TryLater
from calendars.google import connecting, signin
from calendars.google.signin import Begun
from firms import impersonation

# Sign-ins under way, by their state: two tabs do not spoil each other.
KEY = "google_sign_ins"
MOST = 5


@login_required
@never_cache
@require_POST
def sign_in(request: HttpRequest) -> HttpResponse:
    try:
        stands = connecting.standing(request.user)  # type: ignore[arg-type]
    except connecting.NotNow:
        return _ended(request, "not_now")
    begun = Begun.now()
    kept = {**request.session.get(KEY, {}), begun.state: asdict(begun)}
    request.session[KEY] = dict(list(kept.items())[-MOST:])
    return HttpResponseRedirect(signin.address_for(begun, redirect_uri=_callback(request), hint=stands.hint))


@impersonation.never
@login_required
@never_cache
@require_GET
def callback(request: HttpRequest) -> HttpResponse:
    """Google's answer. Each sign-in is answered once; one that this session did not begin is nobody's."""
    kept: dict[str, Any] = request.session.get(KEY, {})
    found = kept.pop(request.GET.get("state", ""), None)
    request.session[KEY] = kept
    if found is None:
        return _ended(request, "unknown")
    begun = Begun(**found)
    if request.GET.get("error") or not request.GET.get("code") or not begun.lives:
        return _ended(request, "cancelled" if request.GET.get("error") == "access_denied" else "unknown")
    try:
        signed_in = signin.redeem(begun, request.GET["code"], redirect_uri=_callback(request))
        connecting.accept(request.user, signed_in, now=timezone.now())  # type: ignore[arg-type]
    except signin.NotSignedIn as error:
        return _ended(request, "scope" if str(error) == "scope" else "unknown")
    except connecting.AnotherAccount:
        stands = connecting.standing(request.user)  # type: ignore[arg-type]
        return _ended(request, "another_account", account=stands.hint, other=signed_in.address)
    except (connecting.NotNow, StaleConnection):
        return _ended(request, "not_now")
    except (TryLater, OperatorFault):
        return _ended(request, "unreachable", status=503)
    return redirect("dashboard")


def _ended(request: HttpRequest, how: str, status: int = 200, **more: str) -> HttpResponse:
    return render(request, "calendars/google_sign_in.html", {"how": how, **more}, status=status)


def _callback(request: HttpRequest) -> str:
    """As registered with Google, which compares it letter by letter."""
    return request.build_absolute_uri(reverse("google_callback"))
