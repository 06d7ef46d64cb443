"""The report of a run: what became of each synced event, in the member's words and zone."""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.utils.dateformat import format as date_format

from calendars.models import EventFields, SyncedEvent
from calendars.times import instant
from migration.models import MigrationRun, Outcome

COLUMNS = (
    "subject", "start", "end", "all_day", "time_zone", "outcome", "how", "reason", "explanation", "candidates", "uid",
)  # fmt: skip
# Rows read at a time for the CSV.
CHUNK = 1000
# What a spreadsheet takes for a formula: as ASCII, in full width, and the blanks that it skips before one.
FORMULA_STARTS = tuple("=+-@＝＋－＠\t\r\n")
DAY, TIME = "D, M j, Y", "g:i A"

FOUND = {
    Outcome.How.TRANSLATED: "It is still the same appointment.",
    Outcome.How.ICAL_UID: "Its id had changed. An identifier that both sides share showed which one it is.",
    Outcome.How.SUBJECT_TIMES: "Its id had changed. Subject, start and end showed which one it is.",
    Outcome.How.OCCURRENCE: "It is one date of a series, found by the series and that date.",
}
NOT_FOUND = {
    Outcome.Reason.NOT_FOUND: "No appointment like it is in Outlook.",
    Outcome.Reason.AMBIGUOUS: "Several appointments in Outlook fit equally well, so none was chosen.",
    Outcome.Reason.DELETED_HERE: "It was deleted here, and what is like it in Outlook is left alone.",
}
STAYS = "Your event stays here, and it is not created in Outlook again."
ELSEWHERE = "It is in another calendar of your mailbox now."


@dataclass(frozen=True)
class Candidate:
    subject: str
    when: str
    location: str


@dataclass(frozen=True)
class Row:
    """One synced event; `pk` is its outcome's. Start and end as they are to be read: all-day dates with the last day as end,
    floating times as they stand, all others in the member's zone."""

    pk: int
    subject: str
    start: datetime
    end: datetime
    all_day: bool
    repeats: bool
    deleted: bool
    outcome: str
    label: str
    how: str
    reason: str
    explanation: str
    candidates: tuple[Candidate, ...]
    uid: str

    @property
    def when(self) -> str:
        return _span(self.start, self.end, self.all_day)


def outcomes(run: MigrationRun, *, kind: str = "", search: str = "") -> "QuerySet[Outcome]":
    """The run's outcomes, latest events first; `kind` and `search` (in the subject) narrow them where given."""
    found = Outcome.objects.filter(run=run)
    if kind:
        found = found.filter(outcome=kind)
    if search:
        found = found.filter(synced_event__subject__icontains=search)
    return (
        found.select_related("synced_event")
        .prefetch_related("synced_event__held_appointments")
        .order_by("-synced_event__starts_at", "-pk")
    )


def row(outcome: Outcome, zone: ZoneInfo) -> Row:
    """`zone` is the member's."""
    event = outcome.synced_event
    held = event.held_appointments.all() if outcome.outcome == Outcome.Kind.ANOMALY else ()
    start, end = _bounds(event, zone)
    return Row(
        pk=outcome.pk,
        subject=event.subject or "(no subject)",
        start=start,
        end=end,
        all_day=event.all_day,
        repeats=bool(event.rrule),
        deleted=event.deleted_at is not None,
        outcome=outcome.outcome,
        label=outcome.get_outcome_display(),
        how=outcome.how,
        reason=outcome.reason,
        explanation=_explanation(outcome),
        candidates=tuple(_candidate(one.shown, zone) for one in held),
        uid=event.uid,
    )


def csv_lines(found: "QuerySet[Outcome]", zone: ZoneInfo) -> Iterator[bytes]:
    """The report as CSV, UTF-8 with the mark by which Excel knows it, in pieces of many rows, read in as many queries.

    Times are wall-clock in `zone`, and the end of an all-day event is its last day. Cells that a spreadsheet would
    compute are preceded by an apostrophe.
    """
    yield b"\xef\xbb\xbf" + _csv([COLUMNS])
    rows: list[tuple[str, ...]] = []
    for outcome in found.iterator(chunk_size=CHUNK):
        rows.append(_cells(row(outcome, zone), zone))
        if len(rows) == CHUNK:
            yield _csv(rows)
            rows = []
    yield _csv(rows)


