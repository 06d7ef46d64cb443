"""What has changed there, brought here: page by page, and nothing deleted here that was not read and found gone."""

import logging
from collections.abc import Iterable
from datetime import timedelta

from django.conf import settings
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from calendars.errors import MarkLost, TryLater
from calendars.models import Event, EventVersion, LocalChange, Sync, SyncedEvent
from calendars.sync import failing
from calendars.sync import rows as words
from calendars.sync.apply import Apply
from calendars.sync.plan import decide
from calendars.sync.service import Appointment, Page
from calendars.sync.sides import Scope, load
from calendars.sync.work import Work
from calendars.sync.writing import Writing
from firms import audit

log = logging.getLogger(__name__)
# How many are read at a time where each has to be proven, and how many deletions are written at a time.
PROVE, DELETE = 100, 500
# How many of those moved to other calendars are read in each sync, the longest unread first.
FOLLOW = 20
Doubt = SyncedEvent.Doubt


def pull(work: Work) -> None:
    """All pages there are. A service that knows by its mark when to list everything says so (`Page.complete`); one that
    does not is asked to, by an empty mark: what its memory has lost comes to light then."""
    begin(work)
    lost = False
    while True:
        try:
            page = work.service.pull(work.sync.mark)
        except MarkLost:
            if lost:
                raise TryLater(
                    "a mark that is lost at once", seconds=settings.RETRY_SECONDS, reason="unreadable"
                ) from None
            lost = True
            with work.writing():
                _from_the_beginning(work)
            continue
        with work.writing():
            _take(work, page)
        if page.last:
            return
        work.check_time()


def begin(work: Work) -> None:
    if work.sync.cursor:
        # In the middle of one.
        return
    # Services choose a time around it by themselves.
    overdue = timezone.now() - timedelta(days=1.2 * settings.SYNC_FULL_DAYS)
    full = not work.sync.mark or work.sync.full_at is None or work.sync.full_at < overdue
    with work.writing():
        work.sync.refresh_from_db(fields=["wanted", "full_at"])
        mark = "" if full else work.sync.mark
        work.save(pull=work.sync.pull + 1, mark=mark, cursor={"full": full, "wanted": work.sync.wanted})


def _from_the_beginning(work: Work) -> None:
    work.save(pull=work.sync.pull + 1, mark="", cursor={**work.sync.cursor, "full": True})


def _take(work: Work, page: Page) -> None:
    apply_page(work.scope, page.appointments)
    work.forget()
    doubt(work.scope, page.gone)
    work.scope.with_ids(page.failing).update(seen_in=work.sync.pull)
    failing.keep(work, (set(work.sync.failing) - {one.id for one in page.appointments}) | set(page.failing))
    if not page.last:
        work.save(mark=page.mark)
        return
    if page.complete:
        _doubt_unseen(work.scope)
    elif not work.service.capabilities.tells_of_all_deletions:
        # Made by us since the pull before, deleted there before this one, and not mentioned.
        _doubt_unseen(work.scope, seen_in=0)
    full = {"full_at": timezone.now()} if page.complete or work.sync.cursor.get("full") else {}
    work.save(mark=page.mark, cursor={**work.sync.cursor, "pulled": True}, **full)


def apply_page(
    scope: Scope, appointments: Iterable[Appointment], *, proven: bool = False,
    calendar: str | None = SyncedEvent.Calendar.SYNCED,
) -> None:  # fmt: skip
    """`proven`: each was read by its id. In the worker's transaction."""
    readable = [one for one in appointments if _readable(scope, one)]
    sides = load(scope, readable, proven=proven)
    apply = Apply(Writing(scope), sides, calendar)
    for pair in sides.pairs:
        apply.carry_out(pair, decide(pair))
    for there in sides.new:
        apply.create(there)
    for there in readable:
        apply.hold(there, sides.held.get(there.id, ()))
    apply.writing.flush()


def _readable(scope: Scope, there: Appointment) -> bool:
    """One that ends before it begins, or in a zone nobody knows, must not stop all others."""
    try:
        words.check(there)
    except ValueError:
        log.warning("connection %s: an appointment that cannot be read is left out", scope.connection.pk)
        return False
    return True


# --- Said to be gone --------------------------------------------------------------------------------------------------
def doubt(scope: Scope, ids: Iterable[str]) -> None:
    """Of an edited occurrence the whole series is: what has become of it stands in its master."""
    said = scope.with_ids(ids)
    alive = scope.synced.filter(series=None, event__isnull=False, doubt=Doubt.NONE)
    alive.filter(Q(pk__in=said.values("pk")) | Q(pk__in=said.values("series"))).update(doubt=Doubt.SAID)


def _doubt_unseen(scope: Scope, **chosen: int) -> None:
    unseen = scope.linked.filter(series=None, event__isnull=False, seen_in__lt=scope.pull, doubt=Doubt.NONE)
    unseen.filter(calendar=SyncedEvent.Calendar.SYNCED, **chosen).update(doubt=Doubt.SAID)


def prove(work: Work) -> None:
    """Reads each that is said to be gone. One that answers has been moved to another calendar, or was never gone."""
    while True:
        rows = list(_answering(work).filter(doubt=Doubt.SAID).order_by("pk")[:PROVE])
        if not rows:
            return
        _read(work, rows)
        work.check_time()


