"""Wall-clock times and their instants. Pure."""

import re
from datetime import UTC, date, datetime

from firms.zones import zone_info

MIDNIGHT = re.compile(r"(T00:00(:00(\.0+)?)?)?", re.ASCII)


def wall_clock(text: str, all_day: bool) -> str:
    """`text` in the one form that is stored: a date where all-day, else a time to the second without offset.

    Raises ValueError for anything else.
    """
    if all_day:
        return date.fromisoformat(text[:10]).isoformat() if MIDNIGHT.fullmatch(text[10:]) else _refuse(text)
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is not None or "T" not in text:
        _refuse(text)
    return moment.replace(microsecond=0).isoformat()


def instant(text: str, time_zone: str, all_day: bool) -> datetime:
    """The instant (UTC) of a stored wall-clock time; of an all-day date midnight UTC, so that dates compare as dates.

    A time that daylight saving skips or repeats is read as Python's fold 0 does, like Outlook: with the offset before
    the change. Raises ValueError for a time whose instant falls outside the years 1 to 9999.
    """
    if all_day:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    try:
        return datetime.fromisoformat(text).replace(tzinfo=zone_info(time_zone)).astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{text[:40]!r} in {time_zone} is no instant of the years 1 to 9999.") from None


def as_clocks_show(text: str, time_zone: str) -> str:
    """A stored time (not a date) as clocks in the zone show it: another one where daylight saving skips it."""
    return instant(text, time_zone, False).astimezone(zone_info(time_zone)).replace(tzinfo=None).isoformat()


def _refuse(text: str) -> str:
    raise ValueError(
        f"{text[:40]!r} is not a wall-clock time of the form 2026-11-23T09:00:00, or a date where all-day."
    )
