"""The old sync's service on the simulated Exchange: what it reads, what it writes, and what its errors are."""

from dataclasses import replace

import pytest

from calendars import grants
from calendars.errors import Conflict, GrantRefused, ItemNotFound, MarkLost, ServiceBlocked, TryLater
from calendars.ews.service import EwsService
from calendars.ews.service import open as open_service
from calendars.models import CalendarConnection
from calendars.sync.content import Content, differing
from calendars.sync.service import CancelOccurrence, Create, Delete, Update, UpdateOccurrence
from tests.calendars.ews.conftest import ADA
from tests.factories import NOW, ConnectionFactory
from tests.simulator.client import Simulator
from tests.simulator_tests.graph_steps import meeting, times, weekly

HEARING = Content("Hearing", False, "2026-11-23T09:00:00", "2026-11-23T10:00:00", "America/New_York")
WEEKLY = replace(HEARING, subject="Weekly", rrule="FREQ=WEEKLY;BYDAY=MO;COUNT=5")
KEY = "0b7dbe3c-7f3c-5a0e-9a52-3d1f1a9a1b11"


def changes(service: EwsService, mark: str = ""):
    """Appointments by subject, ids said to be gone, and the mark after a whole pull."""
    found, gone = {}, []
    while True:
        page = service.pull(mark)
        found |= {one.content.subject: one for one in page.appointments}
        gone += page.gone
        mark = page.mark
        if page.last:
            return found, gone, mark


def test_a_pull_shows_everything_once_and_then_what_has_changed(service, simulator: Simulator):
    simulator.edit(ADA, "hearing", "create", event=meeting("hearing", location={"displayName": "Court 3"}))
    off = meeting("off", isAllDay=True, **times("2026-11-25T00:00:00", "2026-11-27T00:00:00"))
    simulator.edit(ADA, "off", "create", event=off)
    found, gone, mark = changes(service)
    assert (sorted(found), gone) == (["Hearing", "Off"], [])
    hearing = found["Hearing"]
    assert hearing.content == replace(HEARING, location="Court 3", reminder=hearing.content.reminder)
    assert (found["Off"].content.start, found["Off"].content.end) == ("2026-11-25", "2026-11-27")
    simulator.edit(ADA, "hearing", "change", subject="Later hearing")
    simulator.edit(ADA, "off", "delete")
    found, gone_after, mark = changes(service, mark)
    assert (list(found), len(gone_after)) == (["Later hearing"], 1)
    assert service.read(gone_after) == {gone_after[0]: None}
    assert changes(service, mark)[:2] == ({}, [])


def test_a_series_comes_whole_with_what_was_edited_and_cancelled(service, simulator: Simulator):
    series = meeting("series", recurrence=weekly("2026-11-23"), cancelled=["2026-12-07"])
    moved = {"ref": "moved", "originalStart": "2026-11-30T14:00:00Z", "subject": "Moved"}
    series["exceptions"] = [moved | times("2026-12-01T11:00:00", "2026-12-01T12:00:00")]
    simulator.edit(ADA, "series", "create", event=series)
    found, _, _ = changes(service)
    whole = found["Series"]
    assert whole.content.rrule == "FREQ=WEEKLY;BYDAY=MO;COUNT=5"
    assert whole.content.exdates == ("2026-12-07T09:00:00",)
    (edited,) = whole.exceptions
    assert (edited.series_id, edited.slot) == (whole.id, "2026-11-30T09:00:00")
    assert (edited.content.subject, edited.content.start) == ("Moved", "2026-12-01T11:00:00")


def everything() -> list[Content]:
    said = replace(
        HEARING, location="Court 3", body="Bring the file.\nTwice.", show_as="oof", sensitivity="private", reminder=30
    )
    return [
        HEARING,
        said,
        replace(HEARING, all_day=True, start="2026-11-25", end="2026-11-27", subject="Off"),
        replace(WEEKLY, time_zone="Europe/Berlin"),
        replace(WEEKLY, rrule="FREQ=MONTHLY;BYDAY=4MO", reminder=0),
    ]


@pytest.mark.parametrize("content", everything(), ids=lambda content: content.subject + content.rrule[:12])
def test_what_is_created_says_there_what_it_says_here(service, content: Content):
    made = service.push(Create(KEY, content))
    assert made is not None
    assert differing(made.content, content) == frozenset()
    assert service.find(KEY, content) == made


def test_a_creation_whose_answer_was_lost_is_found_and_not_made_twice(service, simulator: Simulator):
    simulator.fault(operation="CreateItem", when="after", cut=True, count=1)
    with pytest.raises(TryLater):
        service.push(Create(KEY, HEARING))
    found = service.find(KEY, HEARING)
    assert found is not None and found.content.subject == "Hearing"
    (calendar,) = simulator.get_mailbox(ADA)["calendars"]
    assert len(calendar["events"]) == 1
    assert service.find("11111111-7f3c-5a0e-9a52-3d1f1a9a1b11", HEARING) is None


def test_an_update_changes_its_parts_and_nothing_else(service, simulator: Simulator):
    simulator.edit(ADA, "hearing", "create", event=meeting("hearing", categories=["Law"]))
    hearing = changes(service)[0]["Hearing"]
    wanted = replace(hearing.content, subject="Trial", start="2026-11-24T09:00:00", end="2026-11-24T10:00:00")
    after = service.push(Update(hearing.id, hearing.version, wanted, frozenset({"subject", "times"})))
    assert after is not None and after.id == hearing.id and after.version != hearing.version
    assert differing(after.content, wanted) == frozenset()
    (calendar,) = simulator.get_mailbox(ADA)["calendars"]
    assert calendar["events"][0]["categories"] == ["Law"]
    assert simulator.outbox() == []


