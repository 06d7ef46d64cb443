"""Appointments made of events that were made here: once each, whatever becomes of the request or of the worker."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid5

from django.conf import settings
from django.utils import timezone

from calendars.errors import AccessDenied, BadRequest, Refused
from calendars.models import Event, HeldAppointment, LocalChange, SyncedEvent
from calendars.sync import rows as words
from calendars.sync.content import Content
from calendars.sync.plan import base_of
from calendars.sync.service import Appointment, Create
from calendars.sync.sides import Rows
from calendars.sync.work import Work
from calendars.sync.writing import Writing

# Whatever the connection: a member's event has one key for ever.
NAMESPACE = UUID("0f6a3f3e-6d0b-5f0e-9d5b-6a1c3c1f7b52")


def key_of(member_id: int, uid: str) -> str:
    return str(uuid5(NAMESPACE, f"{member_id}:{uid}"))


def find_lost(work: Work) -> None:
    """Before anything is pulled: which creations whose end is unknown have made something. It is linked then, so that no
    page shows it as something new, however the event has been edited since."""
    rows = LocalChange.objects.filter(connection=work.connection, synced_event=None)
    # Of what went with its series before anybody was told of it.
    never_told = rows.filter(event=None, started_at=None)
    if never_told.exists():
        with work.writing():
            never_told.delete()
    for change in rows.exclude(started_at=None).order_by("pk"):
        told = [words.from_json(one) for one in change.told]
        found = work.service.find(key_of(work.connection.member_id, change.uid), told[-1])
        if found is not None:
            _link(work, change, found, told)
        elif change.event_id is None and _is_over(change):
            # Deleted before anything came of it.
            with work.writing():
                LocalChange.objects.filter(pk=change.pk, event=None).delete()
        elif change.refused and _is_over(change):
            # Given up, and nothing has come of it: or every sync would look through the calendar for it.
            with work.writing():
                LocalChange.objects.filter(pk=change.pk).exclude(refused="").update(started_at=None, told=[])


def _is_over(change: LocalChange) -> bool:
    assert change.started_at is not None
    return timezone.now() - change.started_at > timedelta(seconds=settings.HTTP_TIMEOUT)


def create(work: Work, event: Event | None, changes: Sequence[LocalChange]) -> Appointment | None:
    """The appointment that stands for the event from now on; None where there is none yet, and why is noted."""
    change = next((one for one in changes if event and one.uid == event.uid), None)
    if event is None or change is None:
        # Deleted before it was told, or an occurrence of a series that has not been told.
        return None
    begun = _begin(work, event, change)
    if begun is None:
        return None
    content, told = begun
    key = key_of(work.connection.member_id, event.uid)
    answer = work.service.find(key, told[-2]) if len(told) > 1 else None
    try:
        answer = answer or work.service.push(Create(key, content))
    except (Refused, BadRequest, AccessDenied) as error:
        reason = error.code if isinstance(error, Refused) and error.code else "refused"
        with work.writing():
            LocalChange.objects.filter(pk=change.pk).update(refused=reason[:30], started_at=None, told=[], attempts=0)
        return None
    assert answer is not None
    work.answered = True
    return answer if _link(work, change, answer, told) else None


def _begin(work: Work, event: Event, change: LocalChange) -> tuple[Content, list[Content]] | None:
    """Committed before the request: whoever comes after a kill asks first what came of it."""
    with work.writing():
        locked = Event.objects.select_for_update(no_key=True).filter(pk=event.pk).first()
        row = LocalChange.objects.filter(pk=change.pk, refused="").first()
        if locked is None or row is None or work.scope.synced.filter(event=locked).exists():
            return None
        if reason := _reason_not_to(work, locked):
            LocalChange.objects.filter(pk=row.pk).update(refused=reason, attempts=0)
            return None
        content = work.scope.sayable(words.content_of(locked))
        told = [*row.told, words.as_json(content)]
        LocalChange.objects.filter(pk=row.pk).update(started_at=timezone.now(), told=told)
        return content, [words.from_json(one) for one in told]


def _reason_not_to(work: Work, event: Event) -> str:
    """An anomaly is never made again, of whichever connection it is; nor one that an appointment waiting for a person
    may be."""
    rows = SyncedEvent.objects.filter(event=event, link=SyncedEvent.Link.ANOMALY)
    if rows.exists():
        return "anomaly"
    said = words.content_of(event)
    held = HeldAppointment.objects.filter(connection=work.connection, shown__subject=event.subject)
    same = any(one.shown.get("start") == said.start and one.shown.get("end") == said.end for one in held.only("shown"))
    return "held" if same else ""


def _link(work: Work, change: LocalChange, answer: Appointment, told: list[Content]) -> bool:
    """What we told is what is known; whatever else the answer holds is a change of theirs."""
    # Dates taken out of a series are told one by one.
    base = replace(base_of(answer.content, told), exdates=answer.content.exdates)
    with work.writing():
        if work.scope.with_ids([answer.id]).exists():
            # Made by this key once, and another event's since: a person has to look at it.
            LocalChange.objects.filter(pk=change.pk).update(refused="refused", started_at=None, told=[])
            return False
        writing = Writing(work.scope)
        event = Event.objects.select_for_update(no_key=True).filter(pk=change.event_id or 0).first()
        synced = SyncedEvent(connection=work.connection, uid=change.uid)
        link = SyncedEvent.Link.LINKED if work.scope.column == "appointment_id" else SyncedEvent.Link.OLD
        writing.change(
            synced, **words.snapshot_columns(base), **{work.scope.column: answer.id}, link=link,
            ical_uid=answer.ical_uid, change_key=answer.version, attendees=answer.attendees,
            deleted_at=None if event else timezone.now(),
        )  # fmt: skip
        writing.add(Rows(event, synced), None)
        writing.flush()
        LocalChange.objects.filter(pk=change.pk).update(synced_event=synced, started_at=None, told=[], attempts=0)
        return True
