"""The dates of a recurring event, in wall-clock time of its own zone. Pure; dateutil knows RFC 5545, and is spared
what it would do slowly: counting through years of days, and looking for a day that no calendar has."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from itertools import takewhile
from typing import Protocol

from dateutil.rrule import rrule, rrulestr

from firms.zones import zone_info

LONGEST_MONTH = {1: 31, 2: 29, 3: 31, 4: 30, 5: 31, 6: 30, 7: 31, 8: 31, 9: 30, 10: 31, 11: 30, 12: 31}
# What a weekly rule may hold for its dates to come again after each interval, whatever lies between.
_PERIODIC = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY"}


class Series(Protocol):
    """What an event says of when it is, as `calendars.models.EventFields` does."""

    @property
    def all_day(self) -> bool: ...
    @property
    def start(self) -> str: ...
    @property
    def time_zone(self) -> str: ...
    @property
    def rrule(self) -> str: ...


class Unreadable(ValueError):
    """Nobody can say when an event with this rule takes place."""


def slots(series: Series, since: datetime, before: datetime = datetime.max) -> Iterator[datetime]:
    """The wall-clock starts (naive) that the rule gives from `since` on and before `before`, those taken out or edited
    included; of a rule that can't be read the start of the series alone."""
    first = datetime.fromisoformat(series.start)
    try:
        found: Iterator[datetime] = _rule(series, since).xafter(since, inc=True)
    except Unreadable:
        found = iter([first] if first >= since else [])
    return takewhile(lambda moment: moment < before, found)


def is_slot(series: Series, text: str) -> bool:
    """Whether `text` (in the form of the series' start) is a start that its rule gives."""
    try:
        moment = datetime.fromisoformat(text) if len(text) == len(series.start) else None
    except ValueError:
        moment = None
    if moment is None:
        return False
    return next(slots(series, moment, moment + timedelta(seconds=1)), None) == moment


def is_readable(series: Series) -> bool:
    try:
        _rule(series, datetime.fromisoformat(series.start))
    except Unreadable:
        return False
    return True


def wall_clock(moment: datetime, all_day: bool) -> str:
    return moment.date().isoformat() if all_day else moment.isoformat()


def parts(rrule: str) -> dict[str, str]:
    """FREQ=WEEKLY;BYDAY=MO as {"FREQ": "WEEKLY", "BYDAY": "MO"}."""
    return dict(part.split("=", 1) for part in rrule.removeprefix("RRULE:").upper().split(";") if "=" in part)


def last_moment(until: str, time_zone: str) -> datetime:
    """The wall-clock time that UNTIL names: a date alone includes its whole day, as Outlook's last dates do.

    Raises ValueError."""
    if len(until) == len("20261123"):
        return datetime.combine(datetime.strptime(until, "%Y%m%d"), time.max)
    moment = datetime.strptime(until.rstrip("Z"), "%Y%m%dT%H%M%S")
    if not until.endswith("Z"):
        return moment
    return moment.replace(tzinfo=UTC).astimezone(zone_info(time_zone)).replace(tzinfo=None)


def _rule(series: Series, since: datetime) -> rrule:
    """With a start near `since`, where that gives the same dates from there on."""
    given = parts(series.rrule)
    try:
        if "UNTIL" in given:
            given["UNTIL"] = last_moment(given["UNTIL"], series.time_zone).strftime("%Y%m%dT%H%M%S")
        if _never(given):
            raise Unreadable
        first, given = _nearer(datetime.fromisoformat(series.start), since, given)
        found = rrulestr(";".join(f"{name}={value}" for name, value in given.items()), dtstart=first)
    except (ValueError, TypeError, AttributeError, LookupError, OverflowError):
        # dateutil raises any of them for a rule that it does not understand.
        raise Unreadable from None
    if not isinstance(found, rrule):
        raise Unreadable
    return found


def _never(given: dict[str, str]) -> bool:
    """Whether none of its months has any of its days: dateutil would look for one until the year 9999."""
    days = [abs(int(day)) for day in given.get("BYMONTHDAY", "").split(",") if day]
    months = [int(month) for month in given.get("BYMONTH", "").split(",") if month]
    return bool(days and months) and min(days) > max(LONGEST_MONTH[month] for month in months)


def _nearer(first: datetime, since: datetime, given: dict[str, str]) -> tuple[datetime, dict[str, str]]:
    """A later start, and the rule with what is left of its COUNT, that give the same dates from `since` on."""
    days = {"DAILY": 1, "WEEKLY": 7}.get(given.get("FREQ", ""))
    if days is None or "BYSETPOS" in given or since <= first:
        return first, given
    step = timedelta(days=days * int(given.get("INTERVAL", "1")))
    steps = max(0, (since - first) // step - 1)
    if "COUNT" in given:
        if not given.keys() <= _PERIODIC or (days == 1 and "BYDAY" in given):
            return first, given
        each = max(1, len({day for day in given.get("BYDAY", "").split(",") if day}))
        # At least one has to be left: COUNT=0 is no rule.
        steps = min(steps, (int(given["COUNT"]) - 1) // each)
        given = given | {"COUNT": str(int(given["COUNT"]) - steps * each)}
    return first + step * steps, given
