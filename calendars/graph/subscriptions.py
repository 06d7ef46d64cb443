"""Subscriptions to Graph's change notifications: one for each connection on Graph sync, renewed before it expires.

They only make a sync come sooner: whatever goes wrong with them, calendars are polled. See "Create subscription",
"Reduce missing subscriptions and change notifications".
"""

import hashlib
import json
import logging
import random
import secrets
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ
from django_q.tasks import async_task

from calendars import grants
from calendars.graph import notices, tokens
from calendars.graph.client import GraphClient
from calendars.graph.errors import GraphError, ItemNotFound, MailboxNotServed, TryLater
from calendars.graph.service import calendar_id
from calendars.models import CalendarConnection, Grant, Sync
from calendars.states import State

log = logging.getLogger(__name__)
CHANGES = "created,updated,deleted"
# A minute's worth, in tasks of so many: half a second each, beside the syncs that they are for.
DUE, TOGETHER = 100, 20
# Until when whoever has claimed it has done it; and the pause after Graph would not have it, be it that it cannot reach us.
CLAIMED, REFUSED = timedelta(minutes=10), timedelta(hours=6)
NONE: dict[str, Any] = {"subscription_id": "", "subscription_secret": "", "subscription_until": None}
# Microsoft's words for a subscription that is no more.
GONE = (ItemNotFound, MailboxNotServed)


def hash_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def enqueue_due(now: datetime) -> int:
    """Tasks for those that are to be made or renewed, the longest due first; returns how many. Those of connections that
    sync with Graph no more are forgotten. Nothing while the queue is long: syncs go first."""
    Sync.objects.exclude(connection__state=State.GRAPH_SYNC).exclude(subscription_id="").update(
        **NONE, subscription_due=None
    )
    if not settings.PUBLIC_URL or OrmQ.objects.count() >= DUE:
        return 0
    due = Q(subscription_due=None) | Q(subscription_due__lte=now)
    rows = Sync.objects.filter(due, connection__state=State.GRAPH_SYNC).order_by("subscription_due", "pk")
    chosen = list(rows.values_list("connection", flat=True)[:DUE])
    with transaction.atomic():
        Sync.objects.filter(due, connection__in=chosen).update(subscription_due=now + CLAIMED)
        for first in range(0, len(chosen), TOGETHER):
            async_task("calendars.graph.tasks.subscribe", chosen[first : first + TOGETHER])
    return len(chosen)


def ensure(connection_id: int) -> None:
    """Makes or renews one; why it could not is noted as when to try again. Raises nothing of Graph's."""
    row = Sync.objects.select_related("connection").filter(connection=connection_id).first()
    if row is None or row.connection.state != State.GRAPH_SYNC or not settings.PUBLIC_URL:
        return
    try:
        grant = Grant.objects.get(connection=connection_id, service=Grant.Service.GRAPH)
        client = GraphClient(lambda refresh: tokens.access_token(grant, refresh=refresh))
        try:
            _ensure(client, row)
        finally:
            client.close()
    except TryLater as error:
        _again(row, max(timedelta(seconds=error.seconds), CLAIMED))
    except (GraphError, Grant.DoesNotExist, grants.GrantUnreadable) as error:
        # A refused grant is the next sync's to notice. Polling goes on.
        log.warning("connection %s: no change notifications: %s %s", connection_id, type(error).__name__, error)
        _again(row, REFUSED)


def removed(connection: CalendarConnection, subscription_id: str) -> None:
    """Graph has removed it: what changed meanwhile was told nobody."""
    with transaction.atomic():
        mine = Sync.objects.filter(connection=connection, subscription_id=subscription_id)
        if mine.update(**NONE, subscription_due=None):
            notices.note(connection, (), everything=True)


def leave(connection: CalendarConnection) -> None:
    """The connection ends, and its grant goes with this transaction: its subscription is deleted after it, if that works.

    The grant goes into the queue as it lies in the database, encrypted.
    """
    row = Sync.objects.filter(connection=connection).exclude(subscription_id="").first()
    grant = Grant.objects.filter(connection=connection, service=Grant.Service.GRAPH).first()
    if row is None or grant is None:
        return
    Sync.objects.filter(pk=row.pk).update(**NONE, subscription_due=None)
    async_task("calendars.graph.tasks.unsubscribe", row.subscription_id, bytes(grant.secret))


def delete(subscription_id: str, secret: bytes) -> None:
    """Without it Graph goes on for three days at most, to whom nobody listens."""
    held = grants.Tokens(**json.loads(grants.decrypt(secret)))
    client = GraphClient(lambda refresh: _fresh(held, refresh))
    try:
        _delete(client, subscription_id)
    finally:
        client.close()


def _ensure(client: GraphClient, row: Sync) -> None:
    until = timezone.now() + timedelta(seconds=settings.SUBSCRIPTION_SECONDS)
    address = settings.PUBLIC_URL + reverse("graph_notifications")
    if row.subscription_id:
        path = f"/subscriptions/{row.subscription_id}"
        try:
            renewed = client.request("PATCH", path, json={"expirationDateTime": _text(until)})
            if renewed.get("notificationUrl") in (None, address):
                _save(row, row.subscription_id, subscription_until=until)
                return
            # The site has moved, and where a subscription leads cannot be changed.
            _delete(client, row.subscription_id)
        except GONE:
            pass
        removed(row.connection, row.subscription_id)
        row.refresh_from_db()
    secret = secrets.token_urlsafe(32)
    made = client.request("POST", "/subscriptions", json={
        "changeType": CHANGES, "notificationUrl": address, "lifecycleNotificationUrl": address,
        "resource": f"/me/calendars/{calendar_id(client, row.connection)}/events", "clientState": secret,
        "expirationDateTime": _text(until), "latestSupportedTlsVersion": "v1_2",
    })  # fmt: skip
    made_id = str(made.get("id") or "")
    if not _save(row, made_id, subscription_secret=hash_of(secret), subscription_until=until):
        # Another task was faster, or the connection has moved on.
        _delete(client, made_id)


def _save(row: Sync, subscription_id: str, **changes: Any) -> bool:
    """Due again when about half of its life is over: two tries may fail. What changed before its id was known was told to
    nobody, so a sync follows."""
    due = timezone.now() + timedelta(seconds=settings.SUBSCRIPTION_SECONDS * random.uniform(0.4, 0.6))  # noqa: S311
    with transaction.atomic():
        mine = Sync.objects.filter(
            pk=row.pk, subscription_id=row.subscription_id, connection__state=State.GRAPH_SYNC
        )  # fmt: skip
        saved = mine.update(subscription_id=subscription_id, subscription_due=due, **changes)
        if saved and subscription_id != row.subscription_id:
            notices.note(row.connection, ())
    return bool(saved)


def _again(row: Sync, pause: timedelta) -> None:
    jitter = random.uniform(1, 1.5)  # noqa: S311  no secret
    Sync.objects.filter(pk=row.pk).update(subscription_due=timezone.now() + pause * jitter)


def _delete(client: GraphClient, subscription_id: str) -> None:
    try:
        client.request("DELETE", f"/subscriptions/{subscription_id}")
    except GraphError as error:
        log.info("subscription %s is left to expire: %s", subscription_id, type(error).__name__)


def _fresh(held: grants.Tokens, refresh: bool) -> str:
    if refresh or not grants.lives(held):
        return tokens.redeem(held.refresh_token).access_token
    return held.access_token


def _text(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
