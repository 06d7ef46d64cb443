"""What a browser may run and show of our pages: files that this site serves, and nothing else. See MDN's "Content Security
Policy"."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

# No form-action: forms go on to Microsoft and Google.
PAGES = "default-src 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'"
# Django's own lists without actions carry a line of style.
ADMIN = f"{PAGES}; style-src 'self' 'unsafe-inline'"


class ContentPolicyMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        # Django's pages about mistakes, in development alone, are made of inline scripts.
        if not (settings.DEBUG and response.status_code >= 400):
            policy = ADMIN if request.path.startswith(reverse("admin:index")) else PAGES
            response.headers.setdefault("Content-Security-Policy", policy)
        return response
