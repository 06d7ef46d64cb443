"""Appointments at which their service fails by itself, each time it is asked for them: they hold up no other, stay here as
they were known last, and are asked for again now and then (`calendars.sync.pull.ask_again`)."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from calendars.errors import TryLater
from calendars.sync.work import Work

# More of them at once are an outage, which is waited out.
MOST = 50
# Sweeps from one time that they are asked for to the next.
PAUSE = 10
REASON = "failing"


def keep(work: Work, ids: Collection[str]) -> None:
    """`ids`: all of them, as far as is known now. In the worker's transaction; raises TryLater."""
    if len(ids) > MOST:
        raise TryLater("it fails at too many to be their fault", seconds=settings.RETRY_SECONDS, reason="busy")
    if set(ids) != set(work.sync.failing):
        # Whoever looks at one of them sees why it may not be up to date.
        work.scope.with_ids(set(ids) - set(work.sync.failing)).update(unsayable=REASON)
        work.save(failing=sorted(ids), failing_next=later() if ids else None)


def later() -> datetime:
    return timezone.now() + timedelta(seconds=PAUSE * settings.SWEEP_SECONDS)
