"""Appointments by their ids, whole: twenty to a batch, of which Graph answers four at a time. See "Get event" and "JSON
batching"."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from calendars.graph import contents
from calendars.graph.answers import readable, unreadable
from calendars.graph.client import BATCH_LIMIT, PREFER, GraphClient
from calendars.graph.errors import GraphError, ItemNotFound
from calendars.sync.service import Appointment, the_one

# Bodies as text, since text is what we hold.
PREFER_TEXT = f'{PREFER}, outlook.body-content-type="text"'
MASTER = "seriesMaster"
OCCURRENCES = ("occurrence", "exception")
PLAIN = f"$select={contents.FIELDS}"
FRAME = f"$select={contents.FRAME}"
# Only reading a master by its id shows its edited and its cancelled occurrences; what is selected of it is shown of them.
WHOLE = f"$select={contents.FIELDS},exceptionOccurrences,cancelledOccurrences&$expand=exceptionOccurrences"
Value = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Looked:
    """`gone`: ids that lead to nothing in the calendar any more. `failing`: ids at which Graph fails by itself."""

    found: list[Appointment]
    gone: list[str]
    failing: list[str]


def path_of(appointment_id: str, calendar_id: str = "") -> str:
    """In whatever calendar of the mailbox it is, or in this one alone."""
    calendar = f"/calendars/{quote(calendar_id, safe='')}" if calendar_id else ""
    return f"/me{calendar}/events/{quote(appointment_id, safe='')}"


def read(client: GraphClient, ids: Iterable[str]) -> dict[str, Appointment | None]:
    """Each of `ids`, in whatever calendar of the mailbox; None where the mailbox has it no more; left out at which Graph
    fails by itself."""
    values = fetch(client, ids, PLAIN)
    kinds = {one: value.get("type") for one, value in values.items() if value}
    wholes = masters(client, [one for one, kind in kinds.items() if kind == MASTER])
    parts = {one: value for one, value in values.items() if value and kinds[one] in OCCURRENCES}
    frames = fetch(client, [series_of(value) for value in parts.values()], FRAME)
    found: dict[str, Appointment | None] = {}
    for one, value in values.items():
        if value is None:
            found[one] = None
        elif kinds[one] == MASTER:
            found |= {one: wholes[one]} if one in wholes else {}
        elif one not in parts:
            found[one] = readable(contents.appointment, value)
        elif series_of(value) in frames:
            frame = frames[series_of(value)]
            found[one] = occurrence(value, frame) if frame else None
    return found


def read_one(client: GraphClient, appointment_id: str) -> Appointment | None:
    """Raises TryLater where Graph fails at it."""
    return the_one(read(client, [appointment_id]), appointment_id)


def masters(client: GraphClient, ids: Iterable[str], calendar_id: str = "") -> dict[str, Appointment | None]:
    """Series, each with its edited and cancelled occurrences; None where the mailbox, or the calendar, has it no more; left
    out at which Graph fails by itself."""
    values = fetch(client, ids, WHOLE, calendar_id)
    return {one: readable(contents.appointment, value) if value else None for one, value in values.items()}


def look(client: GraphClient, calendar_id: str, hints: Iterable[str], series: Iterable[str] = ()) -> Looked:
    """The singles and series of this calendar behind `hints`, ids of anything, and `series`, ids of its masters."""
    hints = list(hints)
    values = fetch(client, hints, PLAIN, calendar_id)
    alive = [value for value in values.values() if value]
    wanted = [*series, *(series_of(value) for value in alive if value.get("type") in OCCURRENCES)]
    wanted += [value["id"] for value in alive if value.get("type") == MASTER]
    wholes = masters(client, wanted, calendar_id)
    singles = [value for value in alive if value.get("type") not in (MASTER, *OCCURRENCES)]
    found = [readable(contents.appointment, value) for value in singles] + [one for one in wholes.values() if one]
    gone = [one for one in {**values, **wholes} if (wholes.get(one) or values.get(one)) is None]
    return Looked(found, gone, [*({*hints} - values.keys()), *({*wanted} - wholes.keys())])


def series_of(value: Value | None) -> str:
    """The id of an occurrence's master; raises TryLater where there is none."""
    master = (value or {}).get("seriesMasterId")
    if not isinstance(master, str) or not master:
        raise unreadable()
    return master


def occurrence(value: Value, frame: Value) -> Appointment:
    """`frame`: its master, fetched with FRAME or WHOLE."""
    return readable(lambda one: contents.occurrence(one, frame), value)


def fetch(client: GraphClient, ids: Iterable[str], query: str, calendar_id: str = "") -> dict[str, Value | None]:
    """The JSON of each, once; None only where Graph says that there is no such item; left out at which it fails by itself."""
    left = list(dict.fromkeys(ids))
    found: dict[str, Value | None] = {}
    while left:
        chunk, left = left[:BATCH_LIMIT], left[BATCH_LIMIT:]
        answers = client.batch_get(
            {one: f"{path_of(one, calendar_id)}?{query}" for one in chunk}, PREFER_TEXT, leave_out=True
        )
        found |= {one: _value(answer) for one, answer in answers.items()}
    return found


def _value(answer: Value | GraphError) -> Value | None:
    if isinstance(answer, ItemNotFound):
        if answer.code.casefold() != "erroritemnotfound":
            # Of a gateway in between, or about something else: no proof.
            raise unreadable()
        return None
    if isinstance(answer, GraphError):
        raise answer
    return answer
