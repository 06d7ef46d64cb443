"""Lists, views and single events."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from tests.simulator import times
from tests.simulator.events import RELATIONS, Event
from tests.simulator.graph import filters
from tests.simulator.graph.context import Context
from tests.simulator.graph.errors import GraphError, bad, invalid
from tests.simulator.graph.options import PAGING, Options, check_names, page, read_expand, read_orderby, read_select
from tests.simulator.graph.serialising import NOT_IN_VIEW, SELECTABLE, render
from tests.simulator.http import Response

_WINDOW = frozenset(("startDateTime", "endDateTime"))
LONGEST_VIEW = dt.timedelta(days=1825)
_SINGLE = frozenset(("$select", "$expand"))


def _options(context: Context) -> Options:
    request = context.request
    options = Options(
        select=read_select(request.arg("$select"), SELECTABLE, "event"),
        expand=read_expand(request.arg("$expand"), RELATIONS, "event"),
        filter=request.arg("$filter"),
        orderby=read_orderby(request.arg("$orderby"), filters.known_path, "event"),
        count=request.arg("$count", "false") == "true",
    )
    for inside in options.expand.values():
        read_select(inside.get("$select"), SELECTABLE, "event")
    if "singleValueExtendedProperties" in options.expand:
        filters.extended_ids(options.expand["singleValueExtendedProperties"].get("$filter", ""))
    return options


def _answer(context: Context, found: Iterable[Event], options: Options, what: str) -> Response:
    """Filter, sort, cut into pages."""
    events = list(found)
    if options.filter is not None:
        test = filters.parse(options.filter)
        events = [event for event in events if test(event)]
    for path, downward in reversed(options.orderby):
        events.sort(key=lambda event: filters.sort_key(event, path), reverse=downward)
    where = f"users('{context.mailbox.graph_id}')/{what}"
    return page(context, events, lambda event: render(context, event, options.select, options.expand), where, options)


def events(context: Context) -> Response:
    """Singles and masters of one calendar; ``/events`` alone means the default one."""
    check_names(context, PAGING)
    options = _options(context)
    return _answer(context, context.calendar().events.values(), options, "events")


def event(context: Context) -> Response:
    """One event by its id."""
    check_names(context, _SINGLE)
    options = _options(context)
    found = context.event()
    what = f"users('{context.mailbox.graph_id}')/events/$entity"
    answer = render(context, found, options.select, options.expand, by_id=True)
    etag = {"ETag": answer["@odata.etag"]}
    return Response.json({"@odata.context": context.link(what), **answer}, headers=etag)


def window(context: Context, longest: dt.timedelta = dt.timedelta.max) -> tuple[dt.datetime, dt.datetime]:
    """The window of instants; a time without offset is UTC, whatever ``Prefer`` says. Raises :class:`GraphError`."""
    given = {name.casefold(): values[0] for name, values in context.request.query.items()}
    moments = []
    for name in ("startDateTime", "endDateTime"):
        text = given.get(name.casefold())
        if text is None:
            raise bad(
                "This request requires a time window specified by the query string parameters"
                " StartDateTime and EndDateTime.",
                "ErrorInvalidParameter",
            )
        try:
            moments.append(times.parse_utc(text if "T" in text else text + "T00:00:00"))
        except ValueError as error:
            raise bad(f"The value '{text}' of parameter '{name}' is invalid.", "ErrorInvalidParameter") from error
    if moments[1] < moments[0]:
        raise invalid("The end of the window is before its start.")
    if moments[1] - moments[0] > longest:
        raise bad(
            "Your request can't be completed. The range between the start and end dates is greater than the allowed"
            f" range. Maximum number of days: {longest.days}",
            "ErrorInvalidRequest",
        )
    return moments[0], moments[1]


def view(context: Context) -> Response:
    """Singles, occurrences and exceptions of one calendar that touch a window, by start."""
    check_names(context, PAGING | _WINDOW)
    options = _options(context)
    if options.select is not None:
        options.select = [name for name in options.select if name not in NOT_IN_VIEW]
    first, last = window(context, LONGEST_VIEW)
    found: list[Event] = []
    for held in context.calendar().events.values():
        if held.is_master:
            found.extend(held.occurrences(first, last))
        elif held.touches(first, last):
            found.append(held)
    found.sort(key=lambda one: one.start)
    return _answer(context, found, options, "calendarView")


def instances(context: Context) -> Response:
    """Occurrences and exceptions of one series in a window, by start; not the cancelled."""
    check_names(context, PAGING | _WINDOW)
    options = _options(context)
    first, last = window(context)
    master = context.event()
    if not master.is_master:
        raise GraphError(
            400, "ErrorInvalidRequest", "Your request can't be completed. The event is not a series master."
        )
    found = sorted(master.occurrences(first, last), key=lambda one: one.start)
    return _answer(context, found, options, "instances")
