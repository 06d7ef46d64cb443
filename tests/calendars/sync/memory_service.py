"""A calendar service in memory, as strict and as unreliable as real ones, and its owner's hand in it.

Versions that must be repeated, times of change, keys that make one appointment however often they come; pages that repeat
themselves, show what was there before, or call gone what is not; requests that fail before or after they took effect.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count

from django.utils import timezone

from calendars.errors import Conflict, ItemNotFound, MarkLost, Refused, TryLater
from calendars.models import Grant
from calendars.occurrences import is_slot
from calendars.sync.content import Content, as_it_is, day_of, differing
from calendars.sync.merging import taking
from calendars.sync.service import (
    Appointment,
    CancelOccurrence,
    Capabilities,
    Change,
    Create,
    Delete,
    Page,
    Update,
    UpdateOccurrence,
)

WHEN = frozenset({"times", "rule"})


@dataclass
class Fault:
    """Of one request: `meanwhile` happens when it has just arrived; then `error` is raised before it takes effect, or
    after, so that its answer is lost."""

    error: BaseException | None = None
    before: bool = True
    meanwhile: Callable[[], object] | None = None


@dataclass
class MemoryCalendar:
    """What the service holds of one calendar, and of the mailbox's others (`elsewhere`)."""

    items: dict[str, Appointment] = field(default_factory=dict)
    elsewhere: dict[str, Appointment] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    # Every change: the id, and what was there before it.
    log: list[tuple[str, Appointment | None]] = field(default_factory=list)
    page_size: int = 3
    restores: bool = True
    resets_dates: bool = True
    # How far its clock is behind ours.
    lag: timedelta = timedelta(0)
    # In what form it keeps what it is told.
    adjust: Callable[[Content], Content] = as_it_is
    # Marks handed out before this many changes are lost.
    forgotten: int = 0
    # By the number of the request.
    faults: dict[int, Fault] = field(default_factory=dict)
    # What pages show beside the truth.
    replays: bool = False
    alive_as_gone: set[str] = field(default_factory=set)
    # At which it fails by itself.
    spoilt: set[str] = field(default_factory=set)
    requests: int = 0
    writes: list[Change] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    # --- The owner's hand ---------------------------------------------------------------------------------------------
    def add(
        self, content: Content, *, attendees: int = 0, organized: bool = True, ical_uid: str | None = None,
        unsayable: str = "", key: str = "",
    ) -> str:  # fmt: skip
        number = next(self._numbers)
        made = Appointment(
            id=f"Item{number:04d}=", content=content, attendees=attendees, organized=organized,
            ical_uid=f"ical-{number}" if ical_uid is None else ical_uid, unsayable=unsayable,
        )  # fmt: skip
        if key:
            self.keys[key] = made.id
        self._put(made)
        return made.id

    def change(self, one: str, **said: object) -> None:
        item = self._of(one)
        content = replace(item.content, **said)  # type: ignore[arg-type]
        if differing(content, item.content) & WHEN and self.resets_dates:
            content = replace(content, exdates=())
            item = replace(item, exceptions=())
        self._put(replace(item, content=content))

    def edit_occurrence(self, one: str, slot: str, **said: object) -> str:
        master = self._of(one)
        before = next((each for each in master.exceptions if each.slot == slot), None)
        content = before.content if before else master.content.on(day_of(slot))
        return self._edited(master, slot, replace(content, **said))  # type: ignore[arg-type]

    def cancel_occurrence(self, one: str, slot: str) -> None:
        master = self._of(one)
        left = tuple(each for each in master.exceptions if each.slot != slot)
        exdates = tuple(sorted({*master.content.exdates, slot}))
        self._put(replace(master, exceptions=left, content=replace(master.content, exdates=exdates)))

    def delete(self, one: str) -> None:
        for place in (self.items, self.elsewhere):
            if one in place:
                self.log.append((one, place.pop(one)))
                return
        raise KeyError(one)

    def restore(self, one: str) -> None:
        """Back from the deleted items, as it was."""
        before = next(was for each, was in reversed(self.log) if each == one and was is not None)
        self._put(before)

    def move_away(self, one: str) -> None:
        item = self.items.pop(one)
        self.log.append((one, item))
        self.elsewhere[one] = item

    def listing(self) -> dict[str, Appointment]:
        return {**self.items, **self.elsewhere}

    # --- What both hands do -------------------------------------------------------------------------------------------
    def _of(self, one: str) -> Appointment:
        return self.items.get(one) or self.elsewhere[one]

    def _put(self, item: Appointment) -> Appointment:
        number = next(self._numbers)
        # Each change has a time of its own, as on a real clock, whatever the test's does.
        stamped = replace(
            item, version=f"v{number}", modified=timezone.now() + timedelta(microseconds=number) - self.lag
        )
        place = self.elsewhere if item.id in self.elsewhere else self.items
        self.log.append((item.id, place.get(item.id)))
        place[item.id] = stamped
        return stamped

    def _edited(self, master: Appointment, slot: str, content: Content) -> str:
        if slot in master.content.exdates or not is_slot(master.content, slot):
            raise ItemNotFound(code="no such occurrence")
        number = next(self._numbers)
        before = next((each for each in master.exceptions if each.slot == slot), None)
        edited = Appointment(
            id=before.id if before else f"Occurrence{number:04d}=", content=replace(content, rrule="", exdates=()),
            series_id=master.id, slot=slot, version=f"v{number}", attendees=master.attendees,
            organized=master.organized, modified=timezone.now() + timedelta(microseconds=number) - self.lag,
        )  # fmt: skip
        others = tuple(each for each in master.exceptions if each.slot != slot)
        self._put(replace(master, exceptions=(*others, edited)))
        return edited.id


