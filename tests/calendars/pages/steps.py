"""What the stories about the calendar's pages share: events as a member has them, and pages as she reads them."""

import re
from html.parser import HTMLParser
from typing import Any

from django.test import Client

from calendars.models import CalendarConnection, Event, LocalChange, SyncedEvent
from calendars.times import instant
from firms.models import User
from tests.factories import EventFactory, SyncedEventFactory

NEW_YORK = "America/New_York"


def an_event(
    member: User, start: str, end: str, subject: str = "Hearing", zone: str = NEW_YORK, **fields: Any
) -> Event:
    """Of a whole day where `start` is a date. An edited occurrence has `series` and `original_start`, in the series' zone."""
    all_day = len(start) == len("2026-11-23")
    if "original_start" in fields:
        master = fields["series"]
        fields["original_starts_at"] = instant(fields["original_start"], master.time_zone, master.all_day)
    return EventFactory(
        member=member, subject=subject, start=start, end=end, time_zone=zone, all_day=all_day,
        starts_at=instant(start, zone, all_day), ends_at=instant(end, zone, all_day), **fields,
    )  # fmt: skip


def a_browser_of(member: User) -> Client:
    client = Client()
    client.force_login(member)
    return client


def html_of(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return answer.content.decode()


def text_of(client: Client, path: str, inside: str = "main") -> str:
    """What a page says in its element `inside`, without markup, white space collapsed."""
    return plain(element(html_of(client, path), inside))


def element(html: str, tag: str) -> str:
    found = re.search(rf"<{tag}[ >].*?</{tag}>", html, re.DOTALL)
    assert found, tag
    return found[0]


def plain(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def days_of_month(html: str) -> dict[str, str]:
    """What a month's page has in each of its days, by what the day's link is called for screen readers."""
    cells = re.findall(r"<td.*?</td>", html, re.DOTALL)
    return {re.search(r'data-day[^>]*aria-label="([^"]*)"', cell)[1]: plain(cell) for cell in cells}


class _Form(HTMLParser):
    """The first form of a page that has a field "seen": what a browser would send of it, by name."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, list[str]] = {}
        self.options: dict[str, list[str]] = {}
        self.action = ""
        self._select = self._text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name = given.get("name", "")
        if tag == "form" and "event-form" in given.get("class", ""):
            self.action = given["action"]
        elif tag == "select":
            self._select = name
        elif tag == "textarea":
            self._text = name
            self.fields[name] = [""]
        elif tag == "option" and self._select:
            self.options.setdefault(self._select, []).append(given.get("value", ""))
            if "selected" in given or self._select not in self.fields:
                self.fields[self._select] = [given.get("value", "")]
        elif tag == "input" and name and given.get("type") in ("radio", "checkbox"):
            self.options.setdefault(name, []).append(given.get("value", "on"))
            if "checked" in given:
                self.fields.setdefault(name, []).append(given.get("value", "on"))
        elif tag == "input" and name:
            self.fields[name] = [given.get("value", "")]

    def handle_endtag(self, tag: str) -> None:
        if tag in ("select", "textarea"):
            self._select = self._text = ""

    def handle_data(self, data: str) -> None:
        if self._text:
            # A browser leaves out the line end right after the tag.
            self.fields[self._text] = [data.removeprefix("\n")]


def form_of(html: str) -> _Form:
    form = _Form()
    form.feed(html)
    return form


def fill_in(client: Client, path: str, **changes: Any) -> Any:
    """Opens the form of an event, changes some of its fields (None: left out, as an empty check box) and sends it."""
    return send(client, html_of(client, path), **changes)


def send(client: Client, html: str, **changes: Any) -> Any:
    """Sends the form of a page as it stands there but for `changes`."""
    form = form_of(html)
    assert form.action, "no form of an event"
    unknown = changes.keys() - form.fields.keys() - form.options.keys()
    assert not unknown, unknown
    fields = {name: value for name, value in (form.fields | changes).items() if value is not None}
    return client.post(form.action, fields)


def page(event: Event, rest: str = "") -> str:
    return f"/calendar/events/{event.pk}/{rest}"


def synced(connection: CalendarConnection, event: Event, **columns: Any) -> SyncedEvent:
    linked = {"ews_id": None, "link": "linked", "appointment_id": f"AAMk-{event.pk}"}
    return SyncedEventFactory(connection=connection, event=event, **linked | columns)


def told(connection: CalendarConnection) -> list[Event | None]:
    """The events of which something waits to be told, in that order."""
    return [change.event for change in LocalChange.objects.filter(connection=connection).order_by("pk")]
