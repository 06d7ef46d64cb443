"""What became of each synced event of a connection in its latest run, for the outside world."""

from collections.abc import Iterator
from typing import Any

from django.db import connection as database
from django.db.models import Q, QuerySet
from django.db.models.functions import Collate

from calendars.models import CalendarConnection
from calendars.states import State
from migration.models import MigrationRun, Outcome

CHUNK = 2000


class UnknownAddress(LookupError):
    """No connection has this address, or several members have."""


def connection_at(address: str) -> CalendarConnection:
    """The connection of the member with this e-mail address, else the one to the account with it; the live one first.

    Raises UnknownAddress.
    """
    by_either = CalendarConnection.objects.filter(Q(member__email__iexact=address) | Q(account__iexact=address))
    rows = list(by_either.select_related("member"))
    rows = [row for row in rows if row.member.email.casefold() == address.casefold()] or rows
    if not rows:
        raise UnknownAddress(f"{address} has no connection.")
    if len({row.member_id for row in rows}) > 1:
        raise UnknownAddress(f"Several members are connected to {address}: give a member's own address.")
    return max(rows, key=lambda row: (row.state != State.DISCONNECTED, row.pk))


def latest_run(connection: CalendarConnection) -> MigrationRun | None:
    return connection.runs.order_by("-queued_at", "-pk").first()


def links(run: MigrationRun) -> Iterator[dict[str, Any]]:
    """One dict per synced event of the run, by uid, with the keys of `manage.py export_links`."""
    for outcome in _outcomes(run).iterator(chunk_size=CHUNK):
        event = outcome.synced_event
        yield {
            "uid": event.uid,
            "outcome": outcome.outcome,
            "how": outcome.how or None,
            "appointment_id": outcome.appointment_id or None,
            "calendar": outcome.calendar or None,
            "reason": outcome.reason or None,
            "candidates": sorted(held.appointment_id for held in event.held_appointments.all()),
        }


def _outcomes(run: MigrationRun) -> QuerySet[Outcome]:
    # One order on both databases, whatever the language of PostgreSQL's.
    exact = "C" if database.vendor == "postgresql" else "BINARY"
    return (
        run.outcomes.select_related("synced_event")
        .prefetch_related("synced_event__held_appointments")
        .order_by(Collate("synced_event__uid", exact))
    )
