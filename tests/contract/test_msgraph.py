"""The simulated Graph, read and written by Microsoft's own `msgraph-sdk`, unmodified."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest
from kiota_abstractions.authentication import (
    AccessTokenProvider,
    AllowedHostsValidator,
    BaseBearerTokenAuthenticationProvider,
)
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_http.middleware.options import RetryHandlerOption
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph.generated.models.attendee import Attendee
from msgraph.generated.models.calendar import Calendar
from msgraph.generated.models.date_time_time_zone import DateTimeTimeZone
from msgraph.generated.models.email_address import EmailAddress
from msgraph.generated.models.event import Event
from msgraph.generated.models.event_type import EventType
from msgraph.generated.models.exchange_id_format import ExchangeIdFormat
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.users.item.calendar.events.events_request_builder import EventsRequestBuilder
from msgraph.generated.users.item.events.item.event_item_request_builder import EventItemRequestBuilder
from msgraph.generated.users.item.translate_exchange_ids.translate_exchange_ids_post_request_body import (
    TranslateExchangeIdsPostRequestBody,
)
from msgraph.graph_request_adapter import options
from msgraph_core import GraphClientFactory
from msgraph_core.tasks.page_iterator import PageIterator

from tests.contract.conftest import ADA, Simulator

IMMUTABLE = 'IdType="ImmutableId"'
Work = Callable[[GraphServiceClient], Awaitable[Any]]


class Token(AccessTokenProvider):
    """Hands out one token for every address; the SDK's own providers insist on https."""

    def __init__(self, token: str) -> None:
        self.token = token

    async def get_authorization_token(self, uri: str, additional: dict[str, Any] | None = None) -> str:
        return self.token

    def get_allowed_hosts_validator(self) -> AllowedHostsValidator:
        return AllowedHostsValidator([])


def graph(simulator: Simulator, work: Work, *, token: str | None = None, retries: int = 0) -> Any:
    """What `work` returns, given a client of the SDK that points at the simulator."""

    async def main() -> Any:
        retry = RetryHandlerOption(delay=0, max_retries=retries, should_retry=retries > 0)
        http = GraphClientFactory.create_with_default_middleware(
            options={**options, RetryHandlerOption.get_key(): retry}
        )
        async with http:
            provider = BaseBearerTokenAuthenticationProvider(Token(token or simulator.token()))
            adapter = GraphRequestAdapter(provider, client=http)
            adapter.base_url = f"{simulator.url}/v1.0"
            return await work(GraphServiceClient(request_adapter=adapter))

    work_done: Coroutine[Any, Any, Any] = main()
    return asyncio.run(work_done)


def refused(simulator: Simulator, work: Work, **how: Any) -> tuple[int | None, str | None]:
    """Status and code of the `ODataError` in which `work` must end."""
    with pytest.raises(ODataError) as caught:
        graph(simulator, work, **how)
    assert caught.value.error is not None
    assert caught.value.error.message
    return caught.value.response_status_code, caught.value.error.code


def asking(parameters: Any = None, prefer: str | None = IMMUTABLE) -> RequestConfiguration[Any]:
    """The configuration of one request, with immutable ids unless told otherwise."""
    configuration: RequestConfiguration[Any] = RequestConfiguration(query_parameters=parameters)
    if prefer:
        configuration.headers.add("Prefer", prefer)
    return configuration


def of_list(**parameters: Any) -> Any:
    return EventsRequestBuilder.EventsRequestBuilderGetQueryParameters(**parameters)


def of_event(**parameters: Any) -> Any:
    return EventItemRequestBuilder.EventItemRequestBuilderGetQueryParameters(**parameters)


def moment(text: str) -> DateTimeTimeZone:
    return DateTimeTimeZone(date_time=text, time_zone="UTC")


def new_event(subject: str, **more: Any) -> Event:
    return Event(subject=subject, start=moment("2026-12-20T09:00:00"), end=moment("2026-12-20T10:00:00"), **more)


# Who, and which calendars


def test_me(simulator: Simulator) -> None:
    user = graph(simulator, lambda client: client.me.get())
    assert (user.mail, user.user_principal_name, user.id) == (ADA, ADA, simulator.mailbox()["oid"])


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


def all_events(prefer: str | None, **parameters: Any) -> Work:
    """Work that follows the pages of the default calendar with the SDK's own iterator."""

    async def work(client: GraphServiceClient) -> list[Event]:
        found: list[Event] = []
        first = await client.me.calendar.events.get(asking(of_list(**parameters), prefer))
        pages = PageIterator(first, client.request_adapter)
        if prefer:
            pages.headers.add("Prefer", prefer)
        await pages.iterate(lambda event: found.append(event) or True)
        return found

    return work


def test_pages_hold_every_event_once(simulator: Simulator) -> None:
    events = graph(simulator, all_events(IMMUTABLE, top=7))
    assert len({event.id for event in events}) == len(events) == 26
    assert {event.type for event in events} == {EventType.SingleInstance, EventType.SeriesMaster}
    lists = [line for line in simulator.call("GET", "journal").text.splitlines() if "/calendar/events" in line]
    assert len(lists) == 4


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
    assert simulator.call("GET", "outbox").text.count("bob@other.example") == 0
    made = graph(simulator, lambda client: client.me.events.post(new_event("Two", attendees=[guest]), asking()))
    assert made.attendees[0].email_address.address == "bob@other.example"
    assert "bob@other.example" in simulator.call("GET", "outbox").text


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
    simulator.call("POST", f"mailboxes/{ADA}/edit", {"ref": "single-5", "op": "delete"})
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
    rule = {"operation": "me", "status": 429, "headers": {"Retry-After": "0"}, "count": count}
    simulator.call("DELETE", "faults")
    simulator.call("POST", "faults", rule)


def test_throttling_is_an_error_with_a_code(simulator: Simulator) -> None:
    throttle(simulator, 1)
    answer = refused(simulator, lambda client: client.me.get())
    assert answer == (429, "ApplicationThrottled")


def test_the_sdk_waits_and_gets_through(simulator: Simulator) -> None:
    throttle(simulator, 2)
    user = graph(simulator, lambda client: client.me.get(), retries=3)
    assert user.mail == ADA
