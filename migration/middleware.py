"""The step that a real login takes (R2, R3, R4, R11), and no other request.

A login is a new authenticated session of the member: `django.contrib.auth.login` and its signal, through whichever
door. A request in an old session and one without a session log nobody in; nor does support that sees the pages as a
member does (`firms.impersonation`), though the signal is sent.
"""

import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import Resolver404, resolve, reverse
from django.utils import timezone

from calendars import connections
from firms import impersonation
from migration import situation

logger = logging.getLogger(__name__)
# In the session only after the step of its login failed, until it has been made up for.
OWED = "login_step_owed"
# A login that leads to one of these is on its way already.
ON_THE_WAY = {"migration:prompt", "migration:sign_in", "migration:sign_in_result", "migration:callback"}


def mark_login(sender: Any, request: HttpRequest | None, **kwargs: Any) -> None:
    """Receiver of `user_logged_in`. The step itself waits for the view's end: the login must not hang on it."""
    if request is not None and not impersonation.swaps_users(request):
        request.just_logged_in = True  # type: ignore[attr-defined]


class LoginPromptMiddleware:
    """Last in the list, so that everything a login sets up is there, and the other middleware sees the answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if _is_due(request) and request.user.is_authenticated and _step_prompts(request):
            return _to_prompt(request, response)
        return response


def _is_due(request: HttpRequest) -> bool:
    """After a login, or at the next page of a session whose login's step failed."""
    if getattr(request, "just_logged_in", False):
        return True
    # A session that nobody has read yet is not read here either: that would be a query.
    session = getattr(request, "session", None)
    owed = session is not None and session.accessed and OWED in session
    return owed and request.method == "GET" and not request.headers.get("HX-Request")


def _step_prompts(request: HttpRequest) -> bool:
    """Takes the step; whether the member is to be prompted.

    Whatever goes wrong in it, the member is in: the calendar must not lock anyone out of everything else. The old sync
    then simply goes on, and the session owes the step to its next page.
    """
    now = timezone.now()
    try:
        connection = connections.require_reauthentication(
            request.user,  # type: ignore[arg-type]
            now=now,
            cutoff_at=settings.SYNC_CUTOFF,
        )
        prompts = situation.of_connection(connection, now=now).decision.prompts
    except Exception:
        logger.exception("The login step of member %s failed; their next page takes it up", request.user.pk)
        request.session[OWED] = True
        return False
    if OWED in request.session:
        del request.session[OWED]
    return prompts


def _to_prompt(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """The prompt in place of where the login led, which "not now" goes on to."""
    target = _target(request, response)
    if target is None or _view_of(target) in ON_THE_WAY:
        return response
    prompt = reverse("migration:prompt")
    # "Not now" leads to the dashboard by itself; the prompt's view checks anything else before it is followed.
    if target != reverse("dashboard"):
        prompt += "?" + urlencode({"next": target})
    redirect = HttpResponseRedirect(prompt)
    redirect.cookies = response.cookies
    return redirect


def _target(request: HttpRequest, response: HttpResponse) -> str | None:
    """Where a person's browser was being led; None where a program or a script asked, which a page would not serve."""
    if 300 <= response.status_code < 400:
        return response.headers.get("Location")
    is_page = response.headers.get("Content-Type", "").startswith("text/html")
    return request.get_full_path() if request.method == "GET" and is_page else None


def _view_of(url: str) -> str:
    try:
        return resolve(url.split("?", 1)[0].split("#", 1)[0]).view_name
    except Resolver404:
        return ""
