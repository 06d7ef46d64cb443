"""Subscriptions: made, renewed in time, made anew when Graph has dropped them, and given up without harm."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone
from django_q.models import OrmQ

from calendars import connections, grants
from calendars.graph import subscriptions, tasks
from calendars.models import CalendarConnection, Grant, Notice, Sync
from calendars.states import Cause, State
from tests import queue
from tests.calendars.graph.steps import ADA, create, pull
from tests.factories import NOW, ConnectionFactory
from tests.simulator.client import Simulator
from tests.simulator_tests.receiver import Receiver, receiving

DAY = timedelta(days=1)


@pytest.fixture
def receiver(settings) -> Iterator[Receiver]:
    """In the place of our site; what it got, tests post to the site."""
    with receiving() as receiver:
        settings.PUBLIC_URL = receiver.url
        yield receiver


@pytest.fixture
def sync(connection: CalendarConnection, receiver: Receiver) -> Sync:
    return Sync.objects.create(connection=connection, service="graph")


def due(now=None) -> int:
    """What the clock does, and what follows from it but the syncs themselves."""
    made = subscriptions.enqueue_due(now or timezone.now())
    for task in OrmQ.objects.all():
        if task.task["func"] == "calendars.graph.tasks.subscribe":
            tasks.subscribe(*task.task["args"])
    OrmQ.objects.all().delete()
    return made


def test_a_connection_gets_one_subscription_to_its_calendar(simulator: Simulator, sync: Sync, receiver: Receiver):
    assert due() == 1
    (there,) = simulator.subscriptions(ADA)
    sync.refresh_from_db()
    assert there["resource"] == f"/me/calendars/{sync.connection.calendar_id}/events"
    assert there["notificationUrl"] == there["lifecycleNotificationUrl"] == f"{receiver.url}/hooks/graph/"
    assert receiver.asked == ["/hooks/graph/"] * 2
    assert sync.subscription_id == there["id"]
    assert sync.subscription_secret == subscriptions.hash_of(there["clientState"]) != there["clientState"]
    assert timedelta(hours=69) < sync.subscription_until - NOW < timedelta(hours=71)
    assert 0.3 < (sync.subscription_due - NOW) / (sync.subscription_until - NOW) < 0.7
    made = create(simulator, "Hearing")
    (notice,) = receiver.wait(1)
    assert notice["resourceData"]["id"] == made["immutableId"]
    assert sync.wanted > 1, "what changed before its id was known is looked for"


def test_it_is_renewed_before_it_expires_and_no_second_one_is_made(simulator: Simulator, sync: Sync):
    due()
    (first,) = simulator.subscriptions(ADA)
    assert due() == 0
    with time_machine.travel(NOW + 2 * DAY, tick=True):
        assert due(NOW + 2 * DAY) == 1
        sync.refresh_from_db()
    (renewed,) = simulator.subscriptions(ADA)
    assert renewed["id"] == first["id"] == sync.subscription_id
    assert renewed["expirationDateTime"] > first["expirationDateTime"]
    assert sync.subscription_until > NOW + 4 * DAY


def test_one_that_has_expired_is_made_anew_and_everything_is_looked_at(simulator: Simulator, sync: Sync, service):
    due()
    first = pull(service).mark
    with time_machine.travel(NOW + 4 * DAY, tick=True):
        due(NOW + 4 * DAY)
        (there,) = simulator.subscriptions(ADA)
        sync.refresh_from_db()
        assert sync.subscription_id == there["id"]
        assert pull(service, first).complete


def test_when_the_site_moves_its_subscriptions_follow(simulator: Simulator, sync: Sync, settings):
    due()
    (first,) = simulator.subscriptions(ADA)
    with receiving() as elsewhere, time_machine.travel(NOW + 2 * DAY, tick=True):
        settings.PUBLIC_URL = elsewhere.url
        due(NOW + 2 * DAY)
        (there,) = simulator.subscriptions(ADA)
        sync.refresh_from_db()
    assert there["notificationUrl"] == f"{elsewhere.url}/hooks/graph/" and there["id"] != first["id"]
    assert sync.subscription_id == there["id"]


def test_without_an_address_there_are_none(simulator: Simulator, sync: Sync, settings):
    settings.PUBLIC_URL = ""
    assert due() == 0
    subscriptions.ensure(sync.connection_id)
    assert simulator.subscriptions(ADA) == []


def test_where_microsoft_cannot_reach_us_calendars_are_polled_and_it_is_tried_again_later(
    simulator: Simulator, sync: Sync, receiver: Receiver, caplog
):
    receiver.shake = 500
    due()
    sync.refresh_from_db()
    assert sync.subscription_id == "" and sync.subscription_due > NOW + timedelta(hours=5)
    assert "ValidationError" in caplog.text


@pytest.mark.parametrize(("fault", "least", "most"), [
    ({"status": 503}, timedelta(minutes=10), timedelta(minutes=20)),
    ({"status": 429, "headers": {"Retry-After": "3600"}}, timedelta(minutes=60), timedelta(minutes=90)),
    ({"status": 403}, timedelta(hours=6), timedelta(hours=9)),
])  # fmt: skip
def test_trouble_is_waited_out(simulator: Simulator, sync: Sync, fault, least, most):
    simulator.fault(operation="subscriptions", **fault)
    due()
    sync.refresh_from_db()
    assert least - timedelta(minutes=1) < sync.subscription_due - NOW < most + timedelta(minutes=1)


def test_a_grant_that_is_refused_or_gone_stops_nothing_else(simulator: Simulator, sync: Sync):
    other = Sync.objects.create(connection=ConnectionFactory(state=State.GRAPH_SYNC))
    simulator.fault(operation="token", status=400, body={"error": "invalid_grant"})
    assert due() == 2
    for row in (sync, other):
        row.refresh_from_db()
        assert row.subscription_id == "" and row.subscription_due > NOW + timedelta(hours=5)
    sync.connection.refresh_from_db()
    assert sync.connection.state == State.GRAPH_SYNC, "the sync itself notices"


def test_of_two_tasks_at_once_one_subscription_stays(simulator: Simulator, sync: Sync, monkeypatch):
    first = subscriptions._save

    def another_was_faster(row, *args, **changes):
        Sync.objects.filter(pk=row.pk).update(subscription_id="another")
        return first(row, *args, **changes)

    monkeypatch.setattr(subscriptions, "_save", another_was_faster)
    due()
    sync.refresh_from_db()
    assert sync.subscription_id == "another" and simulator.subscriptions(ADA) == []


def test_the_clock_asks_for_so_many_at_a_time_the_longest_due_first_and_waits_while_syncs_do(
    connection, receiver, monkeypatch
):
    monkeypatch.setattr(subscriptions, "DUE", 5)
    monkeypatch.setattr(subscriptions, "TOGETHER", 2)
    rows = [
        Sync(connection=ConnectionFactory(state=State.GRAPH_SYNC), subscription_due=NOW - timedelta(minutes=number))
        for number in range(8)
    ]
    Sync.objects.bulk_create(rows)
    for state in (State.GOOGLE_SYNC, State.OLD_SYNC):
        provider = "google" if state == State.GOOGLE_SYNC else "outlook"
        Sync.objects.create(connection=ConnectionFactory(state=state, provider=provider))
    assert subscriptions.enqueue_due(NOW) == 5
    asked = [task.task["args"][0] for task in OrmQ.objects.order_by("pk")]
    assert [len(one) for one in asked] == [2, 2, 1]
    assert sorted(one for few in asked for one in few) == sorted(row.connection_id for row in rows[3:])
    assert subscriptions.enqueue_due(NOW) == 3
    assert subscriptions.enqueue_due(NOW) == 0
    assert subscriptions.enqueue_due(NOW + timedelta(hours=1)) == 0, "the queue is long"
    OrmQ.objects.all().delete()
    assert subscriptions.enqueue_due(NOW + timedelta(hours=1)) == 5, "whoever claimed them died"


# --- Ends -------------------------------------------------------------------------------------------------------------
def test_who_disconnects_has_her_subscription_deleted(simulator: Simulator, sync: Sync):
    due()
    connection = CalendarConnection.objects.get(pk=sync.connection_id)
    before = OrmQ.objects.count()
    connections.disconnect(connection, actor=connection.member)
    assert not Grant.objects.filter(connection=connection).exists()
    task = OrmQ.objects.order_by("-pk").first()
    assert OrmQ.objects.count() == before + 1 and "refresh" not in str(task.task)
    queue.drain()
    assert simulator.subscriptions(ADA) == []
    sync.refresh_from_db()
    assert (sync.subscription_id, sync.subscription_secret, sync.subscription_until) == ("", "", None)


def test_a_deletion_that_fails_disconnects_all_the_same(simulator: Simulator, sync: Sync):
    due()
    connection = CalendarConnection.objects.get(pk=sync.connection_id)
    connections.disconnect(connection, actor=connection.member)
    simulator.fault(operation="subscriptions", status=403)
    queue.drain()
    assert len(simulator.subscriptions(ADA)) == 1, "it expires by itself"


def test_who_has_none_is_disconnected_without_a_word(simulator: Simulator, sync: Sync):
    connection = CalendarConnection.objects.get(pk=sync.connection_id)
    connections.disconnect(connection, actor=connection.member)
    assert not OrmQ.objects.exists()


def test_after_a_lost_grant_there_is_a_new_one(simulator: Simulator, sync: Sync):
    due()
    (first,) = simulator.subscriptions(ADA)
    connection = CalendarConnection.objects.get(pk=sync.connection_id)
    connections.move(connection, Cause.GRANT_REFUSED, actor=None, now=NOW, stopped_at=NOW)
    assert due() == 0
    sync.refresh_from_db()
    assert sync.subscription_id == "" and sync.subscription_due is None
    given = simulator.token(ADA, service="graph", scope="Calendars.ReadWrite User.Read offline_access")
    grants.store(connection, "graph", grants.Tokens(refresh_token=given["refresh_token"]))
    connections.move(connection, Cause.SAME_ACCOUNT, actor=None, now=NOW)
    assert due() == 1
    sync.refresh_from_db()
    assert sync.subscription_id not in ("", first["id"])


# --- Lifecycle --------------------------------------------------------------------------------------------------------
def heed(simulator: Simulator, client, receiver: Receiver, event: str) -> dict:
    """One lifecycle notice on its way through the site; what the queue then holds but syncs is carried out."""
    seen = len(receiver.got)
    simulator.lifecycle(ADA, event)
    notice = receiver.wait(seen + 1)[seen]
    notice.pop("path")
    answer = client.post("/hooks/graph/", {"value": [notice]}, content_type="application/json")
    assert answer.status_code == 202
    for task in OrmQ.objects.order_by("pk"):
        if task.task["func"] == "calendars.graph.tasks.heed":
            tasks.heed(*task.task["args"])
    OrmQ.objects.all().delete()
    return notice


def test_who_is_asked_to_authorize_again_does_so(simulator: Simulator, sync: Sync, receiver: Receiver, client):
    due()
    heed(simulator, client, receiver, "reauthorizationRequired")
    (there,) = simulator.subscriptions(ADA)
    assert not there["paused"]


def test_one_that_graph_removed_is_made_anew_and_everything_is_looked_at(
    simulator: Simulator, sync: Sync, receiver: Receiver, client, service
):
    due()
    sync.refresh_from_db()
    first = sync.subscription_id
    mark = pull(service).mark
    heed(simulator, client, receiver, "subscriptionRemoved")
    sync.refresh_from_db()
    (there,) = simulator.subscriptions(ADA)
    assert sync.subscription_id == there["id"] != first
    assert pull(service, mark).complete


def test_missed_notifications_are_a_reason_to_list_everything(
    simulator: Simulator, sync: Sync, receiver: Receiver, client
):
    due()
    Sync.objects.update(full_at=NOW)
    sync.refresh_from_db()
    heed(simulator, client, receiver, "missed")
    assert (Sync.objects.get().wanted, Sync.objects.get().full_at) == (sync.wanted + 1, None)
    assert not Notice.objects.exists()
