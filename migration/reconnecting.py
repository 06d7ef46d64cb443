"""Outlook connected by the member herself: again after she had disconnected it, or for the first time (R5).

A first connection stands as a row without an account, disconnected, until somebody has signed in.
"""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from calendars import connections, cutoff, grants
from calendars.errors import ServiceError
from calendars.graph import tokens
from calendars.models import CalendarConnection, Grant, SyncedEvent
from calendars.states import Cause, Provider, State
from firms.models import Firm, User


def candidate(member: User, *, now: datetime) -> CalendarConnection:
    """What a sign-in is for: the live connection, whichever it is, else the one disconnected last, else a first one, not
    saved yet."""
    first = CalendarConnection(
        member=member, provider=Provider.OUTLOOK, calendar_name="Calendar", state=State.DISCONNECTED, state_since=now
    )
    return connections.live(member) or connections.last(member, Provider.OUTLOOK) or first


def old_tokens(connection: CalendarConnection, refresh_token: str, *, now: datetime) -> grants.Tokens | None:
    """Tokens for the old sync, where the connection would go back to it: of the consent that was given to it long ago.
    None where it would not, or where Microsoft gives none: then it moves to Graph. Asks Microsoft; no transaction open."""
    if connection.state != State.DISCONNECTED or not _may_use_old_sync(connection, connection.member.firm, now):
        return None
    try:
        return tokens.redeem(refresh_token, tokens.SCOPES_OF[Grant.Service.EWS])
    except ServiceError:
        return None


def move(connection: CalendarConnection, old: grants.Tokens | None, *, now: datetime, pins: dict[str, Any]) -> None:
    """In the transaction that accepts the sign-in. Raises StaleConnection."""
    # The firm's row first, as login and unflagging do, so that the flag read here holds until the move is made.
    firm = Firm.objects.select_for_update(no_key=True, of=("self",)).filter(members=connection.member_id).first()
    cause = _cause(connection, old is not None and _may_use_old_sync(connection, firm, now))
    connections.move(
        connection, cause, actor=connection.member, now=now, stopped_at=_stopped(connection, cause), **pins
    )
    if cause == Cause.RECONNECT_OLD and old is not None:
        grants.store(connection, Grant.Service.EWS, old, tokens.SCOPES_OF[Grant.Service.EWS])


def _cause(connection: CalendarConnection, old_sync: bool) -> Cause:
    if old_sync:
        return Cause.RECONNECT_OLD
    if connection.migrated_at is None and SyncedEvent.objects.filter(connection=connection).exists():
        return Cause.RECONNECT_MIGRATE
    return Cause.RECONNECT


def _stopped(connection: CalendarConnection, cause: Cause) -> datetime | None:
    """While its events are matched nothing syncs, since it was disconnected."""
    return connection.stopped_at or connection.state_since if cause == Cause.RECONNECT_MIGRATE else None


def _may_use_old_sync(connection: CalendarConnection, firm: Firm | None, now: datetime) -> bool:
    """Firm not flagged, before the cutoff, old ids there and not yet moved."""
    if (firm is not None and firm.is_flagged) or cutoff.has_passed(now, settings.SYNC_CUTOFF):
        return False
    return connection.migrated_at is None and _old_ids(connection).exists()


def _old_ids(connection: CalendarConnection) -> QuerySet[SyncedEvent]:
    return SyncedEvent.objects.filter(connection_id=connection.pk, ews_id__isnull=False)
