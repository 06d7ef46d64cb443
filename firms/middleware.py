"""While support see the pages as a member: whether it goes on, and that it stays a look."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import Resolver404, ResolverMatch, resolve

from firms import impersonation

LOOKING = {"GET", "HEAD", "OPTIONS"}
END = "impersonation_end"


class ImpersonationMiddleware:
    """After django-hijack's, whose strip then stands on these answers too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not impersonation.under_way(request):
            return self.get_response(request)
        match = _match(request)
        if match is not None and match.view_name == END:
            return self.get_response(request)
        key, row = request.session.get(impersonation.ROW, 0), impersonation.current(request)
        if row is None:
            impersonation.close(key)
            if not request.user.is_authenticated:
                # The member has changed her password, or was deactivated: the session is nobody's any more.
                return self.get_response(request)
            return render(request, "impersonation/over.html", status=403)
        request.impersonation = row  # type: ignore[attr-defined]
        if request.method not in LOOKING or (match is not None and _never(match)):
            return render(request, "impersonation/refused.html", status=403)
        return self.get_response(request)


def _never(match: ResolverMatch) -> bool:
    """The pages of the account itself, login and password, are the member's alone."""
    return match.view_name.startswith("account_") or getattr(match.func, "never_as_member", False)


def _match(request: HttpRequest) -> ResolverMatch | None:
    try:
        return resolve(request.path_info)
    except Resolver404:
        return None
