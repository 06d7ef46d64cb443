"""What tests of Graph's service do again and again."""

from dataclasses import dataclass, field
from typing import Any

from calendars.graph.service import GraphService
from calendars.sync.content import Content
from calendars.sync.service import Appointment
from tests.simulator.client import Simulator

ADA = "ada@harperwolfe.example"
ZONE = "America/New_York"
KEY = "0b7dbe3c-7f3c-5a0e-9a52-3d1f1a9a1b11"
HEARING = Content("Hearing", False, "2026-12-01T09:00:00", "2026-12-01T10:00:00", ZONE)


@dataclass
class Pulled:
    """What a whole pull gave: appointments by subject, the last of each id."""

    by_id: dict[str, Appointment] = field(default_factory=dict)
    gone: list[str] = field(default_factory=list)
    mark: str = ""
    pages: int = 0
    complete: bool = False

    @property
    def found(self) -> dict[str, Appointment]:
        return {one.content.subject: one for one in self.by_id.values()}


def pull(service: GraphService, mark: str = "") -> Pulled:
    pulled = Pulled(mark=mark)
    while True:
        page = service.pull(pulled.mark)
        pulled.by_id |= {one.id: one for one in page.appointments}
        pulled.gone += page.gone
        pulled.mark, pulled.pages = page.mark, pulled.pages + 1
        if page.last:
            pulled.complete = page.complete
            return pulled
        assert not page.complete and pulled.pages < 50


def event(
    subject: str, start: str = "2026-12-01T09:00:00", end: str = "2026-12-01T10:00:00", **fields: Any
) -> dict[str, Any]:
    zone = fields.pop("zone", "Eastern Standard Time")
    times = {side: {"dateTime": wall, "timeZone": zone} for side, wall in (("start", start), ("end", end))}
    return {"subject": subject, **times, **fields}


def create(simulator: Simulator, ref: str, *args: Any, **fields: Any) -> dict[str, Any]:
    """In Outlook, by its owner."""
    return simulator.edit(ADA, ref, "create", event=event(ref, *args, **fields))


def requests(simulator: Simulator, since: int = 0) -> list[tuple[str, str]]:
    """Method and last parts of the path of what was asked of Graph, the parts of batches left out."""
    lines = [line for line in simulator.journal(since) if line["path"].startswith("/v1.0") and not line["parent"]]
    return [(line["method"], line["path"].rsplit("/", 1)[-1]) for line in lines]
