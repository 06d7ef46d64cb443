"""Reading calendars and events."""

from __future__ import annotations

import pytest

from tests.simulator.client import Simulator
from tests.simulator_tests.graph_steps import ADA, BOB, IMMUTABLE, WINDOW, Graph, meeting, refused, times


def test_me_has_proxy_addresses_only_when_they_are_selected(graph: Graph) -> None:
    assert graph.get("/me")["mail"] == ADA
    assert "proxyAddresses" not in graph.get("/me")
    selected = graph.get("/me", _select="id,proxyAddresses")
    assert selected["proxyAddresses"] == ["SMTP:" + ADA, "smtp:countess@firm.example"]
    assert "mail" not in selected


def test_personal_account_has_a_short_id_and_no_proxy_addresses(simulator: Simulator) -> None:
    account = simulator.mailbox("eve@outlook.example", kind="personal", mail=None)
    found = Graph(simulator, "eve@outlook.example").get("/me", _select="id,mail,userPrincipalName,proxyAddresses")
    assert account["tid"] == "9188040d-6c67-4c5b-b112-36a304b66dad"
    assert found["id"] == account["oid"].replace("-", "")[16:]
    assert (found["mail"], found["proxyAddresses"]) == (None, [])
    assert found["userPrincipalName"] == "eve@outlook.example"


@pytest.mark.parametrize("kind", ["guest", "onpremises"])
def test_accounts_without_a_cloud_mailbox(simulator: Simulator, kind: str) -> None:
    simulator.mailbox(BOB, kind=kind)
    bob = Graph(simulator, BOB)
    assert bob.get("/me")["id"]
    for path in ("/me/calendars", "/me/events", "/me/calendarView?startDateTime=2026-01-01&endDateTime=2026-02-01"):
        assert refused(bob.call("GET", path)) == (404, "MailboxNotEnabledForRESTAPI")


def test_calendars_of_others_stand_in_the_list_with_their_owner(simulator: Simulator) -> None:
    owner = {"name": "Bob", "address": BOB}
    folder = "AAMkAGJ+ob/Folder=="
    shared = {"name": "Bob", "owner": owner}
    simulator.mailbox(ADA, calendars=[{"name": "Kalender", "default": True, "ewsFolderId": folder}, shared])
    ada = Graph(simulator, ADA)
    own, other = ada.values("/me/calendars", _top="1")
    assert (own["isDefaultCalendar"], own["owner"]["address"], own["canEdit"]) == (True, ADA, True)
    assert (other["isDefaultCalendar"], other["owner"], other["canEdit"]) == (False, owner, False)
    assert own["id"] == "AAMkAGJ_ob-Folder=="
    assert ada.get("/me/calendar")["id"] == own["id"]
    assert ada.get(f"/me/calendars/{other['id']}")["name"] == "Bob"
    (group,) = ada.values("/me/calendarGroups")
    assert len(ada.values(f"/me/calendarGroups/{group['id']}/calendars")) == 2
    write = ada.call("POST", f"/me/calendars/{other['id']}/events", json=meeting("x") | {"ref": None})
    assert refused(write)[0] == 400  # ref is no property of Graph
    body = {"subject": "x", **times("2026-11-23T09:00:00", "2026-11-23T10:00:00")}
    assert refused(ada.call("POST", f"/me/calendars/{other['id']}/events", json=body)) == (403, "ErrorAccessDenied")


def test_lists_hold_singles_and_masters_ten_to_a_page(simulator: Simulator) -> None:
    simulator.mailbox(ADA, calendars=[{"name": "C", "events": [meeting(f"e{day}", day) for day in range(1, 26)]}])
    ada = Graph(simulator, ADA)
    first = ada.get("/me/events")
    assert len(first["value"]) == 10
    assert "$skip=10" in first["@odata.nextLink"]
    everything = ada.values("/me/events", _select="subject", _top="7")
    assert [event["subject"] for event in everything] == [f"E{day}" for day in range(1, 26)]
    assert set(everything[0]) == {"@odata.etag", "id", "subject"}
    assert len(ada.get("/me/events", f"{IMMUTABLE}, odata.maxpagesize=20")["value"]) == 20
    assert ada.get("/me/calendar/events", _count="true", _skip="20")["@odata.count"] == 25


def test_a_deletion_between_two_pages_hides_an_event(simulator: Simulator) -> None:
    simulator.mailbox(ADA, calendars=[{"name": "C", "events": [meeting(f"e{day}", day) for day in range(1, 5)]}])
    ada = Graph(simulator, ADA)
    page = ada.get("/me/events", _top="2")
    simulator.edit(ADA, "e1", "delete")
    rest = ada.get(page["@odata.nextLink"])
    assert [event["subject"] for event in page["value"] + rest["value"]] == ["E1", "E2", "E4"]


