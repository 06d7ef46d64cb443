"""Both sides as matching takes them: made once from what a run has staged, and extended by what came since."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Func, IntegerField, Q

from calendars import bulk, recurrence
from calendars.errors import TryLater
from calendars.graph.answers import readable
from calendars.graph.appointments import Listed, of_listed
from calendars.models import SyncedEvent
from migration.matching import LIKENESS, Candidate, Known, Matches, match
from migration.models import MigrationRun
from migration.runs import reading, staging
from migration.settling import Settled, claims, settle

# So many requests more are within what a run may cost, however many old ids lead nowhere.
LATE_REQUESTS = 3


@dataclass
class Asked:
    """What was asked for one by one: what each gave, and how often others gave nothing."""

    found: dict[Any, Any] = field(default_factory=dict)
    nothing: Counter[Any] = field(default_factory=Counter)

    @property
    def number(self) -> int:
        return len(self.found) + self.nothing.total()

    def open(self, wanted: Iterable[Any], *, again: bool = False) -> list[Any]:
        """Those not asked for yet; `again`: those too that gave nothing the one time. Absence counts when seen twice."""
        return sorted(one for one in wanted if one not in self.found and self.nothing[one] < (2 if again else 1))

    def take(self, answers: Iterable[tuple[Any, Any]]) -> None:
        for key, answer in answers:
            one = tuple(key) if isinstance(key, list) else key
            if answer is None:
                self.nothing[one] += 1
            else:
                self.found[one] = answer


class Sides:
    """To be made once the calendar has been listed and the old ids are translated; the same whoever makes it, and when.

    `known`: the events that are not settled; `candidates`: the appointments that are not theirs. `unreadable`: ids of
    appointments that could not be read, which until they can are candidates without a word. `series`: by id of the
    master, rows of its edited occurrences and starts of its cancelled ones. `slots`: by master and start, the row of
    the occurrence. `by_id`, `again`: rows by id. `late`: by primary key, the id that asking once more gave.
    """

    def __init__(self, run: MigrationRun) -> None:
        self._run, self._last = run, 0
        translated = {pk: new for page in staging.pages(run, staging.IDS) for pk, new in page}
        listed = (row for page in staging.pages(run, staging.FIRST) for row in page)
        self.settled, left = settle(claims(translated, _apart(run)), listed)
        self.known = _known(run, translated, self.settled)
        # Only those that matter: of a large calendar these are many.
        self.settled.uids &= {one.ical_uid for one in self.known}
        self._taken = set(self.settled.matched.values())
        self._first = left.keys()
        self.series, self.slots, self.by_id, self.again, self.late = Asked(), Asked(), Asked(), Asked(), Asked()
        self.unreadable: set[str] = set()
        self._listed: dict[str, Candidate] = {}
        self._list(left.values(), elsewhere=False)
        self.candidates: list[Candidate] = []
        self._result: Matches | None = None

    @property
    def first_ids(self) -> set[str]:
        """What the first reading saw."""
        return self._taken | self._first

    def match(self) -> Matches:
        """With what has been staged since the last time."""
        if self._catch_up() or self._result is None:
            self.candidates = self._every_appointment()
            read = self.series.found.keys() | {one for one, times in self.series.nothing.items() if times > 1}
            self._result = match(self.known, self.candidates, read, self.settled)
        return self._result

    def _every_appointment(self) -> list[Candidate]:
        """Once, but for those that are settled."""
        found = dict(self._listed)
        occurrences = [(master, rows) for master, (rows, _) in self.series.found.items()]
        occurrences += [(master, [row]) for (master, _), row in self.slots.found.items()]
        for master, rows in occurrences:
            elsewhere = master in self._listed and self._listed[master].elsewhere
            for row in rows:
                found[row[0]] = Candidate(*row)._replace(elsewhere=elsewhere, series=master)
        return list(found.values())

    def unread(self, result: Matches) -> set[str]:
        """Unreadable appointments that nobody has by id: they may be what is missing."""
        return self.unreadable - result.claimed

    @property
    def cancelled(self) -> set[tuple[str, int]]:
        """Series and start."""
        return {(master, start) for master, (_, starts) in self.series.found.items() for start in starts}

    def _catch_up(self) -> bool:
        """Whether anything had come."""
        before = self._last
        asked = {staging.SERIES: self.series, staging.SLOTS: self.slots, staging.BY_ID: self.by_id,
                 staging.AGAIN: self.again, staging.IDS_AGAIN: self.late}  # fmt: skip
        for pk, part, page in staging.pages_after(self._run, before):
            self._last = pk
            if part in asked:
                asked[part].take(page)
            else:
                self._list(page, elsewhere=part.startswith(staging.OTHER))
            if part == staging.BY_ID:
                for _, row in page:
                    if row:
                        self._add(Candidate(*row), elsewhere=True)
            elif part == staging.AGAIN:
                self._read_again(page)
            elif part == staging.IDS_AGAIN:
                self._translate_late({key: new for key, new in page if new})
        return self._last != before

    def untranslated(self, result: Matches) -> list[int]:
        """The next events, as many as go into a request, whose old id has led nowhere so far: an error is no proof of
        deletion. First those that would be missing, then those found by likeness."""
        if self._run.metadata_only:
            return []
        blank = {one.pk for one in self.known if not one.translated}
        alike = (pk for pk, one in result.matched.items() if one.how in LIKENESS)
        left = self.late.open(blank & result.anomalies.keys()) + self.late.open(blank.intersection(alike))
        most = LATE_REQUESTS * reading.TRANSLATE_LIMIT - self.late.number
        return left[: max(0, min(most, reading.TRANSLATE_LIMIT))]

    def _translate_late(self, found: dict[int, str]) -> None:
        late = {pk: new for pk, new in found.items() if new not in self._taken}
        self.known = [one._replace(translated=late.get(one.pk, one.translated)) for one in self.known]

    def _list(self, listed: Iterable[Listed], *, elsewhere: bool) -> None:
        """What is settled has its event, however often it is listed."""
        for row in listed:
            if row[0] in self._taken:
                continue
            try:
                one = Candidate(*staging.row(readable(of_listed, row)))
            except TryLater:
                one = Candidate(row[0], "", "", None, None, False)
                self.unreadable.add(one.id)
            self._add(one, elsewhere=elsewhere)

    def _add(self, one: Candidate, *, elsewhere: bool) -> None:
        """One seen in the synced calendar is there, wherever else it was seen."""
        before = self._listed.get(one.id)
        if before is None or (before.elsewhere and not elsewhere):
            self._listed[one.id] = one._replace(elsewhere=elsewhere)

    def _read_again(self, page: Iterable[tuple[str, Any]]) -> None:
        """It stays where it was seen; and unread, until it has been gone twice."""
        for new, row in page:
            if row or self.again.nothing[new] > 1:
                self.unreadable.discard(new)
            if row:
                before = self._listed.get(new)
                self._listed[new] = Candidate(*row)._replace(elsewhere=before is not None and before.elsewhere)


def _apart(run: MigrationRun) -> list[int]:
    """Occurrences, and events that share their UID."""
    events = SyncedEvent.objects.filter(connection_id=run.connection_id)
    by_uid = events.filter(series=None).exclude(ical_uid="").values("ical_uid").annotate(number=Count("pk"))
    wanted = Q(series__isnull=False) | Q(ical_uid__in=by_uid.filter(number__gt=1).values("ical_uid"))
    return list(events.filter(wanted).values_list("pk", flat=True))


def _known(run: MigrationRun, translated: dict[int, str], settled: Settled) -> list[Known]:
    events = SyncedEvent.objects.filter(connection_id=run.connection_id)
    if settled.matched:
        left = [pk for pk in events.values_list("pk", flat=True) if pk not in settled.matched]
        events = events.filter(pk__in=bulk.keys(left))
    rows = events.values_list(
        "pk", "uid", "subject", EpochMinutes("starts_at"), EpochMinutes("ends_at"), "all_day", "location", "ical_uid",
        "series_id", EpochMinutes("original_starts_at"), "deleted_at", "rrule", "start", "time_zone",
    )  # fmt: skip
    return [
        Known(
            pk, uid, subject, start, end, all_day, location,
            recurrence.comparable(rrule, wall, zone) if rrule else "",
            ical_uid, translated.get(pk, ""), series, original, deleted is not None,
        )
        for pk, uid, subject, start, end, all_day, location, ical_uid, series, original, deleted, rrule, wall, zone
        in rows.iterator(chunk_size=5000)
    ]  # fmt: skip


class EpochMinutes(Func):
    """Whole minutes since 1970 of an instant, worked out by the database: an object for each would cost more than
    matching does."""

    output_field = IntegerField(null=True)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="floor(extract(epoch FROM %(expressions)s) / 60)::bigint")

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        # Four signs: one halving for the template, one for the parameters. Rounded down also before 1970.
        seconds = "CAST(strftime('%%%%s', %(expressions)s) AS INTEGER)"
        return self.as_sql(compiler, connection, template=f"CAST(floor({seconds} / 60.0) AS INTEGER)")
