"""What a two-way sync does, done by Microsoft's own `msgraph-sdk`: delta, occurrences, subscriptions."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from msgraph import GraphServiceClient
from msgraph.generated.models.event import Event
from msgraph.generated.models.event_type import EventType
from msgraph.generated.models.subscription import Subscription
from msgraph.generated.users.item.calendar_view.delta.delta_request_builder import DeltaRequestBuilder

from tests.contract.conftest import ADA, Simulator
from tests.contract.sdk import asking, graph, moment, of_event, refused
from tests.simulator_tests.receiver import Receiver, receiving

WINDOW = {"start_date_time": "2026-12-01T00:00:00Z", "end_date_time": "2027-01-01T00:00:00Z"}


def of_delta(**parameters: Any) -> Any:
    return asking(DeltaRequestBuilder.DeltaRequestBuilderGetQueryParameters(**{**WINDOW, **parameters}))


async def play(client: GraphServiceClient, link: str | None = None) -> tuple[list[Event], str]:
    """All lines of a round, from the start or from a deltaLink, and the next deltaLink."""
    delta = client.me.calendar_view.delta
    page = await (delta.with_url(link).get(asking()) if link else delta.get(of_delta()))
    assert page is not None
    lines = list(page.value or [])
    while page.odata_next_link:
        page = await delta.with_url(page.odata_next_link).get(asking())
        assert page is not None
        lines += page.value or []
    assert page.odata_delta_link is not None
    return lines, page.odata_delta_link


# Delta


def test_a_full_round_and_one_of_changes(simulator: Simulator) -> None:
    lines, link = graph(simulator, play)
    kinds = [line.type for line in lines]
    assert kinds.count(EventType.SingleInstance) == 25
    assert [kind for kind in kinds if kind != EventType.SingleInstance] == [
        EventType.SeriesMaster,
        EventType.Occurrence,
        EventType.Exception,
        EventType.Occurrence,
    ]
    (master,) = [line for line in lines if line.type == EventType.SeriesMaster]
    sparse = next(line for line in lines if line.type == EventType.Occurrence)
    assert (sparse.series_master_id, sparse.subject) == (master.id, None)
    gone = simulator.event("single-3")["immutableId"]
    simulator.edit(ADA, "single-3", "delete")
    simulator.edit(ADA, "single-4", "change", subject="Changed")
    lines, link = graph(simulator, lambda client: play(client, link))
    assert [(line.id, line.additional_data.get("@removed")) for line in lines if line.subject is None] == [
        (gone, {"reason": "deleted"})
    ]
    assert [line.subject for line in lines if line.subject] == ["Changed"]
    assert graph(simulator, lambda client: play(client, link))[0] == []


def test_a_calendar_of_its_own(simulator: Simulator) -> None:
    async def work(client: GraphServiceClient) -> Any:
        calendars = await client.me.calendars.get()
        hearings = next(one for one in calendars.value if one.name == "Hearings")  # type: ignore[union-attr]
        delta = client.me.calendars.by_calendar_id(str(hearings.id)).calendar_view.delta
        first = await delta.get(of_delta())
        return await delta.with_url(first.odata_next_link).get(asking())

    page = graph(simulator, work)
    assert [line.subject for line in page.value] == ["Meeting 40"]
    assert page.odata_delta_link


def test_lost_states_and_what_delta_does_not_take(simulator: Simulator) -> None:
    _, link = graph(simulator, play)
    simulator.delta(ADA, lose="SyncStateNotFound")
    assert refused(simulator, lambda client: play(client, link)) == (410, "SyncStateNotFound")
    for wrong in ({"select": ["subject"]}, {"top": 5}):
        answer = refused(simulator, lambda client, wrong=wrong: client.me.calendar_view.delta.get(of_delta(**wrong)))
        assert answer == (400, "ErrorInvalidUrlQuery")


# Occurrences


def test_one_occurrence_changed_and_one_cancelled(simulator: Simulator) -> None:
    lines, link = graph(simulator, play)
    first, last = (line for line in lines if line.type == EventType.Occurrence)

    async def work(client: GraphServiceClient) -> Any:
        body = Event(subject="Once", start=moment("2026-12-01T16:00:00"), end=moment("2026-12-01T17:00:00"))
        changed = await client.me.events.by_event_id(str(first.id)).patch(body, asking())
        await client.me.events.by_event_id(str(last.id)).delete(asking())
        expand = of_event(select=["subject", "cancelledOccurrences"], expand=["exceptionOccurrences"])
        master = await client.me.events.by_event_id(str(first.series_master_id)).get(asking(expand))
        return changed, master, await play(client, link)

    changed, master, (lines, _) = graph(simulator, work)
    assert (changed.id, changed.type, changed.original_start) == (
        first.id,
        EventType.Exception,
        dt.datetime(2026, 12, 1, 14, tzinfo=dt.UTC),
    )
    assert [text[-10:] for text in master.cancelled_occurrences] == ["2026-12-15", "2026-12-22"]
    assert [line.subject for line in master.exception_occurrences] == ["Once", "Weekly review, moved"]
    assert [line.type for line in lines] == [EventType.SeriesMaster, EventType.Exception, EventType.Exception]


def test_the_error_of_an_occurrence_that_crosses_its_neighbour(simulator: Simulator) -> None:
    lines, _ = graph(simulator, play)
    first = next(line for line in lines if line.type == EventType.Occurrence)
    body = Event(start=moment("2026-12-10T16:00:00"), end=moment("2026-12-10T17:00:00"))
    answer = refused(simulator, lambda client: client.me.events.by_event_id(str(first.id)).patch(body, asking()))
    assert answer == (400, "ErrorOccurrenceCrossingBoundary")


# Subscriptions


def subscription(receiver: Receiver, **fields: Any) -> Subscription:
    wanted = {
        "change_type": "created,updated,deleted",
        "notification_url": f"{receiver.url}/hook",
        "lifecycle_notification_url": f"{receiver.url}/life",
        "resource": "me/events",
        "expiration_date_time": dt.datetime(2026, 11, 25, tzinfo=dt.UTC),
        "client_state": "secret",
    }
    return Subscription(**{**wanted, **fields})


def test_a_subscription_from_its_beginning_to_its_end(simulator: Simulator) -> None:
    later = dt.datetime(2026, 11, 26, tzinfo=dt.UTC)

    async def begin(client: GraphServiceClient) -> Any:
        return await client.subscriptions.post(subscription(receiver), asking())

    async def go_on(client: GraphServiceClient) -> Any:
        one = client.subscriptions.by_subscription_id(str(made.id))
        renewed = await one.patch(Subscription(expiration_date_time=later))
        await one.reauthorize.post()
        every = await client.subscriptions.get()
        await one.delete()
        return renewed, every

    with receiving() as receiver:
        made = graph(simulator, begin)
        assert (made.client_state, made.expiration_date_time) == ("secret", dt.datetime(2026, 11, 25, tzinfo=dt.UTC))
        simulator.edit(ADA, "single-3", "change", subject="Changed")
        (notice,) = receiver.wait(1)
        assert (notice["subscriptionId"], notice["clientState"]) == (made.id, "secret")
        assert notice["resourceData"]["id"] == simulator.event("single-3")["immutableId"]
        renewed, every = graph(simulator, go_on)
    assert renewed.expiration_date_time == later
    assert [one.id for one in every.value] == [made.id]
    gone = refused(simulator, lambda client: client.subscriptions.by_subscription_id(str(made.id)).get())
    assert gone == (404, "ResourceNotFound")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"expiration_date_time": dt.datetime(2026, 12, 24, tzinfo=dt.UTC)}, "InvalidRequest"),
        ({"notification_url": "http://127.0.0.1:9/nobody"}, "ValidationError"),
    ],
)
def test_subscriptions_that_are_refused(simulator: Simulator, fields: dict[str, Any], code: str) -> None:
    with receiving() as receiver:
        answer = refused(simulator, lambda client: client.subscriptions.post(subscription(receiver, **fields)))
    assert answer == (400, code)
