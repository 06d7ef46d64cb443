"""The dates of a series: each is plain (as the rule gives it), cancelled, or edited, on each side. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from calendars.occurrences import is_slot
from calendars.sync.content import Content, day_of, differing
from calendars.sync.merging import Merged, Parts, later, merge
from calendars.sync.pairs import Cancel, Edit, Item, Occurrence, Outward, Own, Pair, Restore, Verdict
from calendars.sync.service import Appointment

WHEN: Parts = frozenset({"times", "rule"})
# How a date stands that has no words of its own.
Standing = Literal["plain", "cancelled"]
State = Content | Standing


@dataclass(slots=True)
class _Date:
    """One date of a series, as it stands on each side, in the service's words, and as it stood when last synced."""

    day: str
    item: Item | None
    there: Appointment | None
    here: State
    over_there: State
    known: State


@dataclass(slots=True)
class _Dates:
    """What becomes of a series' dates, one after the other."""

    cancelled: set[str]
    occurrences: list[Occurrence] = field(default_factory=list)
    cancel: list[Cancel] = field(default_factory=list)
    restore: set[str] = field(default_factory=set)
    edit: list[Edit] = field(default_factory=list)
    held: list[tuple[Item, Appointment]] = field(default_factory=list)

    @property
    def outward(self) -> tuple[Outward, ...]:
        restore = (Restore(frozenset(self.restore)),) if self.restore else ()
        return (*restore, *self.cancel, *self.edit)


def decide_dates(pair: Pair, merged: Merged) -> Verdict:
    assert pair.own.here is not None
    told: tuple[Outward, ...] = (Own(merged.content, merged.outward),) if merged.outward else ()
    content, there = merged.content, pair.there
    if there.unsayable or not (content.rrule or there.content.rrule or pair.occurrences):
        return Verdict("agree", merged, content.exdates, outward=told)
    if merged.outward & WHEN:
        # Its dates have another meaning until that has been told, and there every edited one goes with it.
        swept = tuple(one for one in there.exceptions if _unknown_edit(pair, one))
        return Verdict("agree", merged, content.exdates, outward=told, overruled=swept)
    dates = _Dates(set(content.cancelled))
    for date in _dates(pair, dates.held):
        _decide_date(pair, merged.content, date, dates)
    exdates = tuple(content.slot(day) for day in sorted(dates.cancelled)) if content.rrule else ()
    outward = (*told, *dates.outward)
    return Verdict("agree", merged, exdates, tuple(dates.occurrences), outward, held=tuple(dates.held))


def _unknown_edit(pair: Pair, there: Appointment) -> bool:
    return not any(item.id == there.id and item.known and not differing(item.known, there.content)
                   for item in pair.occurrences)  # fmt: skip


def _dates(pair: Pair, held: list[tuple[Item, Appointment]]) -> Iterator[_Date]:
    """Each date on which any side has something to say. Anomalies stay out of it, and so does what may be theirs."""
    assert pair.own.here is not None
    ours = [item for item in pair.occurrences if not item.anomaly]
    undecided = {day_of(item.slot): item for item in pair.occurrences if item.anomaly and not item.kept_here}
    theirs, skipped = [], set()
    for one in pair.there.exceptions:
        day = day_of(one.slot)
        if one.id in pair.held or day in undecided:
            skipped.add(day)
        else:
            theirs.append(one)
        if day in undecided and one.id not in pair.held:
            held.append((undecided[day], one))
    here, there = pair.own.here.cancelled, pair.there.content.cancelled
    known = pair.own.known.cancelled if pair.own.known else frozenset()
    by_id = {item.id: item for item in ours if item.id}
    by_day = {day_of(item.slot): item for item in ours}
    taken: set[str] = set()
    for one in theirs:
        day = day_of(one.slot)
        item = by_id.get(one.id) or by_day.get(day)
        if item is not None:
            taken.add(day_of(item.slot))
        skipped.add(day)
        yield _Date(day, item, one, _standing(item.said if item else None, day, here), one.content,
                    _standing(item.known if item else None, day, known))  # fmt: skip
    for item in ours:
        day = day_of(item.slot)
        if day not in taken | skipped:
            skipped.add(day)
            yield _Date(day, item, None, _standing(item.said, day, here), _standing(None, day, there),
                        _standing(item.known, day, known))  # fmt: skip
    for day in sorted((here | there | known) - skipped):
        yield _Date(day, None, None, _standing(None, day, here), _standing(None, day, there),
                    _standing(None, day, known))  # fmt: skip


