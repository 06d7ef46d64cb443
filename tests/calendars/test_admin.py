"""Calendars in the admin: to look at, without secrets, without texts in lists."""

import pytest

from calendars import grants
from calendars.models import HeldAppointment
from tests.factories import ConnectionFactory, StaffFactory, SyncedEventFactory
from tests.staff import client_of, results, staff_of

pytestmark = pytest.mark.django_db
MODELS = ("calendarconnection", "grant", "syncedevent")


@pytest.fixture
def synced():
    synced = SyncedEventFactory(subject="Merger of Harper", location="Room 4")
    grants.store(synced.connection, "ews", grants.Tokens(refresh_token="very-secret"))
    return synced


def page_of(model: str, synced) -> str:
    pk = {
        "calendarconnection": synced.connection_id,
        "grant": synced.connection.grants.get().pk,
        "syncedevent": synced.pk,
    }
    return f"/admin/calendars/{model}/{pk[model]}/"


@pytest.mark.parametrize("model", MODELS)
def test_even_a_superuser_changes_nothing(model, synced):
    client = client_of(StaffFactory(is_superuser=True))
    page = page_of(model, synced)
    assert client.get(page + "change/").status_code == 200
    assert client.post(page + "change/", {"state": "graph_sync"}).status_code == 403
    assert client.post(page + "delete/", {"post": "yes"}).status_code == 403
    assert client.post(f"/admin/calendars/{model}/add/").status_code == 403


def test_no_page_shows_a_secret(synced):
    client, grant = client_of(StaffFactory(is_superuser=True)), synced.connection.grants.get()
    sealed = bytes(grant.secret).decode()
    for page in ("/admin/calendars/grant/", page_of("grant", synced) + "change/"):
        text = client.get(page).content.decode()
        assert "very-secret" not in text and sealed not in text and "Exchange Web Services" in text


def test_texts_stand_on_the_events_own_page_alone(synced):
    client = client_of(staff_of("Support"))
    HeldAppointment.objects.create(
        connection=synced.connection, synced_event=synced, appointment_id="AAkNew", shown={"subject": "Merger, moved"}
    )
    assert "Merger" not in client.get("/admin/calendars/syncedevent/").content.decode()
    page = client.get(page_of("syncedevent", synced) + "change/").content.decode()
    assert "Merger of Harper" in page and "Merger, moved" in page


def test_rollout_see_connections_and_no_events(synced):
    client = client_of(staff_of("Rollout"))
    assert client.get("/admin/calendars/calendarconnection/").status_code == 200
    for model in ("grant", "syncedevent"):
        assert client.get(f"/admin/calendars/{model}/").status_code == 403


def test_connections_are_found_by_account_and_filtered(synced):
    ConnectionFactory(provider="google", state="google_sync", account="ada@gmail.example")
    client = client_of(staff_of("Support"))
    for query in ("q=ada@gmail", "provider__exact=google", "state__exact=google_sync"):
        (row,) = results(client.get(f"/admin/calendars/calendarconnection/?{query}"))
        assert "ada@gmail.example" in row


def test_a_synced_event_is_found_by_its_exact_id(synced):
    SyncedEventFactory()
    client = client_of(staff_of("Support"))
    (row,) = results(client.get("/admin/calendars/syncedevent/", {"q": synced.ews_id}))
    assert synced.uid in row