def test_who_comes_too_late_is_told_so(service, simulator: Simulator):
    simulator.edit(ADA, "hearing", "create", event=meeting("hearing"))
    hearing = changes(service)[0]["Hearing"]
    simulator.edit(ADA, "hearing", "change", subject="Changed there")
    with pytest.raises(Conflict):
        service.push(Update(hearing.id, hearing.version, replace(HEARING, subject="Ours"), frozenset({"subject"})))


def test_one_date_of_a_series_is_edited_and_another_cancelled(service):
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


def test_a_deletion_is_done_once_and_again_is_nothing(service, simulator: Simulator):
    made = service.push(Create(KEY, HEARING))
    assert made is not None
    assert service.push(Delete(made.id, made.version)) is None
    assert service.push(Delete(made.id, made.version)) is None
    (calendar,) = simulator.get_mailbox(ADA)["calendars"]
    assert calendar["events"] == []


def test_a_tenant_that_has_ended_ews_is_told_from_everything_else(service, simulator: Simulator):
    tid = simulator.get_mailbox(ADA)["tid"]
    simulator.tenant(tid, ews="blocked")
    with pytest.raises(ServiceBlocked):
        service.pull("")


@pytest.mark.parametrize(
    ("fault", "error", "seconds"),
    [
        ({"status": 503, "headers": {"Retry-After": "40"}}, TryLater, 40),
        ({"status": 429, "headers": {"Retry-After": "7"}}, TryLater, 7),
        ({"status": 500}, TryLater, None),
        ({"cut": True}, TryLater, None),
        ({"truncate": 40}, TryLater, None),
    ],
)
def test_a_disturbance_says_when_to_try_again(service, simulator: Simulator, fault, error, seconds):
    simulator.fault(path="/EWS/Exchange.asmx", **fault)
    with pytest.raises(error) as raised:
        service.pull("")
    if seconds is not None:
        assert (raised.value.seconds, raised.value.asked) == (seconds, True)


def test_a_lost_state_is_told(service):
    with pytest.raises(MarkLost):
        service.pull("bm90IGEgc3RhdGU=")


def test_an_expired_token_is_renewed_in_between(service, simulator: Simulator):
    service.pull("")
    simulator.fault(path="/EWS/Exchange.asmx", status=401, count=1)
    assert service.pull("").last
    simulator.fault(path="/EWS/Exchange.asmx", status=401)
    with pytest.raises(GrantRefused):
        service.pull("")


def in_matters(simulator: Simulator) -> CalendarConnection:
    """A mailbox of two calendars, of which the second is synced."""
    simulator.reset(seed=1, now=NOW.isoformat())
    simulator.mailbox(ADA, calendars=[{"name": "Calendar", "default": True}, {"name": "Matters"}])
    folder = simulator.get_mailbox(ADA)["calendars"][1]["ewsFolderId"]
    connection = ConnectionFactory(
        account=ADA, member__email=ADA, is_default_calendar=False, ews_folder_id=folder
    )  # fmt: skip
    grants.store(connection, "ews", grants.Tokens(simulator.token(ADA, service="ews")["refresh_token"]))
    return connection


def test_nothing_is_asked_of_the_calendar_but_what_is_in_it(service, simulator: Simulator):
    before = len(simulator.journal())
    service.pull("")
    service.find(KEY, HEARING)
    asked = [line["operation"] for line in simulator.journal()[before:] if "Exchange.asmx" in line["path"]]
    assert asked == ["SyncFolderItems", "FindItem"]


@pytest.mark.django_db
def test_another_calendar_than_the_default_one_is_known_by_its_id(simulator: Simulator):
    service = open_service(in_matters(simulator), lambda: None)
    before = len(simulator.journal())
    made = service.push(Create(KEY, HEARING))
    assert service.find(KEY, HEARING) == made
    simulator.edit(ADA, "other", "create", event=meeting("other"), calendar="Calendar")
    assert list(changes(service)[0]) == ["Hearing"]
    service.close()
    asked = {line["operation"] for line in simulator.journal()[before:]}
    assert not asked & {"GetFolder", "FindFolder"}
    calendars = simulator.get_mailbox(ADA)["calendars"]
    assert [len(one["events"]) for one in calendars] == [1, 1]


@pytest.mark.django_db
def test_a_calendar_that_is_gone_is_not_taken_for_an_empty_one(simulator: Simulator):
    connection = in_matters(simulator)
    connection.ews_folder_id = connection.ews_folder_id[:-8] + "AAAAAAA="
    service = open_service(connection, lambda: None)
    with pytest.raises(ItemNotFound):
        service.pull("")
    service.close()


def test_a_request_is_made_only_if_it_still_may_be(connection, simulator: Simulator):
    class Stop(Exception):
        pass

    def stop() -> None:
        raise Stop

    asked = len(simulator.journal())
    service = open_service(connection, stop)
    with pytest.raises(Stop):
        service.pull("")
    service.close()
    assert [line for line in simulator.journal()[asked:] if "Exchange.asmx" in line["path"]] == []
