"""Background tasks around Graph's change notifications, each safe to run twice."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from calendars.graph import notices, subscriptions
from calendars.models import CalendarConnection, Sync
from calendars.states import State


def keep_subscriptions() -> int:
    """By the clock: makes and renews what is due, in tasks of its own; returns how many."""
    now = timezone.now()
    notices.forget(now)
    return subscriptions.enqueue_due(now)


def subscribe(connection_ids: Sequence[int]) -> None:
    for connection_id in connection_ids:
        subscriptions.ensure(connection_id)


def unsubscribe(subscription_id: str, secret: bytes) -> None:
    subscriptions.delete(subscription_id, secret)


def heed(heard: Sequence[dict[str, Any]]) -> None:
    """What `calendars.graph.hooks` has believed: each connection is synced soon, and reads what was named."""
    for one in heard:
        connection = CalendarConnection.objects.filter(pk=one["connection"], state=State.GRAPH_SYNC).first()
        if connection is None:
            continue
        if "subscriptionRemoved" in one["lifecycle"]:
            subscriptions.removed(connection, one["subscription"])
        with transaction.atomic():
            if "missed" in one["lifecycle"]:
                # Nobody knows what was not told, nor whether a round of the window would show it: all is listed.
                Sync.objects.filter(connection=connection).update(full_at=None)
            notices.note(connection, one["ids"])
        if set(one["lifecycle"]) & {"subscriptionRemoved", "reauthorizationRequired"}:
            subscriptions.ensure(connection.pk)
