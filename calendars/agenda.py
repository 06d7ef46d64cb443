"""A member's next events, as her dashboard shows them: recurring ones taken apart, times in her zone. Pure but for
`next_events`, which reads them in three queries."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr
from django.db.models import Q

from calendars.models import Event
from calendars.times import instant
from firms.models import User
from firms.zones import zone_info


@dataclass(frozen=True)
class Entry:
    """`start` and `end` are aware, in the member's zone; of an all-day entry the midnights of its dates, end exclusive.
    `day` is the day it stands under: the first, or today where it began earlier."""

    subject: str
    location: str
    all_day: bool
    recurring: bool
    start: datetime
    end: datetime
    day: date

    @property
    def last_day(self) -> date:
        return (self.end - timedelta(days=1) if self.all_day else self.end).date()


def next_events(member: User, now: datetime, limit: int = 10) -> list[Entry]:
    """The events that are not over at `now`, soonest first."""
    today = datetime.combine(now.astimezone(member.zone).date(), datetime.min.time(), UTC)
    texts = ("subject", "location", "all_day", "start", "end", "time_zone", "starts_at", "ends_at", "rrule", "exdates")
    mine = Event.objects.filter(member=member).only(*texts)
    not_over = Q(all_day=False, ends_at__gt=now) | Q(all_day=True, ends_at__gt=today)
    singles = mine.filter(not_over, rrule="").order_by("starts_at", "pk")[:limit]
    masters = list(mine.exclude(rrule=""))
    edited: dict[int, set[str]] = {}
    if masters:
        edits = Event.objects.filter(member=member, series__in=masters).values_list("series_id", "original_start")
        for series, original_start in edits:
            edited.setdefault(series or 0, set()).add(original_start)
    return soonest(singles, masters, edited, now=now, zone=member.zone, limit=limit)


def soonest(
    singles: Iterable[Event],
    masters: Iterable[Event],
    edited: dict[int, set[str]],
    *,
    now: datetime,
    zone: ZoneInfo,
    limit: int,
) -> list[Entry]:
    """`edited` has, by the master's id, the original starts of occurrences that are events of their own."""
    entries = [_entry(event, event.start, event.end, now, zone) for event in singles]
    for master in masters:
        without = edited.get(master.pk, set()) | set(master.exdates)
        for start, end in islice(_occurrences(master, without, now, zone), limit):
            entries.append(_entry(master, start, end, now, zone))
    return sorted(entries, key=lambda entry: (entry.start, not entry.all_day, entry.subject))[:limit]


def _entry(event: Event, start: str, end: str, now: datetime, zone: ZoneInfo) -> Entry:
    if event.all_day:
        first, last = (datetime.fromisoformat(text).replace(tzinfo=zone) for text in (start, end))
    else:
        first, last = (instant(text, event.time_zone, False).astimezone(zone) for text in (start, end))
    day = max(first.date(), now.astimezone(zone).date())
    return Entry(event.subject, event.location, event.all_day, bool(event.rrule), first, last, day)


def _occurrences(master: Event, without: set[str], now: datetime, zone: ZoneInfo) -> Iterator[tuple[str, str]]:
    """Start and end, as wall-clock text, of the occurrences that are not over; none for a rule that can't be read."""
    first, end = datetime.fromisoformat(master.start), datetime.fromisoformat(master.end)
    lasts = end - first
    if master.all_day:
        today = datetime.combine(now.astimezone(zone).date(), datetime.min.time())
        since = today - lasts + timedelta(days=1)
    else:
        since = now.astimezone(zone_info(master.time_zone)).replace(tzinfo=None) - lasts
    parts = _parts(master.rrule, master.time_zone)
    try:
        rule = rrulestr(
            ";".join(f"{name}={value}" for name, value in parts.items()), dtstart=_nearer(first, since, parts)
        )
    except ValueError:
        return
    for start in rule.xafter(since, inc=master.all_day):
        text = _text(start, master.all_day)
        if text not in without:
            yield text, _text(start + lasts, master.all_day)


def _parts(rrule: str, time_zone: str) -> dict[str, str]:
    """The rule's parts; UNTIL as wall-clock time, as the start is."""
    parts = dict(part.split("=", 1) for part in rrule.removeprefix("RRULE:").upper().split(";") if "=" in part)
    until = parts.get("UNTIL", "")
    if until.endswith("Z"):
        moment = datetime.strptime(until, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).astimezone(zone_info(time_zone))
        parts["UNTIL"] = moment.strftime("%Y%m%dT%H%M%S")
    return parts


def _nearer(first: datetime, since: datetime, parts: dict[str, str]) -> datetime:
    """A later start that gives the same occurrences from `since` on: nobody counts through years of days."""
    days = {"DAILY": 1, "WEEKLY": 7}.get(parts.get("FREQ", ""))
    if days is None or "COUNT" in parts or "BYSETPOS" in parts or since <= first:
        return first
    step = timedelta(days=days * int(parts.get("INTERVAL", "1")))
    return first + step * max(0, (since - first) // step - 1)


def _text(moment: datetime, all_day: bool) -> str:
    return moment.date().isoformat() if all_day else moment.isoformat()
