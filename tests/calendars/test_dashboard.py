"""The dashboard: the member's own events and connection, in her zone."""

import re

import pytest
import time_machine

from calendars import status
from calendars.states import State
from tests.factories import NOW, PASSWORD, ConnectionFactory, EventFactory, MemberFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def november():
    with time_machine.travel(NOW, tick=False):
        yield


def text_of(client) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", client.get("/").content.decode()).split())


def test_it_shows_events_and_the_state_of_the_sync(client):
    connection = ConnectionFactory(calendar_name="Court dates")
    member = connection.member
    EventFactory(member=member, subject="Hearing <Okafor>", location="Court 3")
    EventFactory(subject="Somebody else's")
    client.force_login(member)
    text = text_of(client)
    assert "Monday, November 23 · New York time" in text
    assert "Tuesday, December 1 9:00 AM – 10:00 AM Hearing &lt;Okafor&gt; Court 3" in text
    assert "In sync" in text and connection.account in text and "Court dates" in text
    assert "Somebody" not in text


def test_without_events_and_without_calendar_it_says_so(client):
    client.force_login(MemberFactory())
    text = text_of(client)
    assert "No events lie ahead." in text and "No calendar is connected" in text


def test_a_disconnected_calendar_is_none(client):
    connection = ConnectionFactory(state="disconnected", account="former@lawfirm.example")
    client.force_login(connection.member)
    assert "former@" not in text_of(client)


def test_every_state_has_its_words():
    assert set(status.STATUS) == set(State)


def test_nobody_sees_it_without_login_and_no_cache_keeps_it(client):
    assert client.get("/").headers["Location"] == "/accounts/login/?next=/"
    member = MemberFactory()
    client.post("/accounts/login/", {"login": member.email, "password": PASSWORD})
    assert "no-store" in client.get("/").headers["Cache-Control"]


def test_a_failure_of_ours_is_a_page_of_ours(client, monkeypatch):
    def broken(*args):
        raise RuntimeError("out of order")

    monkeypatch.setattr("calendars.agenda.next_events", broken)
    client.raise_request_exception = False
    client.force_login(MemberFactory())
    answer = client.get("/")
    assert answer.status_code == 500 and "Something went wrong on our side" in answer.content.decode()
    assert "out of order" not in answer.content.decode()
