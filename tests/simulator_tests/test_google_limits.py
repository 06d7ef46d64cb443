"""Quotas, broken connections and push channels at Google."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest
import requests

from tests.simulator_tests.google_steps import EVENTS, GUS, Google, refused, timed
from tests.simulator_tests.graph_steps import firm_calendar
from tests.simulator_tests.receiver import Receiver
from tests.simulator_tests.subscription_steps import settled

WATCH = EVENTS + "/watch"


@pytest.mark.parametrize(
    ("rule", "expected", "domain"),
    [
        ({"status": 403}, (403, "rateLimitExceeded"), "usageLimits"),
        ({"status": 403, "code": "quotaExceeded"}, (403, "quotaExceeded"), "usageLimits"),
        ({"status": 429, "headers": {"Retry-After": "30"}}, (429, "rateLimitExceeded"), "usageLimits"),
        ({"status": 500}, (500, "backendError"), "global"),
        ({"code": "forbiddenForNonOrganizer", "status": 403}, (403, "forbiddenForNonOrganizer"), "calendar"),
    ],
)
def test_faults_are_in_googles_words(
    google: Google, rule: dict[str, Any], expected: tuple[int, str], domain: str
) -> None:
    google.simulator.fault(operation=["google", "events.list"], count=1, mailbox=GUS, **rule)
    answer = google.call("GET", EVENTS)
    assert refused(answer) == expected
    assert answer.json()["error"]["errors"][0]["domain"] == domain
    assert answer.headers.get("Retry-After") == rule.get("headers", {}).get("Retry-After")
    assert google.call("GET", EVENTS).status_code == 200


def test_requests_need_a_token_and_a_known_address(google: Google) -> None:
    url = google.simulator.url + "/calendar/v3"
    assert refused(requests.get(url + EVENTS, timeout=30)) == (401, "required")
    assert refused(requests.get(url + EVENTS, headers={"Authorization": "Bearer x"}, timeout=30)) == (401, "authError")
    assert refused(google.call("GET", "/nothing/here")) == (404, "notFound")
    assert google.call("PUT", EVENTS).status_code == 405
    for scope, status in (("calendar.events.readonly", 403), ("calendar.events.owned", 200)):
        token = google.simulator.token(GUS, scope=f"https://www.googleapis.com/auth/{scope}")["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        assert requests.get(url + EVENTS, headers=headers, timeout=30).status_code == 200
        assert requests.post(url + EVENTS, json=timed(2), headers=headers, timeout=30).status_code == status


def test_the_journal_names_methods_and_mailbox(google: Google) -> None:
    made = google.insert()
    google.patch(made["id"], summary="Moved")
    google.call("DELETE", f"{EVENTS}/{made['id']}")
    lines = google.simulator.journal()
    assert [line["operation"] for line in lines] == ["events.insert", "events.patch", "events.delete"]
    assert {(line["mailbox"], line["in_flight"]) for line in lines} == {(GUS, 1)}
    assert lines[0]["body"]["summary"] == "Deposition" and lines[2]["status"] == 204


def watch(google: Google, receiver: Receiver, **fields: Any) -> dict[str, Any]:
    wanted = {"id": str(uuid.uuid4()), "type": "web_hook", "address": receiver.url + "/g", "token": "secret", **fields}
    answer = google.call("POST", WATCH, json={name: value for name, value in wanted.items() if value is not None})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def heard(receiver: Receiver, count: int) -> list[dict[str, str]]:
    """The messages, once there are so many of them."""
    for _ in range(400):
        if len(receiver.heard) >= count:
            return receiver.heard[:count]
        time.sleep(0.01)
    raise AssertionError(f"only {len(receiver.heard)} of {count} messages came")


def test_a_channel_says_that_something_changed_and_not_what(google: Google, receiver: Receiver) -> None:
    made = watch(google, receiver)
    assert made["kind"] == "api#channel" and made["token"] == "secret"
    assert int(made["expiration"]) == 1795939200000, "a week from now"
    google.insert()
    google.simulator.edit(GUS, "series", "delete", occurrence="2026-12-14")
    first, second, third = heard(receiver, 3)
    assert [one["X-Goog-Resource-State"] for one in (first, second, third)] == ["sync", "exists", "exists"]
    assert [one["X-Goog-Message-Number"] for one in (first, second, third)] == ["1", "2", "3"]
    for one in (first, second, third):
        assert (one["X-Goog-Channel-ID"], one["X-Goog-Channel-Token"]) == (made["id"], "secret")
        assert (one["X-Goog-Resource-ID"], one["X-Goog-Resource-URI"]) == (made["resourceId"], made["resourceUri"])
        assert one["X-Goog-Channel-Expiration"] == "Sun, 29 Nov 2026 08:00:00 GMT"
        assert one["Content-Length"] == "0"
    assert {line["kind"] for line in settled(google.simulator)} == {"channel"}
    assert [one["messages"] for one in google.simulator.channels(GUS)] == [3]


def test_a_channel_ends_when_it_is_stopped_or_over(google: Google, receiver: Receiver) -> None:
    made, other = watch(google, receiver), watch(google, receiver, params={"ttl": "60"})
    stop: Callable[[dict[str, Any]], requests.Response] = lambda body: google.call("POST", "/channels/stop", json=body)  # noqa: E731
    assert refused(stop({"id": made["id"], "resourceId": "another"})) == (404, "notFound")
    assert stop({"id": made["id"], "resourceId": made["resourceId"]}).status_code == 204
    assert [one["id"] for one in google.simulator.channels()] == [other["id"]]
    google.simulator.clock(advance=61)
    assert google.simulator.channels() == []
    google.insert()
    settled(google.simulator)
    assert {one["X-Goog-Resource-State"] for one in receiver.heard} == {"sync"}


def test_a_message_that_is_not_taken_comes_again(google: Google, receiver: Receiver) -> None:
    watch(google, receiver, token=None)
    heard(receiver, 1)
    receiver.status = 503
    google.insert()
    heard(receiver, 2)
    receiver.status = 200
    google.simulator.clock(advance=10)
    assert [one["X-Goog-Message-Number"] for one in heard(receiver, 3)] == ["1", "2", "2"]
    assert "X-Goog-Channel-Token" not in receiver.heard[0]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"id": None}, "required"),
        ({"id": "x" * 65}, "required"),
        ({"type": "carrier_pigeon"}, "invalid"),
        ({"address": "http://firm.example/hook"}, "push.webhookUrlNotHttps"),
        ({"expiration": "1"}, "invalid"),
        ({"params": {"ttl": "soon"}}, "invalid"),
        ({"id": "taken"}, "channelIdNotUnique"),
    ],
)
def test_channels_that_are_refused(google: Google, receiver: Receiver, fields: dict[str, Any], reason: str) -> None:
    watch(google, receiver, id="taken")
    wanted = {"id": "new", "type": "web_hook", "address": receiver.url, **fields}
    body = {name: value for name, value in wanted.items() if value is not None}
    assert refused(google.call("POST", WATCH, json=body)) == (400, reason)
    assert len(google.simulator.channels()) == 1


def test_channels_of_one_calendar_hear_nothing_of_another(google: Google, receiver: Receiver) -> None:
    google.simulator.mailbox(GUS, provider="google", calendars=[firm_calendar(), {"name": "Other"}])
    google = Google(google.simulator)
    other = google.get("/users/me/calendarList")["items"][1]["id"]
    answer = google.call("POST", f"/calendars/{other}/events/watch", json={
        "id": "other", "type": "web_hook", "address": receiver.url,
    })  # fmt: skip
    assert answer.status_code == 200
    google.insert()
    settled(google.simulator)
    assert len(receiver.heard) == 1
    google.call("POST", f"/calendars/{other}/events", json=timed(3))
    assert len(heard(receiver, 2)) == 2