class MemoryService:
    """Answers to `calendars.sync.service.Service`."""

    def __init__(self, calendar: MemoryCalendar, hold: Callable[[], None], column: str = "appointment_id") -> None:
        self.calendar, self.hold = calendar, hold
        self.capabilities = Capabilities(id_column=column, restores_occurrences=calendar.restores)

    @property
    def requests(self) -> int:
        return self.calendar.requests

    @property
    def grant(self) -> Grant:
        return Grant.objects.get()

    def close(self) -> None: ...

    def pull(self, mark: str) -> Page:
        """A mark is "full:<after id>:<changes when it began>" within a listing, "since:<changes>" after it."""
        with _Request(self):
            kind, _, rest = mark.partition(":")
            if kind == "since":
                return self._changes(int(rest))
            after, _, began = rest.rpartition(":")
            return self._listing(after, int(began) if kind else len(self.calendar.log))

    def read(self, ids: Sequence[str]) -> dict[str, Appointment | None]:
        with _Request(self):
            there = self.calendar.listing()
            edited = {each.id: each for item in there.values() for each in item.exceptions}
            return {one: there.get(one) or edited.get(one) for one in ids if one not in self.calendar.spoilt}

    def find(self, key: str, content: Content) -> Appointment | None:
        with _Request(self):
            return self.calendar.listing().get(self.calendar.keys.get(key, ""))

    def push(self, change: Change) -> Appointment | None:
        with _Request(self):
            answer = self._carry_out(change)
            self.calendar.writes.append(change)
            return answer

    # --- Reading ------------------------------------------------------------------------------------------------------
    def _listing(self, after: str, began: int) -> Page:
        ids = sorted(one for one in self.calendar.items if one > after)
        shown, last = ids[: self.calendar.page_size], len(ids) <= self.calendar.page_size
        mark = f"since:{began}" if last else f"full:{shown[-1]}:{began}"
        return Page([self.calendar.items[one] for one in shown], [], mark, last, complete=last)

    def _changes(self, since: int) -> Page:
        calendar = self.calendar
        if since < calendar.forgotten:
            raise MarkLost(code="SyncStateNotFound")
        entries = calendar.log[since : since + calendar.page_size]
        last = since + calendar.page_size >= len(calendar.log)
        shown = [calendar.items[one] for one, _ in entries if one in calendar.items]
        gone = [one for one, _ in entries if one not in calendar.items]
        if calendar.replays:
            # As they were before what is told of, in front of what they are; and some things twice.
            shown = [before for _, before in entries if before] + shown + shown[:1]
        gone += sorted(calendar.alive_as_gone)
        return Page(shown, gone, f"since:{min(since + calendar.page_size, len(calendar.log))}", last)

    # --- Writing ------------------------------------------------------------------------------------------------------
    def _carry_out(self, change: Change) -> Appointment | None:
        calendar = self.calendar
        match change:
            case Create(key, content):
                if key not in calendar.keys:
                    calendar.add(calendar.adjust(replace(content, exdates=())), key=key)
                return calendar.listing().get(calendar.keys[key])
            case Delete(one, version):
                if one in calendar.listing():
                    self._versioned(one, version)
                    calendar.delete(one)
                return None
            case Update(one, version, content, parts):
                return self._update(one, version, content, parts)
            case UpdateOccurrence(series, slot, content, parts):
                master = self._whole(series)
                if any(each.slot == slot for each in master.exceptions):
                    raise Conflict(code="edited there already")
                edited = calendar._edited(master, slot, taking(master.content.on(day_of(slot)), content, parts))
                return next(each for each in calendar._of(series).exceptions if each.id == edited)
            case CancelOccurrence(series, slot):
                self._whole(series)
                calendar.cancel_occurrence(series, slot)
                return calendar._of(series)

    def _update(self, one: str, version: str, content: Content, parts: frozenset[str]) -> Appointment:
        calendar = self.calendar
        for master in calendar.listing().values():
            edited = next((each for each in master.exceptions if each.id == one), None)
            if edited is not None:
                self._match(edited, version)
                calendar._edited(master, edited.slot, taking(edited.content, content, parts))  # type: ignore[arg-type]
                return next(each for each in calendar._of(master.id).exceptions if each.id == one)
        item = self._versioned(one, version)
        if not item.organized and parts - {"show_as", "sensitivity", "reminder"}:
            raise Refused(code="organizer")
        said = calendar.adjust(taking(item.content, content, parts))  # type: ignore[arg-type]
        calendar.change(one, **{name: getattr(said, name) for name in said.__slots__})
        return calendar._of(one)

    def _versioned(self, one: str, version: str) -> Appointment:
        item = self._whole(one)
        self._match(item, version)
        return item

    def _whole(self, one: str) -> Appointment:
        try:
            return self.calendar._of(one)
        except KeyError:
            raise ItemNotFound(code="ErrorItemNotFound") from None

    def _match(self, item: Appointment, version: str) -> None:
        if item.version != version:
            raise Conflict(code="ErrorIrresolvableConflict")


class _Request:
    """Counts, and fails where it is to: before its effect, or with the answer lost after it."""

    def __init__(self, service: MemoryService) -> None:
        self.calendar, self.hold = service.calendar, service.hold

    def __enter__(self) -> None:
        self.hold()
        self.calendar.requests += 1
        self.fault = self.calendar.faults.pop(self.calendar.requests, None)
        if self.fault and self.fault.meanwhile:
            self.fault.meanwhile()
        if self.fault and self.fault.error and self.fault.before:
            raise self.fault.error

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        if self.fault and self.fault.error and kind is None:
            raise self.fault.error


def time_out(*, before: bool) -> Fault:
    return Fault(TryLater("time-out", seconds=0, reason="unreachable"), before)
