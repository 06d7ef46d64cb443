"""Microsoft's own `msgraph-sdk`, unmodified, pointed at the simulator."""

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
from msgraph.generated.models.date_time_time_zone import DateTimeTimeZone
from msgraph.generated.models.event import Event
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.users.item.calendar.events.events_request_builder import EventsRequestBuilder
from msgraph.generated.users.item.events.item.event_item_request_builder import EventItemRequestBuilder
from msgraph.graph_request_adapter import options
from msgraph_core import GraphClientFactory
from msgraph_core.tasks.page_iterator import PageIterator

from tests.contract.conftest import Simulator

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
            provider = BaseBearerTokenAuthenticationProvider(Token(token or simulator.access()))
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
