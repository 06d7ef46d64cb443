"""The rows that say how anomalies stand, read in a constant number of queries."""

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from calendars.models import CalendarConnection, Event, HeldAppointment, SyncedEvent
from calendars.sync.content import differing
from calendars.sync.rows import content_of
from migration.anomalies import comparison
from migration.anomalies.standing import Act, Facts, Standing, offered, standing, undoable
from migration.models import Anomaly, AnomalyDecision, MigrationRun

ALIVE = Q(synced_event__deleted_at=None)
LINKED = Q(synced_event__link=SyncedEvent.Link.LINKED)
# The same as `standing.standing` says, for lists.
STANDS = {
    Standing.OPEN: ALIVE & ~LINKED & Q(synced_event__kept_here=False),
    Standing.LINKED: ALIVE & LINKED,
    Standing.KEPT: ALIVE & ~LINKED & Q(synced_event__kept_here=True),
    Standing.DELETED: ~ALIVE,
}


@dataclass(frozen=True)
class Look:
    """An anomaly as it stands. `candidates` are those that nobody has linked meanwhile."""

    anomaly: Anomaly
    newest: bool
    candidates: list[HeldAppointment]
    decisions: list[AnomalyDecision]
    copied: bool

    @property
    def synced(self) -> SyncedEvent:
        return self.anomaly.synced_event

    @property
    def event(self) -> Event | None:
        return self.synced.event

    @property
    def connection(self) -> CalendarConnection:
        return self.anomaly.run.connection

    @property
    def zone(self) -> ZoneInfo:
        return self.connection.member.zone

    @cached_property
    def facts(self) -> Facts:
        return Facts(
            connection_state=self.connection.state,
            newest=self.newest,
            standing=standing_of(self.synced),
            held=len(self.candidates),
            linkable=sum(self.may_link(one) for one in self.candidates),
            copied=self.copied,
        )

    @property
    def standing(self) -> Standing:
        return self.facts.standing

    @property
    def offered(self) -> tuple[Act, ...]:
        return offered(self.facts)

    @cached_property
    def undoable(self) -> list[AnomalyDecision]:
        acts = undoable(self.facts, {one.action for one in self.decisions if one.undone_at is None})
        # Of copies only the newest: those before it are gone, or it could not have been made.
        newest = {one.action: one for one in self.decisions if one.undone_at is None}
        return [newest[act.value] for act in acts]

    def may_link(self, candidate: HeldAppointment) -> bool:
        return comparison.same_kind(self.synced, candidate.shown)

    def looks_the_same(self, candidate: HeldAppointment) -> bool:
        return comparison.looks_the_same(self.event or self.synced, candidate.shown, self.zone)

    @property
    def changed_here(self) -> bool:
        """Whether our event says something else than when it was last synced."""
        return self.event is not None and bool(differing(content_of(self.event), content_of(self.synced)))

    @cached_property
    def lines(self) -> list[comparison.Line]:
        shown = [one.shown for one in self.candidates]
        return comparison.side_by_side(self.event or self.synced, self.synced, shown, self.zone)

    @cached_property
    def seen(self) -> str:
        """Equal as long as nothing has changed that a decision rests on; forms carry it."""
        decisions = [(one.pk, one.undone_at) for one in self.decisions]
        basis: list[Any] = [self.facts, [one.pk for one in self.candidates], decisions]
        basis.append(self.event.modified_at if self.event else None)
        return sha256(repr(basis).encode()).hexdigest()[:24]


def standing_of(synced: SyncedEvent) -> Standing:
    return standing(link=synced.link, kept_here=synced.kept_here, deleted=synced.deleted_at is not None)


def look(anomaly: Anomaly) -> Look:
    """`anomaly` as `rows` gives it."""
    decisions = list(anomaly.decisions.select_related("actor", "undone_by"))
    copies = [one.copies[0] for one in decisions if one.action == AnomalyDecision.Action.COPY and one.undone_at is None]
    connection = anomaly.run.connection
    return Look(
        anomaly=anomaly,
        newest=newest_run(connection) == anomaly.run_id and anomaly.run.state == MigrationRun.State.DONE,
        candidates=list(held(connection).filter(synced_event=anomaly.synced_event_id).order_by("pk")),
        decisions=decisions,
        copied=bool(copies) and Event.objects.filter(member_id=connection.member_id, uid__in=copies).exists(),
    )


def rows() -> "QuerySet[Anomaly]":
    return Anomaly.objects.select_related("synced_event__event", "run__connection__member__firm")


def of_run(run: MigrationRun, search: str = "") -> "QuerySet[Anomaly]":
    """With what `report.row` reads; latest events first."""
    found = rows().filter(run=run).prefetch_related("synced_event__held_appointments")
    if search:
        found = found.filter(synced_event__subject__icontains=search)
    return found.order_by("-synced_event__starts_at", "-pk")


def newest_run(connection: CalendarConnection) -> int | None:
    return connection.runs.order_by("-queued_at", "-pk").values_list("pk", flat=True).first()


def held(connection: CalendarConnection) -> "QuerySet[HeldAppointment]":
    """Candidates that no synced event has been linked with since."""
    linked = SyncedEvent.objects.filter(connection=connection, appointment_id=OuterRef("appointment_id"))
    return HeldAppointment.objects.filter(~Exists(linked), connection=connection)


def counted(found: "QuerySet[Anomaly]") -> dict[Standing, int]:
    """How many stand in which way."""
    counts = found.order_by().aggregate(**{str(one): Count("pk", filter=stands) for one, stands in STANDS.items()})
    return {one: counts[str(one)] for one in Standing}
