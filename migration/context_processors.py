"""What the templates can ask about the move. Lazy: a page that does not ask pays nothing, not one query."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from migration import situation
from migration.prompt import Decision
from migration.situation import Situation


def move(request: HttpRequest) -> dict[str, Any]:
    """`move`: the `Situation` of whoever is logged in. `support`: where members find people. `last_day`: the cutoff's
    date where it was set, whatever the date is elsewhere at that instant."""
    return {
        "move": SimpleLazyObject(lambda: _situation(request)),
        "support": {"email": settings.SUPPORT_EMAIL, "url": settings.SUPPORT_URL},
        "last_day": settings.SYNC_CUTOFF.date(),
    }


def _situation(request: HttpRequest) -> Situation:
    if not request.user.is_authenticated:
        return Situation(Decision())
    return situation.of(request.user)
