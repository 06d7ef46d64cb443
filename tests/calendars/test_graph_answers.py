"""What Graph's answers mean, whatever they look like: the error says what to do, and nothing unreadable proves anything."""

import pytest
import time_machine

from calendars.graph.answers import LONGEST_WAIT, error_of
from calendars.graph.client import GraphClient
from calendars.graph.errors import (
    AccessDenied,
    BadRequest,
    Conflict,
    GrantRefused,
    ItemNotFound,
    MailboxNotServed,
    MarkLost,
    TryLater,
)
from tests.factories import NOW
from tests.migration.moving import ADDRESS, mailbox

ITEM_GONE = {"error": {"code": "ErrorItemNotFound"}}


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, {"error": {"code": "ErrorInvalidIdMalformed"}}, BadRequest),
        (401, {"error": {"code": "InvalidAuthenticationToken"}}, GrantRefused),
        (403, {"error": {"code": "ErrorAccessDenied"}}, AccessDenied),
        (404, ITEM_GONE, ItemNotFound),
        (404, {"error": {"code": "MailboxNotEnabledForRESTAPI"}}, MailboxNotServed),
        (404, {"error": {"code": "mailboxnotenabledforrestapi"}}, MailboxNotServed),
        (410, {"error": {"code": "SyncStateNotFound"}}, MarkLost),
        (400, {"error": {"code": "resyncRequired"}}, MarkLost),
        (412, None, Conflict),
        (409, {"error": {"code": "ErrorIrresolvableConflict"}}, Conflict),
        (429, {"error": {"code": "ApplicationThrottled"}}, TryLater),
        (500, None, TryLater),
        (502, "<html>", TryLater),
        (504, [], TryLater),
        (200, None, TryLater),
        (302, {"value": []}, TryLater),
        (200, ["no", "object"], TryLater),
    ],
)
def test_the_status_and_the_code_decide(status, body, error):
    assert type(error_of(status, {}, body)) is error


def test_an_answer_that_is_one_is_no_error():
    assert error_of(200, {}, {"value": []}) is None


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [
        ("7", 7),
        ("0", 0),
        ("1.5", 1.5),
        (7, 7),
        ("Mon, 23 Nov 2026 14:02:00 GMT", 120),
        ("Mon, 23 Nov 2026 13:00:00 GMT", 0),
        # A wait whose end no calendar has: as long as anybody could mean.
        ("9" * 30, LONGEST_WAIT),
        ("Mon, 23 Nov 9998 14:02:00 GMT", LONGEST_WAIT),
    ],
)
def test_how_long_microsoft_asks_to_wait(retry_after, seconds):
    with time_machine.travel(NOW, tick=False):
        error = error_of(429, {"Retry-After": retry_after}, None)
    assert isinstance(error, TryLater) and error.asked and error.seconds == seconds


@pytest.mark.parametrize("retry_after", [None, "", "soon", "-5"])
def test_without_a_time_it_is_ours_to_choose(retry_after, settings):
    error = error_of(503, {"Retry-After": retry_after}, None)
    assert isinstance(error, TryLater) and not error.asked and error.seconds == settings.RETRY_SECONDS


def test_a_next_page_on_another_host_is_not_followed(simulator):
    mailbox(simulator, [])
    token = simulator.token(ADDRESS, scope="Calendars.ReadWrite User.Read")["access_token"]
    client = GraphClient(lambda refresh: token)
    calendar = client.default_calendar()
    with pytest.raises(TryLater):
        client.appointments(calendar.id, "http://127.0.0.2:9/v1.0/me/calendar/events?$skip=1")
    assert client.requests == 1
    client.close()


def test_half_a_character_in_a_subject_does_not_stop_a_calendar(simulator):
    mailbox(simulator, [])
    token = simulator.token(ADDRESS, scope="Calendars.ReadWrite User.Read")["access_token"]
    client = GraphClient(lambda refresh: token)
    body = '{"value": [{"id": "A", "subject": "caf\\ud83d and \\u0000 more"}]}'
    simulator.fault(path="/events", status=200, body=body)
    (found,) = client.appointments(client.default_calendar().id).appointments()
    assert found.subject == "caf and  more"
    client.close()
