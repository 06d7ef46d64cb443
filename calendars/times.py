"""Wall-clock times and their instants. Pure."""

from datetime import UTC, date, datetime

from firms.zones import zone_info


def wall_clock(text: str, all_day: bool) -> str:
    """`text` in the one form that is stored: a date where all-day, else a time to the second without offset.

    Raises ValueError for anything else.
    """
    if all_day:
        return date.fromisoformat(text[:10]).isoformat() if _is_midnight(text[10:]) else _refuse(text)
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is not None or "T" not in text:
        _refuse(text)
    return moment.replace(microsecond=0).isoformat()


def instant(text: str, time_zone: str, all_day: bool) -> datetime:
    """The instant (UTC) of a stored wall-clock time; of an all-day date midnight UTC, so that dates compare as dates.

    A time that daylight saving skips or repeats is read as Python's fold 0 does, like Outlook: the earlier offset.
    """
    if all_day:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    return datetime.fromisoformat(text).replace(tzinfo=zone_info(time_zone)).astimezone(UTC)


def _is_midnight(rest: str) -> bool:
    return not rest or not rest.strip("T:.0")


def _refuse(text: str) -> str:
    raise ValueError(
        f"{text[:40]!r} is not a wall-clock time of the form 2026-11-23T09:00:00, or a date where all-day."
    )
