"""One line of the file as a typed record. Pure; docs/import.md explains the format."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

from calendars.importing import fields
from calendars.importing.fields import BadLine, Field
from calendars.importing.snapshots import EventText, event_text
from calendars.models import Event
from calendars.models.connection import ID_LENGTH
from calendars.states import Provider
from firms.models import User


@dataclass(frozen=True, slots=True)
class FirmLine:
    number: int
    slug: str
    name: str


@dataclass(frozen=True, slots=True)
class MemberLine:
    number: int
    firm: str
    email: str
    name: str
    time_zone: str
    role: str


@dataclass(frozen=True, slots=True)
class ConnectionLine:
    number: int
    member: str
    provider: str
    account: str
    calendar: str
    default: bool
    ews_folder_id: str
    tid: str
    oid: str
    grant: tuple[str, str] | None  # service, refresh token
    sync_state: str

    def __repr__(self) -> str:
        return f"ConnectionLine({self.number}, …)"


@dataclass(frozen=True, slots=True)
class EventLine:
    """`now` is our event, `synced` what it said when last synced; `series` is the uid of the master, or empty."""

    number: int
    member: str
    uid: str
    service_id: str | None
    ical_uid: str
    change_key: str
    series: str
    now: EventText
    synced: EventText

    def __repr__(self) -> str:
        return f"EventLine({self.number}, …)"


Record = FirmLine | MemberLine | ConnectionLine | EventLine

FIRM = {"slug": Field(fields.slug, True), "name": Field(fields.text(200, empty=False), True)}
MEMBER = {
    "firm": Field(fields.text(100), True),
    "email": Field(fields.email, True),
    "name": Field(fields.text(200), True),
    "time_zone": Field(fields.zone, True),
    "role": Field(fields.one_of(*User.Role.values), default=User.Role.MEMBER.value),
}
OUTLOOK_ONLY = {
    "ews_folder_id": Field(fields.opaque_id(ID_LENGTH), default=""),
    "tid": Field(fields.text(64), default=""),
    "oid": Field(fields.text(64), default=""),
}
CONNECTION = {
    "member": Field(fields.email, True),
    "provider": Field(fields.one_of(*Provider.values), True),
    "account": Field(fields.text(320, empty=False), True),
    "calendar": Field(fields.text(255), default=""),
    "default": Field(fields.yes_or_no, default=True),
    "grant": Field(lambda value: value),
    "sync_state": Field(fields.text(), default=""),
    **OUTLOOK_ONLY,
}
# The service whose grant a connection comes with.
GRANT_SERVICE = {Provider.OUTLOOK: "ews", Provider.GOOGLE: "google"}

# What an event says, all of it synced; read alike for now and, where it differs, as last synced.
SAID = {
    "subject": Field(fields.text(), True),
    "all_day": Field(fields.yes_or_no, default=False),
    "start": Field(fields.text(100), True),
    "end": Field(fields.text(100), True),
    "time_zone": Field(fields.zone),
    "rrule": Field(fields.text(), default=""),
    "exdates": Field(fields.texts, default=[]),
    "original_start": Field(fields.text(100), default=""),
    "location": Field(fields.text(), default=""),
    "body": Field(fields.text(), default=""),
    "show_as": Field(fields.one_of(*Event.ShowAs.values), default=Event.ShowAs.BUSY.value),
    "sensitivity": Field(fields.one_of(*Event.Sensitivity.values), default=Event.Sensitivity.NORMAL.value),
    "reminder": Field(fields.minutes),
    "modified": Field(fields.moment),
}
SYNCED_EVENT = {
    "member": Field(fields.email, True),
    "uid": Field(fields.text(255, empty=False), True),
    "series": Field(fields.text(255), default=""),
    "ews_id": Field(fields.opaque_id(ID_LENGTH, empty=False)),
    "ical_uid": Field(fields.text(ID_LENGTH), default=""),
    "change_key": Field(fields.text(255), default=""),
    "as_synced": Field(lambda value: value, default={}),
    **SAID,
}


def parse(number: int, content: bytes) -> Record:
    """Raises BadLine."""
    value = _json_object(content)
    kind = value.pop("type", None)
    if not isinstance(kind, str) or kind not in PARSERS:
        raise BadLine(f"type must be one of {', '.join(PARSERS)}" if kind is not None else "type is missing")
    return PARSERS[kind](number, value)


def _json_object(content: bytes) -> dict[str, Any]:
    try:
        value = DECODER.decode(content.decode())
    except UnicodeDecodeError:
        raise BadLine("is not UTF-8") from None
    except BadLine:
        raise
    except (ValueError, RecursionError):
        raise BadLine("is not JSON") from None
    if not isinstance(value, dict):
        raise BadLine("is not a JSON object")
    return value


def _unrepeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        repeated = next(name for name, times in Counter(name for name, _ in pairs).items() if times > 1)
        raise BadLine(f"gives {repeated[:40]!r} twice")
    return value


def _no_number(text: str) -> NoReturn:
    raise BadLine(f"is not JSON: {text} is no number")


def _firm(number: int, value: dict[str, Any]) -> FirmLine:
    return FirmLine(number, **fields.read_object(value, FIRM))


def _member(number: int, value: dict[str, Any]) -> MemberLine:
    return MemberLine(number, **fields.read_object(value, MEMBER))


def _connection(number: int, value: dict[str, Any]) -> ConnectionLine:
    read = fields.read_object(value, CONNECTION)
    if read["provider"] == Provider.GOOGLE and (given := [name for name in OUTLOOK_ONLY if read[name]]):
        raise BadLine(f"{given[0]} is for connections to Outlook only")
    if read["oid"] and not read["tid"]:
        raise BadLine("oid needs tid: an account is known by both")
    if read["grant"] is not None:
        read["grant"] = _grant(read["grant"], GRANT_SERVICE[read["provider"]])
    return ConnectionLine(number, **read)


def _grant(value: Any, service: str) -> tuple[str, str]:
    if not isinstance(value, dict):
        raise BadLine("grant must be an object")
    shape = {
        "service": Field(fields.one_of(service), True),
        "refresh_token": Field(fields.text(empty=False), True),
    }
    read = fields.read_object(value, shape, where="grant.")
    return read["service"], read["refresh_token"]


def _synced_event(number: int, value: dict[str, Any]) -> EventLine:
    read = fields.read_object(value, SYNCED_EVENT)
    as_synced, said = read["as_synced"], {name: read[name] for name in SAID}
    in_series = bool(read["series"])
    now = synced = event_text(said, in_series=in_series)
    if changed := _changed(as_synced):
        synced = event_text(said | changed, in_series=in_series, where="as_synced.")
    return EventLine(
        number, read["member"], read["uid"], read["ews_id"], read["ical_uid"], read["change_key"], read["series"],
        now, synced,
    )  # fmt: skip


def _changed(value: Any) -> dict[str, Any]:
    """Only the fields that `as_synced` gives; null means that there was none."""
    if not isinstance(value, dict):
        raise BadLine("as_synced must be an object")
    fields.check_names(value, SAID, "as_synced.")
    return fields.read_object(value, {name: SAID[name] for name in value}, where="as_synced.")


PARSERS: dict[str, Callable[[int, dict[str, Any]], Record]] = {
    "firm": _firm,
    "member": _member,
    "connection": _connection,
    "synced_event": _synced_event,
}
DECODER = json.JSONDecoder(object_pairs_hook=_unrepeated, parse_constant=_no_number)
