"""The part of an event's form that says how it repeats: fields on one side, a pattern on the other."""

from datetime import date
from typing import Any

from django import forms

from calendars.forms import choices
from calendars.recurrence import DAYS, Kind, Pattern

KEEP = "keep"
MOST = 999


class RepeatFields(forms.Form):
    """`frequency` is empty where the event does not repeat, and KEEP where it repeats as it did. What is left open goes by
    the day on which the event begins."""

    frequency = forms.ChoiceField(
        label="Repeats", choices=choices.FREQUENCIES, required=False, widget=forms.RadioSelect
    )  # fmt: skip
    interval = forms.IntegerField(label="Every", min_value=1, max_value=MOST, required=False)
    weekdays = forms.MultipleChoiceField(
        label="On", choices=choices.WEEKDAYS, required=False, widget=forms.CheckboxSelectMultiple,
        help_text="None chosen: on the weekday it begins on.",
    )  # fmt: skip
    month = forms.ChoiceField(
        label="In", choices=[("", "the month it begins in"), *choices.MONTH_NUMBERS], required=False
    )  # fmt: skip
    by = forms.ChoiceField(label="Which day", choices=choices.BY, required=False, widget=forms.RadioSelect)
    month_day = forms.IntegerField(
        label="Day of the month", min_value=1, max_value=31, required=False,
        help_text="Months with fewer days: their last one. Left open: the day it begins on.",
    )  # fmt: skip
    index = forms.ChoiceField(label="Which", choices=choices.INDEXES, required=False)
    kind_of_day = forms.ChoiceField(label="Day", choices=choices.KINDS_OF_DAY, required=False)
    ends = forms.ChoiceField(label="Ends", choices=choices.ENDS, required=False, widget=forms.RadioSelect)
    until = forms.DateField(
        label="Last date", required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    count = forms.IntegerField(label="Number of times", min_value=1, max_value=MOST, required=False)


NAMES = tuple(RepeatFields.base_fields)


def initial_of(pattern: Pattern | None, start: date) -> dict[str, Any]:
    """The fields that say `pattern`; of what does not repeat, or not in a pattern, what is chosen beforehand."""
    blank = {"frequency": "", "interval": 1, "by": "date", "ends": "never", **_position(start)}
    if pattern is None:
        return blank
    said: dict[str, Any] = {"interval": pattern.interval, "frequency": _frequency(pattern.kind)}
    if pattern.kind == "weekly":
        said["weekdays"] = list(pattern.days)
    if pattern.month:
        said["month"] = str(pattern.month)
    if pattern.day:
        said["month_day"] = pattern.day
    if pattern.index:
        said |= {"by": "position", "index": str(pattern.index), "kind_of_day": ",".join(pattern.days)}
    if pattern.count:
        said |= {"ends": "count", "count": pattern.count}
    elif pattern.until:
        said |= {"ends": "until", "until": pattern.until}
    return blank | said


def _position(day: date) -> dict[str, str]:
    """As in "fourth Tuesday"; a fifth one is the last, which every month has."""
    number = (day.day - 1) // 7 + 1
    return {"index": str(number if number < 5 else -1), "kind_of_day": DAYS[day.weekday()]}


def pattern_of(cleaned: dict[str, Any], first: date) -> Pattern | None:
    """What the cleaned fields say of an event that begins on `first`; raises ValidationError by field."""
    frequency, interval = cleaned.get("frequency"), cleaned.get("interval") or 1
    if not frequency or frequency == KEEP:
        return None
    ends = _ends(cleaned, first)
    if frequency == "DAILY":
        return Pattern("daily", interval, **ends)
    if frequency == "WEEKLY":
        days = tuple(day for day in DAYS if day in cleaned.get("weekdays", ()))
        return Pattern("weekly", interval, days or (DAYS[first.weekday()],), **ends)
    month = int(cleaned.get("month") or first.month) if frequency == "YEARLY" else 0
    kind: Kind
    if cleaned.get("by") == "position":
        kind = "relativeYearly" if month else "relativeMonthly"
        days = tuple(cleaned.get("kind_of_day", "").split(","))
        return Pattern(kind, interval, days, index=int(cleaned["index"]), month=month, **ends)
    kind = "absoluteYearly" if month else "absoluteMonthly"
    return Pattern(kind, interval, day=cleaned.get("month_day") or first.day, month=month, **ends)


def _ends(cleaned: dict[str, Any], first: date) -> dict[str, Any]:
    match cleaned.get("ends"):
        case "until":
            if "until" in cleaned and not cleaned["until"]:
                raise forms.ValidationError({"until": "Say on which date the series ends."})
            if cleaned.get("until") and cleaned["until"] < first:
                raise forms.ValidationError({"until": "The series would end before it begins."})
            return {"until": cleaned.get("until")}
        case "count":
            if "count" in cleaned and not cleaned["count"]:
                raise forms.ValidationError({"count": "Say after how many times the series ends."})
            return {"count": cleaned.get("count") or 0}
        case _:
            return {}


def _frequency(kind: Kind) -> str:
    if kind in ("daily", "weekly"):
        return kind.upper()
    return "YEARLY" if kind.endswith("Yearly") else "MONTHLY"
