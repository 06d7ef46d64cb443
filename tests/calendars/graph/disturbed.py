"""The simulated Outlook with all that the engine's histories let go wrong, verb by verb as in `memory_service`: time-outs,
lost answers, kills, edits in between, lost marks, replays, and ids called gone that are not."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from calendars.models import CalendarConnection, SyncedEvent
from calendars.sync.content import Content
from calendars.sync.service import Appointment, Change, Page, Service
from tests.calendars.conformance.services import Graph
from tests.calendars.sync.memory_service import Fault, _Request


class Disturbed:
    """Graph's service, each verb of which may fail before or after it took effect."""

    def __init__(self, service: Service, calendar: "Outlook", hold: Callable[[], None]) -> None:
        self.service, self.calendar, self.hold = service, calendar, hold
        self.capabilities, self.close, self.grant = service.capabilities, service.close, service.grant

    @property
    def requests(self) -> int:
        return self.service.requests

    def pull(self, mark: str) -> Page:
        with _Request(self):  # type: ignore[arg-type]
            page = self.service.pull(mark)
            return replace(page, gone=[*page.gone, *sorted(self.calendar.alive_as_gone)])

    def read(self, ids: list[str]) -> dict[str, Appointment | None]:
        with _Request(self):  # type: ignore[arg-type]
            return self.service.read(ids)

    def find(self, key: str, content: Content) -> Appointment | None:
        with _Request(self):  # type: ignore[arg-type]
            return self.service.find(key, content)

    def push(self, change: Change) -> Appointment | None:
        with _Request(self):  # type: ignore[arg-type]
            return self.service.push(change)


@dataclass
class Outlook(Graph):
    # As `memory_service.MemoryCalendar` has them; of the log, what has been there and is deleted.
    log: list[tuple[str, bool]] = field(default_factory=list)
    faults: dict[int, Fault] = field(default_factory=dict)
    requests: int = 0  # type: ignore[assignment]
    alive_as_gone: set[str] = field(default_factory=set)

    def __setattr__(self, name: str, value: Any) -> None:
        """`forgotten` and `replays` are the simulator's to do."""
        if name == "forgotten" and value:
            self.lose_marks()
        elif name == "replays":
            self.simulator.delta(
                self.address, double=bool(value), replay=3 * bool(value), empty="always" if value else "first"
            )
        else:
            super().__setattr__(name, value)

    def open(self, connection: CalendarConnection, hold: Callable[[], None]) -> Service:
        return Disturbed(super().open(connection, hold), self, hold)  # type: ignore[return-value]

    def change(self, one: str, **said: Any) -> None:
        """With nothing said, something that we do not sync."""
        if said:
            super().change(one, **said)
        else:
            self._edit("change", one, event={"importance": "high"})

    def delete(self, one: str) -> None:
        super().delete(one)
        self.log.append((one, True))

    def restore(self, one: str) -> None:
        """Into the synced calendar: what stood in another one when it was deleted is none of ours there."""
        self._edit("restore", one, calendar="Calendar")

    @property
    def items(self) -> dict[str, Appointment]:
        """Of the synced calendar, those that we know: what its owner moves away before that is none of ours."""
        held = {event[self.form] for event in self.simulator.get_mailbox(self.address)["calendars"][0]["events"]}
        known = set(SyncedEvent.objects.values_list("appointment_id", flat=True))
        return {one: item for one, item in self.listing().items() if one in held & known}
