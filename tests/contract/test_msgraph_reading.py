"""The simulated Graph, read by Microsoft's own `msgraph-sdk`."""

from __future__ import annotations

from typing import Any

from msgraph import GraphServiceClient
from msgraph.generated.models.calendar import Calendar
from msgraph.generated.models.event_type import EventType
from msgraph.generated.models.exchange_id_format import ExchangeIdFormat
from msgraph.generated.users.item.translate_exchange_ids.translate_exchange_ids_post_request_body import (
    TranslateExchangeIdsPostRequestBody,
)
from msgraph_core.requests.batch_request_content import BatchRequestContent
from msgraph_core.requests.batch_request_item import BatchRequestItem

from tests.contract.conftest import ADA, Simulator
from tests.contract.sdk import IMMUTABLE, Work, all_events, asking, graph, of_event, of_list, refused

# Who, and which calendars


def test_me(simulator: Simulator) -> None:
    user = graph(simulator, lambda client: client.me.get())
    assert (user.mail, user.user_principal_name, user.id) == (ADA, ADA, simulator.get_mailbox(ADA)["oid"])


def test_calendars(simulator: Simulator) -> None:
    page = graph(simulator, lambda client: client.me.calendars.get())
    assert all(isinstance(calendar, Calendar) for calendar in page.value)
    seen = [(entry.name, entry.is_default_calendar, entry.can_edit) for entry in page.value]
    assert seen == [("Calendar", True, True), ("Hearings", False, True), ("Bea", False, False)]
    assert [entry.owner.address for entry in page.value] == [ADA, ADA, "bea@harper.example"]


def test_the_default_calendar(simulator: Simulator) -> None:
    async def work(client: GraphServiceClient) -> Any:
        default = await client.me.calendar.get()
        assert default is not None
        return default, await client.me.calendars.by_calendar_id(str(default.id)).get()

    default, same = graph(simulator, work)
    assert default.is_default_calendar is True
    assert (default.id, default.name) == (same.id, same.name)


# Lists


def test_pages_hold_every_event_once(simulator: Simulator) -> None:
    events = graph(simulator, all_events(IMMUTABLE, top=7))
    assert len({event.id for event in events}) == len(events) == 26
    assert {event.type for event in events} == {EventType.SingleInstance, EventType.SeriesMaster}
    assert [line["path"] for line in simulator.journal()].count("/v1.0/me/calendar/events") == 4


def test_a_page_holds_ten_unless_asked_otherwise(simulator: Simulator) -> None:
    page = graph(simulator, lambda client: client.me.calendar.events.get(asking()))
    assert len(page.value) == 10
    assert page.odata_next_link.startswith(f"{simulator.url}/v1.0/")


def test_the_preference_decides_the_ids(simulator: Simulator) -> None:
    known = [simulator.event(ref) for ref in ("series", *(f"single-{number}" for number in range(25)))]
    immutable = {event.id for event in graph(simulator, all_events(IMMUTABLE))}
    mutable = {event.id for event in graph(simulator, all_events(None))}
    assert immutable == {event["immutableId"] for event in known}
    assert mutable == {event["restId"] for event in known}


def test_select_leaves_the_rest_out(simulator: Simulator) -> None:
    page = graph(simulator, lambda client: client.me.calendar.events.get(asking(of_list(select=["subject", "start"]))))
    first = page.value[0]
    assert first.id
    assert first.subject
    assert first.start.date_time.endswith(".0000000")
    assert first.end is first.body is first.organizer is None


def test_filter_order_and_count(simulator: Simulator) -> None:
    parameters = of_list(
        filter="start/dateTime ge '2026-12-10T00:00:00' and type eq 'singleInstance'",
        orderby=["start/dateTime desc"],
        top=50,
    )
    page = graph(simulator, lambda client: client.me.calendar.events.get(asking(parameters)))
    starts = [event.start.date_time for event in page.value]
    assert starts == sorted(starts, reverse=True)
    assert starts[-1].startswith("2026-12-10")
    assert len(starts) == 16


# One event


