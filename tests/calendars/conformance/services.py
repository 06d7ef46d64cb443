"""The three services as the simulator plays them, each as a calendar that stories are told of (`world.There`)."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, ClassVar

from calendars import grants
from calendars.google import events
from calendars.graph import contents
from calendars.models import CalendarConnection
from calendars.states import Provider, State
from calendars.sync import services
from calendars.sync.content import PARTS, Content, as_it_is, day_of, differing
from calendars.sync.service import Appointment, Change, Service
from tests.factories import ConnectionFactory
from tests.simulator.client import Simulator

ADDRESS = "ada@harperwolfe.example"
GUESTS = [{"emailAddress": {"name": f"Guest {n}", "address": f"guest{n}@elsewhere.example"}} for n in range(9)]
OTHER = {"emailAddress": {"name": "Other", "address": "other@elsewhere.example"}}
CALENDARS = [{"name": "Calendar", "default": True}, {"name": "Private"}]
opener = services.opener


@dataclass
class There:
    """A mailbox in its owner's hand. `writes`: what was changed there by us and answered."""

    name: ClassVar[str]
    provider: ClassVar[str] = Provider.OUTLOOK
    state: ClassVar[str]
    # Of the simulator's names for an event, the one the service knows it by; of `SyncedEvent`, where that is kept.
    form: ClassVar[str]
    column: ClassVar[str] = "appointment_id"
    scope: ClassVar[str | None] = None
    # Part of the paths of its requests, and the simulator's names for what is done.
    path: ClassVar[str]
    creation: ClassVar[str]
    round: ClassVar[str]
    restores: ClassVar[bool] = False
    sayable: ClassVar[Callable[[Content], Content]] = staticmethod(as_it_is)

    simulator: Simulator
    address: str = ADDRESS
    writes: list[Change] = field(default_factory=list)
    # What happens while a request to come is under way, by how many there are until then.
    meanwhile: dict[int, Callable[[], object]] = field(default_factory=dict)
    before_push: Callable[[Change], object] = lambda change: None
    connection: CalendarConnection | None = None

    # --- Ours ---------------------------------------------------------------------------------------------------------
    def connect(self, **columns: Any) -> CalendarConnection:
        """A member whose calendar this is; her mailbox is made where there is none."""
        self.simulator.mailbox(self.address, provider=self.provider, timeZone="America/New_York", calendars=CALENDARS)
        return self.share(**columns)

    def share(self, **columns: Any) -> CalendarConnection:
        """A member who is connected with this mailbox, which others may be too."""
        fields = {
            "account": self.address,
            "member__email": self.address,
            "provider": self.provider,
            "state": self.state,
        }
        self.connection = ConnectionFactory(**fields | columns)
        self.grant(self.connection)
        return self.connection

    def grant(self, connection: CalendarConnection) -> None:
        given = self.simulator.token(self.address, service=self.name, scope=self.scope)
        grants.store(connection, self.name, grants.Tokens(refresh_token=given["refresh_token"]))

    def open(self, connection: CalendarConnection, hold: Callable[[], None]) -> Service:
        """The real service, which tells us what it has written."""
        open_service = opener(self.name)
        assert open_service is not None
        service = open_service(connection, partial(self._asked, hold))
        push = service.push

        def noted(change: Change) -> Appointment | None:
            self.before_push(change)
            answer = push(change)
            self.writes.append(change)
            return answer

        service.push = noted  # type: ignore[method-assign]
        return service

    def _asked(self, hold: Callable[[], None]) -> None:
        hold()
        self.meanwhile = {number - 1: act for number, act in self.meanwhile.items()}
        if act := self.meanwhile.pop(0, None):
            act()

    # --- Its owner's hand ---------------------------------------------------------------------------------------------
    def add(self, content: Content, *, attendees: int = 0, organized: bool = True) -> str:
        said = {name: value for name, value in contents.written(content, PARTS).items() if value is not None}
        said |= {"attendees": GUESTS[:attendees]} | ({} if organized else {"organizer": OTHER})
        return str(self.simulator.edit(self.address, None, "create", event=said)[self.form])

    def change(self, one: str, **said: Any) -> None:
        before = self.listing()[one].content
        wanted = replace(before, **said)
        self._edit("change", one, event=contents.written(wanted, differing(wanted, before)))

    def edit_occurrence(self, one: str, slot: str, **said: Any) -> str:
        master = self.listing()[one]
        edited = next((each for each in master.exceptions if each.slot == slot), None)
        before = edited.content if edited else master.content.on(day_of(slot))
        wanted = replace(before, **said)
        told = contents.written(wanted, differing(wanted, before))
        return str(self._edit("change", one, occurrence=day_of(slot), event=told)[self.form])

    def cancel_occurrence(self, one: str, slot: str) -> None:
        self._edit("delete", one, occurrence=day_of(slot))

    def delete(self, one: str) -> None:
        self._edit("delete", one)

    def restore(self, one: str) -> None:
        self._edit("restore", one)

    def spoil(self, one: str) -> None:
        """Its service fails whenever it is asked for it."""
        self._edit("spoil", one)

    def mend(self, one: str) -> None:
        self._edit("mend", one)

    def move_away(self, one: str) -> None:
        self._edit("move", one, calendar="Private")

    def _edit(self, operation: str, one: str, **fields: Any) -> dict[str, Any]:
        return self.simulator.edit(self.address, None, operation, id=one, **fields)

    # --- What is there ------------------------------------------------------------------------------------------------
    def listing(self) -> dict[str, Appointment]:
        """Of the whole mailbox, as the service reads it."""
        held = [event for one in self.simulator.get_mailbox(self.address)["calendars"] for event in one["events"]]
        open_service = opener(self.name)
        assert open_service is not None
        assert self.connection is not None
        service = open_service(CalendarConnection.objects.get(pk=self.connection.pk), lambda: None)
        try:
            found = service.read([event[self.form] for event in held])
        finally:
            service.close()
        return {one: appointment for one, appointment in found.items() if appointment}

    # --- What goes wrong ----------------------------------------------------------------------------------------------
    def fault(self, **rule: Any) -> None:
        """Of the next request to the service; see tests/simulator/faults.py."""
        self.simulator.fault(mailbox=self.address, **{"path": self.path, "count": 1} | rule)

    def lose_marks(self) -> None:
        raise NotImplementedError

    def throttle(self, seconds: int) -> None:
        self.fault(status=503, headers={"Retry-After": str(seconds)})

    def refuse_grant(self) -> None:
        """What we hold is worth nothing any more, and nothing can be had for it."""
        self.fault(status=401, count=99)
        body = {"error": "invalid_grant", "error_description": "AADSTS50173: expired", "error_codes": [50173]}
        self.simulator.fault(path="/token", status=400, body=body)

    def requests(self, since: int = 0) -> list[dict[str, Any]]:
        """Lines of the journal about this mailbox and service."""
        lines = self.simulator.journal(since)
        return [line for line in lines if self.path in line["path"] and line["mailbox"] == self.address]


