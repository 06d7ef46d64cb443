"""What is asked of a service directly, told once for those that are asked in the same words."""

from dataclasses import replace
from typing import Any

import pytest

from calendars.errors import Conflict, TryLater
from calendars.sync.content import Content, differing
from calendars.sync.service import CancelOccurrence, Create, Delete, Service, Update, UpdateOccurrence
from tests.simulator.client import Simulator
from tests.simulator_tests.graph_steps import meeting, times

HEARING = Content("Hearing", False, "2026-11-23T09:00:00", "2026-11-23T10:00:00", "America/New_York")
WEEKLY = replace(HEARING, subject="Weekly", rrule="FREQ=WEEKLY;BYDAY=MO;COUNT=5")
KEY = "0b7dbe3c-7f3c-5a0e-9a52-3d1f1a9a1b11"


def changes(service: Service, mark: str = "") -> tuple[dict[str, Any], list[str], str]:
    """Appointments by subject, ids said to be gone, and the mark after a whole pull."""
    found, gone = {}, []
    while True:
        page = service.pull(mark)
        found |= {one.content.subject: one for one in page.appointments}
        gone += page.gone
        mark = page.mark
        if page.last:
            return found, gone, mark


def everything(*, show_as: str) -> list[Content]:
    said = replace(
        HEARING, location="Court 3", body="Bring the file.\nTwice.", show_as=show_as, sensitivity="private", reminder=30
    )
    return [
        HEARING,
        said,
        replace(HEARING, all_day=True, start="2026-11-25", end="2026-11-27", subject="Off"),
        replace(WEEKLY, time_zone="Europe/Berlin"),
        replace(WEEKLY, rrule="FREQ=MONTHLY;BYDAY=4MO", reminder=0),
    ]


class Verbs:
    """`address`: whose mailbox the fixture `service` is of. `creation`: the simulator's name for what creates."""

    address: str
    creation: str

    def test_a_pull_shows_everything_once_and_then_what_has_changed(self, service, simulator: Simulator):
        simulator.edit(self.address, "hearing", "create", event=meeting("hearing", location={"displayName": "Court 3"}))
        off = meeting("off", isAllDay=True, **times("2026-11-25T00:00:00", "2026-11-27T00:00:00"))
        simulator.edit(self.address, "off", "create", event=off)
        found, gone, mark = changes(service)
        assert (sorted(found), gone) == (["Hearing", "Off"], [])
        hearing = found["Hearing"]
        assert hearing.content == replace(HEARING, location="Court 3", reminder=hearing.content.reminder)
        assert (found["Off"].content.start, found["Off"].content.end) == ("2026-11-25", "2026-11-27")
        simulator.edit(self.address, "hearing", "change", subject="Later hearing")
        simulator.edit(self.address, "off", "delete")
        found, gone_after, mark = changes(service, mark)
        assert (list(found), len(gone_after)) == (["Later hearing"], 1)
        assert service.read(gone_after) == {gone_after[0]: None}
        assert changes(service, mark)[:2] == ({}, [])

    def test_a_creation_whose_answer_was_lost_is_found_and_not_made_twice(self, service, simulator: Simulator):
        simulator.fault(operation=self.creation, when="after", cut=True, count=1)
        with pytest.raises(TryLater):
            service.push(Create(KEY, HEARING))
        found = service.find(KEY, HEARING)
        assert found is not None and found.content.subject == "Hearing"
        (calendar,) = simulator.get_mailbox(self.address)["calendars"]
        assert len(calendar["events"]) == 1
        assert service.find("11111111-7f3c-5a0e-9a52-3d1f1a9a1b11", HEARING) is None

    def test_an_update_changes_its_parts_and_nothing_else(self, service, simulator: Simulator):
        simulator.edit(self.address, "hearing", "create", event=meeting("hearing", categories=["Law"]))
        hearing = changes(service)[0]["Hearing"]
        wanted = replace(hearing.content, subject="Trial", start="2026-11-24T09:00:00", end="2026-11-24T10:00:00")
        after = service.push(Update(hearing.id, hearing.version, wanted, frozenset({"subject", "times"})))
        assert after is not None and after.id == hearing.id and after.version != hearing.version
        assert differing(after.content, wanted) == frozenset()
        (calendar,) = simulator.get_mailbox(self.address)["calendars"]
        assert calendar["events"][0]["categories"] == ["Law"]
        assert simulator.outbox() == []

    def test_who_comes_too_late_is_told_so(self, service, simulator: Simulator):
        simulator.edit(self.address, "hearing", "create", event=meeting("hearing"))
        hearing = changes(service)[0]["Hearing"]
        simulator.edit(self.address, "hearing", "change", subject="Changed there")
        with pytest.raises(Conflict):
            service.push(Update(hearing.id, hearing.version, replace(HEARING, subject="Ours"), frozenset({"subject"})))

    def test_one_date_of_a_series_is_edited_and_another_cancelled(self, service):
        series = service.push(Create(KEY, WEEKLY))
        assert series is not None
        later = replace(WEEKLY, subject="Moved", rrule="", start="2026-11-30T15:00:00", end="2026-11-30T16:00:00")
        edited = service.push(
            UpdateOccurrence(series.id, "2026-11-30T09:00:00", later, frozenset({"subject", "times"}))
        )  # fmt: skip
        assert edited is not None
        service.push(CancelOccurrence(series.id, "2026-12-07T09:00:00"))
        whole = service.read([series.id])[series.id]
        assert whole is not None
        assert whole.content.exdates == ("2026-12-07T09:00:00",)
        (exception,) = whole.exceptions
        assert (exception.id, exception.slot, exception.content.subject) == (edited.id, "2026-11-30T09:00:00", "Moved")

    def test_a_deletion_is_done_once_and_again_is_nothing(self, service, simulator: Simulator):
        made = service.push(Create(KEY, HEARING))
        assert made is not None
        assert service.push(Delete(made.id, made.version)) is None
        assert service.push(Delete(made.id, made.version)) is None
        (calendar,) = simulator.get_mailbox(self.address)["calendars"]
        assert calendar["events"] == []