def _cells(one: Row, zone: ZoneInfo) -> tuple[str, ...]:
    candidates = "; ".join(f"{candidate.subject} ({candidate.when})" for candidate in one.candidates)
    cells = (
        one.subject, _iso(one.start, one.all_day), _iso(one.end, one.all_day), "yes" if one.all_day else "no",
        zone.key, one.outcome, one.how, one.reason, one.explanation, candidates, one.uid,
    )  # fmt: skip
    return tuple(harmless(cell) for cell in cells)


def harmless(cell: str) -> str:
    """The cell as text to a spreadsheet too: subjects come from whoever sent the invitation."""
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) or cell.lstrip().startswith(FORMULA_STARTS) else cell


def _csv(rows: Iterable[Iterable[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def _explanation(outcome: Outcome) -> str:
    if outcome.outcome == Outcome.Kind.ANOMALY:
        reason = Outcome.Reason(outcome.reason)
        return NOT_FOUND[reason] if reason == Outcome.Reason.DELETED_HERE else f"{NOT_FOUND[reason]} {STAYS}"
    found = FOUND[Outcome.How(outcome.how)]
    return f"{found} {ELSEWHERE}" if outcome.calendar == SyncedEvent.Calendar.MOVED else found


def when(event: EventFields, zone: ZoneInfo) -> str:
    """As a member of that zone reads it: "Mon, Nov 23, 2026, 9:00 AM – 10:00 AM"."""
    return _span(*_bounds(event, zone), event.all_day)


def _bounds(event: EventFields, zone: ZoneInfo) -> tuple[datetime, datetime]:
    if event.all_day:
        return _days(event.starts_at.astimezone(UTC), event.ends_at.astimezone(UTC))
    if event.floating:
        return datetime.fromisoformat(event.start), datetime.fromisoformat(event.end)
    return event.starts_at.astimezone(zone), event.ends_at.astimezone(zone)


def _days(start: datetime, end: datetime) -> tuple[datetime, datetime]:
    """First and last day of an all-day event, which ends, exclusively, at the midnight after its last day."""
    return start, max(start, end - timedelta(days=1))


def _iso(moment: datetime, all_day: bool) -> str:
    return moment.date().isoformat() if all_day else moment.replace(tzinfo=None).isoformat(sep=" ", timespec="minutes")


def _span(start: datetime, end: datetime, all_day: bool) -> str:
    """As in "Mon, Nov 23, 2026, 9:00 AM – 10:00 AM", "Thu, Nov 26, 2026, all day"."""
    one_day = start.date() == end.date()
    if all_day:
        days = date_format(start, DAY) if one_day else f"{date_format(start, DAY)} – {date_format(end, DAY)}"
        return f"{days}, all day"
    return f"{date_format(start, f'{DAY}, {TIME}')} – {date_format(end, TIME if one_day else f'{DAY}, {TIME}')}"


def _candidate(shown: dict[str, Any], zone: ZoneInfo) -> Candidate:
    return Candidate(shown.get("subject") or "(no subject)", shown_when(shown, zone), shown.get("location") or "")


def shown_when(shown: dict[str, Any], zone: ZoneInfo) -> str:
    bounds = shown_bounds(shown)
    if bounds is None:
        return "time unknown"
    if shown.get("all_day"):
        return _span(*_days(*bounds), True)
    return _span(bounds[0].astimezone(zone), bounds[1].astimezone(zone), False)


def shown_bounds(shown: dict[str, Any]) -> tuple[datetime, datetime] | None:
    """Start and end as instants, of an all-day appointment midnight UTC of its dates, of what a candidate showed when it
    was found: ISO text, an instant with its offset where a run has found it, wall-clock time in `time_zone` where a sync
    has."""
    try:
        start, end = (
            instant(shown[name], shown.get("time_zone") or "UTC", bool(shown.get("all_day")))
            for name in ("start", "end")
        )
    except (KeyError, TypeError, ValueError):
        return None
    return start, end
