"""Times as Exchange keeps and writes them: instants, with all-day events from midnight to midnight in their own zone."""

from __future__ import annotations

import datetime as dt

from tests.simulator import times
from tests.simulator.events import Event


def stamp(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def zone_of(event: Event, side: str = "start") -> str:
    """The Windows name of the zone in which an appointment was made, where it is one that Exchange knows."""
    origin = event.data.get("originalStartTimeZone" if side == "start" else "originalEndTimeZone")
    known = origin if times.is_supported(origin) else event.data[side]["timeZone"]
    return times.windows_name(str(known))


def instant(event: Event, side: str) -> dt.datetime:
    """Start or end of an appointment."""
    moment = event.start if side == "start" else event.end
    return _from_midnight(event, moment, side) if event.is_all_day else moment


def slot_start(master: Event, slot: dt.date) -> dt.datetime:
    """Where the pattern puts an occurrence, moved or deleted as it may be."""
    moment = master.slot_start(slot)
    return _from_midnight(master, moment, "start") if master.is_all_day else moment


def _from_midnight(event: Event, moment: dt.datetime, side: str) -> dt.datetime:
    return times.at(moment.date(), dt.time(), zone_of(event, side))


def read(text: str, zone: str) -> dt.datetime:
    """The instant of an ``xs:dateTime``; without an offset it is a wall clock in ``zone``. Raises ValueError."""
    moment = times.parse(text.strip())
    return moment.replace(tzinfo=times.zone(zone)) if moment.tzinfo is None else moment


def wall(moment: dt.datetime, zone: str) -> dict[str, str]:
    """An instant as Graph's ``dateTimeTimeZone`` in a zone."""
    return {"dateTime": times.seven(moment.astimezone(times.zone(zone))), "timeZone": zone}
