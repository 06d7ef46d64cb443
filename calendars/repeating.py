"""Where a pattern of recurrence begins. Pure."""

import calendar
from datetime import date, timedelta

from calendars.recurrence import DAYS, Pattern

# Whatever a pattern says, it says it of some day in any year.
_LONGEST = 2 * 366


def first_day(pattern: Pattern, since: date) -> date:
    """The first day from `since` on that the pattern speaks of, as though it began then."""
    days = (since + timedelta(days=number) for number in range(_LONGEST))
    return next(day for day in days if fits(pattern, day))


def fits(pattern: Pattern, day: date) -> bool:
    """Whether a series of this pattern can begin on `day`."""
    if pattern.month and day.month != pattern.month:
        return False
    last = calendar.monthrange(day.year, day.month)[1]
    if pattern.kind.startswith("absolute"):
        return day.day == min(pattern.day, last)
    if pattern.kind == "weekly":
        return DAYS[day.weekday()] in pattern.days
    if pattern.kind.startswith("relative"):
        alike = [one for one in range(1, last + 1) if DAYS[day.replace(day=one).weekday()] in pattern.days]
        return day.day == alike[pattern.index if pattern.index < 0 else pattern.index - 1]
    return True
