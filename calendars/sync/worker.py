"""One background task of a sync: take the lease, pull, delete what is gone, push, and say when to come again."""

import logging
import random
import time
import uuid
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django_q.tasks import async_task

from calendars import connections, grants, leases
from calendars.errors import (
    AccessDenied,
    GrantRefused,
    MailboxNotServed,
    OperatorFault,
    ServiceBlocked,
    ServiceError,
    TryLater,
)
from calendars.leases import Lease, LeaseLost
from calendars.models import CalendarConnection, Grant, LocalChange, Sync, SyncedEvent
from calendars.states import Cause, State
from calendars.sync import creating, pull, push, services, starting
from calendars.sync.waking import TASK
from calendars.sync.work import HandOn, Work

log = logging.getLogger(__name__)
# Tasks that may begin without one that ends before nothing is tried any more until staff look.
MAX_ATTEMPTS = 5
# Refused for now, and by nothing that a minute changes.
PAUSED: dict[type[ServiceError], str] = {
    ServiceBlocked: "blocked", MailboxNotServed: "mailbox", AccessDenied: "denied",
}  # fmt: skip


def sync(connection_id: int) -> None:
    """Safe to be delivered twice, late, or to two workers at once: only one holds the lease, and only what is due is done."""
    now = timezone.now()
    connection = CalendarConnection.objects.select_related("member").filter(pk=connection_id).first()
    name = services.service_of(connection, now) if connection else None
    row = Sync.objects.filter(connection=connection_id).first()
    if connection is None or name is None or row is None or not is_due(row, now):
        return
    lease = leases.take(connection, owner=uuid.uuid4().hex, seconds=settings.LEASE_SECONDS, grace=settings.HTTP_TIMEOUT)
    if lease is None:
        # Whoever holds it looks again at what is wanted, before they let go.
        return
    try:
        _begin(connection, row, lease, name)
    except LeaseLost:
        log.info("connection %s: another worker has taken over, or it has moved on", connection_id)
        leases.release(lease)
    except Exception:
        leases.release(lease)
        raise
    else:
        leases.release(lease)


def is_due(row: Sync, now: datetime) -> bool:
    """A wait is kept whoever asks; without an end it is a person's to end."""
    if row.wait_reason and (row.next_at is None or row.next_at > now):
        return False
    return row.done < row.wanted or bool(row.cursor) or (row.next_at is not None and row.next_at <= now)


def _begin(connection: CalendarConnection, row: Sync, lease: Lease, name: str) -> None:
    """Committed before anything is done: a sync that kills its worker each time stops trying."""
    with transaction.atomic():
        leases.hold(lease)
        Sync.objects.filter(pk=row.pk).update(
            attempts=F("attempts") + 1, wait_reason="", next_at=_in(settings.SWEEP_SECONDS)
        )
        row.refresh_from_db()
        if row.attempts > MAX_ATTEMPTS:
            log.error("connection %s: its sync ends its worker again and again", connection.pk)
            Sync.objects.filter(pk=row.pk).update(wait_reason="stopped", next_at=None, error="WorkerDied")
            return
    try:
        _with_service(connection, row, lease, name)
    except ServiceError as error:
        _trouble(connection, row, lease, error)
    except (Grant.DoesNotExist, grants.GrantUnreadable) as error:
        # A key that was taken away too early is ours to mend, and disconnects nobody.
        reason = "operator" if isinstance(error, grants.GrantUnreadable) else "grant"
        _wait(row, lease, reason, type(error).__name__, settings.SWEEP_SECONDS if reason == "operator" else None)
    except LeaseLost:
        raise
    except Exception as error:
        # A mistake of ours, or the database's: the class alone, since messages may quote texts of events.
        log.error("connection %s: %s in its sync", connection.pk, type(error).__name__)
        _wait(row, lease, "trouble", type(error).__name__, settings.SWEEP_SECONDS, ended=False)
        raise


def _with_service(connection: CalendarConnection, row: Sync, lease: Lease, name: str) -> None:
    opener = services.opener(name)
    assert opener is not None
    service = opener(connection, partial(_ask, connection, lease))
    work = Work(connection, row, lease, service, time.monotonic() + settings.TASK_SECONDS)
    try:
        if row.service != name:
            starting.start(work, name)
        _steps(work)
        _finish(work)
    except HandOn:
        _hand_on(work)
    except GrantRefused as error:
        _grant_refused(work, service.grant, error)
    finally:
        service.close()


def _ask(connection: CalendarConnection, lease: Lease) -> None:
    """Before every request: whether it may still be made. Raises LeaseLost."""
    if services.service_of(connection, timezone.now()) is None:
        raise LeaseLost(f"connection {connection.pk} syncs no more")
    leases.hold(lease)


def _steps(work: Work) -> None:
    creating.find_lost(work)
    if not work.sync.cursor.get("pulled"):
        pull.pull(work)
    pull.ask_again(work)
    _what_is_gone(work)
    pull.follow(work)
    push.push(work)
    _what_is_gone(work)


