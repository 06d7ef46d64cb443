"""Google's service on the simulated Google Calendar: what it reads, what it writes, and what its errors are."""

from dataclasses import replace

import pytest

from calendars import grants
from calendars.errors import GrantRefused, MarkLost, TryLater
from calendars.google import events, tokens
from calendars.google.service import open as open_service
from calendars.models import Grant
from calendars.sync.content import Content, differing
from calendars.sync.service import CancelOccurrence, Create, Update
from tests.calendars.conformance.verbs import HEARING, KEY, WEEKLY, Verbs, changes, everything
from tests.calendars.google.conftest import GUS
from tests.simulator.client import Simulator
from tests.simulator_tests.graph_steps import meeting, times, weekly

FULL_SYNC = {"error": {"code": 410, "errors": [{"domain": "calendar", "reason": "fullSyncRequired"}]}}


class TestGoogle(Verbs):
    address, creation = GUS, "events.insert"


def test_a_series_comes_whole_with_what_was_edited_and_cancelled(service, simulator: Simulator):
    series = meeting("series", recurrence=weekly("2026-11-23"), cancelled=["2026-12-07"])
    moved = {"ref": "moved", "originalStart": "2026-11-30T14:00:00Z", "subject": "Moved"}
    series["exceptions"] = [moved | times("2026-12-01T11:00:00", "2026-12-01T12:00:00")]
    simulator.edit(GUS, "series", "create", event=series)
    found, _, _ = changes(service)
    whole = found["Series"]
    assert whole.content.part("rule") == WEEKLY.part("rule")
    assert whole.content.exdates == ("2026-12-07T09:00:00",)
    (edited,) = whole.exceptions
    assert (edited.series_id, edited.slot) == (whole.id, "2026-11-30T09:00:00")
    assert (edited.content.subject, edited.content.start) == ("Moved", "2026-12-01T11:00:00")


@pytest.mark.parametrize(
    "content", everything(show_as="free"), ids=lambda content: content.subject + content.rrule[:12]
)
def test_what_is_created_says_there_what_it_says_here(service, content: Content):
    made = service.push(Create(KEY, content))
    assert made is not None
    assert differing(made.content, content) == frozenset()
    assert service.find(KEY, content) == made


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
    simulator.fault(path="/calendar/v3/calendars/primary/events", **fault)
    with pytest.raises(error) as raised:
        service.pull("")
    if seconds is not None:
        assert (raised.value.seconds, raised.value.asked) == (seconds, True)


def test_a_lost_state_is_told(service, simulator: Simulator):
    mark = service.pull("").mark
    simulator.fault(operation="events.list", status=410, body=FULL_SYNC, count=1)
    with pytest.raises(MarkLost):
        service.pull(mark)
    with pytest.raises(MarkLost):
        service.pull("not a mark")


def test_an_expired_token_is_renewed_in_between(service, simulator: Simulator):
    service.pull("")
    simulator.fault(path="/calendar/v3/calendars/primary/events", status=401, count=1)
    assert service.pull("").last
    simulator.fault(path="/calendar/v3/calendars/primary/events", status=401)
    with pytest.raises(GrantRefused):
        service.pull("")


def test_a_refusal_of_a_token_that_was_replaced_meanwhile_is_none_of_the_grant(service, monkeypatch):
    redeem = tokens.redeem

    def replaced_and_refused(refresh_token: str):
        grants.renew(Grant.objects.get(), redeem(refresh_token))
        raise GrantRefused(code="invalid_grant")

    monkeypatch.setattr(tokens, "redeem", replaced_and_refused)
    assert service.pull("").last


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


def test_what_google_cannot_say_is_said_as_near_as_it_can(service):
    away = replace(HEARING, show_as="oof", sensitivity="personal")
    made = service.push(Create(KEY, away))
    assert made is not None
    assert (made.content.show_as, made.content.sensitivity) == ("busy", "private")
    assert differing(made.content, events.sayable(away)) == frozenset()


def test_a_cancelled_date_is_brought_back(service):
    series = service.push(Create(KEY, WEEKLY))
    assert series is not None
    without = service.push(CancelOccurrence(series.id, "2026-12-07T09:00:00"))
    assert without is not None and without.content.exdates == ("2026-12-07T09:00:00",)
    again = service.push(Update(series.id, without.version, WEEKLY, frozenset({"exdates"})))
    assert again is not None and again.content.exdates == ()


def test_hours_are_waited_where_google_says_that_the_day_is_spent(service, simulator: Simulator):
    body = {"error": {"code": 403, "errors": [{"reason": "quotaExceeded"}]}}
    simulator.fault(operation="events.list", status=403, body=body)
    with pytest.raises(TryLater) as raised:
        service.pull("")
    assert raised.value.seconds == 3600
