"""What pages say of each event: synced, waiting, failed, not in Outlook, only here."""

import pytest

from calendars.models import LocalChange, SyncedEvent
from calendars.sync import status
from tests.factories import NOW, ConnectionFactory, EventFactory, SyncedEventFactory

pytestmark = pytest.mark.django_db


def synced(connection, **columns):
    return SyncedEventFactory(connection=connection, **columns).event


def changed(connection, event, **columns):
    LocalChange.objects.create(connection=connection, uid=event.uid, event=event, recorded_at=NOW, **columns)
    return event


def test_each_event_says_how_it_stands_in_one_query(django_assert_num_queries):
    connection = ConnectionFactory(state="graph_sync")
    member = connection.member
    anomaly = synced(connection, link=SyncedEvent.Link.ANOMALY)
    events = [
        synced(connection),
        changed(connection, synced(connection)),
        changed(connection, synced(connection), refused="organizer"),
        anomaly,
        EventFactory(member=member, series=anomaly),
        EventFactory(member=member),
        synced(connection, unsayable="zone"),
    ]
    with django_assert_num_queries(1):
        found = status.statuses(connection, events)
    said = [found[event.pk] for event in events]
    assert [one.name for one in said] == [
        "synced", "waiting", "failed", "anomaly", "anomaly", "not_synced", "failed",
    ]  # fmt: skip
    assert said[1].since == NOW and "organise" in said[2].text and said[3].label == "Not in Outlook"
    assert "series" in said[4].text and "time zone" in said[6].text


def test_what_another_connection_knows_counts_for_nothing():
    """A member who was connected to Google before sees how her events stand with Outlook."""
    before = ConnectionFactory(provider="google", state="disconnected")
    connection = ConnectionFactory(member=before.member, state="graph_sync")
    event = changed(before, synced(before, link="linked", appointment_id="g1", ews_id=None))
    assert status.statuses(connection, [event])[event.pk].name == "not_synced"
    assert status.statuses(before, [event])[event.pk].name == "waiting"
    assert status.statuses(None, [event])[event.pk].name == "not_synced"
