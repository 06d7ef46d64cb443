"""The address that Microsoft tells of changes: it believes who knows the secret, answers at once, and works for nobody."""

import json
import logging
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django_q.models import OrmQ

from calendars.graph import hooks, tasks
from calendars.graph.subscriptions import hash_of
from calendars.models import Notice, Sync
from calendars.states import State
from tests.factories import ConnectionFactory

pytestmark = pytest.mark.django_db
SECRET = "a secret nobody guesses"
ADDRESS = "/hooks/graph/"


@pytest.fixture
def sync() -> Sync:
    return subscribed("one")


def subscribed(name: str, state: str = State.GRAPH_SYNC) -> Sync:
    return Sync.objects.create(
        connection=ConnectionFactory(state=state), subscription_id=name, subscription_secret=hash_of(SECRET)
    )


def notice(name: str = "one", appointment: str = "AAkA1", **fields: Any) -> dict[str, Any]:
    return {
        "subscriptionId": name, "clientState": SECRET, "changeType": "updated", "tenantId": "t",
        "resource": f"Users/u/Events/{appointment}",
        "resourceData": {"@odata.type": "#Microsoft.Graph.Event", "id": appointment}, **fields,
    }  # fmt: skip


def post(*notices: Any, client: Client | None = None) -> int:
    client = client or Client(enforce_csrf_checks=True)
    return client.post(ADDRESS, {"value": list(notices)}, content_type="application/json").status_code


def heard() -> list[dict[str, Any]]:
    return [one for task in OrmQ.objects.order_by("pk") for one in task.task["args"][0]]


def test_the_handshake_is_answered_with_the_token_as_plain_text(client: Client):
    token = "Validation: Testing client application reachability for subscription Request-Id: 1 & <b>"
    answer = client.post(f"{ADDRESS}?validationToken={token.replace('&', '%26')}")
    assert reverse("graph_notifications") == ADDRESS
    assert answer.status_code == 200 and answer["Content-Type"].partition(";")[0] == "text/plain"
    assert answer.content.decode() == token.replace("&", "&amp;").replace("<b>", "&lt;b&gt;")
    assert client.post(f"{ADDRESS}?validationToken={'x' * 5000}").status_code == 400
    assert client.get(f"{ADDRESS}?validationToken=x").status_code == 405


def test_what_is_named_is_queued_and_noted_once(sync: Sync):
    assert post(notice(), notice(appointment="AAkA2"), notice()) == 202
    assert not Notice.objects.exists() and Sync.objects.get().wanted == 1, "nothing is done before the answer"
    assert heard() == [
        {"connection": sync.connection_id, "subscription": "one", "ids": ["AAkA1", "AAkA2"], "lifecycle": []}
    ]
    (task,) = OrmQ.objects.all()
    OrmQ.objects.all().delete()
    tasks.heed(*task.task["args"])
    assert list(Notice.objects.order_by("pk").values_list("appointment_id", flat=True)) == ["AAkA1", "AAkA2"]
    assert Sync.objects.get().wanted == 2
    assert [one.task["func"] for one in OrmQ.objects.all()] == ["calendars.tasks.sync_connection"]


@pytest.mark.parametrize("state", ["wrong", "", None, 5, SECRET.upper(), hash_of(SECRET)])
def test_without_the_secret_nothing_happens_and_nobody_learns_of_it(sync: Sync, state: Any):
    assert post(notice(clientState=state)) == 202
    assert post(notice(name="unknown")) == 202
    assert not OrmQ.objects.exists()


def test_an_empty_secret_opens_nothing(sync: Sync):
    Sync.objects.update(subscription_secret="")
    assert post(notice(clientState="")) == 202
    assert not OrmQ.objects.exists()


def test_one_body_may_hold_notifications_of_several_and_each_must_prove_itself(sync: Sync):
    subscribed("two")
    subscribed("ended", State.GRANT_LOST)
    assert (
        post(notice("two", "AAkA2"), notice("one", clientState="wrong"), notice("one", "AAkA3"), notice("ended")) == 202
    )
    assert {one["subscription"]: one["ids"] for one in heard()} == {"one": ["AAkA3"], "two": ["AAkA2"]}


@pytest.mark.parametrize(
    "fields",
    [{"resourceData": None}, {"resourceData": []}, {"resourceData": {"id": 5}}, {"resourceData": {"id": "x" * 5000}}],
)
def test_a_notification_that_names_nothing_is_a_reason_to_look(sync: Sync, fields: dict[str, Any]):
    assert post(notice(**fields)) == 202
    assert [one["ids"] for one in heard()] == [[]]


def test_lifecycle_events_are_known_by_name(sync: Sync):
    said = [notice(lifecycleEvent=name, resourceData=None) for name in ("missed", "missed", "somethingNew", ["missed"])]
    assert post(*said) == 202
    assert [one["lifecycle"] for one in heard()] == [["missed"]]


@pytest.mark.parametrize(
    "body",
    [b"", b"junk", b"[]", b"{}", b'{"value": 5}', b'{"value": {}}', b'{"value": "text"}', b'{"value": [5]}',
     b'{"value": [null]}', b'{"value": [{}]}', b'{"value": [{"subscriptionId": 5}]}', b"\xff\xfe", b"[" * 100_000,
     b'{"value": [{"subscriptionId": "\\ud800"}]}'],
)  # fmt: skip
def test_junk_is_refused_without_a_query_or_a_line_in_the_log(
    client: Client, caplog, django_assert_num_queries, body: bytes
):
    with caplog.at_level(logging.DEBUG), django_assert_num_queries(0):
        answer = client.post(ADDRESS, body, content_type="application/json")
    assert answer.status_code == 400 and answer.content == b""
    assert "junk" not in caplog.text


def test_a_name_that_no_database_can_hold_is_not_looked_for(sync: Sync, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert post(notice("on\0e")) == 202
    assert post(notice(resourceData={"id": "AAk\0A1"})) == 202
    assert [one["ids"] for one in heard()] == [[]]


def test_a_body_that_is_too_large_is_not_read(client: Client, django_assert_num_queries):
    body = json.dumps({"value": [notice(filler="x" * 3_000_000)]})
    with django_assert_num_queries(0):
        assert client.post(ADDRESS, body, content_type="application/json").status_code == 400


def test_the_number_of_queries_does_not_grow_with_the_body(django_assert_num_queries):
    for number in range(40):
        subscribed(f"{number}")
    for count in (1, 40):
        said = [notice(f"{number}", f"AAkA{number}-{times}") for number in range(count) for times in range(10)]
        with django_assert_num_queries(2):
            assert post(*said) == 202
    assert len(heard()) == 41


def test_more_than_a_body_of_graphs_ever_holds_is_not_considered(sync: Sync, monkeypatch):
    monkeypatch.setattr(hooks, "MOST", 3)
    assert post(*(notice(appointment=f"AAkA{number}") for number in range(5))) == 202
    assert [one["ids"] for one in heard()] == [["AAkA0", "AAkA1", "AAkA2"]]


def test_a_connection_that_has_ended_before_the_task_comes_is_left_alone(sync: Sync):
    assert post(notice()) == 202
    (task,) = OrmQ.objects.all()
    sync.connection.delete()
    tasks.heed(*task.task["args"])
    assert not Notice.objects.exists()
