"""A member's year: her calendar on both sides, her logins and sign-ins over HTTP, and what the simulator's journal says."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import time_machine
from django.test import Client
from django.utils import timezone
from django.utils.module_loading import import_string

from calendars.models import CalendarConnection, SyncedEvent
from calendars.sync import services
from calendars.sync.service import Service
from firms.models import Firm
from migration import rollout
from tests import queue
from tests.calendars.conformance.services import Exchange, Graph, There
from tests.calendars.sync.world import World
from tests.factories import NOW, FirmFactory, StaffFactory
from tests.flows import steps
from tests.simulator.client import Simulator


class Year(World):
    """`there` is the calendar as the service that syncs it now sees it."""

    @property
    def member(self) -> Any:
        return self.connection.member

    @property
    def simulator(self) -> Simulator:
        found: Simulator = self.there.simulator
        return found

    def log_in(self) -> tuple[Client, Any, datetime]:
        """The browser, where it ended up, and when the answer was there."""
        client, answer = steps.log_in(self.member)
        self.connection.refresh_from_db()
        return client, answer, timezone.now()

    def move(self, client: Client, page: Any) -> Any:
        """From the page that asks over Microsoft to the end of the run and of the first sync after it."""
        answer = steps.sign_in(client, page, self.there.address)
        queue.drain()
        self.by(Graph)
        return answer

    def by(self, kind: type[There]) -> None:
        """From now on the calendar is seen through another service."""
        self.there = kind(self.simulator, self.there.address, connection=self.connection)
        self.column, self.sayable = kind.column, kind.sayable
        # The instrumented opening of the new one.
        self.opened.append(self.there)
        self.connection.refresh_from_db()

    def beside(self, email: str) -> "Year":
        """The year of another member of the firm, connected with the same mailbox."""
        there = type(self.there)(self.simulator)
        connection = there.share(member__email=email, member__firm=self.member.firm)
        world = Year(connection, there, self.clock, there.column, there.sayable)
        world.opened = self.opened
        self.opened.append(there)
        return world

    def old_requests(self, after: datetime) -> list[str]:
        """What was asked of EWS later than a second after that moment."""
        last = after + timedelta(seconds=1)
        lines = [line for line in self.simulator.journal() if "/EWS/" in line["path"]]
        return [line["operation"] for line in lines if datetime.fromisoformat(line["start"]) > last]

    def subjects(self) -> list[str]:
        return sorted(event.subject for event in self.events)


@contextmanager
def year(simulator: Simulator, monkeypatch: Any, kind: type[There] = Exchange, **columns: Any) -> Iterator[Year]:
    with time_machine.travel(NOW, tick=True) as clock:
        simulator.reset(seed=1, now=NOW.isoformat())
        there = kind(simulator)
        columns.setdefault("member__firm", FirmFactory())
        world = Year(there.connect(**columns), there, clock, kind.column, kind.sayable)
        world.opened = [there]
        monkeypatch.setattr(services, "opener", lambda name: partial(_open, world.opened, name))
        yield world


def _open(opened: list[There], name: str, connection: CalendarConnection, hold: Callable[[], None]) -> Service:
    """By whoever watches this calendar at this service; as it is where nobody does."""
    for there in reversed(opened):
        if there.name == name and there.connection and there.connection.pk == connection.pk:
            return there.open(connection, hold)
    found: Service = import_string(services.OPENERS[name])(connection, hold)
    return found


def flag(firm: Firm) -> None:
    rollout.flag(firms=[firm.pk], actor=StaffFactory())


def take_back(firm: Firm) -> None:
    rollout.take_back(firms=[firm.pk], actor=StaffFactory())


def linked() -> dict[str, str | None]:
    return dict(SyncedEvent.objects.filter(event__isnull=False).values_list("uid", "appointment_id"))
