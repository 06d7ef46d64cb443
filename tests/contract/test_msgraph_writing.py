"""The simulated Graph, written to by Microsoft's own `msgraph-sdk`, and its errors as the SDK tells them."""

from __future__ import annotations

from typing import Any

from msgraph import GraphServiceClient
from msgraph.generated.models.attendee import Attendee
from msgraph.generated.models.date_time_time_zone import DateTimeTimeZone
from msgraph.generated.models.email_address import EmailAddress
from msgraph.generated.models.event import Event

from tests.contract.conftest import ADA, Simulator
from tests.contract.sdk import IMMUTABLE, Work, all_events, asking, graph, new_event, of_list, refused

# Writing


def test_the_same_transaction_creates_once(simulator: Simulator) -> None:
    async def work(client: GraphServiceClient) -> Any:
        body = new_event("Deposition", transaction_id="7d3f8f9e-0000-4000-8000-000000000007")
        first = await client.me.calendar.events.post(body, asking())
        second = await client.me.calendar.events.post(body, asking())
        return first, second

    first, second = graph(simulator, work)
    assert first.id == second.id
    assert first.transaction_id == "7d3f8f9e-0000-4000-8000-000000000007"
    subjects = [event.subject for event in graph(simulator, all_events(IMMUTABLE))]
    assert subjects.count("Deposition") == 1


def test_change_and_delete(simulator: Simulator) -> None:
    async def work(client: GraphServiceClient) -> Any:
        made = await client.me.calendar.events.post(new_event("Filing"), asking())
        assert made is not None
        one = client.me.events.by_event_id(str(made.id))
        changed = await one.patch(Event(subject="Filing, late"), asking())
        read = await one.get(asking())
        await one.delete(asking())
        return made, changed, read

    made, changed, read = graph(simulator, work)
    assert (made.id, made.subject, read.subject) == (changed.id, "Filing", "Filing, late")
    assert made.change_key != changed.change_key == read.change_key
    gone = refused(simulator, lambda client: client.me.events.by_event_id(made.id).get(asking()))
    assert gone == (404, "ErrorItemNotFound")


def test_attendees_get_mail_and_nobody_else(simulator: Simulator) -> None:
    guest = Attendee(email_address=EmailAddress(address="bob@other.example", name="Bob"))
    graph(simulator, lambda client: client.me.events.post(new_event("Alone"), asking()))
    assert simulator.outbox() == []
    made = graph(simulator, lambda client: client.me.events.post(new_event("Two", attendees=[guest]), asking()))
    assert made.attendees[0].email_address.address == "bob@other.example"
    assert [mail["to"] for mail in simulator.outbox()] == [["bob@other.example"]]


# Errors


def one_event(event_id: str) -> Work:
    async def work(client: GraphServiceClient) -> Any:
        return await client.me.events.by_event_id(event_id).get(asking())

    return work


def test_a_token_nobody_issued(simulator: Simulator) -> None:
    answer = refused(simulator, lambda client: client.me.get(), token="not a token")
    assert answer == (401, "InvalidAuthenticationToken")


def test_an_id_that_is_none(simulator: Simulator) -> None:
    assert refused(simulator, one_event("not-an-id")) == (400, "ErrorInvalidIdMalformed")


def test_an_event_that_is_gone(simulator: Simulator) -> None:
    event_id = simulator.event("single-5")["immutableId"]
    simulator.edit(ADA, "single-5", "delete")
    assert refused(simulator, one_event(event_id)) == (404, "ErrorItemNotFound")


def test_an_unknown_property(simulator: Simulator) -> None:
    parameters = of_list(select=["subject", "colour"])
    status, _ = refused(simulator, lambda client: client.me.calendar.events.get(asking(parameters)))
    assert status == 400


def test_an_unknown_zone(simulator: Simulator) -> None:
    body = new_event("Nowhere")
    body.start = DateTimeTimeZone(date_time="2026-12-20T09:00:00", time_zone="Mars/Olympus")
    answer = refused(simulator, lambda client: client.me.events.post(body, asking()))
    assert answer == (400, "TimeZoneNotSupportedException")


def throttle(simulator: Simulator, count: int) -> None:
    simulator.fault(operation="me", status=429, headers={"Retry-After": "0"}, count=count)


def test_throttling_is_an_error_with_a_code(simulator: Simulator) -> None:
    throttle(simulator, 1)
    answer = refused(simulator, lambda client: client.me.get())
    assert answer == (429, "ApplicationThrottled")


def test_the_sdk_waits_and_gets_through(simulator: Simulator) -> None:
    throttle(simulator, 2)
    user = graph(simulator, lambda client: client.me.get(), retries=3)
    assert user.mail == ADA
