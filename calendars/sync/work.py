"""What one task of a sync has at hand, and how it writes: under its lease, in transactions between requests."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from calendars import leases
from calendars.leases import Lease
from calendars.models import CalendarConnection, Sync, SyncedEvent
from calendars.sync.service import Service
from calendars.sync.sides import Scope


class HandOn(Exception):
    """The task has worked as long as a task may: the next one goes on."""


@dataclass(slots=True)
class Work:
    connection: CalendarConnection
    sync: Sync
    lease: Lease
    service: Service
    deadline: float
    # Something was carried out there that is not written down yet.
    answered: bool = False

    @property
    def scope(self) -> Scope:
        can = self.service.capabilities
        return Scope(self.connection, can.id_column, self.sync.pull, can.sayable)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """A transaction in which this worker alone writes; raises LeaseLost. What came of a change that was told is
        written even where the connection has moved on meanwhile."""
        with transaction.atomic():
            (leases.keep if self.answered else leases.hold)(self.lease)
            yield
        self.answered = False

    def save(self, **changes: Any) -> None:
        """In such a transaction."""
        Sync.objects.filter(pk=self.sync.pk).update(**changes)
        for name, value in changes.items():
            setattr(self.sync, name, value)

    def forget(self, gone: QuerySet[SyncedEvent] | None = None) -> None:
        """What is gone on both sides, `gone` and dates of series, where no id ever comes back: a move to another service
        would look for it in vain. In such a transaction."""
        if self.service.capabilities.ids_return:
            return
        column = self.service.capabilities.id_column
        if gone is not None:
            gone.update(**{column: None})
        over = self.scope.synced.filter(event=None, local_changes=None, deleted_at__isnull=False, **{column: None})
        over.exclude(link=SyncedEvent.Link.ANOMALY).delete()

    def check_time(self) -> None:
        """Between two steps of which each is safe by itself."""
        if time.monotonic() >= self.deadline:
            raise HandOn
