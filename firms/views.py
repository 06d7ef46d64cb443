"""Support's view as a member: its beginning and its end, and the page on which the member reads of it."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from hijack.views import AcquireUserView, ReleaseUserView

from firms import impersonation
from firms.keys import is_key
from firms.models import Impersonation, User

SHOWN = 50
REASON_LENGTH = 500


class BeginView(AcquireUserView):
    """POST `user_pk`, `reason`. 403 for whoever may not, 404 for nobody."""

    def test_func(self) -> bool:
        return bool(self.request.user.has_perm("firms.impersonate_member") and super().test_func())

    def get_object(self, queryset: Any = None) -> User:
        key = self.request.POST["user_pk"]
        return get_object_or_404(User, pk=key if is_key(key) else 0)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        supporter, member = request.user, self.get_object()
        reason = request.POST.get("reason", "").replace("\0", "").strip()
        if not 0 < len(reason) <= REASON_LENGTH:
            messages.error(request, f"Please say why, in at most {REASON_LENGTH} signs. The member can read it.")
            return redirect(_page_of(member))
        assert isinstance(supporter, User)
        request.swaps_users = True  # type: ignore[attr-defined]
        answer = super().post(request, *args, **kwargs)
        impersonation.begin(request, supporter, member, reason=reason)
        return answer

    def get_success_url(self) -> str:
        return reverse("dashboard")


class EndView(ReleaseUserView):
    """POST. Back to the supporter's own login and to the member's page; to the login page where that has ended."""

    raise_exception = False

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.success_url = _page_of(request.user)
        supporter = get_object_or_404(User, pk=request.session["hijack_history"][-1])
        impersonation.close(request.session.get(impersonation.ROW, 0))
        if not impersonation.supporter_still_in(request, supporter):
            request.session.flush()
            return redirect("account_login")
        request.swaps_users = True  # type: ignore[attr-defined]
        return super().post(request, *args, **kwargs)

    def get_redirect_url(self) -> str:
        """Always to the member's page."""
        return ""


def _page_of(member: Any) -> str:
    return reverse("admin:firms_user_change", args=[member.pk])


@require_safe
@login_required
@never_cache
def seen_by_support(request: HttpRequest) -> HttpResponse:
    """Who of Support has seen the pages as the member does, when and why; the newest."""
    rows = Impersonation.objects.filter(member_id=request.user.pk).select_related("supporter")[:SHOWN]
    minutes = round(settings.IMPERSONATION_SECONDS / 60)
    return render(request, "impersonation/seen.html", {"rows": rows, "minutes": minutes})
