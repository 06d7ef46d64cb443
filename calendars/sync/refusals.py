"""What staff decide about a daily sync: the picture that was refused is true and is carried out, once; or all is looked
at again."""

from django.db import transaction

from calendars.models import Sync, SyncedEvent
from calendars.sync import waking
from firms import audit
from firms.models import User

Doubt = SyncedEvent.Doubt


@transaction.atomic
def let_through(sync: Sync, *, actor: User) -> bool:
    """The events that are gone there are read once more and then deleted here, however many they are; False where nothing
    is refused, or that has been decided already."""
    rows = Sync.objects.filter(pk=sync.pk, refused__isnull=False, let_through=False)
    if not rows.update(let_through=True):
        return False
    _doubt_again(sync)
    audit.record(
        "sync.let_through", actor=actor, member=sync.connection.member, subject=sync.connection, **(sync.refused or {})
    )
    waking.resume(sync.connection)
    return True


@transaction.atomic
def look_again(sync: Sync, *, actor: User) -> None:
    """All of the calendar is read from the beginning, whatever the sync waits for."""
    Sync.objects.filter(pk=sync.pk).update(full_at=None)
    _doubt_again(sync)
    audit.record("sync.looked_again", actor=actor, member=sync.connection.member, subject=sync.connection)
    waking.resume(sync.connection)


def _doubt_again(sync: Sync) -> None:
    """What was proven may have changed since."""
    SyncedEvent.objects.filter(connection=sync.connection, doubt=Doubt.PROVEN).update(doubt=Doubt.SAID)