def _standing(content: Content | None, day: str, cancelled: frozenset[str]) -> State:
    return content or ("cancelled" if day in cancelled else "plain")


def _same(one: State, other: State) -> bool:
    if isinstance(one, Content) and isinstance(other, Content):
        return not differing(one, other)
    return one == other


def _decide_date(pair: Pair, content: Content, date: _Date, dates: _Dates) -> None:
    here, there = date.here, date.over_there
    plain = pair.there.content.on(date.day)
    if isinstance(here, Content) and isinstance(there, Content):
        # Edited on both sides, or on one after it had been on both.
        _merge_date(pair, date, there, dates)
    elif _same(here, there) or (isinstance(here, Content) and there == "plain" and not differing(here, plain)):
        # They agree, whoever changed it.
        dates.occurrences += _kept(date)
    elif _same(here, date.known):
        # Changed there alone.
        _take(date, dates)
    elif there == "cancelled" and not _same(there, date.known):
        # Changed on both sides, and cancelled there: that date is no more.
        _take(date, dates)
    elif isinstance(here, Content) and not is_slot(content, content.slot(date.day)):
        # Edited here, on a date that the series has no more.
        _take(date, dates)
    elif not _same(there, date.known) and not later(_changed_here(pair, date), _changed_there(pair, date)):
        # Changed on both sides, later there.
        _take(date, dates)
    elif not (pair.asked or not pair.rules(date.there).guarded):
        # Changed here alone, and nobody asked for it: others would be written to for a correction.
        _take(date, dates)
    else:
        # Changed here alone, or later here.
        _tell(date, here, there, content, plain, dates)


def _changed_here(pair: Pair, date: _Date) -> datetime | None:
    return (date.item and date.item.changed_here) or pair.own.changed_here


def _changed_there(pair: Pair, date: _Date) -> datetime | None:
    return (date.there and date.there.modified) or pair.there.modified


def _merge_date(pair: Pair, date: _Date, there: Content, dates: _Dates) -> None:
    assert date.item is not None and date.item.here is not None
    known = date.known if isinstance(date.known, Content) else None
    if known is None and pair.own.known is not None and date.known == "plain":
        known = pair.own.known.on(date.day)
    merged = merge(
        date.item.here, there, known, changed_here=_changed_here(pair, date), changed_there=_changed_there(pair, date),
        rules=pair.rules(date.there), said=date.item.said,
    )  # fmt: skip
    do: Literal["change", "keep"] = "change" if merged.inward else "keep"
    dates.occurrences.append(Occurrence(do, date.item, date.there, merged))
    if merged.outward:
        dates.edit.append(Edit(date.day, date.item, date.there, merged.content, merged.outward))


def _kept(date: _Date) -> list[Occurrence]:
    return [Occurrence("keep", date.item, date.there)] if date.item else []


def _take(date: _Date, dates: _Dates) -> None:
    """The date is to stand here as it does there."""
    there = date.over_there
    dates.cancelled.discard(date.day)
    if isinstance(there, Content):
        dates.occurrences.append(Occurrence("create", date.item, date.there, Merged(there)))
        return
    if there == "cancelled":
        dates.cancelled.add(date.day)
    if date.item and date.item.here:
        dates.occurrences.append(Occurrence("remove", date.item, None, Merged(date.item.here)))
    else:
        dates.occurrences += _kept(date)


def _tell(date: _Date, here: State, there: State, content: Content, plain: Content, dates: _Dates) -> None:
    """The date is to stand there as it does here."""
    dates.occurrences += _kept(date)
    if here == "cancelled":
        dates.cancel.append(Cancel(date.day))
    elif there == "cancelled":
        dates.restore.add(date.day)
    else:
        said = here if isinstance(here, Content) else content.on(date.day)
        parts = differing(said, there if isinstance(there, Content) else plain)
        if parts:
            dates.edit.append(Edit(date.day, date.item, date.there, said, parts))