def test_the_page_cap_is_the_largest_page() -> None:
    with Simulator.start(page_cap=3) as capped:
        capped.mailbox(ADA, calendars=[{"name": "C", "events": [meeting(f"e{day}", day) for day in range(1, 6)]}])
        ada = Graph(capped, ADA)
        assert len(ada.get("/me/events", _top="1000")["value"]) == 3
        assert len(ada.values("/me/events", _top="1000")) == 5


def test_ids_follow_the_preference(graph: Graph) -> None:
    kept = graph.kept("series")
    for prefer, form in ((None, "restId"), (IMMUTABLE, "immutableId")):
        event = graph.get(f"/me/events/{kept[form]}", prefer)
        assert event["id"] == kept[form]
        for one in graph.values(f"/me/events/{kept[form]}/instances", prefer, **WINDOW):
            assert one["seriesMasterId"] == kept[form]
            assert graph.get(f"/me/events/{one['id']}", prefer)["start"] == one["start"]
    assert kept["restId"] == kept["ewsId"].replace("/", "-").replace("+", "_")
    assert {"+", "/", "="} <= set(kept["ewsId"])
    assert kept["immutableId"] not in (kept["restId"], kept["ewsId"])


def test_the_preference_is_echoed(graph: Graph) -> None:
    answer = graph.call("GET", "/me/events", f'{IMMUTABLE}, outlook.timezone="Europe/Paris", nonsense=1')
    applied = answer.headers["Preference-Applied"]
    assert IMMUTABLE in applied
    assert 'outlook.timezone="Europe/Paris"' in applied
    assert "nonsense" not in applied


def test_times_come_in_utc_or_in_the_zone_preferred(graph: Graph) -> None:
    path = f"/me/events/{graph.id('hearing')}"
    assert graph.get(path)["start"] == {"dateTime": "2026-11-23T14:00:00.0000000", "timeZone": "UTC"}
    zoned = graph.get(path, f'{IMMUTABLE}, outlook.timezone="W. Europe Standard Time"')
    assert zoned["start"] == {"dateTime": "2026-11-23T15:00:00.0000000", "timeZone": "W. Europe Standard Time"}
    assert zoned["originalStartTimeZone"] == "Eastern Standard Time"


def test_all_day_events_stay_at_midnight(graph: Graph) -> None:
    for zone in ("UTC", "Tokyo Standard Time"):
        event = graph.get(f"/me/events/{graph.id('off')}", f'{IMMUTABLE}, outlook.timezone="{zone}"')
        assert event["isAllDay"] is True
        assert event["start"] == {"dateTime": "2026-11-25T00:00:00.0000000", "timeZone": zone}
        assert event["end"]["dateTime"] == "2026-11-26T00:00:00.0000000"


def test_bodies_come_as_html_or_text(simulator: Simulator) -> None:
    body = {"contentType": "text", "content": "a < b\nc"}
    simulator.mailbox(ADA, calendars=[{"name": "C", "events": [meeting("e", body=body)]}])
    ada = Graph(simulator, ADA)
    (html,) = ada.values("/me/events")
    assert html["body"]["contentType"] == "html"
    assert "a &lt; b<br>" in html["body"]["content"]
    (text,) = ada.values("/me/events", f'{IMMUTABLE}, outlook.body-content-type="text"')
    assert text["body"] == body


def test_a_series_in_a_view(graph: Graph) -> None:
    found = graph.values("/me/calendarView", **WINDOW)
    series = [event for event in found if event["seriesMasterId"] == graph.id("series")]
    assert [(event["type"], event["originalStart"], event["start"]["dateTime"][:16]) for event in series] == [
        ("occurrence", "2026-11-23T14:00:00Z", "2026-11-23T14:00"),
        ("exception", "2026-11-30T14:00:00Z", "2026-12-01T16:00"),
        ("occurrence", "2026-12-14T14:00:00Z", "2026-12-14T14:00"),
        ("occurrence", "2026-12-21T14:00:00Z", "2026-12-21T14:00"),
    ]
    assert "seriesMaster" not in {event["type"] for event in found}
    assert len({event["iCalUId"] for event in series}) == 4
    assert "originalStart" not in next(event for event in found if event["subject"] == "Hearing")
    assert [e["start"] for e in found] == sorted((e["start"] for e in found), key=lambda start: start["dateTime"])


def test_a_view_ends_with_its_window_and_counts_offsets(graph: Graph) -> None:
    def subjects(start: str, end: str) -> list[str]:
        return [event["subject"] for event in graph.values("/me/calendarView", startDateTime=start, endDateTime=end)]

    assert subjects("2026-11-24T00:00:00Z", "2026-11-27T00:00:00Z") == ["Off"]
    assert subjects("2026-11-23T15:00:00Z", "2026-11-23T18:00:00Z") == []
    assert subjects("2026-11-23T09:59:00-05:00", "2026-11-23T18:00:00Z") == ["Hearing", "Series"]


