"""What the form of an event offers to choose from."""

from collections.abc import Iterable

from calendars import places
from calendars.models import Event
from calendars.wording import DAYS, MONTHS, POSITIONS, reminder

Choice = tuple[str, str]
Group = tuple[str, list[Choice]]

FREQUENCIES: list[Choice] = [
    ("", "Does not repeat"),
    ("DAILY", "Daily"),
    ("WEEKLY", "Weekly"),
    ("MONTHLY", "Monthly"),
    ("YEARLY", "Yearly"),
]
ENDS: list[Choice] = [("never", "Never"), ("until", "On a date"), ("count", "After a number of times")]
BY: list[Choice] = [("date", "On a day of the month"), ("position", "On a day of the week")]
WEEKDAYS: list[Choice] = list(DAYS.items())
# Several days at once, as Outlook has them for positions in a month.
KINDS_OF_DAY: list[Choice] = [
    *WEEKDAYS,
    ("MO,TU,WE,TH,FR,SA,SU", "day"),
    ("MO,TU,WE,TH,FR", "weekday"),
    ("SA,SU", "weekend day"),
]
INDEXES: list[Choice] = [(str(index), POSITIONS[index]) for index in (1, 2, 3, 4, -1)]
MONTH_NUMBERS: list[Choice] = [(str(number), name) for number, name in enumerate(MONTHS, 1)]
# Nobody chooses "unknown"; an event that has it keeps it.
SHOW_AS: list[Choice] = [(value, label) for value, label in Event.ShowAs.choices if value != Event.ShowAs.UNKNOWN]
SENSITIVITY: list[Choice] = list(Event.Sensitivity.choices)
_REMINDERS = (0, 5, 10, 15, 30, 60, 120, 24 * 60, 2 * 24 * 60, 7 * 24 * 60)
REMINDERS: list[Choice] = [("", "None"), *((str(one), reminder(one)) for one in _REMINDERS)]


def with_own(choices: list[Choice], value: str, label: str) -> list[Choice]:
    """The choices, and what the event says though it is none of them."""
    return choices if any(value == one for one, _ in choices) else [*choices, (value, label)]


def zones(first: Iterable[str]) -> list[Choice | Group]:
    """All zones by region, those that matter here first."""
    own = list(dict.fromkeys(first))
    regions: dict[str, list[Choice]] = {}
    for name in places.zones():
        region, _, rest = name.partition("/")
        regions.setdefault(region if rest else "Everywhere", []).append((name, (rest or region).replace("_", " ")))
    return [("Yours", [(name, places.place(name)) for name in own]), *regions.items()]
