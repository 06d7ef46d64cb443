"""One event being told of: decide, tell one difference, know the answer, until none is left."""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import timedelta

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from calendars.errors import AccessDenied, BadRequest, Conflict, ItemNotFound, Refused, TryLater
from calendars.models import EventVersion, LocalChange
from calendars.sync import rows as words
from calendars.sync.apply import Apply
from calendars.sync.content import day_of
from calendars.sync.dates import WHEN
from calendars.sync.merging import OWN_AFFAIR
from calendars.sync.pairs import Cancel, Edit, Outward, Own, Pair, Remove, Restore, Verdict
from calendars.sync.plan import after_telling, changed_there, decide
from calendars.sync.service import Appointment, CancelOccurrence, Change, Delete, Update, UpdateOccurrence, the_one
from calendars.sync.sides import Rows, load
from calendars.sync.work import Work
from calendars.sync.writing import Writing

# Versions that may change under our hands before the event is left for the next sync.
CONFLICTS = 3
# Times that one difference of an event is told in a row.
AGAIN = 3


@dataclass(slots=True)
class Telling:
    """One event being told of. `there` is its appointment as last read; `told` what it is the answer to."""

    work: Work
    there: Appointment
    told: Outward | None = None
    adjusted: bool = False
    refused: dict[object, str] = field(default_factory=dict)
    conflicts: int = 0
    times: Counter[object] = field(default_factory=Counter)

    def go_on(self) -> None:
        while True:
            step = self._decide()
            if step is None:
                return
            if self.told is not None:
                # Every task tells one thing at least, or none would ever come to an end.
                self.work.check_time()
            pair, outward = step
            self.told, self.adjusted = None, False
            try:
                answer = self.work.service.push(_change(pair, outward))
            except Conflict:
                self.conflicts += 1
                if self.conflicts > CONFLICTS:
                    self._later()
                    return
                self._read()
            except Refused as error:
                self.refused[_key(outward)] = error.code or "refused"
            except (BadRequest, AccessDenied):
                self.refused[_key(outward)] = "refused"
            except ItemNotFound:
                # The whole, or only this date of it.
                self.refused[_key(outward)] = "refused"
                self._read()
            else:
                self.work.answered = True
                if isinstance(outward, Remove):
                    self._removed()
                    return
                self.told, self.adjusted = outward, True
                self.times[_key(outward)] += 1
                if self.times[_key(outward)] >= AGAIN:
                    # The service takes it and says something else each time: no end would come of it.
                    self.refused[_key(outward)] = "refused"
                if answer is not None and answer.id == self.there.id:
                    self.there = answer
                else:
                    self._read()

    def _read(self) -> None:
        there = the_one(self.work.service.read([self.there.id]), self.there.id)
        if there is None:
            # Gone between two requests: the next sync proves it.
            raise TryLater("gone while it was told of", seconds=0, reason="trouble")
        self.there = there

    def _decide(self) -> tuple[Pair, Outward] | None:
        """What to tell next, everything else written; None when nothing is left."""
        work = self.work
        with work.writing():
            sides = load(work.scope, [self.there], proven=True)
            if not sides.pairs:
                return None
            pair = sides.pairs[0]
            if self.told is not None:
                pair = after_telling(pair, self.told)
            verdict = decide(pair)
            apply = Apply(Writing(work.scope), sides, None, self.adjusted)
            apply.carry_out(pair, verdict)
            step = self._next(pair, verdict)
            if step and isinstance(step, Own) and step.parts & WHEN:
                _forget_dates(apply, pair, verdict)
            if step and isinstance(step, Remove) and changed_there(pair):
                apply.writing.keep(
                    pair.own.row.uid, EventVersion.Why.DELETED_HERE, "there",
                    words.said(self.there.content, words.COLUMNS),
                )  # fmt: skip
            apply.writing.flush()
            if step is None:
                self._close(pair, verdict)
                return None
            return pair, step

    def _next(self, pair: Pair, verdict: Verdict) -> Outward | None:
        """The first difference that may be told; why another may not is kept for the member."""
        for outward in verdict.outward:
            if _key(outward) in self.refused:
                continue
            said, reason = _allowed(pair, outward, self.work.service.capabilities.restores_occurrences)
            if said is not None:
                return said
            self.refused[_key(outward)] = reason
        return None

    def _close(self, pair: Pair, verdict: Verdict) -> None:
        """What is left was refused: each reason stands with the event that it is about. All else has been told."""
        reasons: dict[str, str] = {}
        rows: dict[str, Rows] = {}
        for outward in verdict.outward:
            item = outward.item if isinstance(outward, Edit) and outward.item else pair.own
            reasons.setdefault(item.row.uid, self.refused[_key(outward)])
            rows[item.row.uid] = item.row
        uids = {pair.own.row.uid, *(item.row.uid for item in pair.occurrences)}
        changes = LocalChange.objects.filter(connection=self.work.connection)
        changes.filter(uid__in=uids - reasons.keys()).delete()
        self.work.forget()
        for uid, reason in reasons.items():
            changes.update_or_create(
                connection=self.work.connection, uid=uid,
                defaults={"refused": reason[:30], "attempts": 0},
                create_defaults={
                    "refused": reason[:30], "event": rows[uid].event, "synced_event": rows[uid].synced,
                    "recorded_at": timezone.now(),
                },
            )  # fmt: skip

    def _removed(self) -> None:
        with self.work.writing():
            rows = self.work.scope.with_ids([self.there.id])
            whole = self.work.scope.synced.filter(Q(pk__in=rows.values("pk")) | Q(series__in=rows.values("pk")))
            changes = LocalChange.objects.filter(connection=self.work.connection)
            changes.filter(uid__in=list(whole.values_list("uid", flat=True))).delete()
            self.work.forget(rows)

    def _later(self) -> None:
        with self.work.writing():
            rows = self.work.scope.with_ids([self.there.id])
            LocalChange.objects.filter(connection=self.work.connection, synced_event__in=rows).update(
                not_before=timezone.now() + timedelta(seconds=settings.SWEEP_SECONDS), attempts=0
            )


