"""The old sync's service on the simulated Exchange: what it reads, what it writes, and what its errors are."""

import pytest

from calendars import grants
from calendars.errors import GrantRefused, ItemNotFound, MarkLost, ServiceBlocked, TryLater
from calendars.ews.service import open as open_service
from calendars.models import CalendarConnection
from calendars.sync.content import Content, differing
from calendars.sync.service import Create
from tests.calendars.conformance.verbs import HEARING, KEY, Verbs, changes, everything
from tests.calendars.ews.conftest import ADA
from tests.factories import NOW, ConnectionFactory
from tests.simulator.client import Simulator
from tests.simulator_tests.graph_steps import meeting, times, weekly


class TestExchange(Verbs):
    address, creation = ADA, "CreateItem"


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


@pytest.mark.parametrize("content", everything(show_as="oof"), ids=lambda content: content.subject + content.rrule[:12])
def test_what_is_created_says_there_what_it_says_here(service, content: Content):
    made = service.push(Create(KEY, content))
    assert made is not None
    assert differing(made.content, content) == frozenset()
    assert service.find(KEY, content) == made


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
