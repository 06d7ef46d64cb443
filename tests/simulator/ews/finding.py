"""FindItem: searches of singles and masters, or a view of a stretch of time with series unfolded."""

from __future__ import annotations

import datetime as dt

from tests.simulator.events import Event
from tests.simulator.ews import fields, marks, moments, restrictions, shapes
from tests.simulator.ews.context import Context
from tests.simulator.ews.errors import EwsError
from tests.simulator.ews.soap import Element, Malformed, children, find, local, make, success
from tests.simulator.mailbox import Calendar

LONGEST_VIEW = dt.timedelta(days=2 * 366)


def find_item(context: Context) -> list[Element]:
    """A message for each folder searched."""
    request = context.request
    if request.get("Traversal") not in ("Shallow", "Associated", "SoftDeleted"):
        raise Malformed("FindItem needs a Traversal.")
    messages = []
    for element in children(find(request, "m:ParentFolderIds")):
        try:
            messages.append(success(context.operation, [_search(context, context.calendar(element))]))
        except EwsError as error:
            messages.append(error.element(context.operation))
    return messages


def _search(context: Context, calendar: Calendar) -> Element:
    request = context.request
    shape = shapes.read(request, singly=False)
    view = find(request, "m:CalendarView")
    found = [] if request.get("Traversal") != "Shallow" else list(calendar.events.values())
    if view is not None:
        if find(request, "m:Restriction") is not None or find(request, "m:SortOrder") is not None:
            raise EwsError("ErrorInvalidRequest", "A calendar view goes with neither restriction nor sort order.")
        found = _unfolded(context, found, view)
        page = found[: _whole(view, "MaxEntriesReturned", len(found))]
        return _root(page, shape, len(found), None)
    restriction = find(request, "m:Restriction")
    if restriction is not None:
        test = restrictions.read(restriction, context.zone)
        found = [event for event in found if test(event)]
    return _page(context, _sorted(request, found), shape)


def _whole(element: Element, name: str, default: int) -> int:
    value = element.get(name)
    if value is not None and not str(value).isdecimal():
        raise Malformed(f"{name} must be a number.")
    return default if value is None else int(value)


def _unfolded(context: Context, events: list[Event], view: Element) -> list[Event]:
    try:
        first, last = (moments.read(str(view.get(name)), context.zone) for name in ("StartDate", "EndDate"))
    except ValueError as error:
        raise Malformed(f"A calendar view needs a start and an end: {error}") from error
    if last < first:
        raise EwsError("ErrorCalendarEndDateIsEarlierThanStartDate")
    if last - first > LONGEST_VIEW:
        raise EwsError("ErrorCalendarViewRangeTooBig")
    # Days of all-day events begin at other instants here than in Graph: look around, then keep what overlaps.
    around = dt.timedelta(days=1)
    found = []
    for event in events:
        held = event.occurrences(first - around, last + around) if event.is_master else [event]
        found += [one for one in held if _overlaps(one, first, last)]
    return sorted(found, key=lambda one: moments.instant(one, "start"))


def _overlaps(event: Event, first: dt.datetime, last: dt.datetime) -> bool:
    start, end = moments.instant(event, "start"), moments.instant(event, "end")
    return start < last and (end > first or start == end == first)


def _sorted(request: Element, events: list[Event]) -> list[Event]:
    for order in reversed(children(find(request, "m:SortOrder"))):
        paths = children(order)
        if len(paths) != 1:
            raise Malformed("A sort order names one property.")
        keys = {id(event): _sort_key(event, paths[0]) for event in events}
        events.sort(key=lambda event: keys[id(event)], reverse=order.get("Order") == "Descending")
    return events


def _sort_key(event: Event, path: Element) -> tuple[bool, str]:
    if local(path) == "ExtendedFieldURI":
        value = marks.value(event, marks.key(path))
    else:
        uri = str(path.get("FieldURI"))
        element = fields.render(event, uri) if uri in fields.FIELDS else None
        value = None if element is None else "".join(element.itertext())
    return value is not None, (value or "").casefold()


def _page(context: Context, found: list[Event], shape: shapes.Shape) -> Element:
    view = find(context.request, "m:IndexedPageItemView")
    offset = 0 if view is None else _whole(view, "Offset", 0)
    most = context.page_cap
    if view is not None:
        most = min(most, _whole(view, "MaxEntriesReturned", most))
        if view.get("BasePoint") == "End":
            found = found[::-1]
    page = found[offset : offset + most]
    return _root(page, shape, len(found), offset + len(page))


def _root(page: list[Event], shape: shapes.Shape, total: int, reached: int | None) -> Element:
    """``m:RootFolder``; ``reached`` is where the next page begins."""
    last = reached is None or reached >= total
    attributes = {"TotalItemsInView": str(total), "IncludesLastItemInRange": "true" if last else "false"}
    if reached is not None:
        attributes["IndexedPagingOffset"] = str(reached)
    items = make("t:Items", None, [shapes.show(event, shape) for event in page])
    return make("m:RootFolder", None, [items], **attributes)
