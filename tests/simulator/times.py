"""Zones and instants in Graph's notation."""

from __future__ import annotations

import datetime as dt
import re
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from tzlocal.windows_tz import tz_win, win_tz

_FRACTION = re.compile(r"(\.\d{1,6})\d*")
# Graph takes Windows names and a list of IANA names, not all of them.
_IANA = (frozenset(win_tz.values()) | {"Etc/GMT", "UTC", "Europe/Rome"}) - {"Africa/Casablanca"}
CUSTOM_ZONE = "tzone://Microsoft/Custom"


class UnknownZone(ValueError):
    """No such time zone."""


@cache
def zone(name: str) -> dt.tzinfo:
    """The zone of a Windows or IANA name; raises :class:`UnknownZone`."""
    if name in ("UTC", "Etc/UTC", "Etc/GMT"):
        return dt.UTC
    try:
        return ZoneInfo(win_tz.get(name, name))
    except (ValueError, OSError, KeyError) as error:
        raise UnknownZone(name) from error


def is_supported(name: object) -> bool:
    """Would Graph take this name in a header or a body?"""
    return isinstance(name, str) and (name in win_tz or name in _IANA)


def windows_name(name: str) -> str:
    """What Graph calls the zone in ``originalStartTimeZone``: mostly the Windows name."""
    return name if name == "UTC" or name in win_tz else tz_win.get(name, name)


def supported(standard: str) -> list[dict[str, str]]:
    """The answer of ``supportedTimeZones`` in one of the two standards."""
    names = sorted(_IANA) if standard.casefold() == "iana" else sorted(win_tz)
    return [{"alias": name, "displayName": name} for name in names]


def parse(text: object) -> dt.datetime:
    """An ISO 8601 date and time, naive or aware, of any precision; raises ValueError."""
    if not isinstance(text, str) or "T" not in text:
        raise ValueError(f"{text!r} is not a date and time")
    return dt.datetime.fromisoformat(_FRACTION.sub(r"\1", text) if "." in text else text)


def parse_utc(text: object) -> dt.datetime:
    """An instant; without an offset it is UTC; raises ValueError."""
    moment = parse(text)
    return moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)


def local(value: Any) -> dt.datetime:
    """The wall clock of a ``dateTimeTimeZone``, in its own zone; raises ValueError."""
    if not isinstance(value, dict) or not isinstance(value.get("timeZone"), str):
        raise ValueError(f"{value!r} is not an object with dateTime and timeZone")
    moment = parse(value.get("dateTime"))
    zone(value["timeZone"])
    return moment if moment.tzinfo is None else moment.astimezone(zone(value["timeZone"])).replace(tzinfo=None)


def instant(value: Any) -> dt.datetime:
    """The instant of a ``dateTimeTimeZone``; raises ValueError (:class:`UnknownZone` for its zone)."""
    return local(value).replace(tzinfo=zone(value["timeZone"])).astimezone(dt.UTC)


def at(day: dt.date, clock: dt.time, name: str) -> dt.datetime:
    """The instant of a wall clock in a zone."""
    return dt.datetime.combine(day, clock, tzinfo=zone(name)).astimezone(dt.UTC)


def seven(moment: dt.datetime) -> str:
    """A wall clock with seven decimals, as Graph writes it."""
    return moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "0"


def stamp(moment: dt.datetime) -> str:
    """A ``DateTimeOffset`` in UTC with seven decimals."""
    return seven(moment.astimezone(dt.UTC)) + "Z"


def short_stamp(moment: dt.datetime) -> str:
    """A ``DateTimeOffset`` in UTC to the second, as ``originalStart`` has it."""
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
