"""An event as a member is about to save it: what its form begins with, what saving brings with it, and how it is saved."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone

from calendars import connections, editing, limits
from calendars.forms.event import EventForm, Kind
from calendars.limits import Limits
from calendars.models import Event
from calendars.sync.content import Content, differing
from calendars.sync.merging import OWN_AFFAIR
from calendars.sync.rows import content_of
from calendars.times import as_clocks_show
from firms.models import User

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Consequence:
    """What saving brings with it. `code` holds how much, so that nobody agrees to two and gets three."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Draft:
    """`content` is what stands there now, and `shown` what the form shows at first, where that is something else. `event` is
    what is changed: none where it is new, the series where it is the date `slot` of one. `query` says where `shown` is from."""

    member: User
    content: Content
    limits: Limits
    event: Event | None = None
    slot: str = ""
    shown: Content | None = None
    query: str = ""

    @property
    def kind(self) -> Kind:
        if self.limits.parts == OWN_AFFAIR:
            return "attendee"
        return "date" if self.slot or (self.event and self.event.series_id) else "event"

    @property
    def title(self) -> str:
        if self.event is None:
            return "New event"
        if self.kind == "date" or self.slot:
            return "Change this date"
        return "Change the whole series" if self.event.rrule else "Change the event"

    @property
    def action(self) -> str:
        if self.event is None:
            address = reverse("event_new")
        elif self.slot:
            address = reverse("occurrence_edit", args=[self.event.pk, self.slot])
        else:
            address = reverse("event_edit", args=[self.event.pk])
        return f"{address}?{self.query}" if self.query else address

    @property
    def back(self) -> str:
        if self.event is None:
            start = date.fromisoformat(self.content.start[:10])
            return reverse("calendar_month", args=[start.year, start.month])
        if self.slot:
            return reverse("occurrence", args=[self.event.pk, self.slot])
        return reverse("event", args=[self.event.pk])

    @property
    def stamp(self) -> str:
        return editing.stamp(self.event) if self.event else ""

    def form(self, data: Any = None) -> EventForm:
        floating = bool(self.event and self.event.floating)
        return EventForm(
            data, content=self.content, floating=floating, member=self.member, kind=self.kind, shown=self.shown
        )

    def expected(self) -> list[Consequence]:
        """What can be said before anything has been changed."""
        attendees = 0 if self.event is None or self.kind == "attendee" else self.limits.attendees
        return [_mails(self.limits.service, attendees)] if attendees else []

    def consequences(self, said: Content) -> list[Consequence]:
        if self.event is None:
            return []
        attendees, lost = self.limits.mails(differing(self.content, said)), self.lost(said)
        found = [_mails(self.limits.service, attendees)] if attendees else []
        return [*found, _drops(lost)] if lost else found

    def lost(self, said: Content) -> int:
        """How many edited dates of a series go with what it says now."""
        if self.event is None or self.slot or not self.event.rrule:
            return 0
        return len(editing.lost_dates(self.event, said))

    def save(self, form: EventForm, *, seen: str, once: str = "") -> Event:
        """Raises what `calendars.editing` raises."""
        now, member, said = timezone.now(), self.member, form.said
        if self.event is None:
            return editing.create(member=member, content=said, floating=form.is_floating, once=once, now=now)
        if self.slot:
            return editing.change_occurrence(
                member=member, series=self.event.pk, slot=self.slot, content=said, seen=seen, now=now
            )
        return editing.change(
            member=member, pk=self.event.pk, content=said, floating=form.is_floating, seen=seen,
            dropping=self.lost(said), now=now,
        )  # fmt: skip


def of_event(member: User, event: Event, shown: Content | None = None, query: str = "") -> Draft:
    allowed = limits.of(connections.live(member), event)
    return Draft(member, content_of(event), allowed, event, shown=shown, query=query)


def of_date(member: User, master: Event, slot: str) -> Draft:
    content = editing.on_slot(content_of(master), slot)
    return Draft(member, content, limits.of(connections.live(member), master), master, slot)


def of_new(member: User, content: Content, query: str = "") -> Draft:
    return Draft(member, content, Limits(), query=query)


def blank(member: User, day: date | None, clock: time | None) -> Content:
    """An hour from the next full one on, or at nine on a day that is not today; never at a time that the clocks skip."""
    now = timezone.now().astimezone(member.zone).replace(tzinfo=None, minute=0, second=0, microsecond=0) + HOUR
    if day and day != now.date():
        now = datetime.combine(day, time(9))
    if clock:
        now = datetime.combine(now.date(), clock)
    start = as_clocks_show(now.isoformat(), member.time_zone)
    end = as_clocks_show((datetime.fromisoformat(start) + HOUR).isoformat(), member.time_zone)
    return Content("", False, start, end, member.time_zone, reminder=15)


def copy_of(content: Content) -> Content:
    """As a new event says it: what was taken out of a series or edited in it stays with that one."""
    return replace(content, exdates=())


def _mails(service: str, people: int) -> Consequence:
    who = "1 other person is invited" if people == 1 else f"{people} other people are invited"
    them = "that person" if people == 1 else "them"
    return Consequence(
        f"mails:{people}",
        f"{who}. {service} will write to {them} about a change of subject, time, repetition, place or notes.",
    )


def _drops(lost: int) -> Consequence:
    dates, they = ("1 date was", "it goes") if lost == 1 else (f"{lost} dates were", "they go")
    return Consequence(
        f"drops:{lost}",
        f"{dates} changed by {'itself' if lost == 1 else 'themselves'} in this series. The series has no such"
        f" date{'' if lost == 1 else 's'} any more, so {they} with what you save now.",
    )
