"""Support seeing the pages as a member does, to look and never to touch ("view as member").

django-hijack swaps the session's user; everything else is decided here and in `firms.middleware`, request by request:
whether it may still go on, and what of the pages it may see. docs/decisions/view-as-member.md has the reasons.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from django.conf import settings
from django.contrib.auth.models import update_last_login
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from firms import audit
from firms.models import Impersonation, User

# In the session while it lasts, beside django-hijack's own: which row it is, and that the supporter's login still holds.
ROW, SUPPORTERS_LOGIN = "impersonation", "impersonation_by"
View = TypeVar("View", bound=Callable[..., Any])


def may_impersonate(*, hijacker: Any, hijacked: Any) -> bool:
    """HIJACK_PERMISSION_CHECK. Members only: nobody comes by this to what staff can do."""
    if not (hijacked and hijacked.is_active and not hijacked.is_staff and not hijacked.is_superuser):
        return False
    return bool(hijacker.is_staff and hijacker.has_perm("firms.impersonate_member"))


def never(view: View) -> View:
    """For a view that does something when it is only looked at, such as the end of a sign-in: refused while support see
    the pages as a member."""
    view.never_as_member = True  # type: ignore[attr-defined]
    return view


def swaps_users(request: HttpRequest) -> bool:
    """Whether a login on this request is none of a member's: support becoming her, or themselves again."""
    return getattr(request, "swaps_users", False)


def under_way(request: HttpRequest) -> bool:
    # A session is not looked at where there is none: the answer would be another for each cookie.
    return settings.SESSION_COOKIE_NAME in request.COOKIES and bool(request.session.get("hijack_history"))


def current(request: HttpRequest) -> Impersonation | None:
    """The one under way, as long as it may go on: not over, not ended, the right not withdrawn, the supporter's own login
    still good, the member still a member."""
    rows = Impersonation.objects.select_related("supporter").filter(ended_at=None, until__gt=timezone.now())
    row = rows.filter(pk=request.session.get(ROW, 0), member=request.user.pk).first()
    if row is None or not may_impersonate(hijacker=row.supporter, hijacked=request.user):
        return None
    return row if supporter_still_in(request, row.supporter) else None


def supporter_still_in(request: HttpRequest, supporter: User) -> bool:
    """Neither deactivated nor with another password since: that would have ended a login of theirs, too."""
    login = str(request.session.get(SUPPORTERS_LOGIN, ""))
    return supporter.is_active and constant_time_compare(login, supporter.get_session_auth_hash())


def begin(request: HttpRequest, supporter: User, member: User, *, reason: str) -> None:
    """To be called in the transaction, and after the login, that make the session the member's."""
    now = timezone.now()
    row = Impersonation.objects.create(
        supporter=supporter, member=member, reason=reason, began_at=now,
        until=now + timedelta(seconds=settings.IMPERSONATION_SECONDS),
    )  # fmt: skip
    request.session[ROW] = row.pk
    request.session[SUPPORTERS_LOGIN] = supporter.get_session_auth_hash()
    audit.record(
        "impersonation.began", actor=supporter, member=member, subject=row, note=reason, until=row.until.isoformat()
    )


@transaction.atomic
def close(pk: int) -> bool:
    """Writes down when it ended, if nobody has; at the latest when it ended by itself."""
    row = Impersonation.objects.select_related("member", "supporter").filter(pk=pk, ended_at=None).first()
    if row is None:
        return False
    now = timezone.now()
    over = row.until <= now
    if not Impersonation.objects.filter(pk=row.pk, ended_at=None).update(ended_at=row.until if over else now):
        return False
    actor = None if over else row.supporter
    audit.record("impersonation.ended", actor=actor, member=row.member, subject=row, by_itself=over)
    return True


def close_overdue() -> int:
    """By the clock: writes down the end of those whose time is over, returns how many. Safe to run again and to miss,
    since nothing is shown past its time anyway."""
    overdue = Impersonation.objects.filter(ended_at=None, until__lte=timezone.now()).values_list("pk", flat=True)
    return sum(close(pk) for pk in list(overdue))


def note_login(sender: Any, user: Any, request: HttpRequest | None = None, **kwargs: Any) -> None:
    """Receiver of `user_logged_in` in place of Django's: when a member last logged in is not when support had a look.

    django-hijack disconnects Django's for a moment, in all threads, so that a login of somebody else's would be missed.
    """
    if request is None or not swaps_users(request):
        update_last_login(sender, user, **kwargs)
