"""Who sees which page: members their own calendar, and nothing of anybody else's."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from firms.models import User

Given = ParamSpec("Given")


class MemberRequest(HttpRequest):
    user: User


def of_member(
    view: Callable[Concatenate[MemberRequest, Given], HttpResponse],
) -> Callable[Concatenate[HttpRequest, Given], HttpResponse]:
    """For whoever is logged in; kept in no cache, since the next at this browser may be somebody else.

    A part that a page fetches by itself takes the whole page to the login: it must not be swapped into the middle.
    """

    @never_cache
    @wraps(view)
    def answer(request: HttpRequest, *args: Given.args, **kwargs: Given.kwargs) -> HttpResponse:
        if request.user.is_authenticated:
            return view(request, *args, **kwargs)  # type: ignore[arg-type]
        part = HtmxDetails(request)
        return _to_login(part.current_url_abs_path or "/") if part else redirect_to_login(request.get_full_path())

    return answer


def _to_login(page: str) -> HttpResponse:
    return HttpResponseClientRedirect(redirect_to_login(page).url)
