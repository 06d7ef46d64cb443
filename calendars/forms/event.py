"""The form of an event: from what it says to fields, and back to what it is to say."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any, Literal

from django import forms

from calendars import occurrences, places, repeating, wording
from calendars.forms import choices, repeat
from calendars.forms.repeat import KEEP, RepeatFields
from calendars.recurrence import DAYS, Pattern, Unsayable, pattern_of, rrule_of
from calendars.sync.content import Content
from calendars.times import as_clocks_show, instant
from firms.models import User

# What the form is about: an event or series, one date of a series, or a meeting that somebody else organises.
Kind = Literal["event", "date", "attendee"]
YEARS = range(1900, 2200)
LINE, TEXT = 255, 100_000
WHEN = ("all_day", "start_date", "start_time", "end_date", "end_time")
OWN_AFFAIR = ("show_as", "sensitivity", "reminder")
FIELDS: dict[Kind, tuple[str, ...]] = {
    "event": ("subject", *WHEN, "time_zone", *repeat.NAMES, "location", "body", *OWN_AFFAIR),
    "date": ("subject", *WHEN, "location", "body", *OWN_AFFAIR),
    "attendee": OWN_AFFAIR,
}
FLOATING = ""


def _date(label: str) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date", "min": "1900-01-01", "max": "2199-12-31"}, format="%Y-%m-%d")
    return forms.DateField(label=label, widget=widget)


def _time(label: str) -> forms.TimeField:
    return forms.TimeField(
        label=label, required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )  # fmt: skip


class EventForm(RepeatFields):
    """Once valid, `said` is what the event is to say, `is_floating` whether it has no zone of its own, and `moved_to` the
    day to which a series was moved, so that it begins with a date of its rule."""

    subject = forms.CharField(required=False, max_length=LINE)
    all_day = forms.BooleanField(label="All day", required=False)
    start_date, start_time = _date("Start"), _time("Start time")
    end_date, end_time = _date("End"), _time("End time")
    time_zone = forms.ChoiceField(label="Time zone", required=False)
    location = forms.CharField(required=False, max_length=LINE)
    body = forms.CharField(label="Notes", required=False, max_length=TEXT, widget=forms.Textarea(attrs={"rows": 6}))
    show_as = forms.ChoiceField(label="Show as")
    sensitivity = forms.ChoiceField(choices=choices.SENSITIVITY)
    reminder = forms.ChoiceField(required=False)

    said: Content
    is_floating: bool
    moved_to: date | None = None

    def __init__(
        self, data: Any = None, *, content: Content, floating: bool, member: User, kind: Kind = "event",
        shown: Content | None = None,
    ) -> None:  # fmt: skip
        """`content` is what the event says now, `shown` what its fields show at first, where that is something else."""
        shown = shown or content
        self.content, self.shown, self.floating, self.kind = content, shown, floating, kind
        self.weeks_begin = DAYS[places.first_weekday(member.time_zone)]
        self.pattern = _pattern(content)
        super().__init__(data, initial=_initial(shown, floating))
        for name in self.base_fields.keys() - set(FIELDS[kind]):
            del self.fields[name]
        self.order_fields(FIELDS[kind])
        self._offer(member)

    def _offer(self, member: User) -> None:
        """Whatever the event says can be chosen, though nobody else would be offered it."""
        shown = self.shown
        own = {
            "show_as": choices.with_own(choices.SHOW_AS, shown.show_as, "Unknown"),
            "reminder": choices.with_own(
                choices.REMINDERS, _text(shown.reminder), wording.reminder(shown.reminder)
            ),
            "time_zone": [
                *([(FLOATING, "None: the same clock time everywhere")] if self.floating else []),
                *choices.zones([member.time_zone, shown.time_zone]),
            ],
            "frequency": choices.FREQUENCIES,
            "kind_of_day": choices.KINDS_OF_DAY,
        }  # fmt: skip
        pattern = _pattern(shown)
        if shown.rrule and pattern is None:
            own["frequency"] = [(KEEP, f"As it is now: {wording.repeats(shown)}"), *choices.FREQUENCIES]
        elif pattern and pattern.index:
            days = ",".join(pattern.days)
            own["kind_of_day"] = choices.with_own(choices.KINDS_OF_DAY, days, wording.kind_of_day(pattern.days))
        for name in own.keys() & self.fields.keys():
            self.fields[name].choices = own[name]  # type: ignore[attr-defined]
        for name in {"subject", "location", "body"} & self.fields.keys():
            # What is longer already may stay so.
            field = self.fields[name]
            longest = max(LINE if name != "body" else TEXT, len(getattr(shown, name) or ""))
            field.max_length, field.validators = longest, forms.CharField(max_length=longest).validators  # type: ignore[attr-defined]
            field.widget.attrs |= {"maxlength": longest, "dir": "auto"}

    # --- What it is to say ----------------------------------------------------------------------------------------------
    def clean_body(self) -> str:
        text: str = self.cleaned_data["body"]
        return text.replace("\r\n", "\n").replace("\r", "\n")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        words = {name: cleaned[name] for name in ("subject", "location", "body", *OWN_AFFAIR) if name in cleaned}
        if "reminder" in words:
            words["reminder"] = int(words["reminder"]) if words["reminder"] else None
        said, self.is_floating = replace(self.content, **words), self.floating
        if self.kind != "attendee" and not self.errors:
            said = self._clean_repeat(self._clean_when(said))
            if not self.errors:
                self._check_times(said)
        self.said = said
        return cleaned

    def _clean_when(self, said: Content) -> Content:
        cleaned, all_day = self.cleaned_data, self.cleaned_data["all_day"]
        zone = cleaned.get("time_zone", FLOATING if self.floating else said.time_zone)
        self.is_floating = self.floating and zone == FLOATING
        # Of a floating event the column keeps the zone in which its instants were worked out.
        zone = said.time_zone if self.is_floating else zone or said.time_zone
        start, end = cleaned["start_date"], cleaned["end_date"]
        for name, day in (("start_date", start), ("end_date", end)):
            if day.year not in YEARS:
                self.add_error(name, f"Choose a year from {YEARS[0]} to {YEARS[-1]}.")
        if self.errors:
            return said
        if all_day:
            texts = start.isoformat(), (end + timedelta(days=1)).isoformat()
        else:
            for name in ("start_time", "end_time"):
                if cleaned.get(name) is None:
                    self.add_error(name, "Say at what time, or choose “All day”.")
            if self.errors:
                return said
            texts = (
                _wall(start, cleaned["start_time"], self.content.start),
                _wall(end, cleaned["end_time"], self.content.end),
            )
        return replace(said, all_day=all_day, start=texts[0], end=texts[1], time_zone=zone)

    def _clean_repeat(self, said: Content) -> Content:
        if self.errors or "frequency" not in self.cleaned_data:
            return said
        if self.cleaned_data["frequency"] == KEEP:
            return self._keep_rule(said)
        try:
            pattern = repeat.pattern_of(self.cleaned_data, date.fromisoformat(said.start[:10]))
        except forms.ValidationError as error:
            self.add_error(None, error)
            return said
        return self._apply(pattern, said) if pattern else replace(said, rrule="", exdates=())

    def _keep_rule(self, said: Content) -> Content:
        kept = replace(said, rrule=self.shown.rrule)
        if not occurrences.is_slot(kept, kept.start):
            day = wording.long_date(date.fromisoformat(kept.start[:10]))
            self.add_error(
                "start_date", f"The series takes place {wording.repeats(kept)}, so it cannot begin on {day}."
            )
        return kept

    def _apply(self, pattern: Pattern, said: Content) -> Content:
        """With a start that is a date of the pattern, as the calendar services want it."""
        if pattern.kind == "weekly" and pattern.interval != 1:
            pattern = replace(pattern, first_day=self.pattern.first_day if self.pattern else self.weeks_begin)
        start = date.fromisoformat(said.start[:10])
        first = repeating.first_day(pattern, start)
        if first != start:
            self.moved_to = first
            said = _moved(said, first - start)
        if pattern.until and first > pattern.until:
            self.add_error("until", f"The series would have no date: its first would be {wording.long_date(first)}.")
            return said
        now = self.content
        if (pattern, said.start, said.time_zone) == (self.pattern, now.start, now.time_zone):
            return replace(said, rrule=now.rrule)
        try:
            return replace(said, rrule=rrule_of(pattern, said.start, said.time_zone))
        except Unsayable:
            self.add_error("frequency", "This way of repeating has no date.")
            return said

    def _check_times(self, said: Content) -> None:
        if said.all_day:
            if said.end <= said.start:
                self.add_error("end_date", "The end lies before the start.")
            return
        if instant(said.end, said.time_zone, False) < instant(said.start, said.time_zone, False):
            name = "end_date" if said.end[:10] < said.start[:10] else "end_time"
            self.add_error(name, "The end lies before the start.")
        if self.is_floating:
            return
        now = self.content
        for name, text, before in (("start_time", said.start, now.start), ("end_time", said.end, now.end)):
            shown = as_clocks_show(text, said.time_zone)
            if shown != text and (text, said.time_zone) != (before, now.time_zone):
                self.add_error(name, _skipped(text, shown, said.time_zone))


def _skipped(text: str, shown: str, zone: str) -> str:
    moment, instead = datetime.fromisoformat(text), datetime.fromisoformat(shown)
    return (
        f"On {wording.long_date(moment)} the clocks in {places.place(zone)} go forward and skip {wording.clock(moment)}."
        f" Choose {wording.clock(instead)} or another time."
    )


def _initial(content: Content, floating: bool) -> dict[str, Any]:
    start, end = datetime.fromisoformat(content.start), datetime.fromisoformat(content.end)
    last = end - timedelta(days=1) if content.all_day else end
    pattern = _pattern(content)
    said = repeat.initial_of(pattern, start.date()) | ({"frequency": KEEP} if content.rrule and pattern is None else {})
    return said | {
        "subject": content.subject,
        "all_day": content.all_day,
        "start_date": start.date(),
        "start_time": time(9) if content.all_day else start.time(),
        "end_date": last.date(),
        "end_time": time(10) if content.all_day else end.time(),
        "time_zone": FLOATING if floating else content.time_zone,
        "location": content.location,
        "body": content.body,
        "show_as": content.show_as,
        "sensitivity": content.sensitivity,
        "reminder": _text(content.reminder),
    }


def _pattern(content: Content) -> Pattern | None:
    """None where it does not repeat, or not in a way that the form has fields for."""
    if not content.rrule:
        return None
    try:
        pattern = pattern_of(content.rrule, content.start, content.time_zone)
    except Unsayable:
        return None
    return pattern if max(pattern.interval, pattern.count) <= repeat.MOST else None


def _wall(day: date, clock: time, before: str) -> str:
    """Seconds, which the form does not show, stay as they are."""
    text = datetime.combine(day, clock).isoformat()
    return before if len(before) == len(text) and before[:16] == text[:16] else text


def _moved(said: Content, by: timedelta) -> Content:
    start, end = (datetime.fromisoformat(text) + by for text in (said.start, said.end))
    return replace(
        said, start=occurrences.wall_clock(start, said.all_day), end=occurrences.wall_clock(end, said.all_day)
    )  # fmt: skip


def _text(reminder: int | None) -> str:
    return "" if reminder is None else str(reminder)
