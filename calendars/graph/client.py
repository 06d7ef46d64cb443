"""Requests to Microsoft Graph v1.0. Every calendar request asks for immutable ids and times in UTC.

Short disturbances are waited out here; a longer wait is the caller's, as TryLater. Raises the errors of
`calendars.graph.errors` and nothing of `requests`.
"""

import random
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

import orjson
import requests
from django.conf import settings

from calendars.graph import batches, http
from calendars.graph.answers import content_of, error_of, readable, rows, unreadable
from calendars.graph.appointments import LISTED, SELECT, Appointment, Series, appointment, series
from calendars.graph.errors import (
    GrantRefused,
    GraphError,
    ItemNotFound,
    TryLater,
)
from calendars.graph.pace import Pace

PREFER = 'IdType="ImmutableId", outlook.timezone="UTC"'
PAGE = 1000
TRANSLATE_LIMIT = 1000
BATCH_LIMIT = 20
# Done, and nothing to say: of what was asked to be deleted, or to be done later.
WITHOUT_CONTENT = (202, 204)
# Of a series: the id of its master, and a start that its pattern gave (UTC; where all-day, midnight UTC of the date).
Slot = tuple[str, datetime]


@dataclass(frozen=True)
class Profile:
    id: str
    mail: str
    user_principal_name: str
    # As Microsoft gives them: "SMTP:" the primary, "smtp:" others; also "SIP:" and "X500:".
    proxy_addresses: tuple[str, ...]
    display_name: str


@dataclass(frozen=True)
class GraphCalendar:
    id: str
    name: str
    is_default: bool
    owner_address: str
    can_edit: bool


@dataclass(frozen=True)
class Page:
    """Of a list; its rows are read when they are asked for, since often their ids are enough."""

    values: list[dict[str, Any]]
    next_link: str | None

    def ids(self) -> list[str]:
        """Raises TryLater where one has none."""
        ids: list[Any] = [value.get("id") for value in self.values]
        if set(map(type, ids)) - {str} or not all(ids):
            raise unreadable()
        return ids

    def appointments(self, without: Collection[str] = ()) -> list[Appointment]:
        """All but those whose ids are in `without`; raises TryLater for an answer that cannot be read."""
        return [readable(appointment, value) for value in self.values if value.get("id") not in without]


