"""The decisions about an anomaly. Each is one transaction that holds the connection's row, as every write of a sync does,
looks again, and changes only what still is as it was seen."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from calendars.models import CalendarConnection, Event, HeldAppointment, SyncedEvent
from calendars.sync import outbox
from firms import audit
from firms.models import User
from migration.anomalies import events, reading
from migration.anomalies.reading import Look
from migration.anomalies.standing import Act
from migration.models import Anomaly, AnomalyDecision

Link = SyncedEvent.Link


class StaleAnomaly(Exception):
    """Something that the decision rests on has changed since it was read: look again and decide anew."""


class NotNow(Exception):
    """The decision makes no sense as things stand; its text says why, to people."""


@transaction.atomic
def decide(
    anomaly: Anomaly, act: Act, *, actor: User, seen: str, now: datetime, candidate: int | None = None, note: str = ""
) -> AnomalyDecision:
    """Carries out what was decided on the anomaly as it looked when `seen` was shown (`Look.seen`).

    `candidate`: the key of the held appointment to link with. Raises StaleAnomaly and NotNow; nothing is changed then.
    """
    look = locked(anomaly)
    if look.seen != seen:
        raise StaleAnomaly(anomaly.pk)
    if act not in look.offered:
        raise NotNow("This can’t be done with the event as it stands now.")
    match act:
        case Act.LINK:
            kept = _link(look, candidate, now)
        case Act.KEEP:
            kept = _keep(look)
        case Act.COPY:
            assert look.event is not None
            kept = {"copies": events.copy(look.connection, look.event, now=now)}
        case Act.DELETE:
            kept = _delete(look, now)
    decision = AnomalyDecision.objects.create(anomaly=anomaly, action=act, actor=actor, at=now, note=note, **kept)
    record(look, act, actor=actor, note=note, appointment_id=decision.appointment_id)
    return decision


def _link(look: Look, candidate: int | None, now: datetime) -> dict[str, Any]:
    """From here on they are a pair like any: the next sync compares the two with what was last synced, as it does after
    every change, and whatever differs is carried over."""
    chosen = next((one for one in look.candidates if one.pk == candidate), None)
    if chosen is None or not look.may_link(chosen):
        raise NotNow("Please choose one of the appointments beside it.")
    held = HeldAppointment.objects.filter(connection=look.connection)
    everywhere = held.filter(appointment_id=chosen.appointment_id)
    released = _release(everywhere | held.filter(synced_event=look.synced))
    # Whatever was known of another appointment says nothing of this one.
    nothing_known = {"doubt": SyncedEvent.Doubt.NONE, "modified_there": None, "calendar": SyncedEvent.Calendar.SYNCED}
    _change(look, link=Link.LINKED, appointment_id=chosen.appointment_id, **nothing_known)
    assert look.event is not None
    if not outbox.record(look.connection, look.event, now=now):
        outbox.wake(look.connection)
    return {"released": released, "appointment_id": chosen.appointment_id}


def _keep(look: Look) -> dict[str, Any]:
    """Nothing is held for it any more: the sync takes in what looks like it as an event of its own."""
    _change(look, kept_here=True)
    return {"released": _release(HeldAppointment.objects.filter(synced_event=look.synced))}


def _delete(look: Look, now: datetime) -> dict[str, Any]:
    assert look.event is not None
    if look.synced.exceptions.filter(link=Link.LINKED, deleted_at=None).exists():
        raise NotNow("Some dates of this series are linked with Outlook. Delete those in the calendar first.")
    return {**_keep(look), "versions": events.delete(look.connection, look.event, now=now)}


def _change(look: Look, **values: Any) -> None:
    """Only of what still is an undecided anomaly."""
    rows = SyncedEvent.objects.filter(pk=look.synced.pk, link=Link.ANOMALY, kept_here=False)
    if not rows.update(**values):
        raise StaleAnomaly(look.anomaly.pk)


def _release(held: "QuerySet[HeldAppointment]") -> list[dict[str, Any]]:
    """Lets these appointments go; returns what `undoing` needs to hold them again."""
    names = ("synced_event", "appointment_id", "shown")
    released = [dict(zip(names, one, strict=True)) for one in held.order_by("pk").values_list(*names)]
    held.delete()
    return released


def locked(anomaly: Anomaly) -> Look:
    """The anomaly as it is now, and stays until the transaction ends: a sync, a run and a move all write the connection's
    row first, and an edit locks the event with its edited dates."""
    connections = CalendarConnection.objects.select_for_update(no_key=True, of=("self",))
    connections.get(pk=anomaly.run.connection_id)
    event = SyncedEvent.objects.filter(pk=anomaly.synced_event_id).values("event")
    whole = Event.objects.filter(Q(pk__in=event) | Q(series__in=event))
    list(whole.select_for_update(no_key=True).order_by("pk").values_list("pk"))
    return reading.look(reading.rows().get(pk=anomaly.pk))


def record(look: Look, action: str, *, actor: User, note: str, **data: Any) -> None:
    audit.record(
        f"anomaly.{action}", actor=actor, member=look.connection.member, subject=look.anomaly, note=note,
        uid=look.synced.uid, **{name: value for name, value in data.items() if value},
    )  # fmt: skip
