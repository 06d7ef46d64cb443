"""Batches of reading requests: each item is answered, refused or told to wait by itself, and nothing is lost by that."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from calendars.graph.client import GraphClient
from calendars.graph.errors import GrantRefused, TryLater
from tests.migration.moving import ADDRESS, mailbox
from tests.simulator.client import Simulator

REFUSED = {"status": 401, "body": {"error": {"code": "InvalidAuthenticationToken"}}}


@pytest.fixture
def renewed() -> list[bool]:
    """Grows with each new token."""
    return []


@pytest.fixture
def client(simulator: Simulator, renewed: list[bool]) -> Iterator[GraphClient]:
    """Of a mailbox with three appointments."""
    hour = {
        side: {"dateTime": f"2026-12-01T{at}:00:00", "timeZone": "UTC"} for side, at in (("start", 10), ("end", 11))
    }
    mailbox(simulator, [{"ref": ref, "subject": ref, **hour} for ref in "abc"])

    def token(refresh: bool) -> str:
        renewed.extend([True] * refresh)
        return str(simulator.token(ADDRESS, scope="Calendars.ReadWrite User.Read")["access_token"])

    client = GraphClient(token)
    yield client
    client.close()


def ids(simulator: Simulator) -> list[str]:
    (calendar,) = simulator.get_mailbox(ADDRESS)["calendars"]
    return [event["immutableId"] for event in calendar["events"]]


def answers(simulator: Simulator) -> list[dict[str, Any]]:
    return [line for line in simulator.journal() if line["operation"] == "get" and line["parent"] is not None]


def test_an_item_whose_token_is_refused_is_asked_for_again_with_a_new_one(client, renewed, simulator):
    """A token may run out between the batch and its last item: that is nothing to ask the member for."""
    simulator.fault(operation="get", batch_item=True, nth=2, count=1, **REFUSED)
    wanted = ids(simulator)
    found = client.by_ids(wanted)
    assert sorted(one.subject for one in found.values() if one) == ["a", "b", "c"]
    assert len(renewed) == 1
    assert len(answers(simulator)) == 4, "those that were answered are not asked for again"


def test_an_item_that_is_refused_with_a_new_token_too_is_refused(client, renewed, simulator):
    simulator.fault(operation="get", batch_item=True, **REFUSED)
    with pytest.raises(GrantRefused):
        client.by_ids(ids(simulator))
    assert len(renewed) == 1


@pytest.mark.parametrize("header", [{"Retry-After": "0.2"}, {"retry-after": "0.2"}], ids=str)
def test_what_one_item_is_asked_to_wait_is_waited_though_another_needs_a_token(client, simulator, settings, header):
    settings.SHORT_WAIT_SECONDS = 1
    simulator.fault(operation="get", batch_item=True, nth=1, count=1, **REFUSED)
    simulator.fault(operation="get", batch_item=True, nth=2, count=1, status=429, headers=header)
    assert all(client.by_ids(ids(simulator)).values())
    throttled = next(line for line in answers(simulator) if line["status"] == 429)
    until = datetime.fromisoformat(throttled["end"]) + timedelta(seconds=0.2)
    assert all(datetime.fromisoformat(line["start"]) >= until for line in answers(simulator)[3:])


def test_an_answer_that_is_no_series_does_not_say_that_it_has_no_edited_occurrences(client, simulator):
    simulator.fault(operation="get", batch_item=True, status=200, body={"status": "ok"})
    with pytest.raises(TryLater):
        client.series(ids(simulator)[:1])
