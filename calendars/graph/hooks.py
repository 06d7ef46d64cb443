"""Where Microsoft tells of changes: "Receive change notifications through webhooks".

Nobody is logged in there, and anybody can post: what is said is believed only with the secret of its subscription, and
then no more than that somebody should look. Answered at once, with one query and one task, however much a body holds.
"""

import hmac
from collections.abc import Iterable, Mapping
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from django.utils.html import escape
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from django_q.tasks import async_task

from calendars.graph.subscriptions import hash_of
from calendars.models import Sync
from calendars.models.connection import ID_LENGTH
from calendars.states import State

# Of one body; a notification of Graph's has a kilobyte, and Django reads two and a half megabytes.
MOST = 2000
LONGEST_ID, LONGEST_TOKEN = 255, 2000
LIFECYCLE = ("reauthorizationRequired", "subscriptionRemoved", "missed")
Notice = Mapping[str, Any]


@csrf_exempt
@require_POST
def receive(request: HttpRequest) -> HttpResponse:
    token = request.GET.get("validationToken")
    if token is not None:
        return _handshake(token)
    said = _notices(request.body)
    if said is None:
        return HttpResponse(status=400)
    heard = _proven(said)
    if heard:
        async_task("calendars.graph.tasks.heed", heard)
    return HttpResponse(status=202)


def _handshake(token: str) -> HttpResponse:
    """Shows Microsoft that this address wants to be told; within ten seconds."""
    if len(token) > LONGEST_TOKEN:
        return HttpResponse(status=400)
    return HttpResponse(escape(token), content_type="text/plain")


def _notices(body: bytes) -> dict[str, list[Notice]] | None:
    """By subscription; None for what is not of the form that Graph documents."""
    try:
        values = orjson.loads(body)["value"]
        found: dict[str, list[Notice]] = {}
        for one in values[:MOST]:
            # NUL is no text that a database knows.
            if len(one["subscriptionId"]) <= LONGEST_ID and "\0" not in one["subscriptionId"]:
                found.setdefault(one["subscriptionId"], []).append(one)
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return None
    return found


def _proven(said: Mapping[str, list[Notice]]) -> list[dict[str, Any]]:
    """What those say that know the secret, by connection, for `calendars.graph.tasks.heed`."""
    rows = Sync.objects.filter(subscription_id__in=list(said), connection__state=State.GRAPH_SYNC)
    heard = []
    for row in rows.only("connection", "subscription_id", "subscription_secret"):
        proven = [one for one in said[row.subscription_id] if _knows(one, row.subscription_secret)]
        if proven:
            happened = {str(one["lifecycleEvent"]) for one in proven if one.get("lifecycleEvent") in LIFECYCLE}
            heard.append({
                "connection": row.connection_id, "subscription": row.subscription_id, "ids": _ids(proven),
                "lifecycle": sorted(happened),
            })  # fmt: skip
    return heard


def _knows(notice: Notice, secret: str) -> bool:
    state = notice.get("clientState")
    return isinstance(state, str) and bool(secret) and hmac.compare_digest(hash_of(state), secret)


def _ids(proven: Iterable[Notice]) -> list[str]:
    found: dict[str, None] = {}
    for one in proven:
        data = one.get("resourceData")
        named = data.get("id") if isinstance(data, dict) else None
        if isinstance(named, str) and 0 < len(named) <= ID_LENGTH and "\0" not in named:
            found[named] = None
    return list(found)
