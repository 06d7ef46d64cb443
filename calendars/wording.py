"""How an event repeats, in words that members read. Pure; a rule that has none here is quoted, never left out."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Protocol

from calendars.occurrences import Series, is_readable, last_moment, parts
from calendars.places import place

DAYS = {
    "MO": "Monday", "TU": "Tuesday", "WE": "Wednesday", "TH": "Thursday",
    "FR": "Friday", "SA": "Saturday", "SU": "Sunday",
}  # fmt: skip
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
POSITIONS = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth", -1: "last", -2: "second-last"}
_UNITS = {"DAILY": "day", "WEEKLY": "week", "MONTHLY": "month", "YEARLY": "year"}
_WEEKDAYS, _ALL = {"MO", "TU", "WE", "TH", "FR"}, set(DAYS)
_SAID = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS"}


class Times(Series, Protocol):
    @property
    def end(self) -> str: ...


def repeats(series: Series) -> str:
    """As in "every 2 weeks on Monday and Friday, until December 24, 2026"; empty for what does not repeat."""
    if not series.rrule:
        return ""
    if not is_readable(series):
        return f"by a rule that we cannot read: {series.rrule}"
    rule = parts(series.rrule)
    first = date.fromisoformat(series.start[:10])
    try:
        known = rule.keys() <= _SAID
        said = f"{_every(rule)}{_on(rule, first)}" if known else f"by its own rule: {series.rrule}"
        return said + (_ends(rule, series) if known else "")
    except (KeyError, ValueError):
        return f"by its own rule: {series.rrule}"


def _every(rule: dict[str, str]) -> str:
    unit, interval = _UNITS[rule["FREQ"]], int(rule.get("INTERVAL", "1"))
    return f"every {unit}" if interval == 1 else f"every {interval} {unit}s"


def _on(rule: dict[str, str], first: date) -> str:
    """Raises ValueError where there are no words."""
    days = [_weekday(part) for part in rule.get("BYDAY", "").split(",") if part]
    numbers = [int(part) for part in rule.get("BYMONTHDAY", "").split(",") if part]
    months = [MONTHS[int(part) - 1] for part in rule.get("BYMONTH", "").split(",") if part]
    picks = [int(part) for part in rule.get("BYSETPOS", "").split(",") if part]
    if rule["FREQ"] in ("DAILY", "WEEKLY"):
        if picks:
            raise ValueError
        return _on_weekdays(rule["FREQ"], days, numbers, first) + (f" in {listed(months)}" if months else "")
    if days and numbers:
        raise ValueError
    if rule["FREQ"] == "MONTHLY":
        return _in_month(days, numbers or [first.day], picks) + (f" in {listed(months)}" if months else "")
    if not months and (days or numbers):
        raise ValueError
    months, numbers = months or [MONTHS[first.month - 1]], numbers or [first.day]
    if len(months) == len(numbers) == 1 and numbers[0] > 0 and not days and not picks:
        return f" on {months[0]} {numbers[0]}"
    return f"{_in_month(days, numbers, picks)} of {listed(months)}"


def _on_weekdays(frequency: str, days: list[tuple[int, str]], numbers: list[int], first: date) -> str:
    if frequency == "WEEKLY" and not days:
        days = [(0, list(DAYS)[first.weekday()])]
    on = f" on {_each(days)}" if days else ""
    if {day for _, day in days} == _WEEKDAYS:
        on = " from Monday to Friday"
    return on + (f", if that is {_days(numbers)}" if numbers else "")


def _in_month(days: list[tuple[int, str]], numbers: list[int], picks: list[int]) -> str:
    """`numbers` of days count where no days of the week are named; both together are for nobody to read."""
    if not picks:
        return f" on {_each(days) if days else _days(numbers)}"
    if not days and picks == [-1] and sorted(numbers) == list(range(28, max(numbers) + 1)):
        return f" on day {max(numbers)} (or the last day, where there are fewer)"
    if not days or len(picks) > 1 or any(number for number, _ in days) or picks[0] not in POSITIONS:
        raise ValueError
    return f" on the {POSITIONS[picks[0]]} {kind_of_day([day for _, day in days])}"


def kind_of_day(days: Sequence[str]) -> str:
    match set(days):
        case chosen if chosen == _ALL:
            return "day"
        case chosen if chosen == _WEEKDAYS:
            return "weekday"
        case chosen if chosen == {"SA", "SU"}:
            return "weekend day"
    return listed([DAYS[day] for day in days], "or")


def _weekday(part: str) -> tuple[int, str]:
    """2TU as (2, "TU"), TU as (0, "TU")."""
    number, day = part[:-2], part[-2:]
    if day not in DAYS:
        raise ValueError(part)
    return int(number or 0), day


def _each(days: Sequence[tuple[int, str]]) -> str:
    return listed([f"the {POSITIONS[number]} {DAYS[day]}" if number else DAYS[day] for number, day in days])


def _days(numbers: Sequence[int]) -> str:
    after = [str(number) for number in numbers if number > 0]
    said = [f"{'days' if len(after) > 1 else 'day'} {listed(after)}"] if after else []
    before = [number for number in numbers if number < 0]
    if any(number not in POSITIONS for number in before):
        raise ValueError
    return listed(said + [f"the {POSITIONS[number]} day" for number in before])


def _ends(rule: dict[str, str], series: Series) -> str:
    if "COUNT" in rule:
        return ", once" if rule["COUNT"] == "1" else f", {rule['COUNT']} times"
    if "UNTIL" not in rule:
        return ""
    last = last_moment(rule["UNTIL"], series.time_zone)
    return f", until {long_date(last)}"


def long_date(day: date | datetime) -> str:
    return f"{MONTHS[day.month - 1]} {day.day}, {day.year}"


def listed(words: Sequence[str], last: str = "and") -> str:
    """A, B and C."""
    return " ".join([", ".join(words[:-1]), last, words[-1]]) if len(words) > 1 else "".join(words)


def reminder(minutes: int | None) -> str:
    """As in "15 minutes before"; minutes before the start."""
    if minutes is None:
        return "None"
    if not minutes:
        return "At the start"
    for size, unit in ((7 * 24 * 60, "week"), (24 * 60, "day"), (60, "hour")):
        if minutes % size == 0:
            return f"{minutes // size} {unit}{'' if minutes == size else 's'} before"
    return f"{minutes} minute{'' if minutes == 1 else 's'} before"


def clock(moment: datetime | time) -> str:
    """As in "2:30 PM"."""
    return f"{moment.hour % 12 or 12}:{moment.minute:02} {'AM' if moment.hour < 12 else 'PM'}"


def short_clock(moment: datetime | time) -> str:
    """As in "2:30pm", "9am"; where there is little room."""
    minutes = f":{moment.minute:02}" if moment.minute else ""
    return f"{moment.hour % 12 or 12}{minutes}{'am' if moment.hour < 12 else 'pm'}"


def when(said: Times) -> str:
    """As in "Monday, November 23, 2026, 9:00 AM – 10:00 AM in New York", in the zone of the event."""
    start, end = datetime.fromisoformat(said.start), datetime.fromisoformat(said.end)
    if said.all_day:
        last = end - timedelta(days=1)
        return (
            f"{_weekday_and_date(start)}, all day"
            if last <= start
            else (f"{_weekday_and_date(start)} – {_weekday_and_date(last)}, all day")
        )
    until = clock(end) if end.date() == start.date() else f"{_weekday_and_date(end)}, {clock(end)}"
    return f"{_weekday_and_date(start)}, {clock(start)} – {until} in {place(said.time_zone)}"


def _weekday_and_date(day: date) -> str:
    return f"{list(DAYS.values())[day.weekday()]}, {long_date(day)}"
