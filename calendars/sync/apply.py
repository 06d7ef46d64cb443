"""Carries out, here, what was decided about appointments; in the worker's transaction, written by `Writing` at the end."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import uuid4

from calendars.models import Event, EventVersion, SyncedEvent
from calendars.recurrence import comparable
from calendars.sync import rows as words
from calendars.sync.content import Content, day_of
from calendars.sync.merging import Merged
from calendars.sync.pairs import Occurrence, Pair, Verdict
from calendars.sync.recognising import Candidate
from calendars.sync.service import Appointment
from calendars.sync.sides import Rows, Scope, Sides
from calendars.sync.writing import Writing

Why = EventVersion.Why


@dataclass(slots=True)
class Apply:
    """`calendar`: where the appointments were seen; None where that is not known. `adjusted`: what comes from there was
    said by us a moment ago, and the service keeps it in another form."""

    writing: Writing
    sides: Sides
    calendar: str | None = SyncedEvent.Calendar.SYNCED
    adjusted: bool = False

    @property
    def scope(self) -> Scope:
        return self.writing.scope

    # --- What is linked -----------------------------------------------------------------------------------------------
    def carry_out(self, pair: Pair, verdict: Verdict) -> None:
        own: Rows = pair.own.row
        if self.calendar == SyncedEvent.Calendar.SYNCED:
            self.writing.see(own.synced)
        if verdict.do == "agree" and verdict.merged:
            self._agree(pair, verdict, verdict.merged, own)
        elif verdict.do == "revive":
            self._revive(pair, own)
        elif own.synced:
            doubt = SyncedEvent.Doubt.SAID if verdict.do == "doubt" else self._doubt(pair, own)
            self.writing.change(own.synced, doubt=doubt)
        if verdict.do in ("agree", "revive"):
            self._keep_in_mind(pair, verdict)

    def _doubt(self, pair: Pair, own: Rows) -> SyncedEvent.Doubt:
        """A doubt ends by reading alone: a page may repeat what was before its appointment was said to be gone."""
        said = not pair.proven and own.synced is not None and own.synced.doubt != SyncedEvent.Doubt.NONE
        return SyncedEvent.Doubt.SAID if said else SyncedEvent.Doubt.NONE

    def _agree(self, pair: Pair, verdict: Verdict, merged: Merged, own: Rows) -> None:
        assert own.event is not None
        self._say(own, merged, pair.there)
        if list(verdict.exdates) != own.event.exdates:
            own.event.exdates = list(verdict.exdates)
            self.writing.touch(own.event)
        self._know(own, pair.there, doubt=self._doubt(pair, own))
        for one in verdict.occurrences:
            self._occurrence(one, own, merged.content)
        for item, there in verdict.held:
            self._hold(item.row.synced, there)

    def _occurrence(self, one: Occurrence, master: Rows, content: Content) -> None:
        rows: Rows = one.item.row if one.item else Rows()
        there = one.there
        holder = self.sides.holders.get(there.id) if there else None
        if holder is not None and holder is not rows.synced:
            self.writing.unlink(holder)
        if one.do == "create" and there:
            self._create(rows, there, master)
            return
        if one.do == "remove":
            self._remove(rows)
        elif one.merged and there:
            self._say(rows, one.merged, there)
        if rows.event:
            self._place(rows.event, content.slot(day_of(there.slot if there else rows.event.original_start)), content)
        if there:
            self._know(rows, there, master)
        elif rows.synced and self.scope.id_of(rows.synced):
            self.writing.unlink(rows.synced)

    def _place(self, event: Event, slot: str, master: Content) -> None:
        """On the date of its series that it stands for, which a new time of day writes differently."""
        if slot != event.original_start:
            for name, value in words.slot_columns(slot, master).items():
                setattr(event, name, value)
            self.writing.touch(event)

    def _revive(self, pair: Pair, own: Rows) -> None:
        self._create(own, pair.there)
        by_day = {day_of(item.slot): item.row for item in pair.occurrences}
        by_id = {item.id: item.row for item in pair.occurrences if item.id}
        for one in pair.there.exceptions:
            self._create(by_id.get(one.id) or by_day.get(day_of(one.slot)) or Rows(), one, own)

    def keep_swept(self, pair: Pair, there: Appointment) -> None:
        """What an occurrence said there that a new time or rule of ours is about to sweep away."""
        uids = {item.id: item.row.uid for item in pair.occurrences}
        uid = uids.get(there.id, pair.own.row.uid)
        self.writing.keep(uid, Why.BOTH_CHANGED, "there", words.said(there.content, words.COLUMNS))

    def _keep_in_mind(self, pair: Pair, verdict: Verdict) -> None:
        """What is to be told waits, also where nobody has noted it; what agrees does not."""
        own: Rows = pair.own.row
        gone = {item.row.uid for item in pair.occurrences if item.here and item.row.event is None}
        uids = {own.uid, *(item.row.uid for item in pair.occurrences)} - gone
        changes = [self.sides.changes[uid] for uid in uids if uid in self.sides.changes]
        self.writing.settle([self.sides.changes[uid] for uid in gone if uid in self.sides.changes])
        if not verdict.outward:
            self.writing.settle(changes)
        elif not changes:
            self.writing.wait(own)
        elif pair.there.id in self.sides.links and own.event:
            self.writing.linked(own.event)
        if pair.there.id in self.sides.links and own.synced and own.synced.pk:
            self.writing.release(own.synced)

    # --- What nobody here has heard of --------------------------------------------------------------------------------
    def create(self, there: Appointment) -> None:
        own = Rows()
        self._create(own, there)
        for one in there.exceptions:
            self._create(Rows(), one, own)

    def hold(self, there: Appointment, anomalies: Iterable[Candidate]) -> None:
        for one in anomalies:
            self._hold(one.row.synced, there)

    def _hold(self, anomaly: SyncedEvent, there: Appointment) -> None:
        said = there.content
        shown = {
            "subject": said.subject, "start": said.start, "end": said.end, "all_day": said.all_day,
            "time_zone": said.time_zone, "location": said.location, "occurrence": bool(there.slot),
            "pattern": comparable(said.rrule, said.start, said.time_zone),
        }  # fmt: skip
        self.writing.hold(anomaly, there.id, {name: value for name, value in shown.items() if value})

    # --- Rows ---------------------------------------------------------------------------------------------------------
    def _create(self, rows: Rows, there: Appointment, master: Rows | None = None) -> None:
        rows.uid = rows.uid or str(uuid4())
        rows.event = Event(
            member_id=self.scope.connection.member_id,
            uid=rows.uid,
            modified_at=there.modified or self.writing.now,
            **words.event_columns(there.content),
        )
        if master and master.event:
            series = words.content_of(master.event)
            self._place(rows.event, series.slot(day_of(there.slot)), series)
        self._know(rows, there, master)
        self.writing.add(rows, master)

    def _say(self, rows: Rows, merged: Merged, there: Appointment) -> None:
        """Our event takes what it is to take from there; what it said itself is kept where somebody meant it."""
        event = rows.event
        assert event is not None
        why = Why.ADJUSTED if self.adjusted else Why.LINKED if there.id in self.sides.links else Why.BOTH_CHANGED
        lost = merged.inward if self.adjusted else merged.lost_here
        self.writing.keep(event.uid, why, "here", words.said(words.content_of(event), lost))
        self.writing.keep(event.uid, Why.BOTH_CHANGED, "there", words.said(there.content, merged.lost_there))
        if not merged.inward:
            return
        columns = words.event_columns(merged.content)
        for name in (name for part in merged.inward for name in words.COLUMNS[part]):
            setattr(event, name, columns[name])
        event.modified_at = there.modified or self.writing.now
        self.writing.touch(event)

    def _know(
        self,
        rows: Rows,
        there: Appointment,
        master: Rows | None = None,
        doubt: SyncedEvent.Doubt = SyncedEvent.Doubt.NONE,
    ) -> None:
        """The snapshot: exactly what the appointment says now."""
        if rows.synced is None:
            rows.synced = SyncedEvent(connection=self.scope.connection, uid=rows.uid, seen_in=self.scope.pull)
            self.writing.add(rows, master)
        place = {"calendar": self.calendar} if self.calendar else {}
        slot = {}
        if master and master.event:
            series = words.content_of(master.event)
            slot = words.slot_columns(series.slot(day_of(there.slot)), series)
        link = SyncedEvent.Link.LINKED if self.scope.column == "appointment_id" else SyncedEvent.Link.OLD
        self.writing.change(
            rows.synced, **words.snapshot_columns(there.content), **slot, **place, **{self.scope.column: there.id},
            link=link, ical_uid=there.ical_uid, change_key=there.version,
            modified_here=rows.event.modified_at if rows.event else None, modified_there=there.modified,
            deleted_at=None if rows.event else rows.synced.deleted_at or self.writing.now,
            attendees=there.attendees, organized=there.organized, unsayable=there.unsayable,
            doubt=doubt,
        )  # fmt: skip

    def _remove(self, rows: Rows) -> None:
        assert rows.event is not None
        said = words.said(words.content_of(rows.event), words.COLUMNS)
        self.writing.keep(rows.event.uid, Why.DELETED_THERE, "here", said)
        self.writing.delete(rows.event)
        if rows.synced:
            self.writing.change(rows.synced, event_id=None, deleted_at=self.writing.now)
        rows.event = None