def _key(outward: Outward) -> object:
    match outward:
        case Cancel(day):
            return "cancel", day
        case Edit(day=day):
            return "edit", day
        case _:
            return type(outward).__name__


def _allowed(pair: Pair, outward: Outward, restores: bool) -> tuple[Outward | None, str]:
    """The change as far as the service takes it from us, or why not."""
    if pair.there.unsayable and not isinstance(outward, Remove):
        return None, pair.there.unsayable
    if isinstance(outward, Restore) and not restores:
        return None, "restored_occurrence"
    if isinstance(outward, Own | Edit):
        there = (outward.there if isinstance(outward, Edit) else None) or pair.there
        if not there.organized:
            ours = outward.parts & OWN_AFFAIR
            return (replace(outward, parts=ours), "") if ours else (None, "organizer")
    return outward, ""


def _change(pair: Pair, outward: Outward) -> Change:
    there = pair.there
    match outward:
        case Own(content, parts):
            return Update(there.id, there.version, replace(content, exdates=there.content.exdates), parts)
        case Restore(days):
            left = tuple(one for one in there.content.exdates if day_of(one) not in days)
            return Update(there.id, there.version, replace(there.content, exdates=left), frozenset({"exdates"}))
        case Cancel(day):
            return CancelOccurrence(there.id, there.content.slot(day))
        case Edit(day, _, None, content, parts):
            return UpdateOccurrence(there.id, there.content.slot(day), content, parts)
        case Edit(_, _, Appointment() as one, content, parts):
            return Update(one.id, one.version, content, parts)
        case _:
            return Delete(there.id, there.version)


def _forget_dates(apply: Apply, pair: Pair, verdict: Verdict) -> None:
    """A new time or rule sweeps away, there, what the dates of a series said. From before the request until the answer is
    known they count as not told: what is swept away is told again, and what is not is found there as it was."""
    for swept in verdict.overruled:
        apply.keep_swept(pair, swept)
    for item in pair.occurrences:
        if item.row.synced and item.id and not item.anomaly:
            apply.writing.unlink(item.row.synced)
    if pair.own.row.synced:
        apply.writing.change(pair.own.row.synced, exdates=[])
