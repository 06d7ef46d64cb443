"""A member's Google Calendar connected, and connected again: never to another account than before. Google's own part of
sign-in; the move to Graph has no part in it (I7)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from calendars import connections, grants
from calendars.connections import StaleConnection
from calendars.google.signin import SignedIn
from calendars.models import CalendarConnection, Grant
from calendars.states import INITIAL, Cause, Provider, State
from calendars.sync import outbox
from firms import audit
from firms.models import User

# Google has no tenants; with it, an account's id is one of Google's.
TENANT = "accounts.google.com"
_CAUSE = {State.GRANT_LOST: Cause.SAME_ACCOUNT, State.DISCONNECTED: Cause.RECONNECT}


class AnotherAccount(Exception):
    """The member signed in with another account than the one that was connected; nothing was changed."""


class NotNow(Exception):
    """Another calendar of the member's is connected: two at once would tell each other their own events."""


@dataclass(frozen=True)
class Standing:
    """What a sign-in with Google would be for: `connection` is the member's Google connection, empty for a first one."""

    connection: CalendarConnection | None

    @property
    def hint(self) -> str:
        return self.connection.account if self.connection else ""


def standing(member: User) -> Standing:
    """Raises NotNow."""
    live = connections.live(member)
    if live is not None:
        if live.provider != Provider.GOOGLE:
            raise NotNow
        return Standing(live)
    return Standing(connections.last(member, Provider.GOOGLE))


def accept(member: User, signed_in: SignedIn, *, now: datetime) -> CalendarConnection:
    """Stores the grant and takes the sync up, in one transaction. Raises AnotherAccount, NotNow, StaleConnection; nothing
    is kept of the sign-in then."""
    try:
        with transaction.atomic():
            connection = standing(member).connection
            if connection is None:
                connection = _first(member, signed_in, now)
            elif not _same(connection, signed_in):
                raise AnotherAccount
            else:
                _again(connection, signed_in, now)
            grants.store(connection, Grant.Service.GOOGLE, signed_in.tokens, signed_in.scopes)
            audit.record(
                "google.signed_in", actor=member, member=member, subject=connection, oid=signed_in.subject
            )  # fmt: skip
            outbox.wake(connection)
            return connection
    except IntegrityError as error:  # another tab has connected a calendar meanwhile
        raise StaleConnection("another connection was made meanwhile") from error


def _same(connection: CalendarConnection, signed_in: SignedIn) -> bool:
    if connection.oid:
        return connection.oid == signed_in.subject
    return bool(signed_in.address) and connection.account.casefold() == signed_in.address.casefold()


def _first(member: User, signed_in: SignedIn, now: datetime) -> CalendarConnection:
    return CalendarConnection.objects.create(
        member=member,
        provider=Provider.GOOGLE,
        account=signed_in.address or signed_in.subject,
        calendar_name="Calendar",
        state=INITIAL[Provider.GOOGLE],
        state_since=now,
        tid=TENANT,
        oid=signed_in.subject,
    )


def _again(connection: CalendarConnection, signed_in: SignedIn, now: datetime) -> None:
    pins: dict[str, Any] = {"tid": TENANT, "oid": signed_in.subject}
    cause = _CAUSE.get(State(connection.state))
    if cause is not None:
        connections.move(connection, cause, actor=connection.member, now=now, stopped_at=None, **pins)
    else:
        CalendarConnection.objects.filter(pk=connection.pk).update(**pins)