class Graph(There):
    name, state, form = "graph", State.GRAPH_SYNC, "immutableId"
    scope = "Calendars.ReadWrite User.Read offline_access"
    path, creation, round = "/v1.0/", "create", "delta"

    def lose_marks(self) -> None:
        self.simulator.delta(self.address, lose="SyncStateNotFound")


class Exchange(There):
    name, state, form, column = "ews", State.OLD_SYNC, "ewsId", "ews_id"
    path, creation, round = "/EWS/", "CreateItem", "SyncFolderItems"

    def restore(self, one: str) -> None:
        """That has another id by now."""
        self.bring_back()

    def bring_back(self) -> None:
        """What was deleted last, or moved away."""
        box = self.simulator.get_mailbox(self.address)
        if box["deleted"]:
            self.simulator.edit(self.address, None, "restore", id=box["deleted"][-1]["immutableId"])
        for event in box["calendars"][1]["events"]:
            self.simulator.edit(self.address, None, "move", id=event["immutableId"], calendar="Calendar")

    def lose_marks(self) -> None:
        self.fault(operation="SyncFolderItems", code="ErrorInvalidSyncStateData")


class Google(There):
    name, provider, state, form = "google", Provider.GOOGLE, State.GOOGLE_SYNC, "immutableId"
    path, creation, round, restores = "/calendar/v3/", "events.insert", "events.list", True
    sayable = staticmethod(events.sayable)

    def lose_marks(self) -> None:
        self.fault(operation="events.list", status=410)


SERVICES: dict[str, type[There]] = {one.name: one for one in (Graph, Exchange, Google)}
