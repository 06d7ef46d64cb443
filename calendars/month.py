"""A month as six weeks of days, each day as lines of events, those of several days side by side in one line. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from calendars.agenda import Entry

WEEKS = 6
LINES = 4


@dataclass(frozen=True, slots=True)
class Bar:
    """`days` of the week from here on; 0 in the further ones, where it only takes the line. `before` and `after`: it goes
    on beyond this week."""

    entry: Entry
    days: int
    before: bool = False
    after: bool = False


@dataclass(slots=True)
class Day:
    """`lines` from the top; a timed event of the day alone is an `Entry`, and None stays empty. `more` are not shown."""

    date: date
    lines: list[Bar | Entry | None] = field(default_factory=list)
    events: int = 0
    more: int = 0


def first_and_last(year: int, month: int, first_weekday: int) -> tuple[date, date]:
    """The days that the six weeks begin and end with."""
    begin = date(year, month, 1)
    first = begin - timedelta(days=(begin.weekday() - first_weekday) % 7)
    return first, first + timedelta(days=7 * WEEKS - 1)


def weeks(first: date, entries: Sequence[Entry]) -> Iterator[list[Day]]:
    """Six weeks of days from `first` on; `entries` in the order in which a day shows them."""
    for number in range(WEEKS):
        days = [Day(first + timedelta(days=7 * number + one)) for one in range(7)]
        _fill(days, [one for one in entries if one.first_day <= days[-1].date and one.last_day >= days[0].date])
        yield days


def is_bar(entry: Entry) -> bool:
    return entry.all_day or entry.first_day != entry.last_day


def _fill(days: list[Day], entries: list[Entry]) -> None:
    reach = [(entry, *_reach(entry, days)) for entry in entries]
    for _, begin, end in reach:
        for day in days[begin : end + 1]:
            day.events += 1
    # Those that begin first, and of these the longest, are at the top, so that a bar stays in its line.
    bars = sorted((one for one in reach if is_bar(one[0])), key=lambda one: (one[1], one[1] - one[2]))
    for entry, begin, end in bars:
        _place(days, entry, begin, end)
    for number, day in enumerate(days):
        _add_timed(day, [entry for entry, begin, _ in reach if begin == number and not is_bar(entry)])


def _reach(entry: Entry, days: list[Day]) -> tuple[int, int]:
    """The days of the week, by number, on which it begins and ends."""
    first = days[0].date
    return max((entry.first_day - first).days, 0), min((entry.last_day - first).days, 6)


def _place(days: list[Day], entry: Entry, begin: int, end: int) -> None:
    """In the first line that is free on all its days; the last line only where no day has more events than lines."""
    reached = days[begin : end + 1]
    lines = LINES if all(day.events <= LINES for day in reached) else LINES - 1
    for line in range(lines):
        if all(line >= len(day.lines) or day.lines[line] is None for day in reached):
            break
    else:
        for day in reached:
            day.more += 1
        return
    before, after = entry.first_day < days[0].date, entry.last_day > days[-1].date
    for number, day in enumerate(reached):
        day.lines += [None] * (line + 1 - len(day.lines))
        day.lines[line] = Bar(entry, 0 if number else len(reached), before, after)


def _add_timed(day: Day, entries: list[Entry]) -> None:
    """In what the bars leave free; where not all of them fit, the last line says how many there are more."""
    shown = sum(line is not None for line in day.lines)
    fits = not day.more and shown + len(entries) <= LINES
    room = len(entries) if fits else max(0, LINES - 1 - shown)
    day.more += len(entries) - min(room, len(entries))
    free = [number for number, line in enumerate(day.lines) if line is None]
    for entry in entries[:room]:
        if free:
            day.lines[free.pop(0)] = entry
        else:
            day.lines.append(entry)
