"""Made-up histories of a calendar: edits by both hands, time, and all that goes wrong between the two sides.

A step is a name and two numbers that choose what it is done to, so that hypothesis can leave steps out and find the
shortest history that fails. A step that finds nothing to do does nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django_q.models import OrmQ
from hypothesis import strategies as st

from calendars.models import CalendarConnection, Event, HeldAppointment, SyncedEvent
from calendars.occurrences import is_slot
from calendars.sync import rows as words
from calendars.sync import waking
from calendars.sync.content import Content
from calendars.sync.creating import key_of
from calendars.sync.service import Create
from tests import queue
from tests.calendars.sync.memory_service import Fault, time_out
from tests.calendars.sync.world import HEARING, SERIES, World

WEEKS = ["2026-12-07", "2026-12-14", "2026-12-21", "2026-12-28"]
SUBJECTS = ["Hearing", "Call", "Filing deadline", "Lunch"]
PLACES = ["Court 3", "Phone", ""]
HOURS = ["09", "11", "14"]
LEAVE = Content("Leave", True, "2026-12-03", "2026-12-04", "America/New_York")
KINDS = [HEARING, HEARING, SERIES, LEAVE, replace(SERIES, rrule="FREQ=DAILY;COUNT=15")]

HERE = [
    "add here",
    "change here",
    "change here",
    "move here",
    "date here",
    "cancel here",
    "put back here",
    "delete here",
]
THERE = ["add there", "change there", "change there", "move there", "date there", "cancel there", "delete there",
         "restore there", "move away", "change there by mail"]  # fmt: skip
TROUBLE = ["time-out", "lost answer", "conflict", "killed", "frozen", "lost mark", "replays", "called gone", "hand on",
           "delivered again", "same by hand"]  # fmt: skip
TIME = ["sync", "sync", "work", "minutes"]

Step = tuple[str, int, int]
steps = st.tuples(st.sampled_from(HERE * 3 + THERE * 3 + TROUBLE * 2 + TIME * 4), st.integers(0, 5), st.integers(0, 7))
# Long enough for edits to meet; what is left out of a failing one is a step in which a minute passes.
histories = st.lists(steps, min_size=10, max_size=30)


class Killed(BaseException):
    """No code of ours runs after it."""


@dataclass
class History:
    """Carries a history out, in a `with override_settings` of the caller's. `tokens` tell events apart whatever else is
    changed of them, in their bodies: token → whether somebody has deleted it. No two events look the same, but for those
    that are typed on both sides."""

    world: World
    tokens: dict[str, bool] = field(default_factory=dict)
    anomalies: list[Event] = field(default_factory=list)
    # Tokens that were typed on both sides: one event, or two if one of them was changed before anybody looked.
    typed_twice: set[str] = field(default_factory=set)

    def begin(self) -> None:
        """In step, with something of everything."""
        self._begin_with_anomaly()
        for number in range(3):
            self.add_there(number + 1, number)
            self.add_here(number + 1, number)
        self.sync(0, 0)

    def _begin_with_anomaly(self) -> None:
        """An event that was synced once and not found, and an appointment that may be it."""
        event = self.world.add(replace(HEARING, subject="Anomaly", body="anomaly"), tell=False)
        near = self.world.there.add(replace(HEARING, subject="Anomaly", body="candidate", start="2026-12-01T09:30:00"))
        synced = SyncedEvent.objects.create(
            connection=self.world.connection, event=event, uid=event.uid, link=SyncedEvent.Link.ANOMALY,
            **words.snapshot_columns(words.content_of(event)),
        )  # fmt: skip
        HeldAppointment.objects.create(connection=self.world.connection, synced_event=synced, appointment_id=near)
        self.anomalies.append(event)

    def carry_out(self, history: list[Step]) -> None:
        for name, one, other in history:
            step: Callable[[int, int], None] = getattr(self, name.replace(" ", "_").replace("-", "_"))
            step(one, other)
            self.world.clock.shift(1)

    # --- Here ---------------------------------------------------------------------------------------------------------
    def _event(self, number: int) -> Event | None:
        rows = [event for event in self.world.events if event.series_id is None]
        return rows[number % len(rows)] if rows else None

    def _series(self, number: int) -> Event | None:
        rows = [event for event in self.world.events if event.rrule]
        return rows[number % len(rows)] if rows else None

    def _content(self, one: int, other: int) -> Content:
        token = f"token {len(self.tokens)}"
        self.tokens[token] = False
        return replace(KINDS[one % len(KINDS)], subject=f"{SUBJECTS[other % len(SUBJECTS)]}, {token}", body=token)

    def add_here(self, one: int, other: int) -> None:
        self.world.add(self._content(one, other))

    def change_here(self, one: int, other: int) -> None:
        if event := self._event(one):
            if other % 2:
                self.world.change(event, subject=f"{SUBJECTS[other % len(SUBJECTS)]}, ours, {event.body}")
            else:
                self.world.change(event, location=PLACES[other % len(PLACES)], show_as="tentative")

    def move_here(self, one: int, other: int) -> None:
        """As our pages do it: dates that the series has no more go with it."""
        event = self._event(one)
        if event is None or event.all_day:
            return
        hour = HOURS[other % len(HOURS)]
        start, end = f"{event.start[:11]}{hour}:00:00", f"{event.start[:11]}{hour}:45:00"
        content = replace(words.content_of(event), start=start, end=end)
        with transaction.atomic():
            for edited in event.exceptions.all():
                if not is_slot(content, edited.original_start):
                    edited.delete()
            exdates = [slot for day in content.cancelled if is_slot(content, slot := content.slot(day))]
            self.world.change(event, start=start, end=end, exdates=sorted(exdates))

    def date_here(self, one: int, other: int) -> None:
        event = self._series(one)
        if event is None:
            return
        slot = words.content_of(event).slot(WEEKS[other % len(WEEKS)])
        if slot not in event.exdates and is_slot(event, slot):
            self.world.edit_occurrence(event, slot, subject=f"Date, ours {other % 2}")

    def cancel_here(self, one: int, other: int) -> None:
        event = self._series(one)
        if event is None:
            return
        slot = words.content_of(event).slot(WEEKS[other % len(WEEKS)])
        if slot not in event.exdates and is_slot(event, slot):
            self.world.cancel_occurrence(event, slot)

    def put_back_here(self, one: int, other: int) -> None:
        event = self._series(one)
        if event is not None and event.exdates:
            self.world.change(event, exdates=event.exdates[1:])

    def delete_here(self, one: int, other: int) -> None:
        event = self._event(one)
        if event is not None and event not in self.anomalies:
            self._deleted(event.body)
            self.world.delete(event)

    def _deleted(self, token: str) -> None:
        if token in self.tokens:
            self.tokens[token] = True

    # --- There --------------------------------------------------------------------------------------------------------
    def _there(self, number: int, *, series: bool = False) -> str | None:
        ids = sorted(one for one, item in self.world.there.listing().items() if not series or item.content.rrule)
        return ids[number % len(ids)] if ids else None

    def add_there(self, one: int, other: int) -> None:
        self.world.there.add(self._content(one, other), attendees=other % 2)

    def change_there(self, one: int, other: int) -> None:
        if there := self._there(one):
            token = self.world.there.listing()[there].content.body
            subject = {"subject": f"{SUBJECTS[other % len(SUBJECTS)]}, theirs, {token}"}
            self.world.there.change(there, **(subject if other % 2 else {"location": PLACES[other % len(PLACES)]}))

    def change_there_by_mail(self, one: int, other: int) -> None:
        """Something that we do not sync."""
        if there := self._there(one):
            self.world.there.change(there)

    def move_there(self, one: int, other: int) -> None:
        there = self._there(one)
        if there is None:
            return
        content = self.world.there.listing()[there].content
        if not content.all_day:
            day, hour = content.start[:11], HOURS[other % len(HOURS)]
            self.world.there.change(there, start=f"{day}{hour}:00:00", end=f"{day}{hour}:30:00")

    def date_there(self, one: int, other: int) -> None:
        if slot := self._slot_there(one, other):
            self.world.there.edit_occurrence(*slot, subject=f"Date, theirs {other % 2}")

    def cancel_there(self, one: int, other: int) -> None:
        if slot := self._slot_there(one, other):
            self.world.there.cancel_occurrence(*slot)

    def _slot_there(self, one: int, other: int) -> tuple[str, str] | None:
        there = self._there(one, series=True)
        if there is None:
            return None
        content = self.world.there.listing()[there].content
        slot = content.slot(WEEKS[other % len(WEEKS)])
        return (there, slot) if slot not in content.exdates and is_slot(content, slot) else None

    def delete_there(self, one: int, other: int) -> None:
        there = self._there(one)
        if there is not None and there not in self.world.held:
            self._deleted(self.world.there.listing()[there].content.body or "")
            self.world.there.delete(there)

    def restore_there(self, one: int, other: int) -> None:
        there = self.world.there
        gone = sorted({name for name, was in there.log if was is not None} - there.listing().keys())
        if gone:
            there.restore(gone[one % len(gone)])

    def move_away(self, one: int, other: int) -> None:
        """What we have never seen in this calendar would be no business of ours in another."""
        linked = SyncedEvent.objects.exclude(appointment_id=None).values_list("appointment_id", flat=True)
        ids = sorted(set(self.world.there.items) & set(linked))
        if ids:
            self.world.there.move_away(ids[one % len(ids)])

    def same_by_hand(self, one: int, other: int) -> None:
        """The same appointment, typed on both sides."""
        content = self._content(one, other)
        self.typed_twice.add(content.body or "")
        self.world.add(content)
        self.world.there.add(content)

    # --- What goes wrong ----------------------------------------------------------------------------------------------
    def _fault(self, number: int, fault: Fault) -> None:
        self.world.there.faults[self.world.there.requests + 1 + number] = fault

    def time_out(self, one: int, other: int) -> None:
        self._fault(other, time_out(before=True))

    def lost_answer(self, one: int, other: int) -> None:
        self._fault(other, time_out(before=False))

    def conflict(self, one: int, other: int) -> None:
        """Only a change can meet one; any other request is not disturbed."""

        def meanwhile() -> None:
            if there := self._there(one):
                self.world.there.change(there)

        self._fault(other, Fault(meanwhile=meanwhile))

    def killed(self, one: int, other: int) -> None:
        self._fault(other, Fault(Killed(), before=bool(one % 2)))

    def frozen(self, one: int, other: int) -> None:
        def another() -> None:
            rows = CalendarConnection.objects.filter(pk=self.world.connection.pk)
            rows.update(lease_owner="another", lease_fence=F("lease_fence") + 1, lease_until=timezone.now())

        self._fault(other, Fault(meanwhile=another))

    def lost_mark(self, one: int, other: int) -> None:
        self.world.there.forgotten = len(self.world.there.log)

    def replays(self, one: int, other: int) -> None:
        self.world.there.replays = bool(one % 2)

    def called_gone(self, one: int, other: int) -> None:
        there = self._there(one)
        self.world.there.alive_as_gone = {there} if there and other % 3 else set()

    def hand_on(self, one: int, other: int) -> None:
        settings.TASK_SECONDS = one % 2 * 20

    def delivered_again(self, one: int, other: int) -> None:
        for queued in list(OrmQ.objects.all()):
            OrmQ.objects.create(key=queued.key, payload=queued.payload, lock=queued.lock)

    # --- Time ---------------------------------------------------------------------------------------------------------
    def sync(self, one: int, other: int) -> None:
        with transaction.atomic():
            waking.wake(CalendarConnection.objects.get(pk=self.world.connection.pk))
        self.work(one, other)

    def work(self, one: int, other: int) -> None:
        try:
            queue.drain()
        except Killed:
            # As after SIGKILL, long ago: nothing runs, no task is left.
            CalendarConnection.objects.filter(pk=self.world.connection.pk).update(lease_owner="")

    def minutes(self, one: int, other: int) -> None:
        self.world.pass_time()
        self.work(one, other)

    # --- The end ------------------------------------------------------------------------------------------------------
    def come_to_rest(self) -> None:
        """Nothing goes wrong any more."""
        there = self.world.there
        there.faults.clear()
        there.alive_as_gone, there.replays, there.forgotten = set(), False, 0
        settings.TASK_SECONDS = 20
        CalendarConnection.objects.filter(pk=self.world.connection.pk).update(lease_owner="")
        self.world.pass_time(3600)
        self.world.sync()

    def judge(self) -> None:
        self.world.assert_in_step()
        here = [event.body for event in self.world.events if event.series_id is None]
        there = [item.content.body for item in self.world.there.listing().values()]
        for side in (here, there):
            assert all(side.count(one) <= 1 + (one in self.typed_twice) for one in side), "nothing is doubled"
        for token, deleted in self.tokens.items():
            assert deleted or (token in here and token in there), "nothing is lost that nobody has deleted"
        self._judge_anomalies()

    def _judge_anomalies(self) -> None:
        """I5."""
        for event in self.anomalies:
            row = SyncedEvent.objects.get(uid=event.uid)
            assert (row.link, row.appointment_id) == (SyncedEvent.Link.ANOMALY, None)
            key = key_of(self.world.connection.member_id, event.uid)
            assert not any(isinstance(one, Create) and one.key == key for one in self.world.there.writes)
        candidates = [event for event in self.world.events if event.body == "candidate"]
        assert candidates == [] or not self.world.held
