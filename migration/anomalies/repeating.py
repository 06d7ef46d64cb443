"""A recurrence in the form in which series are compared (`calendars.recurrence.comparable`), in words. Pure."""

import calendar

UNITS = {"daily": "day", "weekly": "week", "Monthly": "month", "Yearly": "year"}


def in_words(pattern: str) -> str:
    """As in "Every 2 weeks on Monday, Friday, 10 times"; what has no words of ours stands as it is."""
    if not pattern:
        return "No"
    kind, _, rest = pattern.partition(" every ")
    unit = next((word for ending, word in UNITS.items() if kind.endswith(ending)), "")
    interval, *parts = rest.split() or [""]
    if not unit or not interval.isdecimal():
        return pattern
    every = f"Every {unit}" if interval == "1" else f"Every {interval} {unit}s"
    return every + _when("relative" in kind, parts) + _ending(parts)


def _after(word: str, parts: list[str]) -> str:
    return parts[parts.index(word) + 1] if word in parts[:-1] else ""


def _when(relative: bool, parts: list[str]) -> str:
    words, days = "", ", ".join(day.capitalize() for day in _after("on", parts).split(","))
    if days:
        index = f"the {parts[parts.index('on') + 2]} " if relative and len(parts) > 2 else ""
        words = f" on {index}{days}"
    if day := _after("day", parts):
        words += f" on day {day}"
    month = _after("month", parts)
    return words + (f" in {calendar.month_name[int(month)]}" if month.isdecimal() else "")


def _ending(parts: list[str]) -> str:
    if parts[-1:] == ["times"]:
        return f", {parts[-2]} times"
    until = _after("until", parts)
    return f", until {until}" if until else ""