def test_views_do_not_let_times_of_change_be_selected(graph: Graph) -> None:
    selected = graph.values("/me/calendarView", **WINDOW, _select="subject,lastModifiedDateTime")
    assert all("lastModifiedDateTime" not in event for event in selected)
    assert all("lastModifiedDateTime" in event for event in graph.values("/me/calendarView", **WINDOW))


def test_wall_clock_of_a_series_holds_over_the_change_of_clocks(simulator: Simulator) -> None:
    pattern = {"type": "daily", "interval": 1}
    limits = {"type": "endDate", "startDate": "2026-10-31", "endDate": "2026-11-02"}
    series = meeting(
        "s", recurrence={"pattern": pattern, "range": limits}, **times("2026-10-31T09:00:00", "2026-10-31T10:00:00")
    )
    simulator.mailbox(ADA, calendars=[{"name": "C", "events": [series]}])
    window = {"startDateTime": "2026-10-01", "endDateTime": "2026-12-01"}
    found = Graph(simulator, ADA).values("/me/calendarView", **window)
    starts = [event["start"]["dateTime"][:16] for event in found]
    assert starts == ["2026-10-31T13:00", "2026-11-01T14:00", "2026-11-02T14:00"]


def test_edited_and_cancelled_occurrences_come_with_the_master_by_its_id_only(graph: Graph) -> None:
    expand = "exceptionOccurrences($select=subject,seriesMasterId,originalStart)"
    options = {
        "_expand": expand,
        "_select": "subject,seriesMasterId,originalStart,exceptionOccurrences,cancelledOccurrences",
    }
    master = graph.get(f"/me/events/{graph.id('series')}", **options)
    assert master["cancelledOccurrences"] == [f"OID.{graph.id('series')}.2026-12-07"]
    (exception,) = master["exceptionOccurrences"]
    assert (exception["id"], exception["subject"]) == (graph.id("moved"), "Moved")
    assert exception["seriesMasterId"] == graph.id("series")
    assert exception["originalStart"] == "2026-11-30T14:00:00Z"
    listed = graph.values("/me/events", **options)
    assert all(not {"exceptionOccurrences", "cancelledOccurrences"} & set(event) for event in listed)


@pytest.mark.parametrize(
    ("condition", "subjects"),
    [
        ("subject eq 'hearing'", ["Hearing"]),
        ("start/dateTime ge '2026-11-25T00:00:00'", ["Off"]),
        ("start/dateTime lt '2026-11-24T00:00:00Z' and not (subject eq 'Series')", ["Hearing"]),
        ("subject eq 'Off' or type eq 'seriesMaster'", ["Series", "Off"]),
        ("start/dateTime eq '2026-11-23T14:00:00'", ["Hearing", "Series"]),
        ("startswith(subject, 'hea') or contains(subject,'rie')", ["Hearing", "Series"]),
        ("isAllDay eq true", ["Off"]),
        ("lastModifiedDateTime gt 2026-11-01T00:00:00Z", []),
    ],
)
def test_filters(graph: Graph, condition: str, subjects: list[str]) -> None:
    assert [event["subject"] for event in graph.values("/me/events", _filter=condition)] == subjects


def test_filter_by_ical_uid_and_order(graph: Graph) -> None:
    uid = graph.get(f"/me/events/{graph.id('off')}")["iCalUId"]
    assert uid.startswith("040000008200E00074C5B7101A82E008")
    assert [event["subject"] for event in graph.values("/me/events", _filter=f"iCalUId eq '{uid}'")] == ["Off"]
    ordered = graph.values("/me/events", _orderby="start/dateTime desc,subject desc")
    assert [event["subject"] for event in ordered] == ["Off", "Series", "Hearing"]


def test_ids_that_differ_by_case_only_are_two_events(simulator: Simulator) -> None:
    simulator.mailbox(ADA, calendars=[{"name": "C", "events": [meeting(f"e{day}", day) for day in range(1, 12)]}])
    ada = Graph(simulator, ADA)
    for form in ("restId", "immutableId"):
        tenth, eleventh = ada.id("e10", form), ada.id("e11", form)
        assert tenth != eleventh
        assert tenth.lower() == eleventh.lower()
        assert ada.get(f"/me/events/{tenth}")["subject"] == "E10"
        assert ada.get(f"/me/events/{eleventh}")["subject"] == "E11"


def test_supported_time_zones(graph: Graph) -> None:
    windows = {zone["alias"] for zone in graph.values("/me/outlook/supportedTimeZones")}
    standard = "TimeZoneStandard=microsoft.graph.timeZoneStandard'Iana'"
    iana = {zone["alias"] for zone in graph.values(f"/me/outlook/supportedTimeZones({standard})")}
    assert "Pacific Standard Time" in windows
    assert "America/New_York" in iana
    assert not {"America/New_York"} & windows
