"""Push channels: ``events.watch`` and ``channels.stop``. Vendor's page: "Push notifications"."""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import quote, urlsplit

from tests.simulator import ids
from tests.simulator.channels import Channel
from tests.simulator.google.context import READ_EVENTS, Context
from tests.simulator.google.errors import GoogleError, invalid, required
from tests.simulator.http import Response

LIFE = dt.timedelta(days=7)
LONGEST = dt.timedelta(days=30)


def watch(context: Context) -> Response:
    """200 and the channel, to which a first message of the state ``sync`` is on its way."""
    context.require(READ_EVENTS)
    calendar, body, world = context.calendar(), context.body(), context.world
    channel_id = str(body.get("id") or "")
    if not channel_id or len(channel_id) > 64:
        raise required("entity.id is required, and has at most 64 characters")
    if body.get("type") not in ("web_hook", "webhook"):
        raise invalid("Unknown channel type")
    if world.channels.find(channel_id) is not None:
        raise GoogleError(400, "channelIdNotUnique", f"Channel id {channel_id} not unique")
    url = str(body.get("address") or "")
    _check_address(url)
    path = f"/calendar/v3/calendars/{quote(calendar.id, safe='')}/events"
    channel = Channel(
        id=channel_id, mailbox=context.mailbox, calendar=calendar, uri=f"https://www.googleapis.com{path}?alt=json",
        resource_id=ids.digest(calendar.mailbox.seed, calendar.id, "resource").hex()[:27], url=url,
        expires=_expiration(context, body), token=None if body.get("token") is None else str(body["token"]),
    )  # fmt: skip
    world.channels.add(channel)
    world.message(channel, "sync")
    answer = {"kind": "api#channel", "id": channel.id, "resourceId": channel.resource_id, "resourceUri": channel.uri}
    told = {} if channel.token is None else {"token": channel.token}
    return Response.json({**answer, **told, "expiration": str(int(channel.expires.timestamp() * 1000))})


def _check_address(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname == "127.0.0.1"):
        raise GoogleError(400, "push.webhookUrlNotHttps", f"WebHook callback must be HTTPS: {url}")
    if not parts.hostname:
        raise invalid("Bad webhook URL")


def _expiration(context: Context, body: dict[str, Any]) -> dt.datetime:
    now, wanted = context.world.now(), body.get("expiration")
    seconds = (body.get("params") or {}).get("ttl")
    try:
        if wanted is not None:
            end = dt.datetime.fromtimestamp(int(wanted) / 1000, dt.UTC)
        else:
            end = now + (LIFE if seconds is None else dt.timedelta(seconds=int(seconds)))
    except (ValueError, TypeError, OverflowError) as error:
        raise invalid(where="expiration") from error
    if end <= now:
        raise invalid("The expiration lies in the past.", "expiration")
    return min(end, now + LONGEST).replace(microsecond=0)


def stop(context: Context) -> Response:
    """204; 404 for a channel that is none of the person's."""
    body, channels = context.body(), context.world.channels
    found = channels.find(str(body.get("id") or ""))
    if found is None or found.mailbox is not context.mailbox or found.resource_id != body.get("resourceId"):
        raise GoogleError(404, "notFound", f"Channel '{body.get('id')}' not found for project")
    channels.remove(found)
    return Response(204)