class GraphClient:
    """`token(refresh)` gives an access token, a new one when `refresh`; `before_request` is called before each request,
    to hold the worker's lease. Not to be shared between threads."""

    def __init__(
        self,
        token: Callable[[bool], str],
        before_request: Callable[[], None] = lambda: None,
        pace: Pace | None = None,
    ) -> None:
        self.token = token
        self.before_request = before_request
        self.pace = pace or Pace()
        self.requests = 0
        self._session = http.session()

    def close(self) -> None:
        self._session.close()

    # --- Reading --------------------------------------------------------------------------------------------------

    def me(self) -> Profile:
        """GET /me: "Get a user"."""
        answer = self._get("/me?$select=id,mail,userPrincipalName,proxyAddresses,displayName")
        return Profile(
            id=str(answer.get("id") or ""),
            mail=answer.get("mail") or "",
            user_principal_name=answer.get("userPrincipalName") or "",
            proxy_addresses=tuple(answer.get("proxyAddresses") or ()),
            display_name=answer.get("displayName") or "",
        )

    def calendars(self) -> list[GraphCalendar]:
        """GET /me/calendars: "List calendars"; also those that others share."""
        found: list[GraphCalendar] = []
        link: str | None = "/me/calendars?$top=100"
        while link:
            answer = self._get(link)
            found += [_calendar(one) for one in rows(answer)]
            link = answer.get("@odata.nextLink")
        return found

    def default_calendar(self) -> GraphCalendar:
        """GET /me/calendar: "Get calendar"."""
        return _calendar(self._get("/me/calendar"))

    def calendar(self, calendar_id: str) -> GraphCalendar:
        return _calendar(self._get(f"/me/calendars/{quote(calendar_id, safe='')}"))

    def appointments(self, calendar_id: str, next_link: str | None = None, *, only_ids: bool = False) -> Page:
        """GET /me/calendars/{id}/events: "List events", singles and series masters, page by page, and of each what tells
        it from others.

        Pages follow each other by `$skip`: what is deleted meanwhile shifts them, so one reading proves no absence.
        """
        fields = "id" if only_ids else LISTED
        first = f"/me/calendars/{quote(calendar_id, safe='')}/events?$select={fields}&$top={PAGE}"
        answer = self._get(next_link or first)
        page = Page(rows(answer), answer.get("@odata.nextLink"))
        page.ids()
        return page

    def translate(
        self, ids: Sequence[str], *, source: str = "ewsId", target: str = "restImmutableEntryId"
    ) -> dict[str, str]:
        """POST /me/translateExchangeIds: old id → new id of those of at most 1,000 that resolve in this mailbox.

        An id that is missing from the answer proves nothing.
        """
        if len(ids) > TRANSLATE_LIMIT:
            raise ValueError(f"{len(ids)} ids at once; Microsoft takes {TRANSLATE_LIMIT}")
        body = {"inputIds": list(ids), "sourceIdType": source, "targetIdType": target}
        answer = self._send("POST", "/me/translateExchangeIds", json=body)
        found = readable(_by_source, rows(answer))
        return {old: new for old, new in found.items() if isinstance(new, str) and new}

    def series(self, master_ids: Sequence[str]) -> dict[str, Series | None]:
        """The edited and the cancelled occurrences of at most 20 series, which only reading each master gives.

        None = no such master any more. "JSON batching"; "Get event", `$expand=exceptionOccurrences`.
        """
        # What is selected of the master is shown of its occurrences too.
        wanted = f"$select={SELECT},exceptionOccurrences,cancelledOccurrences&$expand=exceptionOccurrences"
        answers = self.batch_get({one: f"/me/events/{quote(one, safe='')}?{wanted}" for one in master_ids})
        return {
            master: None if isinstance(answer, ItemNotFound) else readable(series, _value_or_raise(answer))
            for master, answer in answers.items()
        }

    def occurrences(self, slots: Collection[Slot]) -> dict[Slot, list[Appointment]]:
        """What each of at most 20 series has on the day of a start that its pattern gave, edited or ordinary, and maybe
        on the days beside it; nothing where that was cancelled or the series is gone. "List instances"."""
        answers = self.batch_get({f"{number}": _instances(*slot) for number, slot in enumerate(slots)})
        found: dict[Slot, list[Appointment]] = {}
        for number, slot in enumerate(slots):
            answer = answers[f"{number}"]
            values = [] if isinstance(answer, ItemNotFound) else rows(_value_or_raise(answer))
            found[slot] = [readable(appointment, value) for value in values]
        return found

    def by_ids(self, ids: Sequence[str]) -> dict[str, Appointment | None]:
        """At most 20 appointments, in whatever folder of the mailbox; None = it has none with this id. "Get event"."""
        answers = self.batch_get({one: f"/me/events/{quote(one, safe='')}?$select={SELECT}" for one in ids})
        return {
            one: None if isinstance(answer, ItemNotFound) else readable(appointment, _value_or_raise(answer))
            for one, answer in answers.items()
        }

    def batch_get(
        self, paths: dict[str, str], prefer: str = PREFER, *, leave_out: bool = False
    ) -> dict[str, batches.Answer]:
        """At most 20 reading requests in one; each gets its answer or its own error. Only refused ones are repeated.

        `leave_out`: those at which Graph fails by itself, however often it is asked, do not stop the others.
        """
        if len(paths) > BATCH_LIMIT:
            raise ValueError(f"{len(paths)} requests in a batch; Microsoft takes {BATCH_LIMIT}")
        left, done, attempt, refreshed = dict(paths), {}, 0, False
        while left:
            answers = self._batch(left, prefer)
            done.update({key: one for key, one in answers.items() if not isinstance(one, TryLater | GrantRefused)})
            left = {key: path for key, path in left.items() if key not in done}
            waits = [one for one in answers.values() if isinstance(one, TryLater)]
            if refused := next((one for one in answers.values() if isinstance(one, GrantRefused)), None):
                if refreshed:
                    raise refused
                refreshed = bool(self.token(True))
            if waits or (left and not refused):
                attempt += 1
                if leave_out and attempt >= settings.RETRY_ATTEMPTS and all(one.by_itself for one in waits):
                    break
                self._wait(max(waits, key=lambda wait: wait.seconds, default=unreadable()), attempt)
        return done

    # --- Sending --------------------------------------------------------------------------------------------------

    def _batch(self, paths: dict[str, str], prefer: str) -> dict[str, batches.Answer]:
        asked = batches.request_of(paths, prefer)
        return batches.answers_of(paths, self._send("POST", "/$batch", json=asked, weight=len(paths)))

    def _get(self, path: str) -> dict[str, Any]:
        return self._send("GET", path)

    def request(
        self, method: str, path: str, *, json: Any = None, prefer: str = PREFER, if_match: str = ""
    ) -> dict[str, Any]:
        """One request that may safely be sent twice; {} where it is answered without content. `if_match`: an etag."""
        headers = {"Prefer": prefer} | ({"If-Match": if_match} if if_match else {})
        return self._send(method, path, json=json, headers=headers)

    def _send(
        self, method: str, path: str, *, json: Any = None, weight: int = 1, headers: dict[str, str] | None = None
    ) -> dict[str, Any]:
        """One request, repeated while the disturbance is short. Only what may safely be sent twice comes here.

        `weight`: as how many it counts toward Microsoft's limit.
        """
        url = path if path.startswith("http") else settings.GRAPH_URL + path
        if urlsplit(url)[:2] != urlsplit(settings.GRAPH_URL)[:2]:
            # A link to the next page that leads elsewhere would take the token there.
            raise unreadable()
        attempt, refreshed, until = 0, False, time.monotonic() + settings.HTTP_TIMEOUT
        while True:
            try:
                return self._once(method, url, json, weight, headers or {})
            except GrantRefused:
                if refreshed:
                    raise
                refreshed = bool(self.token(True))
            except TryLater as error:
                # Whoever does not answer at all is not asked again at once: the queue would end the worker before the
                # last try, and an outage would look like a mistake of ours.
                attempt = attempt + 1 if time.monotonic() < until else settings.RETRY_ATTEMPTS
                self._wait(error, attempt)

    def _once(self, method: str, url: str, json: Any, weight: int, more: dict[str, str]) -> dict[str, Any]:
        token = self.token(False)
        self.pace.keep(weight)
        self.before_request()
        self.requests += 1
        headers = {"Authorization": f"Bearer {token}", "Prefer": PREFER, "Accept": "application/json", **more}
        content = None if json is None else orjson.dumps(json)
        if content is not None:
            headers["Content-Type"] = "application/json"
        try:
            response = self._session.request(
                method, url, headers=headers, data=content, timeout=settings.HTTP_TIMEOUT, allow_redirects=False,
                stream=True,
            )  # fmt: skip
            body = content_of(http.read(response))
        except requests.RequestException as error:
            raise TryLater(type(error).__name__, seconds=settings.RETRY_SECONDS, reason="unreachable") from None
        if body is None and response.status_code in WITHOUT_CONTENT:
            return {}
        error_found = error_of(response.status_code, response.headers, body)
        if error_found:
            raise error_found
        return body

    def _wait(self, error: TryLater, attempt: int) -> None:
        """Waits where that is short and there are attempts left; else raises the error, with the time to wait."""
        jitter = random.uniform(1, 1.5)  # noqa: S311  no secret
        seconds = error.seconds if error.asked else settings.RETRY_SECONDS * 2 ** (attempt - 1) * jitter
        if error.asked:
            self.pace.hold_off(seconds)
        if attempt >= settings.RETRY_ATTEMPTS or seconds > settings.SHORT_WAIT_SECONDS:
            error.seconds = seconds
            raise error
        time.sleep(seconds)


def _by_source(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {row["sourceId"]: row.get("targetId") for row in rows}


def _instances(master: str, start: datetime) -> str:
    """A day to either side: where an all-day series begins depends on the zone."""
    first, last = (f"{start + timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}" for days in (-1, 2))
    window = f"startDateTime={first}&endDateTime={last}"
    return f"/me/events/{quote(master, safe='')}/instances?{window}&$select={SELECT}&$top=50"


def _value_or_raise(answer: dict[str, Any] | GraphError) -> dict[str, Any]:
    if isinstance(answer, GraphError):
        raise answer
    return answer


def _calendar(value: dict[str, Any]) -> GraphCalendar:
    if not isinstance(value, dict) or not value.get("id"):
        raise unreadable()
    return GraphCalendar(
        id=value["id"],
        name=value.get("name") or "",
        is_default=bool(value.get("isDefaultCalendar")),
        owner_address=((value.get("owner") or {}).get("address") or "").casefold(),
        can_edit=bool(value.get("canEdit")),
    )
