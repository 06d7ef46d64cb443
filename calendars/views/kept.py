"""What somebody had typed when her session ended: kept over the login, for her alone, and shown to her again."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec
from urllib.parse import urlencode

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, resolve_url

Given = ParamSpec("Given")
KEY = "typed"
SALT = "calendars.typed"
# In characters, as sent. Nobody types more, and nobody else can make us keep anything: the form carries a signature.
MOST = 500_000


def signature(member_id: int) -> str:
    """For a hidden field of the form, by which its sender is known without a session."""
    return signing.dumps(member_id, salt=SALT)


def keeps_what_was_typed(
    view: Callable[Concatenate[HttpRequest, Given], HttpResponse],
) -> Callable[Concatenate[HttpRequest, Given], HttpResponse]:
    @wraps(view)
    def answer(request: HttpRequest, *args: Given.args, **kwargs: Given.kwargs) -> HttpResponse:
        if request.method == "POST" and not request.user.is_authenticated and (who := _sender(request)):
            request.session[KEY] = {"who": who, "path": request.path, "typed": request.POST.urlencode()}
            there = f"{request.path}?{urlencode({**request.GET.dict(), KEY: 1})}"
            return redirect(f"{resolve_url(settings.LOGIN_URL)}?{urlencode({'next': there})}")
        return view(request, *args, **kwargs)

    return answer


def taken_up(request: HttpRequest) -> QueryDict | None:
    """What the member had typed into the form of this page, once."""
    typed = request.session.get(KEY) if KEY in request.GET else None
    if not typed or typed["path"] != request.path:
        return None
    del request.session[KEY]
    return QueryDict(typed["typed"]) if typed["who"] == request.user.pk else None


def _sender(request: HttpRequest) -> int | None:
    try:
        who: int = signing.loads(request.POST.get("who", ""), salt=SALT, max_age=settings.SESSION_MAX_AGE)
    except signing.BadSignature:
        return None
    return who if len(request.POST.urlencode()) <= MOST else None
