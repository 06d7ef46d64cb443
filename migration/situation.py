"""Where one member stands in the move: the rows that the pages, the notices and the login ask for, read once."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from django.conf import settings
from django.utils import timezone

from calendars import connections, cutoff
from calendars.models import CalendarConnection, SyncedEvent
from calendars.states import Provider, State
from firms.models import User
from migration import asking
from migration.models import ConsentRequest, MigrationRun, SignInAttempt
from migration.progress import Figures, Progress, describe
from migration.prompt import Decision, decide

# How long the dashboard says that the move is done, for those who did not watch it.
MOVED_NOTICE = timedelta(days=14)


@dataclass(frozen=True)
class Situation:
    """`run` is the newest that was not cancelled, read only where it says something: while migrating and soon after."""

    decision: Decision
    connection: CalendarConnection | None = None
    run: MigrationRun | None = None

    @property
    def since(self) -> datetime | None:
        """Since when nothing has synced."""
        if self.connection is None:
            return None
        if self.connection.state == State.OLD_SYNC:
            return settings.SYNC_CUTOFF
        return self.connection.stopped_at or self.connection.state_since

    @cached_property
    def events(self) -> int:
        """How many events have been synced so far; one query, at the first look."""
        return SyncedEvent.objects.filter(connection=self.connection).count()

    @cached_property
    def expected(self) -> str:
        """The address to sign in with; two queries, at the first look."""
        return asking.expected_address(self.connection, now=timezone.now()) if self.connection else ""

    @cached_property
    def consent(self) -> ConsentRequest | None:
        """That the member's firm waits for its administrator at Microsoft, if it does; one query, at the first look."""
        return ConsentRequest.open_of(self.connection.member.firm_id) if self.connection else None

    @cached_property
    def unserved(self) -> SignInAttempt | None:
        """The sign-in that showed that Graph cannot serve the mailbox, and why; one query, at the first look."""
        attempts = SignInAttempt.objects.filter(connection=self.connection, result=SignInAttempt.Result.NOT_SERVED)
        return attempts.first()

    @property
    def progress(self) -> Progress | None:
        return progress_of(self.run, now=timezone.now()) if self.run else None


def of(member: User, *, now: datetime | None = None) -> Situation:
    """The member's situation, in at most two queries."""
    return of_connection(connections.live(member), now=now or timezone.now())


def of_connection(connection: CalendarConnection | None, *, now: datetime) -> Situation:
    if connection is None or connection.provider != Provider.OUTLOOK:
        return Situation(Decision(), connection)
    recently = connection.migrated_at is not None and now - connection.migrated_at < MOVED_NOTICE
    run = None
    if connection.state == State.MIGRATING or (connection.state == State.GRAPH_SYNC and recently):
        run = connection.runs.exclude(state=MigrationRun.State.CANCELLED).order_by("-queued_at", "-pk").first()
    decision = decide(
        connection.provider,
        connection.state,
        cutoff_passed=cutoff.has_passed(now, settings.SYNC_CUTOFF),
        grant_gone=run is not None and waits_for_sign_in(run),
        recently_moved=recently and run is not None,
    )
    return Situation(decision, connection, run)


def progress_of(run: MigrationRun, *, now: datetime) -> Progress:
    stands_still = run.state in (MigrationRun.State.WAITING, MigrationRun.State.FAILED)
    step = run.step if stands_still else run.state
    confirmed = step == MigrationRun.State.MATCHING and bool(run.cursor.get("confirmed"))
    figures = Figures(
        state=run.state,
        step="finishing" if confirmed else step,
        total=run.total,
        listed=run.listed,
        by_id=run.by_id,
        by_metadata=run.by_metadata,
        anomalies=run.anomalies,
    )
    return describe(figures, started_at=run.started_at, now=now)


def waits_for_sign_in(run: MigrationRun) -> bool:
    """Whether Microsoft has refused the grant, so that only the member can make the run go on."""
    return run.state == MigrationRun.State.WAITING and run.wait_reason == "grant"
