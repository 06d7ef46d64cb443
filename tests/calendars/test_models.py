"""What the database itself holds to, whoever writes: on SQLite and on PostgreSQL."""

import random
import string
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from calendars.models import CalendarConnection, Grant, HeldAppointment, SyncedEvent
from calendars.models.connection import ID_LENGTH
from calendars.states import Provider, State
from tests.calendars.moves_table import STATES
from tests.factories import ConnectionFactory, EventFactory, MemberFactory, SyncedEventFactory

pytestmark = pytest.mark.django_db


@contextmanager
def refused(constraint: str) -> Iterator[None]:
    """SQLite names a unique constraint by its columns, so that there the kind of refusal must do."""
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        yield
    assert constraint in str(caught.value) or "UNIQUE constraint failed" in str(caught.value)


def long_id(seed: int, length: int = ID_LENGTH) -> str:
    """Random, so that no compression makes it fit into an index that is too narrow for it."""
    return "".join(random.Random(seed).choices(string.ascii_letters + string.digits + "-_=", k=length))


# --- Connections ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("provider", Provider)
def test_a_member_has_one_live_connection_and_any_number_of_former_ones(provider: str):
    member = MemberFactory()
    ConnectionFactory.create_batch(2, member=member, state=State.DISCONNECTED)
    ConnectionFactory(member=member, provider="google", state="google_sync")
    ConnectionFactory(member=member, provider="google", state=State.DISCONNECTED)
    with refused("connection_one_live_per_member"):
        ConnectionFactory(member=member, provider=provider, state=State.GRANT_LOST)


@pytest.mark.parametrize("provider", Provider)
@pytest.mark.parametrize("state", [*State, "asleep"])
def test_a_state_belongs_to_its_provider(provider: str, state: str):
    if state in STATES[provider]:
        assert ConnectionFactory(provider=provider, state=state).pk
    else:
        with refused("connection_state_of_its_provider"):
            ConnectionFactory(provider=provider, state=state)


def test_an_unknown_provider_is_refused():
    with refused("connection_state_of_its_provider"):
        ConnectionFactory(provider="icloud", state="graph_sync")


@pytest.mark.parametrize(("tid", "oid", "fine"), [("", "", True), ("t", "", True), ("t", "o", True), ("", "o", False)])
def test_an_account_is_known_with_its_tenant(tid: str, oid: str, fine: bool):
    if fine:
        ConnectionFactory(tid=tid, oid=oid)
    else:
        with refused("connection_account_has_tenant"):
            ConnectionFactory(tid=tid, oid=oid)


def test_a_connection_has_one_grant_per_service():
    connection = ConnectionFactory()
    for service in ("ews", "graph"):
        Grant.objects.create(connection=connection, service=service, secret=b"x")
    with refused("grant_one_per_service"):
        Grant.objects.create(connection=connection, service="ews", secret=b"y")


# --- Events ---------------------------------------------------------------------------------------------------------
def test_an_event_may_end_when_it_starts_and_never_before():
    event = EventFactory()
    event.ends_at = event.starts_at
    event.save()
    with refused("event_ends_after_start"):
        EventFactory(ends_at=event.starts_at - timedelta(seconds=1))


def test_a_uid_is_unique_per_member():
    event = EventFactory()
    EventFactory(uid=event.uid)
    with refused("event_uid_unique_per_member"):
        EventFactory(uid=event.uid, member=event.member)


# --- Synced events ----------------------------------------------------------------------------------------------------
def linked(appointment_id: str, connection: CalendarConnection, **fields: Any) -> SyncedEvent:
    return SyncedEventFactory(connection=connection, link="linked", appointment_id=appointment_id, **fields)


def test_an_appointment_belongs_to_one_synced_event_of_a_connection():
    connection = ConnectionFactory()
    linked("AQMk1", connection)
    linked("AQMk1", ConnectionFactory())
    with refused("synced_event_appointment_unique"):
        linked("AQMk1", connection)


def test_an_old_id_belongs_to_one_synced_event_and_any_number_may_have_none():
    connection = ConnectionFactory()
    SyncedEventFactory.create_batch(2, connection=connection, ews_id=None)
    SyncedEventFactory(connection=connection, ews_id="AAMk1")
    with refused("synced_event_old_id_unique"):
        SyncedEventFactory(connection=connection, ews_id="AAMk1")


@pytest.mark.parametrize("field", ["ews_id", "appointment_id"])
def test_ids_that_differ_by_case_only_are_two_ids(field: str):
    connection = ConnectionFactory()
    given = {"link": "linked"} if field == "appointment_id" else {}
    upper = SyncedEventFactory(connection=connection, **{field: "AAMkABC="}, **given)
    lower = SyncedEventFactory(connection=connection, **{field: "AAMkabc="}, **given)
    assert SyncedEvent.objects.get(**{field: "AAMkABC="}) == upper
    assert SyncedEvent.objects.get(**{field: "AAMkabc="}) == lower


def test_ids_may_be_two_thousand_characters_long_and_their_last_character_counts():
    connection, start = ConnectionFactory(), long_id(1, ID_LENGTH - 1)
    assert ID_LENGTH == 2000
    first = linked(start + "a", connection, ews_id=start + "c", ical_uid=long_id(2))
    second = linked(start + "b", connection, ews_id=start + "d", ical_uid=long_id(2))
    assert SyncedEvent.objects.get(connection=connection, appointment_id=start + "b") == second
    assert SyncedEvent.objects.get(connection=connection, ews_id=start + "c") == first
    with refused("synced_event_appointment_unique"):
        linked(start + "a", connection)
    HeldAppointment.objects.create(connection=connection, synced_event=first, appointment_id=start + "e")
    with refused("held_once_per_anomaly"):
        HeldAppointment.objects.create(connection=connection, synced_event=first, appointment_id=start + "e")


@pytest.mark.parametrize("link", SyncedEvent.Link)
@pytest.mark.parametrize("appointment_id", [None, "AQMk1"])
def test_linked_means_an_appointment_and_an_anomaly_has_none(link: str, appointment_id: str | None):
    if (link == "linked") == (appointment_id is not None):
        SyncedEventFactory(link=link, appointment_id=appointment_id)
    else:
        with refused("synced_event_linked_has_appointment"):
            SyncedEventFactory(link=link, appointment_id=appointment_id)


def test_an_event_is_synced_once_per_connection():
    synced = SyncedEventFactory()
    with refused("synced_event_of_event_unique"):
        SyncedEventFactory(connection=synced.connection, event=synced.event, uid="another")
    with refused("synced_event_uid_unique"):
        SyncedEventFactory(connection=synced.connection, uid=synced.uid)


def test_a_synced_event_outlives_its_event_and_keeps_its_ids():
    synced = SyncedEventFactory()
    synced.event.delete()
    synced.refresh_from_db()
    assert (synced.event, bool(synced.ews_id)) == (None, True)
    SyncedEventFactory(connection=synced.connection)
