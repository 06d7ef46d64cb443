"""The form of an appointment: new, or as it is."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from tests.simulator.events import Event
from tests.simulator.http import Response
from tests.simulator.mailbox import Mailbox
from tests.simulator.page.fields import REPEATS, WEEKDAYS, Fields
from tests.simulator.page.html import page

_SHOW = {
    "busy": "Busy", "free": "Free", "tentative": "Tentative", "oof": "Away", "workingElsewhere": "Working elsewhere",
}  # fmt: skip
_SENSITIVITY = {"normal": "Normal", "personal": "Personal", "private": "Private", "confidential": "Confidential"}
_UNTIL = {"never": "For ever", "date": "Until the day below", "count": "So many times"}


def form(mailbox: Mailbox, home: str, event: Event | None, values: Fields, wrong: str = "") -> Response:
    """The form with ``values``; above it what was ``wrong`` with them when they were sent."""
    single = event is not None and event.master is not None
    parts = [
        f'<p class="wrong" role="alert">{escape(wrong)}</p>' if wrong else "",
        f'<p class="quiet">{escape(_about(event))} Times are in {escape(mailbox.time_zone)}.</p>',
        f'<form class="sheet card" method="post" action="{home}/save">',
        f'<input type="hidden" name="id" value="{escape(values.id)}">',
        _input("subject", "Subject", values.subject, wide=True),
        _when(values),
        "" if single else _repeat(event, values),
        _details(mailbox, values, single),
        f'<div class="foot"><button class="main">Save</button><a class="button" href="{home}">Back</a></div></form>',
        _delete(home, event),
    ]
    title = "New appointment" if event is None else str(event.get("subject") or "(no subject)")
    above = f'<p><a href="{home}">Calendar of {escape(mailbox.name or mailbox.address)}</a></p>'
    return page(title, "\n".join(parts), status=400 if wrong else 200, above=above)


def _about(event: Event | None) -> str:
    if event is None:
        return ""
    if event.master is not None:
        return "This is one occurrence of a series; what is changed here is changed for it alone."
    if event.is_master:
        return "This is the whole series. A new time or pattern takes back what was changed or cancelled in it."
    return ""


def _input(name: str, label: str, value: str, kind: str = "text", *, wide: bool = False, more: str = "") -> str:
    shown = ' class="wide"' if wide else ""
    return f'<label{shown}>{label}<input type="{kind}" name="{name}" value="{escape(value)}"{more}></label>'


def _select(name: str, label: str, choices: Mapping[str, str], value: str) -> str:
    options = "".join(
        f'<option value="{escape(key)}"{" selected" if key == value else ""}>{escape(text)}</option>'
        for key, text in choices.items()
    )
    return f'<label>{label}<select name="{name}">{options}</select></label>'


def _tick(name: str, label: str, value: str, ticked: bool) -> str:
    checked = " checked" if ticked else ""
    return f'<label class="tick"><input type="checkbox" name="{name}" value="{value}"{checked}>{label}</label>'


def _when(values: Fields) -> str:
    return f"""<fieldset><legend>When</legend>
{_input("start_day", "First day", values.start_day, "date", more=" required")}
{_input("start_time", "Start", values.start_time, "time")}
{_input("end_day", "Last day", values.end_day, "date", more=" required")}
{_input("end_time", "End", values.end_time, "time")}
<div class="wide">{_tick("all_day", "All day (the times then count for nothing)", "on", values.all_day)}</div></fieldset>"""


def _repeat(event: Event | None, values: Fields) -> str:
    kept = {"keep": f"As it is: {_pattern(event)}"} if event is not None and event.is_master else {}
    ticks = "".join(_tick("weekdays", day.title(), day, day in values.weekdays) for day in WEEKDAYS)
    return f"""<fieldset><legend>Repeats</legend>
{_select("repeat", "How", {**kept, **REPEATS}, values.repeat)}
{_input("every", "Every (1: each time)", values.every, "number", more=' min="1"')}
{_select("until", "How long", _UNTIL, values.until)}
{_input("until_day", "Last day of all", values.until_day, "date")}
{_input("count", "Times", values.count, "number", more=' min="1"')}
<div class="wide" role="group" aria-label="Days of the week">{ticks}</div></fieldset>"""


def _pattern(event: Event) -> str:
    """A pattern in a few words."""
    pattern, limits = event.data["recurrence"].get("pattern"), event.data["recurrence"]["range"]
    if pattern is None:  # Google was told a rule that Outlook has no words for
        return str(event.data["recurrence"]["rule"])
    names = {key.casefold(): text.partition(",")[0].lower() for key, text in REPEATS.items()}
    days = ", ".join(str(day).title() for day in pattern.get("daysOfWeek") or [])
    ends = {
        "enddate": f"until {limits.get('endDate')}",
        "numbered": f"{limits.get('numberOfOccurrences')} times",
    }.get(str(limits.get("type")).casefold(), "for ever")
    every = pattern.get("interval", 1)
    often = "" if every == 1 else f", every {every}"
    return f"{names[str(pattern['type']).casefold()]}{often}{f', {days}' if days else ''}, {ends}"


def _details(mailbox: Mailbox, values: Fields, single: bool) -> str:
    calendars = {one.id: one.name for one in mailbox.calendars.values()}
    where = "" if single else _select("calendar", "Calendar", calendars, values.calendar)
    hidden = f'<input type="hidden" name="calendar" value="{escape(values.calendar)}">' if single else ""
    return f"""<fieldset><legend>Details</legend>{hidden}
{_input("location", "Place", values.location)}{where}
{_select("show", "Show as", _SHOW, values.show)}{_select("sensitivity", "Sensitivity", _SENSITIVITY, values.sensitivity)}
{_input("reminder", "Reminder, minutes before", values.reminder, "number", more=' min="0"')}
<label class="wide">Text<textarea name="body" rows="4">{escape(values.body)}</textarea></label></fieldset>"""


def _delete(home: str, event: Event | None) -> str:
    if event is None:
        return ""
    word = "Cancel this occurrence" if event.master else "Delete the series" if event.is_master else "Delete"
    return f"""<form method="post" action="{home}/delete"><input type="hidden" name="id" value="{escape(event.immutable_id)}">
<p><button class="danger">{word}</button></p></form>"""
