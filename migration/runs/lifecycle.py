"""A run's beginnings and ends. Each change is a guarded UPDATE; the task is enqueued by the same transaction."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django_q.models import OrmQ
from django_q.tasks import async_task

from calendars.models import CalendarConnection
from calendars.states import State
from firms import audit
from firms.models import User
from migration.models import MigrationRun

TASK = "migration.tasks.advance_run"
# Reasons of waits whose length Microsoft may have named: never cut short.
ASKED = ("throttled", "busy")
RUNNING = (
    MigrationRun.State.QUEUED,
    MigrationRun.State.LISTING,
    MigrationRun.State.TRANSLATING,
    MigrationRun.State.MATCHING,
    MigrationRun.State.CONFIRMING,
)


@transaction.atomic
def queue(connection: CalendarConnection, *, metadata_only: bool = False) -> MigrationRun:
    """The connection's live run, made if there is none, and its task; to be called in the transaction that moved the
    connection to `migrating`."""
    total = connection.synced_events.count()
    run, created = MigrationRun.objects.get_or_create(
        connection=connection,
        state__in=[state for state in MigrationRun.State if state not in MigrationRun.ENDED],
        defaults={"state": MigrationRun.State.QUEUED, "total": total, "metadata_only": metadata_only},
    )
    if created:
        enqueue(run)
    else:
        take_up(run)
    return run


def enqueue(run: MigrationRun) -> None:
    """A task for the run's present turn. Arguments are stored in clear: ids only."""
    async_task(TASK, run.pk, run.turn)


@transaction.atomic
def take_up(run: MigrationRun, *, actor: User | None = None) -> bool:
    """A waiting or failed run goes on where it was; False where it is neither, where its connection is no longer
    migrating, and where Microsoft asked for a wait that is not over. Nothing it found so far is lost."""
    now = timezone.now()
    waits_as_asked = Q(wait_reason__in=ASKED, wait_until__gt=now)
    taken = (
        MigrationRun.objects.filter(pk=run.pk, state__in=[MigrationRun.State.WAITING, MigrationRun.State.FAILED])
        .filter(connection__in=CalendarConnection.objects.filter(state=State.MIGRATING))
        .exclude(waits_as_asked)
        .update(**_going_on(), attempts=0, retries=0)
    )
    if taken:
        run.refresh_from_db()
        audit.record("run.taken_up", actor=actor, member=run.connection.member, subject=run, step=run.step)
        enqueue(run)
    return bool(taken)


def _going_on() -> dict[str, object]:
    return {
        "state": F("step"), "turn": F("turn") + 1, "wait_until": None, "wait_reason": "",
        "failure_class": "", "failure_message": "", "failure_hint": "", "touched_at": timezone.now(),
    }  # fmt: skip


@transaction.atomic
def cancel(connection: CalendarConnection, *, actor: User | None = None) -> None:
    """The connection was disconnected: its live run ends, every id stays as it was."""
    live = MigrationRun.objects.filter(connection=connection).exclude(state__in=MigrationRun.ENDED)
    for run in live.select_for_update():
        now = timezone.now()
        MigrationRun.objects.filter(pk=run.pk).update(
            state=MigrationRun.State.CANCELLED, turn=F("turn") + 1, finished_at=now, touched_at=now
        )
        audit.record("run.cancelled", actor=actor, member=connection.member, subject=run)


def left_behind(now: datetime, silence: timedelta) -> list[MigrationRun]:
    """Runs to take up: those whose wait is over, and running ones nobody has touched or holds any more, and for which no
    task waits in the queue."""
    over = Q(state=MigrationRun.State.WAITING, wait_until__lte=now)
    silent = Q(state__in=RUNNING, touched_at__lt=now - silence) & _takeable(now)
    runs = list(
        MigrationRun.objects.filter(over | silent, connection__state=State.MIGRATING).order_by("touched_at")[:1000]
    )
    queued = _queued(now) if any(run.state != MigrationRun.State.WAITING for run in runs) else set()
    return [run for run in runs if (run.pk, run.turn) not in queued]


def grace(state: str) -> float:
    """A run starts only after the old sync's last write must have landed, also where its worker died."""
    return settings.HTTP_TIMEOUT if state == MigrationRun.State.QUEUED else 0


def _takeable(now: datetime) -> Q:
    """A worker would get the lease: a task that comes too early is lost until the next silence."""
    longer = now - timedelta(seconds=grace(MigrationRun.State.QUEUED))
    over = Q(connection__lease_until__lt=now) & ~Q(state=MigrationRun.State.QUEUED)
    return Q(connection__lease_owner="") | over | Q(connection__lease_until__lt=longer)


def _queued(now: datetime) -> set[tuple[int, int]]:
    """Run and turn of the tasks that the next free worker takes: in a long queue, silence is no sign of death.

    A task that was given out already does not count: whoever was given it may be dead, and its next delivery is far off.
    """
    tasks = [row.task for row in OrmQ.objects.filter(lock__lte=now)]
    return {task["args"] for task in tasks if task.get("func") == TASK}


def wake(run: MigrationRun, now: datetime) -> bool:
    """Ends a wait that is over: whoever has a task for the run goes on, with as many tries behind it as before. False
    where the wait is not over, or is another one by now."""
    return bool(_same_turn(run).filter(wait_until__lte=now).update(**_going_on()))


def _same_turn(run: MigrationRun) -> QuerySet[MigrationRun]:
    return MigrationRun.objects.filter(pk=run.pk, state=run.state, turn=run.turn)


def sweep(now: datetime, silence: timedelta) -> int:
    """Enqueues a task for each run left behind; returns how many. A task too many stops at once, by its turn."""
    runs = left_behind(now, silence)
    for run in runs:
        with transaction.atomic():
            if run.state == MigrationRun.State.WAITING:
                changed = wake(run, now)
            else:
                changed = bool(_same_turn(run).update(touched_at=now))
            if changed:
                run.refresh_from_db()
                enqueue(run)
    return len(runs)
