"""What a pull of Graph shows: all there is, then what has changed, whatever delta makes of it, for few requests."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from django.db import transaction

from calendars.graph import notices
from calendars.graph.delta import LONGEST_LINK
from calendars.graph.errors import ItemNotFound, MarkLost, TryLater
from calendars.graph.service import GraphService
from calendars.graph.service import open as open_service
from tests.calendars.graph.steps import ADA, HEARING, create, event, pull, requests
from tests.factories import NOW, ConnectionFactory
from tests.migration.both_sides import recurrence
from tests.simulator.client import Simulator

WEEKLY = recurrence("weekly", "2026-12-01", times=6, zone="Eastern Standard Time", daysOfWeek=["tuesday"])
MOVED = {
    "ref": "moved", "originalStart": "2026-12-08", **event("Moved", "2026-12-09T11:00:00", "2026-12-09T12:00:00"),
}  # fmt: skip


def test_everything_is_shown_wherever_in_time_and_series_come_whole(service: GraphService, simulator: Simulator):
    create(
        simulator,
        "Hearing",
        location={"displayName": "Court 3"},
        body={"contentType": "html", "content": "<p>Bring <b>it</b></p>"},
    )
    create(simulator, "Long ago", "2020-05-04T09:00:00", "2020-05-04T10:00:00")
    create(simulator, "Off", "2026-12-24T00:00:00", "2026-12-27T00:00:00", isAllDay=True)
    create(simulator, "Weekly", **WEEKLY, exceptions=[MOVED], cancelled=["2026-12-15"])
    pulled = pull(service)
    assert sorted(pulled.found) == ["Hearing", "Long ago", "Off", "Weekly"]
    assert pulled.complete and pulled.gone == []
    hearing, off, weekly = (pulled.found[name] for name in ("Hearing", "Off", "Weekly"))
    assert hearing.content == replace(HEARING, location="Court 3", body="Bring it", reminder=15)
    assert (off.content.all_day, off.content.start, off.content.end) == (True, "2026-12-24", "2026-12-27")
    assert (weekly.content.rrule, weekly.content.exdates) == ("FREQ=WEEKLY;BYDAY=TU;COUNT=6", ("2026-12-15T09:00:00",))
    (moved,) = weekly.exceptions
    assert (moved.series_id, moved.slot) == (weekly.id, "2026-12-08T09:00:00")
    assert (moved.content.subject, moved.content.start) == ("Moved", "2026-12-09T11:00:00")


def test_a_second_pull_asks_once_and_shows_only_what_has_changed(service: GraphService, simulator: Simulator):
    create(simulator, "Hearing")
    create(simulator, "Call")
    create(simulator, "Weekly", **WEEKLY)
    first = pull(service)
    before = len(simulator.journal())
    again = pull(service, first.mark)
    assert (again.found, again.gone, again.complete) == ({}, [], False)
    assert requests(simulator, before) == [("GET", "delta")]
    simulator.edit(ADA, "Hearing", "change", subject="Later")
    simulator.edit(ADA, "Weekly", "change", occurrence="2026-12-22", subject="Special")
    changed = pull(service, again.mark)
    assert sorted(changed.found) == ["Later", "Weekly"]
    assert [one.content.subject for one in changed.found["Weekly"].exceptions] == ["Special"]
    assert requests(simulator, before)[1:] == [("GET", "delta"), ("POST", "$batch")], "the series is read once"


def test_what_is_deleted_is_said_to_be_gone_and_read_as_such(service: GraphService, simulator: Simulator):
    create(simulator, "Hearing")
    create(simulator, "Weekly", **WEEKLY)
    first = pull(service)
    simulator.edit(ADA, "Hearing", "delete")
    simulator.edit(ADA, "Weekly", "delete")
    after = pull(service, first.mark)
    assert after.found == {} and set(after.gone) == {one.id for one in first.found.values()}
    assert service.read(after.gone) == dict.fromkeys(after.gone)


@pytest.mark.parametrize("silent", [True, False])
def test_a_date_cancelled_there_comes_as_the_series_that_lacks_it(
    service: GraphService, simulator: Simulator, silent: bool
):
    simulator.delta(ADA, silent=silent)
    create(simulator, "Weekly", **WEEKLY, exceptions=[MOVED])
    first = pull(service)
    simulator.edit(ADA, "moved", "delete")
    simulator.edit(ADA, "Weekly", "delete", occurrence="2026-12-15")
    weekly = pull(service, first.mark).found["Weekly"]
    assert weekly.content.exdates == ("2026-12-08T09:00:00", "2026-12-15T09:00:00")
    assert weekly.exceptions == ()


def test_what_changes_outside_the_window_is_called_removed_and_shown_all_the_same(
    service: GraphService, simulator: Simulator
):
    create(simulator, "Old", "2020-05-04T09:00:00", "2020-05-04T10:00:00")
    create(simulator, "Hearing")
    first = pull(service)
    simulator.edit(ADA, "Old", "change", subject="Older")
    simulator.edit(ADA, "Hearing", "change", **event("Far away", "2031-12-01T09:00:00", "2031-12-01T10:00:00"))
    create(simulator, "New", "2035-05-04T09:00:00", "2035-05-04T10:00:00")
    after = pull(service, first.mark)
    assert sorted(after.found) == ["Far away", "New", "Older"]
    assert after.gone == []


def test_replays_and_doubles_show_what_is_so_now(service: GraphService, simulator: Simulator):
    create(simulator, "Hearing")
    first = pull(service)
    simulator.edit(ADA, "Hearing", "change", subject="Later")
    second = pull(service, first.mark)
    simulator.delta(ADA, double=True, replay=2, empty="always")
    assert list(pull(service, second.mark).found) == ["Later"]


def test_small_pages_lose_nothing(service: GraphService, simulator: Simulator, monkeypatch):
    monkeypatch.setattr("calendars.graph.delta.PAGE", 3)
    for number in range(10):
        create(simulator, f"Hearing {number}")
    create(simulator, "Weekly", **WEEKLY)
    first = pull(service)
    assert len(first.found) == 11 and first.complete and first.pages > 6
    for number in range(10):
        simulator.edit(ADA, f"Hearing {number}", "change", subject=f"Later {number}")
    after = pull(service, first.mark)
    assert len(after.found) == 10 and not after.complete


def test_what_changes_while_all_is_listed_is_not_missed(service: GraphService, simulator: Simulator, monkeypatch):
    monkeypatch.setattr("calendars.graph.delta.PAGE", 2)
    for number in range(6):
        create(simulator, f"Hearing {number}")
    mark, pages = "", []
    while True:
        page = service.pull(mark)
        mark = page.mark
        pages.append(page)
        if json.loads(mark)["stage"] == "list" and json.loads(mark)["link"]:
            break
    simulator.edit(ADA, "Hearing 0", "change", subject="Changed")
    create(simulator, "Late")
    rest = pull(service, mark)
    assert rest.complete
    after = pull(service, rest.mark)
    assert sorted(after.found) == ["Changed", "Late"]


def test_now_and_then_all_is_listed_again_with_a_new_window(service: GraphService, simulator: Simulator, settings):
    create(simulator, "Old", "2020-05-04T09:00:00", "2020-05-04T10:00:00")
    first = pull(service)
    windows = [line["query"] for line in simulator.journal() if "startDateTime" in line["query"]]
    assert windows == [{"startDateTime": "2026-10-24T00:00:00Z", "endDateTime": "2027-05-22T00:00:00Z"}]
    assert not pull(service, first.mark).complete
    with time_machine.travel(NOW.replace(month=12, day=1), tick=True):
        again = pull(service, first.mark)
        assert again.complete and list(again.found) == ["Old"]
        assert not pull(service, again.mark).complete
    windows = [line["query"] for line in simulator.journal() if "startDateTime" in line["query"]]
    assert windows[1] == {"startDateTime": "2026-11-01T00:00:00Z", "endDateTime": "2027-05-30T00:00:00Z"}


def test_before_half_of_the_window_lies_behind_there_is_a_new_one(
    service: GraphService, simulator: Simulator, settings
):
    settings.SYNC_FULL_DAYS, settings.SYNC_WINDOW_FUTURE_DAYS = 1000, 10
    assert not pull(service, pull(service).mark).complete
    mark = pull(service).mark
    with time_machine.travel(NOW.replace(day=29), tick=True):
        assert pull(service, mark).complete


def test_a_lost_state_is_said_and_reading_from_the_beginning_mends_it(service: GraphService, simulator: Simulator):
    create(simulator, "Hearing")
    mark = pull(service).mark
    simulator.delta(ADA, lose="resyncRequired")
    with pytest.raises(MarkLost):
        service.pull(mark)
    assert list(pull(service).found) == ["Hearing"]


@pytest.mark.parametrize("status", [400, 410])
def test_a_link_that_graph_no_longer_takes_is_a_lost_mark(service: GraphService, simulator: Simulator, status: int):
    mark = pull(service).mark
    simulator.fault(operation="delta", status=status)
    with pytest.raises(MarkLost):
        service.pull(mark)


def test_a_mark_of_another_calendar_or_place_is_lost(service: GraphService, connection, settings):
    mark = pull(service).mark
    for strange in ("nonsense", "[]", '{"a": 1}', mark.replace(settings.GRAPH_URL, "http://127.0.0.1:9/v1.0")):
        with pytest.raises(MarkLost):
            service.pull(strange)
    connection.calendar_id = "another"
    with pytest.raises(MarkLost):
        GraphService(service._client, connection, service.grant).pull(mark)


def test_a_calendar_that_is_no_more_is_said(service: GraphService, simulator: Simulator, connection):
    simulator.fault(operation="delta", status=404)
    with pytest.raises(ItemNotFound):
        service.pull("")


def test_a_mark_is_bounded(service: GraphService, simulator: Simulator, settings):
    assert len(pull(service).mark) < 2 * LONGEST_LINK
    link = f"{settings.GRAPH_URL}/me/x?$deltatoken={'x' * LONGEST_LINK}"
    simulator.fault(operation="delta", status=200, body={"value": [], "@odata.deltaLink": link})
    with pytest.raises(TryLater):
        service.pull("")


@pytest.mark.parametrize(
    "body",
    [
        {"value": []},
        {"value": [], "@odata.deltaLink": "http://127.0.0.2:9/v1.0/elsewhere"},
        {"value": [{"subject": "without an id"}], "@odata.deltaLink": "{url}/me/x"},
        {"value": [{"id": "A", "type": "occurrence"}], "@odata.deltaLink": "{url}/me/x"},
        {"value": "none", "@odata.deltaLink": "{url}/me/x"},
    ],
)
def test_what_cannot_be_read_proves_nothing(service: GraphService, simulator: Simulator, settings, body):
    body = json.loads(json.dumps(body).replace("{url}", settings.GRAPH_URL))
    simulator.fault(operation="delta", status=200, body=body)
    with pytest.raises(TryLater):
        service.pull("")


def test_a_line_that_is_sparse_or_whose_body_came_as_html_is_read(
    service: GraphService, simulator: Simulator, settings
):
    made = create(simulator, "Hearing", body={"contentType": "html", "content": "<p>Text</p>"})
    lines = [
        {"id": made["immutableId"]},
        {"id": made["immutableId"], "body": {"contentType": "html", "content": "<p>"}},
    ]
    body = {"value": lines, "@odata.deltaLink": f"{settings.GRAPH_URL}/me/x"}
    simulator.fault(operation="delta", status=200, body=body)
    (hearing,) = service.pull("").appointments
    assert hearing.content.body == "Text"


def test_of_lines_that_contradict_each_other_none_is_believed(service: GraphService, simulator: Simulator, settings):
    there, gone = create(simulator, "There")["immutableId"], create(simulator, "Gone")["immutableId"]
    weekly = create(simulator, "Weekly", **WEEKLY)["immutableId"]
    simulator.edit(ADA, "Gone", "delete")
    simulator.edit(ADA, "Weekly", "move", calendar="Private")
    text = {"contentType": "text", "content": ""}
    lines = [{"id": one, "@removed": {"reason": "deleted"}} for one in (there, weekly)]
    lines += [{"id": one, "body": text, **event("Old")} for one in (there, gone)]
    lines += [{"id": gone, "@removed": {"reason": "deleted"}}, {"id": weekly, "type": "seriesMaster"}]
    body = {"value": lines, "@odata.deltaLink": f"{settings.GRAPH_URL}/me/x"}
    simulator.fault(operation="delta", status=200, body=body)
    page = service.pull("")
    assert [one.content.subject for one in page.appointments] == ["There"]
    assert sorted(page.gone) == sorted([gone, weekly])


# --- Reading by id ----------------------------------------------------------------------------------------------------
def test_reading_shows_singles_series_and_occurrences_and_proves_what_is_gone(
    service: GraphService, simulator: Simulator
):
    create(simulator, "Weekly", **WEEKLY, exceptions=[MOVED], cancelled=["2026-12-15"])
    create(simulator, "Off", "2026-12-24T00:00:00", "2026-12-27T00:00:00", isAllDay=True)
    gone = create(simulator, "Gone")["immutableId"]
    simulator.edit(ADA, "Gone", "delete")
    pulled = pull(service).found
    weekly, off = pulled["Weekly"], pulled["Off"]
    (moved,) = weekly.exceptions
    ids = [weekly.id, off.id, moved.id, gone]
    assert service.read(ids) == {weekly.id: weekly, off.id: off, moved.id: moved, gone: None}
    assert service.read([]) == {}


def test_reading_many_takes_a_request_for_twenty_and_never_more_than_four_at_a_time(
    service: GraphService, simulator: Simulator
):
    ids = [create(simulator, f"Hearing {number}")["immutableId"] for number in range(41)]
    before = len(simulator.journal())
    assert len(service.read([*ids, *ids])) == 41
    assert requests(simulator, before) == [("POST", "$batch")] * 3
    assert max(line["in_flight"] for line in simulator.journal(before)) <= 4


def test_a_404_that_does_not_speak_of_an_item_proves_nothing(service: GraphService, simulator: Simulator):
    made = create(simulator, "Hearing")["immutableId"]
    simulator.fault(operation="get", status=404, body={"error": {"code": "SomethingElse"}})
    with pytest.raises(TryLater):
        service.read([made])


def test_an_appointment_moved_to_another_calendar_is_gone_from_this_one_and_read_by_id(
    connection, simulator: Simulator
):
    events = [{"ref": "Hearing", **event("Hearing")}]
    simulator.mailbox(ADA, calendars=[
        {"name": "Calendar", "default": True, "events": events}, {"name": "Private", "events": []},
    ])  # fmt: skip
    connection.calendar_id = ""
    service = open_service(connection, lambda: None)
    first = pull(service)
    (hearing,) = first.found.values()
    simulator.edit(ADA, "Hearing", "move", calendar="Private")
    after = pull(service, first.mark)
    assert (after.found, after.gone) == ({}, [hearing.id])
    alive = service.read(after.gone)[hearing.id]
    assert alive is not None and alive.content == hearing.content
    assert pull(service).found == {}
    service.close()


# --- What notifications have named ------------------------------------------------------------------------------------
def name(connection, *ids: str, everything: bool = False) -> None:
    with transaction.atomic():
        notices.note(connection, ids, everything=everything)


def test_what_a_notification_names_is_read_unless_the_round_shows_it(
    service: GraphService, simulator: Simulator, connection
):
    create(simulator, "Hearing")
    old = create(simulator, "Old", "2020-05-04T09:00:00", "2020-05-04T10:00:00")["immutableId"]
    gone = create(simulator, "Gone")["immutableId"]
    first = pull(service)
    simulator.delta(ADA, outside=False)
    simulator.edit(ADA, "Old", "change", subject="Older")
    simulator.edit(ADA, "Hearing", "change", subject="Later")
    simulator.edit(ADA, "Gone", "delete")
    hearing = first.found["Hearing"].id
    name(connection, hearing, old, hearing, gone)
    before = len(simulator.journal())
    after = pull(service, first.mark)
    assert sorted(after.found) == ["Later", "Older"] and after.gone == [gone]
    assert requests(simulator, before) == [("GET", "delta"), ("POST", "$batch")]
    assert pull(service, after.mark).found == {}, "each is heeded once"
    name(connection, hearing)
    assert list(pull(service, after.mark).found) == ["Later"]


def test_an_occurrence_that_is_named_has_its_series_read(service: GraphService, simulator: Simulator, connection):
    create(simulator, "Weekly", **WEEKLY, exceptions=[MOVED])
    first = pull(service)
    (moved,) = first.found["Weekly"].exceptions
    name(connection, moved.id)
    assert list(pull(service, first.mark).found) == ["Weekly"]


def test_more_names_than_one_page_holds_are_read_page_by_page(
    service: GraphService, simulator: Simulator, connection, monkeypatch
):
    monkeypatch.setattr("calendars.graph.delta.NAMED", 2)
    made = [create(simulator, f"Hearing {number}")["immutableId"] for number in range(5)]
    first = pull(service)
    name(connection, *made)
    after = pull(service, first.mark)
    assert (len(after.found), after.pages) == (5, 3)


def test_after_notifications_were_lost_all_is_listed(service: GraphService, simulator: Simulator, connection):
    create(simulator, "Old", "2020-05-04T09:00:00", "2020-05-04T10:00:00")
    first = pull(service)
    name(connection, everything=True)
    after = pull(service, first.mark)
    assert after.complete and list(after.found) == ["Old"]
    assert not pull(service, after.mark).complete


def test_names_of_others_and_those_that_a_list_has_shown_count_for_nothing(
    service: GraphService, simulator: Simulator, connection
):
    made = create(simulator, "Hearing")["immutableId"]
    name(connection, made)
    name(ConnectionFactory(), made)
    first = pull(service)
    before = len(simulator.journal())
    assert pull(service, first.mark).found == {}
    assert requests(simulator, before) == [("GET", "delta")]


def test_old_names_are_forgotten(connection):
    name(connection, "A")
    assert notices.forget(NOW) == 0
    assert notices.forget(NOW + timedelta(days=3)) == 1
