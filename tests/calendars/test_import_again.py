"""Import: the same file again changes nothing, whatever became of the rows meanwhile."""

import io
from datetime import UTC, datetime

import pytest
from django.core.management import call_command

from calendars import grants
from calendars.models import CalendarConnection, Event, Grant, SyncedEvent
from calendars.states import State
from firms.models import User
from tests.calendars.import_samples import Importer, edited, event, everything, master, people

pytestmark = pytest.mark.django_db


@pytest.fixture
def importer(tmp_path) -> Importer:
    return Importer(tmp_path)


def test_the_same_file_again_changes_nothing(importer):
    lines = [*people(), event(as_synced={"subject": "Old"}), master(), edited()]
    assert importer.run(*lines).splitlines() == [
        "firms: created 1, already there 0",
        "members: created 1, already there 0",
        "connections: created 1, already there 0",
        "synced events: created 3, already there 0",
    ]
    before = everything()
    assert importer.again().splitlines() == [
        "firms: created 0, already there 1",
        "members: created 0, already there 1",
        "connections: created 0, already there 1",
        "synced events: created 0, already there 3",
    ]
    assert everything() == before


def test_rows_that_went_on_since_are_left_as_they_are(importer):
    importer.run(*people(), event(), master(), edited())
    row = CalendarConnection.objects.get()
    grants.store(row, "ews", grants.Tokens(refresh_token="a-newer-token"))
    CalendarConnection.objects.update(state=State.GRAPH_SYNC, epoch=5, sync_state="")
    synced = SyncedEvent.objects.get(uid="hearing")
    SyncedEvent.objects.filter(pk=synced.pk).update(link="linked", appointment_id="AAkImmutable", ews_id=None)
    Event.objects.filter(uid="hearing").delete()
    User.objects.update(name="Ada King", time_zone="Europe/London")
    before = everything()
    importer.again()
    assert everything() == before


def test_a_disconnected_member_with_a_new_connection_gets_nothing_twice(importer):
    importer.run(*people(), event())
    CalendarConnection.objects.update(state=State.DISCONNECTED)
    Grant.objects.all().delete()
    CalendarConnection.objects.create(
        member=User.objects.get(), provider="google", account="ada@gmail.example", state=State.GOOGLE_SYNC,
        state_since=datetime(2026, 11, 23, tzinfo=UTC),
    )  # fmt: skip
    before = everything()
    importer.again()
    assert everything() == before


@pytest.mark.django_db(transaction=True)
def test_a_real_commit(importer):
    importer.run(*people(), master(), edited())
    call_command("import_sync_data", str(importer.path), stdout=io.StringIO())
    assert SyncedEvent.objects.count() == 2