def follow(work: Work) -> None:
    """Those in other calendars, which no pull shows."""
    rows = _answering(work).filter(calendar=SyncedEvent.Calendar.MOVED, event__isnull=False, doubt=Doubt.NONE)
    chosen = list(rows.filter(seen_in__lt=work.sync.pull).order_by("seen_in", "pk")[:FOLLOW])
    if chosen:
        _read(work, chosen)


def ask_again(work: Work) -> None:
    """For those at which the service has failed."""
    due = work.sync.failing_next
    if due is None or due > timezone.now():
        return
    scope, ids = work.scope, work.sync.failing
    found = work.service.read(ids)
    alive = [one for one in found.values() if one is not None]
    with work.writing():
        known = set(scope.with_ids([one.id for one in alive]).values_list(scope.column, flat=True))
        apply_page(scope, [one for one in alive if one.id in known], proven=True, calendar=None)
        doubt(scope, [one for one, there in found.items() if there is None])
        failing.keep(work, [one for one in ids if one not in found])
        work.save(failing_next=failing.later() if work.sync.failing else None)
        if len(known) < len(alive):
            # Never seen before: whether it is in this calendar, only a listing says.
            work.save(full_at=None)
            Sync.objects.filter(pk=work.sync.pk).update(wanted=F("wanted") + 1)


def _answering(work: Work) -> QuerySet[SyncedEvent]:
    return work.scope.linked.exclude(**{f"{work.scope.column}__in": work.sync.failing})


def _read(work: Work, rows: list[SyncedEvent]) -> None:
    scope = work.scope
    ids = [scope.id_of(row) for row in rows]
    found = work.service.read(ids)
    with work.writing():
        failing.keep(work, {*work.sync.failing, *ids} - found.keys())
        rows = [row for row in rows if scope.id_of(row) in found]
        gone = [row.pk for row in rows if found[scope.id_of(row)] is None]
        scope.synced.filter(pk__in=gone).update(doubt=Doubt.PROVEN)
        scope.synced.filter(pk__in={row.pk for row in rows} - set(gone)).update(doubt=Doubt.NONE)
        moved = [row for row in rows if row.seen_in < scope.pull]
        scope.synced.filter(pk__in=[row.pk for row in moved]).update(seen_in=scope.pull)
        for group, calendar in ((moved, SyncedEvent.Calendar.MOVED), ([one for one in rows if one not in moved], None)):
            alive = [there for row in group if (there := found[scope.id_of(row)]) is not None]
            if alive:
                apply_page(scope, alive, proven=True, calendar=calendar)


# --- Gone -------------------------------------------------------------------------------------------------------------
def delete_gone(work: Work) -> None:
    """Deletes here what was proven gone there; but not a great part of a calendar at once, unless staff let it through."""
    scope = work.scope
    gone = scope.linked.filter(doubt=Doubt.PROVEN, event__isnull=False).count()
    of = scope.linked.filter(series=None, event__isnull=False).count() if gone else 0
    if gone >= settings.SYNC_REFUSE_LEAST and gone > settings.SYNC_REFUSE_SHARE * of and not work.sync.let_through:
        _refuse(work, gone, of)
        return
    while rows := list(scope.linked.filter(doubt=Doubt.PROVEN).order_by("pk")[:DELETE]):
        with work.writing():
            _delete(scope, rows)
            work.forget(scope.synced.filter(pk__in=[row.pk for row in rows]))
        work.check_time()
    if work.sync.refused or work.sync.let_through:
        with work.writing():
            work.save(refused=None, refused_at=None, let_through=False)


def _refuse(work: Work, gone: int, of: int) -> None:
    picture = {"gone": gone, "of": of}
    if work.sync.refused == picture:
        return
    log.error("connection %s: %s of %s events are gone at once, and are not deleted", work.connection.pk, gone, of)
    with work.writing():
        if not work.sync.refused:
            audit.record(
                "sync.refused", actor=None, member=work.connection.member, subject=work.connection, **picture
            )  # fmt: skip
        work.save(refused=picture, refused_at=work.sync.refused_at or timezone.now())


def _delete(scope: Scope, rows: list[SyncedEvent]) -> None:
    """A deletion has no known time, so it wins over an edit here, which is kept."""
    now, member = timezone.now(), scope.connection.member_id
    wanted = [row.event_id for row in rows if row.event_id]
    whole = Q(pk__in=wanted) | Q(series__in=wanted)
    events = list(Event.objects.select_for_update().filter(whole).order_by("pk"))
    EventVersion.objects.bulk_create(
        EventVersion(
            member_id=member, uid=event.uid, at=now, why=EventVersion.Why.DELETED_THERE, side="here",
            said=words.said(words.content_of(event), words.COLUMNS),
        )
        for event in events
    )  # fmt: skip
    uids = {row.uid for row in rows} | {event.uid for event in events}
    LocalChange.objects.filter(connection=scope.connection, uid__in=uids).delete()
    keys = [row.pk for row in rows]
    tombstones = scope.synced.filter(Q(pk__in=keys) | Q(series__in=keys), deleted_at=None)
    tombstones.update(event=None, deleted_at=now)
    scope.synced.filter(pk__in=keys).update(doubt=Doubt.NONE)
    Event.objects.filter(pk__in=[event.pk for event in events]).delete()
