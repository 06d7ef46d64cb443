"""Pulling from Graph: rounds of delta over a window that moves with time, and now and then a list of all there is.

A full pull takes its delta mark first and lists afterwards, so that nothing which changes meanwhile is missed. What a
round says is a hint where it is about a series (any line of it has its master read, whole) or about something gone (Graph
calls so whatever changes outside the window): both are read. See "Get incremental changes to events in a calendar view".
"""

import hashlib
import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, Protocol
from urllib.parse import quote

from django.conf import settings

from calendars.graph import contents
from calendars.graph.answers import readable, rows, unreadable
from calendars.graph.client import GraphClient
from calendars.graph.errors import BadRequest, MarkLost
from calendars.graph.reading import MASTER, OCCURRENCES, PREFER_TEXT, Looked, look, series_of
from calendars.sync.service import Appointment, Page

# With bodies, a line is some kilobytes; and each series of a page costs a line of a batch.
PAGE = 200
# Of notified appointments that are read at the end of a round.
NAMED = 100
# Of a link; Graph's own have some two kilobytes.
LONGEST_LINK = 8000
Value = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a pull goes on. `stage`: in a round of delta, in the list of all there is, or at rest between two pulls.

    `link`: the next page, empty for the first; at rest the next round. `after`: while listing, the round that comes after.
    `full`: the list follows this round. `due`: when all is to be listed again. `named`: the last notification that was
    heeded. `calendar`: a hash of whose mark it is.
    """

    calendar: str
    stage: Literal["round", "list", "rest"]
    due: str
    link: str = ""
    after: str = ""
    full: bool = False
    named: int = 0

    def text(self) -> str:
        if max(len(self.link), len(self.after)) > LONGEST_LINK:
            raise unreadable()
        return json.dumps(asdict(self))


@dataclass(frozen=True, slots=True)
class Named:
    """What notifications have named since: ids of appointments, up to `last`. `everything`: they may have missed some.
    `more`: there are further ones after `last`."""

    ids: Sequence[str]
    last: int
    everything: bool = False
    more: bool = False


class Notices(Protocol):
    def __call__(self, after: int, most: int) -> Named: ...


def pull(client: GraphClient, calendar_id: str, mark: str, notices: Notices, now: datetime) -> Page:
    """The page after `mark`; from the beginning where it is empty. Raises MarkLost."""
    at = _read(mark, calendar_id) if mark else _begin(calendar_id, notices, now)
    if at.stage == "rest" and now >= datetime.fromisoformat(at.due):
        at = _begin(calendar_id, notices, now)
    if at.stage == "list":
        return _list(client, calendar_id, at)
    return _round(client, calendar_id, at, notices, now)


def _begin(calendar_id: str, notices: Notices, now: datetime) -> Mark:
    """A full pull. The next one is due before half of this one's window lies behind; not all connections at once."""
    days = min(settings.SYNC_FULL_DAYS * random.uniform(0.9, 1.1), settings.SYNC_WINDOW_FUTURE_DAYS / 2)  # noqa: S311
    named = notices(0, 0).last
    return Mark(_name(calendar_id), "round", (now + timedelta(days=days)).isoformat(), full=True, named=named)


def _round(client: GraphClient, calendar_id: str, at: Mark, notices: Notices, now: datetime) -> Page:
    """A page of delta: "event: delta"."""
    answer = _ask(client, at.link or _window(calendar_id, now), stored=bool(at.link))
    following, over = answer.get("@odata.nextLink"), answer.get("@odata.deltaLink")
    named = notices(at.named, NAMED) if over and not at.full else Named((), at.named)
    singles, series, hints = _sort(rows(answer))
    seen = {one.id for one in singles}
    looked = look(client, calendar_id, [one for one in (*hints, *named.ids) if one not in seen | series], series)
    page = _page(singles, looked)
    if following:
        return replace(page, mark=replace(at, stage="round", link=_link(following)).text())
    after = replace(at, link=_link(over), named=named.last, full=False)
    if at.full:
        return replace(page, mark=replace(after, stage="list", link="", after=after.link).text())
    if named.everything:
        return replace(page, mark=_begin(calendar_id, notices, now).text())
    return replace(page, mark=replace(after, stage="rest").text(), last=not named.more)


def _list(client: GraphClient, calendar_id: str, at: Mark) -> Page:
    """A page of "List events": every single and every series of the calendar, wherever in time."""
    first = f"/me/calendars/{quote(calendar_id, safe='')}/events?$select={contents.FIELDS}&$top={PAGE}"
    answer = _ask(client, at.link or first, stored=bool(at.link))
    singles, series, hints = _sort(rows(answer))
    page = _page(singles, look(client, calendar_id, hints, series))
    following = answer.get("@odata.nextLink")
    if following:
        return replace(page, mark=replace(at, link=_link(following)).text())
    return replace(page, mark=replace(at, stage="rest", link=at.after, after="").text(), last=True, complete=True)


def _page(singles: Sequence[Appointment], looked: Looked) -> Page:
    return Page([*singles, *looked.found], looked.gone, "", last=False, failing=looked.failing)


def _ask(client: GraphClient, link: str, *, stored: bool) -> Value:
    if stored and not link.startswith(settings.GRAPH_URL):
        raise MarkLost(code="another address")
    try:
        return client.request("GET", link, prefer=f"{PREFER_TEXT}, odata.maxpagesize={PAGE}")
    except BadRequest as error:
        if stored:
            # A link of Graph's own that it does not understand any more.
            raise MarkLost(str(error), code=error.code) from None
        raise


def _sort(values: Iterable[Value]) -> tuple[list[Appointment], set[str], list[str]]:
    """Singles, as they are; ids of series, whichever of their lines came; and ids of what has to be looked at, whatever
    other lines say of it."""
    singles: dict[str, Value] = {}
    series: set[str] = set()
    hints: dict[str, None] = {}
    for value in values:
        one, kind = _id(value), value.get("type")
        if "@removed" in value:
            hints[one] = None
        elif kind == MASTER:
            series.add(one)
        elif kind in OCCURRENCES:
            series.add(series_of(value))
        elif (value.get("body") or {}).get("contentType") == "text":
            singles[one] = value
        else:
            # Sparse, or its body is not as it was asked for.
            hints[one] = None
    said = [readable(contents.appointment, value) for one, value in singles.items() if one not in hints]
    return said, series - hints.keys(), list(hints)


def _window(calendar_id: str, now: datetime) -> str:
    """From midnight to midnight, so that no precision is lost on the way."""
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    days = (-settings.SYNC_WINDOW_PAST_DAYS, settings.SYNC_WINDOW_FUTURE_DAYS)
    first, last = (f"{today + timedelta(days=one):%Y-%m-%dT%H:%M:%SZ}" for one in days)
    path = f"/me/calendars/{quote(calendar_id, safe='')}/calendarView/delta"
    return f"{path}?startDateTime={first}&endDateTime={last}"


def _read(text: str, calendar_id: str) -> Mark:
    try:
        mark = Mark(**json.loads(text))
    except (ValueError, TypeError):
        raise MarkLost(code="unreadable") from None
    if mark.calendar != _name(calendar_id):
        raise MarkLost(code="another calendar")
    return mark


def _name(calendar_id: str) -> str:
    return hashlib.sha256(calendar_id.encode()).hexdigest()[:16]


def _link(link: Any) -> str:
    if not isinstance(link, str) or not link.startswith(settings.GRAPH_URL):
        raise unreadable()
    return link


def _id(value: Value) -> str:
    one = value.get("id")
    if not isinstance(one, str) or not one:
        raise unreadable()
    return one
