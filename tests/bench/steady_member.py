"""The member whose calendar stays in step while it is measured: her mailbox, her connection, and who edits it where."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from tests import sample
from tests.simulator.client import Control

ADDRESS = "ada@bench.example"
FOLDER = "Calendar"
# Of the simulator's names for an event, the service's own; and who asks for tokens.
FORMS = {"graph": "immutableId", "ews": "ewsId", "google": "immutableId"}
STATES = {"graph": "graph_sync", "ews": "old_sync", "google": "google_sync"}


def open_mailbox(control: Control, service: str, events: int) -> None:
    """About as `shape.calendar`, from tomorrow on: one in forty a weekly series, a fifth of them edited."""
    made = sample.calendar(events, every_edited=5, first_day=date.today() + timedelta(days=1))
    calendars = [{"name": FOLDER, "default": True, "events": made.events}]
    provider = "google" if service == "google" else "outlook"
    control.mailbox(ADDRESS, provider=provider, timeZone="America/New_York", calendars=calendars)


def connect(control: Control, service: str) -> Any:
    """A connection on the daily sync that has never been synced, with consent given."""
    from calendars.models import CalendarConnection
    from calendars.states import Provider
    from tests.factories import ConnectionFactory

    calendar = control.get_mailbox(ADDRESS)["calendars"][0]
    fields = {"calendar_id": calendar["id"]} if service == "graph" else {}
    provider = Provider.GOOGLE if service == "google" else Provider.OUTLOOK
    connection: CalendarConnection = ConnectionFactory(
        account=ADDRESS, member__email=ADDRESS, state=STATES[service], provider=provider, **fields
    )
    give_token(control, connection, service)
    return connection


def give_token(control: Control, connection: Any, service: str) -> None:
    """A refresh token alone, so that the next sync asks for an access token, as once in an hour of real ones."""
    from calendars import grants

    scope = "Calendars.ReadWrite User.Read offline_access" if service == "graph" else None
    given = control.token(ADDRESS, service=service, scope=scope)
    grants.store(connection, service, grants.Tokens(refresh_token=given["refresh_token"]))


def singles(connection: Any, service: str) -> list[Any]:
    """Rows of single events, the earliest first, each with what the service knows it by."""
    from calendars.models import SyncedEvent

    column = "ews_id" if service == "ews" else "appointment_id"
    rows = SyncedEvent.objects.filter(connection=connection, series=None, rrule="", event__isnull=False)
    found = list(rows.select_related("event").order_by("starts_at", "pk")[:200])
    for row in found:
        row.known_as = getattr(row, column)
    return found


def edit_there(control: Control, known_as: str, subject: str) -> dict[str, Any]:
    return control.edit(ADDRESS, None, "change", id=known_as, subject=subject)


def edit_here(connection: Any, pk: int, subject: str) -> None:
    """As her pages do it."""
    from django.utils import timezone

    from calendars import editing
    from calendars.models import Event
    from calendars.sync.rows import content_of

    event = Event.objects.get(pk=pk)
    said = replace(content_of(event), subject=subject)
    editing.change(
        member=connection.member, pk=pk, content=said, seen=editing.stamp(event), now=timezone.now()
    )  # fmt: skip
