"""The list of mailboxes, and a month of one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from html import escape
from itertools import groupby
from urllib.parse import urlencode

from tests.simulator import times
from tests.simulator.events import Event
from tests.simulator.http import Response
from tests.simulator.mailbox import Mailbox
from tests.simulator.page.fields import days
from tests.simulator.page.html import page

_SHOWN = {"free": "free", "tentative": "tentative", "oof": "away", "workingElsewhere": "working elsewhere"}


def mailboxes(found: Sequence[Mailbox], now: dt.datetime) -> Response:
    """Every mailbox, with a link to its month."""
    rows = "".join(
        f'<li><span class="what"><a href="/_sim/page/{escape(one.address)}">{escape(one.name or one.address)}</a><br>'
        f'<small>{escape(one.address)}</small></span><span class="mark">{escape(one.provider.title())}</span>'
        f"<span>Appointments: {sum(len(calendar.events) for calendar in one.calendars.values())}</span></li>"
        for one in sorted(found, key=lambda one: one.address.casefold())
    )
    time = f'<p class="quiet">It is {now:%A, %d %B %Y, %H:%M} UTC here.</p>'
    return page("Mailboxes", time + f'<ul class="plain card">{rows or "<li>There is no mailbox yet.</li>"}</ul>')


def month(mailbox: Mailbox, home: str, wanted: str | None, said: str, now: dt.datetime) -> Response:
    """The appointments of a month (``YYYY-MM``; this one), day by day in the mailbox's time zone."""
    first = _first(wanted) or now.astimezone(times.zone(mailbox.time_zone)).date().replace(day=1)
    after = (first + dt.timedelta(days=32)).replace(day=1)
    before = (first - dt.timedelta(days=1)).replace(day=1)
    content = [
        f'<p class="quiet">{escape(mailbox.address)} · times in {escape(mailbox.time_zone)}</p>',
        f'<p class="said" role="status">{escape(said)}</p>' if said else "",
        f"""<div class="bar"><nav aria-label="Months"><a href="{home}?month={before:%Y-%m}">Previous</a>
<strong>{first:%B %Y}</strong><a href="{home}?month={after:%Y-%m}">Next</a></nav>
<span><a class="button" href="{home}?month={first:%Y-%m}">Look again</a>
<a class="button main" href="{home}/new?day={max(first, min(now.date(), after - dt.timedelta(days=1)))}">New appointment</a>
</span></div>""",
        *_days(mailbox, home, first, after),
        _deleted(mailbox, home),
    ]
    above = '<p><a href="/_sim/page">All mailboxes</a></p>'
    return page(f"Calendar of {mailbox.name or mailbox.address}", "\n".join(content), above=above)


def _first(wanted: str | None) -> dt.date | None:
    try:
        return dt.date.fromisoformat(f"{wanted}-01") if wanted else None
    except ValueError:
        return None


def _days(mailbox: Mailbox, home: str, first: dt.date, after: dt.date) -> Iterator[str]:
    found = sorted(_inside(mailbox, first, after), key=lambda one: (max(days(one)[0], first), one.start, _subject(one)))
    if not found:
        yield '<p class="card quiet">Nothing this month.</p>'
    for day, events in groupby(found, key=lambda one: max(days(one)[0], first)):
        rows = "".join(_row(one, home) for one in events)
        yield f'<section><h2>{day:%A}, {day.day} {day:%B}</h2><ul class="plain card">{rows}</ul></section>'


def _inside(mailbox: Mailbox, first: dt.date, after: dt.date) -> Iterator[Event]:
    """Singles, occurrences and exceptions that touch the days from ``first`` to before ``after``."""
    margin = dt.timedelta(days=1)
    begin, end = (dt.datetime.combine(day, dt.time(), dt.UTC) for day in (first - margin, after + margin))
    for calendar in mailbox.calendars.values():
        for held in calendar.events.values():
            for one in held.occurrences(begin, end) if held.is_master else [held]:
                starts, ends = days(one)
                if starts < after and ends >= first:
                    yield one


def _subject(event: Event) -> str:
    return str(event.get("subject") or "(no subject)")


def _row(event: Event, home: str) -> str:
    marks = []
    if event.master is not None:
        marks.append("changed occurrence" if event.type == "exception" else "repeats")
    if not event.calendar.is_default:
        marks.append(event.calendar.name)
    if event.get("showAs") in _SHOWN:
        marks.append(_SHOWN[event.get("showAs")])
    if event.get("sensitivity") != "normal":
        marks.append(event.get("sensitivity"))
    if event.get("attendees"):
        marks.append(f"{len(event.get('attendees'))} invited")
    place = (event.get("location") or {}).get("displayName")
    shown = "".join(f' <span class="mark">{escape(str(mark))}</span>' for mark in marks)
    series = f' · <a href="{_edit(home, event.master)}">whole series</a>' if event.master is not None else ""
    return (
        f'<li><span class="when">{_clock(event)}</span><span class="what"><a href="{_edit(home, event)}">'
        f"{escape(_subject(event))}</a>{series}{f'<br><small>{escape(place)}</small>' if place else ''}</span>{shown}</li>"
    )


def _edit(home: str, event: Event) -> str:
    return escape(f"{home}/edit?{urlencode({'id': event.immutable_id})}")


def _clock(event: Event) -> str:
    first, last = days(event)
    if event.is_all_day:
        return "All day" if first == last else f"All day, to {last.day} {last:%b}"
    zone = times.zone(event.mailbox.time_zone)
    start, end = event.start.astimezone(zone), event.end.astimezone(zone)
    return f"{start:%H:%M} – {end:%H:%M}" + ("" if start.date() == end.date() else f", {end.day} {end:%b}")


def _deleted(mailbox: Mailbox, home: str) -> str:
    if not mailbox.deleted:
        return ""
    rows = "".join(
        f'<li><span class="when">{days(one)[0]}</span><span class="what">{escape(_subject(one))}</span>'
        f'<form method="post" action="{home}/restore"><input type="hidden" name="id" value="{escape(one.immutable_id)}">'
        f'<button aria-label="Restore {escape(_subject(one))}">Restore</button></form></li>'
        for one in mailbox.deleted.values()
    )
    return f'<section><h2>Deleted</h2><ul class="plain card">{rows}</ul></section>'
