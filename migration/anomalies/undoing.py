"""Taking a decision about an anomaly back, as far as that goes: what a sync has carried over since stays."""

from datetime import datetime

from django.db import transaction

from calendars import leases
from calendars.models import HeldAppointment, LocalChange, SyncedEvent
from firms.models import User
from migration.anomalies import events
from migration.anomalies.deciding import NotNow, StaleAnomaly, locked, record
from migration.anomalies.reading import Look
from migration.anomalies.standing import Act
from migration.models import AnomalyDecision

Link = SyncedEvent.Link


@transaction.atomic
def undo(decision: AnomalyDecision, *, actor: User, seen: str, now: datetime, note: str = "") -> None:
    """Takes the decision back and holds again what it had released, but for what has become an event of its own.

    Raises StaleAnomaly and NotNow; nothing is changed then.
    """
    look = locked(decision.anomaly)
    if look.seen != seen:
        raise StaleAnomaly(decision.anomaly_id)
    if decision.pk not in {one.pk for one in look.undoable}:
        raise NotNow("This can no longer be taken back.")
    match Act(decision.action):
        case Act.LINK:
            _unlink(look, decision)
        case Act.KEEP:
            SyncedEvent.objects.filter(pk=look.synced.pk).update(kept_here=False)
        case Act.COPY:
            events.take_away(look.connection, decision.copies, now=now)
        case Act.DELETE:
            SyncedEvent.objects.filter(pk=look.synced.pk).update(kept_here=False)
            if not events.bring_back(look.connection, decision.versions, now=now):
                raise NotNow("It can’t be brought back: the series it belongs to is gone, or its place is taken.")
    _hold_again(look, decision)
    AnomalyDecision.objects.filter(pk=decision.pk).update(undone_at=now, undone_by=actor)
    record(look, f"undo_{decision.action}", actor=actor, note=note, appointment_id=decision.appointment_id)


def _unlink(look: Look, decision: AnomalyDecision) -> None:
    """An anomaly again: nothing of it is told any more, and the appointment waits as a candidate."""
    if leases.is_held(look.connection):
        raise NotNow("A sync of this calendar is at work just now. Please try again in a minute.")
    if look.synced.exceptions.filter(link=Link.LINKED).exists():
        raise NotNow("The sync has linked dates of this series since, so it can no longer be taken back.")
    rows = SyncedEvent.objects.filter(
        pk=look.synced.pk, link=Link.LINKED, appointment_id=decision.appointment_id, deleted_at=None
    )
    if not rows.update(link=Link.ANOMALY, appointment_id=None):
        raise NotNow("It is linked with another appointment by now.")
    LocalChange.objects.filter(connection=look.connection, uid=look.synced.uid).delete()


def _hold_again(look: Look, decision: AnomalyDecision) -> None:
    """For anomalies that are undecided again or still, what nobody has linked or imported since."""
    keys = {one["synced_event"] for one in decision.released}
    ids = {one["appointment_id"] for one in decision.released}
    synced = SyncedEvent.objects.filter(connection=look.connection)
    still = synced.filter(pk__in=keys, link=Link.ANOMALY, kept_here=False)
    undecided = set(still.values_list("pk", flat=True))
    taken = set(synced.filter(appointment_id__in=ids).values_list("appointment_id", flat=True))
    HeldAppointment.objects.bulk_create(
        [
            HeldAppointment(
                connection=look.connection, synced_event_id=one["synced_event"],
                appointment_id=one["appointment_id"], shown=one["shown"],
            )
            for one in decision.released
            if one["synced_event"] in undecided and one["appointment_id"] not in taken
        ],
        ignore_conflicts=True,
    )  # fmt: skip
