"""The guarded moves of connections, each audited in its own transaction."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from calendars import cutoff
from calendars.graph import subscriptions
from calendars.models import CalendarConnection, Grant
from calendars.states import Cause, Provider, State, target
from calendars.sync import waking
from firms import audit
from firms.models import AuditEntry, Firm, User

BATCH = 1000
# Nobody has noted what was changed here until then, or by which ids.
FROM_THE_BEGINNING = (Cause.RUN_DONE, Cause.RECONNECT, Cause.RECONNECT_OLD)


class StaleConnection(Exception):
    """Somebody else has moved the connection since it was read: read it again and decide anew."""


@transaction.atomic
def move(
    connection: CalendarConnection,
    cause: Cause,
    *,
    actor: User | None,
    now: datetime | None = None,
    note: str = "",
    **changes: Any,
) -> None:
    """Moves the connection as the table says and brings the instance up to date; `changes` are further columns. One that
    syncs from now on is synced soon.

    Raises StaleConnection when the row is no longer in the state and epoch that the instance was read in, and
    ForbiddenMove when the table has no such move. Nothing is changed then.
    """
    now = now or timezone.now()
    source, after = connection.state, target(connection.provider, connection.state, cause)
    values = {"state": after, "epoch": connection.epoch + 1, "state_since": now, **changes}
    moved = CalendarConnection.objects.filter(pk=connection.pk, state=source, epoch=connection.epoch).update(**values)
    if not moved:
        raise StaleConnection(f"connection {connection.pk} is no longer {source}, epoch {connection.epoch}")
    for name, value in values.items():
        setattr(connection, name, value)
    audit.record(
        f"connection.{cause}", actor=actor, member=connection.member, subject=connection, note=note,
        before=source, after=after, epoch=connection.epoch,
    )  # fmt: skip
    if cause in FROM_THE_BEGINNING:
        waking.begin(connection)
    elif after in waking.SYNCING:
        waking.resume(connection)


def live(member: User) -> CalendarConnection | None:
    """The member's one connection that is not disconnected."""
    return (
        CalendarConnection.objects.filter(member=member)
        .exclude(state=State.DISCONNECTED)
        .select_related("member")
        .first()
    )


def last(member: User, provider: str = "") -> CalendarConnection | None:
    """The one that the member disconnected last, or never ended connecting; of `provider` where given."""
    gone = CalendarConnection.objects.filter(member=member, state=State.DISCONNECTED).select_related("member")
    return (gone.filter(provider=provider) if provider else gone).order_by("-state_since", "-pk").first()


def holders(tid: str, oid: str) -> QuerySet[CalendarConnection]:
    """Live connections that are pinned to this very account; of an account not known, none."""
    rows = CalendarConnection.objects.exclude(state=State.DISCONNECTED).order_by("member_id")
    return rows.filter(tid__iexact=tid, oid__iexact=oid) if tid and oid else rows.none()


def require_reauthentication(member: User, *, now: datetime, cutoff_at: datetime) -> CalendarConnection | None:
    """The step of a real login (R3, R11): stops the old sync of a member whose firm is flagged, or after the cutoff.

    Where neither holds any more, because the cutoff was moved later, an old sync that it had disabled goes on.
    Returns the member's connection as it is afterwards. Of two logins at once, and of a login and an unflagging or
    the cutoff, one goes first and the other sees what it did.
    """
    while True:
        connection = live(member)
        if connection is None or not _may_have_to_move(connection):
            return connection
        try:
            with transaction.atomic():
                # The firm's row first, as unflagging does, so that the flag read here holds until the move is made.
                firm = Firm.objects.select_for_update(no_key=True, of=("self",)).filter(members=member).first()
                flagged = firm is not None and firm.is_flagged
                if not flagged and not cutoff.has_passed(now, cutoff_at):
                    if connection.state == State.DISABLED:  # the cutoff was moved later; the clock has not come by yet
                        move(connection, Cause.CUTOFF_MOVED, actor=None, now=now, stopped_at=None)
                    return connection
                move(connection, Cause.LOGIN, actor=member, now=now, stopped_at=connection.stopped_at or now)
                return connection
        except StaleConnection:
            continue


def _may_have_to_move(connection: CalendarConnection) -> bool:
    return connection.provider == Provider.OUTLOOK and connection.state in (State.OLD_SYNC, State.DISABLED)


def resume_old_sync(*, firms: list[Firm], actor: User | None, now: datetime, cutoff_at: datetime) -> int:
    """Takes members of unflagged firms who were prompted, and have not signed in yet, back to the old sync; returns
    how many. To be called in the transaction that took the flags back and so holds the firms' rows.

    After the cutoff nobody goes back. Whoever signs in meanwhile wins: their row is no longer `reauth_required`.
    """
    if cutoff.has_passed(now, cutoff_at):
        return 0
    return _move_all({"member__firm__in": firms}, State.REAUTH_REQUIRED, Cause.UNFLAGGED, actor, now, stopped_at=None)


def disable_old_sync(*, now: datetime, cutoff_at: datetime) -> int:
    """The cutoff (R11): disables every old sync, flagged firm or not; returns how many. Safe to run again and again."""
    if not cutoff.has_passed(now, cutoff_at):
        return 0
    return _move_all({}, State.OLD_SYNC, Cause.CUTOFF, None, now, stopped_at=cutoff_at)


def enable_old_sync(*, now: datetime, cutoff_at: datetime) -> int:
    """The cutoff was moved later: takes up again what it had disabled; returns how many."""
    if cutoff.has_passed(now, cutoff_at):
        return 0
    return _move_all({}, State.DISABLED, Cause.CUTOFF_MOVED, None, now, stopped_at=None)


def _move_all(
    chosen: dict[str, Any], source: State, cause: Cause, actor: User | None, now: datetime, **changes: Any
) -> int:
    """Batch after batch, each a transaction of its own unless the caller has one."""
    after, total, last = target(Provider.OUTLOOK, source, cause), 0, 0
    while True:
        with transaction.atomic():
            rows = list(
                CalendarConnection.objects.select_for_update(no_key=True, of=("self",))
                .filter(provider=Provider.OUTLOOK, state=source, pk__gt=last, **chosen)
                .select_related("member")
                .order_by("pk")[:BATCH]
            )
            if not rows:
                return total
            last = rows[-1].pk
            total += CalendarConnection.objects.filter(pk__in=[row.pk for row in rows], state=source).update(
                state=after, epoch=F("epoch") + 1, state_since=now, **changes
            )
            AuditEntry.objects.bulk_create(
                audit.entry(
                    f"connection.{cause}", actor=actor, member=row.member, subject=row,
                    before=source, after=after, epoch=row.epoch + 1,
                )
                for row in rows
            )  # fmt: skip


@transaction.atomic
def disconnect(connection: CalendarConnection, *, actor: User) -> None:
    """The member disconnects: every id stays known, the grants go (R5)."""
    move(connection, Cause.DISCONNECT, actor=actor)
    subscriptions.leave(connection)
    Grant.objects.filter(connection=connection).delete()
