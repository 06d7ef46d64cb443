"""A member's calendar as she sees it: recurring events taken apart, edited dates in place of those they were, times in her
zone. Three queries, whatever the calendar holds and however far away the days are."""

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from calendars import occurrences
from calendars.models import Event
from calendars.times import instant
from firms.models import User
from firms.zones import zone_info

_DAY = timedelta(days=1)
# No event lasts longer, as far as looking for those that have begun is concerned.
_LONGEST = timedelta(days=400 * 366)
_SHOWN = (
    "uid", "series_id", "original_start", "subject", "location", "all_day", "floating", "start", "end", "time_zone",
    "rrule", "exdates", "show_as", "sensitivity",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """An event, or one date of a series: `slot` is the start that the rule gave it, empty for an event of its own.

    `start` and `end` are aware, in the member's zone; of an all-day entry the midnights of its dates, end exclusive.
    `day` is the day it stands under: its first, or the first that is shown where it began earlier."""

    event: Event
    slot: str
    start: datetime
    end: datetime
    day: date

    @property
    def subject(self) -> str:
        return self.event.subject

    @property
    def location(self) -> str:
        return self.event.location

    @property
    def all_day(self) -> bool:
        return self.event.all_day

    @property
    def recurring(self) -> bool:
        return bool(self.event.rrule or self.event.series_id)

    @property
    def first_day(self) -> date:
        return self.start.date()

    @property
    def last_day(self) -> date:
        """An event that ends at midnight is over then, and no event of the next day."""
        return max(self.start, self.end - timedelta(microseconds=1)).date()

    @property
    def is_private(self) -> bool:
        return self.event.sensitivity in (Event.Sensitivity.PRIVATE, Event.Sensitivity.CONFIDENTIAL)


def next_events(member: User, now: datetime, limit: int = 10) -> list[Entry]:
    """What is not over at `now`, soonest first."""
    zone, today = member.zone, now.astimezone(member.zone).date()
    not_over = Q(all_day=False, ends_at__gt=now) | Q(all_day=True, ends_at__gt=datetime.combine(today, time(), UTC))
    singles = _mine(member).filter(not_over, rrule="").order_by("starts_at", "pk")[:limit]
    entries = [entry(event, zone, today) for event in singles]
    for master, without in _masters(member):
        dates = (one for one in _dates(master, without, zone, now, None) if one.end > now)
        entries += islice(dates, limit)
    return sorted((one for one in entries if one.end > now), key=_order)[:limit]


def between(member: User, first: date, last: date) -> list[Entry]:
    """What takes place on the days from `first` to `last`, both included, in the order of the days."""
    zone = member.zone
    since, before = datetime.combine(first, time(), zone), datetime.combine(last + _DAY, time(), zone)
    # A day more on either side: instants of all-day and floating events stand elsewhere than her days.
    near = _mine(member).filter(rrule="", ends_at__gte=since - _DAY, starts_at__lt=before + _DAY)
    entries = [entry(event, zone, first) for event in near]
    for master, without in _masters(member):
        entries += _dates(master, without, zone, since, before)
    return sorted((one for one in entries if one.first_day <= last and one.last_day >= first), key=_order)


def day_by_day(entries: Sequence[Entry], first: date, last: date) -> list[Entry]:
    """Each entry under every day that it touches, of those from `first` to `last`."""
    touched = [
        replace(one, day=day) for one in entries for day in _days(max(one.first_day, first), min(one.last_day, last))
    ]
    return sorted(touched, key=_order)


def _days(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=number) for number in range((last - first).days + 1))


def dates_of(master: Event, zone: ZoneInfo, now: datetime, limit: int) -> list[Entry]:
    """The next dates of one series that its rule gives and nobody has edited; not those that are over at `now`."""
    edited = set(master.exceptions.values_list("original_starts_at", flat=True))
    return list(islice((one for one in _dates(master, edited, zone, now, None) if one.end > now), limit))


def entry(event: Event, zone: ZoneInfo, since: date, slot: datetime | None = None) -> Entry:
    """`event` as somebody in `zone` sees it, or its date that begins at `slot` (naive, in the zone of the event)."""
    start, end = datetime.fromisoformat(event.start), datetime.fromisoformat(event.end)
    if slot is not None:
        start, end = slot, slot + (end - start)
    first, last = (_seen(moment, event, zone) for moment in (start, end))
    text = "" if slot is None else occurrences.wall_clock(slot, event.all_day)
    if last.astimezone(UTC) < first.astimezone(UTC):
        last = first  # the clocks went forward between them
    return Entry(event, text, first, last, max(first.date(), since))


def _seen(moment: datetime, event: Event, zone: ZoneInfo) -> datetime:
    if event.all_day or event.floating:
        return moment.replace(tzinfo=zone)
    # By way of UTC, since nothing is worked out from a zone to itself: a time that the clocks skip would stay one.
    return moment.replace(tzinfo=zone_info(event.time_zone)).astimezone(UTC).astimezone(zone)


def _mine(member: User) -> QuerySet[Event]:
    return Event.objects.filter(member=member).only(*_SHOWN)


def _masters(member: User) -> Iterator[tuple[Event, set[datetime | None]]]:
    """The recurring events, each with the instants at which the rule's dates are events of their own."""
    masters = list(_mine(member).exclude(rrule=""))
    edited: dict[int | None, set[datetime | None]] = {}
    if masters:
        edits = Event.objects.filter(member=member, series__isnull=False)
        for series, original in edits.values_list("series_id", "original_starts_at"):
            edited.setdefault(series, set()).add(original)
    for master in masters:
        yield master, edited.get(master.pk, set())


def _dates(
    master: Event, edited: Container[datetime | None], zone: ZoneInfo, since: datetime, before: datetime | None
) -> Iterator[Entry]:
    """Its dates that may touch the time from `since` to `before` (aware), and perhaps a few more."""
    lasts = datetime.fromisoformat(master.end) - datetime.fromisoformat(master.start)
    there = zone if master.all_day or master.floating else zone_info(master.time_zone)
    first_day = since.astimezone(zone).date()
    earliest = _naive(since, there) - min(lasts + _DAY, _LONGEST)
    latest = datetime.max if before is None else _naive(before, there) + _DAY
    for slot in occurrences.slots(master, earliest, latest):
        text = occurrences.wall_clock(slot, master.all_day)
        if text not in master.exdates and not (edited and instant(text, master.time_zone, master.all_day) in edited):
            yield entry(master, zone, first_day, slot)


def _naive(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None)


def _order(one: Entry) -> tuple[date, bool, datetime, str, int]:
    """All-day events first in their day. In UTC: an hour that comes twice has an order there."""
    return one.day, not one.all_day, one.start.astimezone(UTC), one.subject, one.event.pk
