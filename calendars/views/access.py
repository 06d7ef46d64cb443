"""Who sees which page: members their own calendar, and nothing of anybody else's."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache

from firms.models import User

Given = ParamSpec("Given")


class MemberRequest(HttpRequest):
    user: User


def of_member(
    view: Callable[Concatenate[MemberRequest, Given], HttpResponse],
) -> Callable[Concatenate[HttpRequest, Given], HttpResponse]:
    """For whoever is logged in; kept in no cache, since the next at this browser may be somebody else."""

    @never_cache
    @login_required
    @wraps(view)
    def answer(request: HttpRequest, *args: Given.args, **kwargs: Given.kwargs) -> HttpResponse:
        return view(request, *args, **kwargs)  # type: ignore[arg-type]

    return answer