def test_a_master_with_its_exceptions(simulator: Simulator) -> None:
    event_id = simulator.event("series")["immutableId"]
    whole = asking(of_event(expand=["exceptionOccurrences"]))
    master = graph(simulator, lambda client: client.me.events.by_event_id(event_id).get(whole))
    assert master.type == EventType.SeriesMaster
    assert master.recurrence.range.number_of_occurrences == 4
    (moved,) = master.exception_occurrences
    assert (moved.subject, moved.type) == ("Weekly review, moved", EventType.Exception)
    assert moved.original_start.isoformat() == "2026-12-08T14:00:00+00:00"
    assert moved.series_master_id == master.id


def test_cancelled_occurrences(simulator: Simulator) -> None:
    event_id = simulator.event("series")["immutableId"]
    only = asking(of_event(select=["cancelledOccurrences"]))
    master = graph(simulator, lambda client: client.me.events.by_event_id(event_id).get(only))
    assert master.cancelled_occurrences == [f"OID.{master.id}.2026-12-15"]


def test_the_view_shows_occurrences_and_no_masters(simulator: Simulator) -> None:
    async def work(client: GraphServiceClient) -> Any:
        builder = client.me.calendar_view
        return await builder.get(
            asking(
                builder.CalendarViewRequestBuilderGetQueryParameters(
                    start_date_time="2026-12-01T00:00:00Z", end_date_time="2026-12-31T00:00:00Z", top=100
                )
            )
        )

    events = [event for event in graph(simulator, work).value if event.series_master_id]
    assert [(event.type, event.start.date_time[:13]) for event in events] == [
        (EventType.Occurrence, "2026-12-01T14"),
        (EventType.Exception, "2026-12-09T16"),
        (EventType.Occurrence, "2026-12-22T14"),
    ]


def test_a_batch_answers_each_item_for_itself(simulator: Simulator) -> None:
    known = simulator.event("single-3")["immutableId"]

    async def work(client: GraphServiceClient) -> Any:
        items = BatchRequestContent()
        for name, event_id in (("good", known), ("bad", "not-an-id")):
            wanted = client.me.events.by_event_id(event_id).to_get_request_information(asking())
            items.add_request(name, BatchRequestItem(wanted, name))
        return await client.batch.post(items)

    answer = graph(simulator, work)
    # The SDK's serializer reads base64 bodies only, so what it can tell of JSON ones is status and headers.
    assert answer.get_response_status_codes() == {"good": 200, "bad": 400}
    assert answer.get_response_by_id("good").headers["Preference-Applied"] == IMMUTABLE
    assert answer.get_response_by_id("bad").content_type.startswith("application/json")


# Old ids to new ones


def translation(*ids: str) -> Work:
    body = TranslateExchangeIdsPostRequestBody(
        input_ids=list(ids),
        source_id_type=ExchangeIdFormat.EwsId,
        target_id_type=ExchangeIdFormat.RestImmutableEntryId,
    )

    async def work(client: GraphServiceClient) -> Any:
        return await client.me.translate_exchange_ids.post(body)

    return work


def test_translation_answers_each_id_for_itself(simulator: Simulator) -> None:
    good, bad = simulator.event("single-3"), simulator.event("single-40")
    rows = graph(simulator, translation(good["ewsId"], bad["ewsId"], "no id at all")).value
    by_source = {row.source_id: row for row in rows}
    read = graph(
        simulator,
        lambda client: client.me.events.by_event_id(by_source[good["ewsId"]].target_id).get(asking()),
    )
    assert read.subject == "Meeting 03"
    for source in (bad["ewsId"], "no id at all"):
        assert by_source[source].target_id is None
        assert by_source[source].error_details.code
        assert by_source[source].error_details.message


def test_translation_takes_a_thousand_ids_and_no_more(simulator: Simulator) -> None:
    ews_id = simulator.event("single-3")["ewsId"]
    assert graph(simulator, translation(*[ews_id] * 1000)).value
    assert refused(simulator, translation(*[ews_id] * 1001))[0] == 400
