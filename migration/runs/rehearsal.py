"""What a run would do: the engine itself reads Outlook for real, on a copy of the connection's rows in memory.

Nothing of it can reach a row of ours, since the copy stands where the database did; mails and whatever else follows a
commit are left out. Only for a process in which nothing else uses the database, such as a command.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Count

from calendars import leases
from calendars.graph import tokens
from calendars.graph.client import GraphClient
from calendars.models import CalendarConnection, Grant, SyncedEvent
from firms.models import Firm, User
from migration.models import MigrationRun, Outcome
from migration.runs import foreground
from migration.runs.in_memory import Copy
from migration.runs.worker import Watch


class WorkerAtIt(Exception):
    """A worker holds the connection: both at once would ask more of Microsoft than it grants one mailbox."""


@dataclass(frozen=True)
class Rehearsal:
    """`run` as the copy's ended. `calendar`: name of the one chosen, empty where none was. `hows`, `reasons`: how many
    were found how, and were not found why; `moved`: how many are in another calendar."""

    run: MigrationRun
    calendar: str
    hows: Counter[str]
    reasons: Counter[str]
    moved: int


def rehearse(live: MigrationRun, watch: Watch) -> Rehearsal:
    """A whole run from its beginning, whatever the live one has done so far; waits in place. `watch` as in `carry_out`.

    No lease is taken, which would keep a worker away. Raises WorkerAtIt, also where a worker begins meanwhile.
    """
    if _is_held(live.connection_id):
        raise WorkerAtIt
    with Copy() as copy:
        _fill(copy, live.connection)
        with copy.in_place():
            free = _freedom(copy, live.connection_id)
            run = MigrationRun.objects.create(connection_id=live.connection_id, metadata_only=live.metadata_only)
            run = foreground.carry_out(run.pk, lambda run: free() and watch(run))
            if not free():
                raise WorkerAtIt
            return _told(run)


def _freedom(copy: Copy, connection_id: int) -> Callable[[], bool]:
    def free() -> bool:
        with copy.aside():
            return not _is_held(connection_id)

    return free


def _is_held(connection_id: int) -> bool:
    return leases.is_held(CalendarConnection.objects.get(pk=connection_id))


def _fill(copy: Copy, connection: CalendarConnection) -> None:
    """What a run reads, the grant among it: a token renewed on the way is saved in the copy alone, and the one it was
    renewed with stays good. "Refresh tokens in the Microsoft identity platform"."""
    copy.take(Firm.objects.filter(members=connection.member))
    copy.take(User.objects.filter(pk=connection.member_id))
    copy.take(CalendarConnection.objects.filter(pk=connection.pk), calendar_id="", lease_owner="", lease_until=None)
    copy.take(Grant.objects.filter(connection=connection))
    copy.take(SyncedEvent.objects.filter(connection=connection))


def _told(run: MigrationRun) -> Rehearsal:
    outcomes = Outcome.objects.filter(run=run)
    return Rehearsal(
        run=run,
        calendar=_calendar_name(run.connection),
        hows=Counter(dict(outcomes.exclude(how="").values_list("how").annotate(Count("pk")))),
        reasons=Counter(dict(outcomes.exclude(reason="").values_list("reason").annotate(Count("pk")))),
        moved=outcomes.filter(calendar=SyncedEvent.Calendar.MOVED).count(),
    )


def _calendar_name(connection: CalendarConnection) -> str:
    if not connection.calendar_id:
        return ""
    grant = Grant.objects.get(connection=connection, service=Grant.Service.GRAPH)
    client = GraphClient(lambda refresh: tokens.access_token(grant, refresh=refresh))
    try:
        return client.calendar(connection.calendar_id).name
    finally:
        client.close()