def _what_is_gone(work: Work) -> None:
    if work.sync.refused or work.scope.linked.filter(doubt__gt=SyncedEvent.Doubt.NONE).exists():
        pull.prove(work)
        pull.delete_gone(work)


def _finish(work: Work) -> None:
    """Whoever asked before the pull began has been served; whoever has since is next."""
    now = timezone.now()
    with work.writing():
        work.save(
            done=work.sync.cursor["wanted"], cursor={}, attempts=0, wait_reason="", error="", synced_at=now,
            next_at=next_poll(work.sync, now),
        )  # fmt: skip
        _ended_well(work.connection.pk)
        work.sync.refresh_from_db(fields=["wanted"])
        if work.sync.done < work.sync.wanted:
            async_task(TASK, work.connection.pk)
        leases.release(work.lease)


def next_poll(row: Sync, now: datetime) -> datetime:
    """With jitter, so that those who came together do not come together again."""
    subscribed = row.subscription_until is not None and row.subscription_until > now
    seconds = settings.SYNC_POLL_SUBSCRIBED_SECONDS if subscribed else settings.SYNC_POLL_SECONDS
    poll = now + timedelta(seconds=seconds * random.uniform(0.8, 1.2))  # noqa: S311  no secret
    waiting = LocalChange.objects.filter(connection=row.connection_id, refused="", not_before__gt=now)
    first = waiting.order_by("not_before").values_list("not_before", flat=True).first()
    return min(filter(None, (poll, first, row.failing_next)))


def _hand_on(work: Work) -> None:
    """The next task exists if and only if this worker still held the connection."""
    with work.writing():
        work.save(attempts=0)
        _ended_well(work.connection.pk)
        async_task(TASK, work.connection.pk)
        leases.release(work.lease)


def _ended_well(connection_id: int) -> None:
    """Changes that were begun and not told are not what ends workers."""
    LocalChange.objects.filter(connection=connection_id, attempts__gt=0).update(attempts=0)


# --- When it does not go on ---------------------------------------------------------------------------------------------
def _trouble(connection: CalendarConnection, row: Sync, lease: Lease, error: ServiceError) -> None:
    if isinstance(error, TryLater):
        seconds = max(error.seconds, 0 if error.asked else settings.SWEEP_SECONDS)
        _wait(row, lease, error.reason, error.code, seconds, ended=error.reason != "unreadable")
    elif isinstance(error, OperatorFault):
        log.error("connection %s: the service refuses our application: %s", connection.pk, error.code)
        _wait(row, lease, "operator", error.code, settings.SWEEP_SECONDS)
    else:
        reason = PAUSED.get(type(error), "trouble")
        log.error("connection %s: its sync pauses: %s %s", connection.pk, type(error).__name__, error.code)
        seconds = settings.SYNC_POLL_SUBSCRIBED_SECONDS
        if isinstance(error, ServiceBlocked):
            seconds = settings.SYNC_BLOCKED_SECONDS * random.uniform(0.8, 1.2)  # noqa: S311  no secret
        _wait(row, lease, reason, f"{type(error).__name__} {error.code}", seconds)


def _grant_refused(work: Work, grant: Grant, error: GrantRefused) -> None:
    """The member is asked to sign in again, unless she just has. The old sync is not signed in to any more: its members
    are to move. Raises TryLater where there is another grant by now than the one that was refused."""
    connection, row = work.connection, work.sync
    with transaction.atomic():
        leases.hold(work.lease)
        if not grants.lose(grant):
            raise TryLater(seconds=settings.RETRY_SECONDS, reason="busy", code=error.code)
        changes = {"wait_reason": "grant", "next_at": None, "attempts": 0, "error": error.code[:200]}
        Sync.objects.filter(pk=row.pk).update(cursor=_resumable(row), **changes)
        _ended_well(connection.pk)
        if connection.state in (State.GRAPH_SYNC, State.GOOGLE_SYNC):
            now = timezone.now()
            stopped: dict[str, Any] = {"stopped_at": now} if connection.is_outlook else {}
            connections.move(connection, Cause.GRANT_REFUSED, actor=None, now=now, **stopped)


def _wait(row: Sync, lease: Lease, reason: str, code: str, seconds: float | None, *, ended: bool = True) -> None:
    """Until when and why; the clock takes it up. Without a time it waits for a person."""
    changes: dict[str, Any] = {"attempts": 0} if ended else {}
    with transaction.atomic():
        leases.hold(lease)
        Sync.objects.filter(pk=row.pk).update(
            wait_reason=reason[:20], error=code[:200], next_at=None if seconds is None else _in(seconds),
            cursor=_resumable(row), **changes,
        )  # fmt: skip
        if ended:
            _ended_well(row.connection_id)


def _resumable(row: Sync) -> dict[str, Any]:
    """A pull under way goes on where it was; one that had ended is old by the time the wait is over."""
    return {} if row.cursor.get("pulled") else row.cursor


def _in(seconds: float) -> datetime:
    return timezone.now() + timedelta(seconds=seconds)
