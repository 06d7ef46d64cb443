"""What Graph refuses a reader, and how."""

from __future__ import annotations

import pytest

from tests.simulator.client import Simulator
from tests.simulator_tests.graph_steps import ADA, BOB, Graph, meeting, refused


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/me?$select=nothing", 400, "RequestBroker--ParseUri"),
        ("/me/events?$select=subject,nothing", 400, "RequestBroker--ParseUri"),
        ("/me/events?$expand=nothing", 400, "RequestBroker--ParseUri"),
        ("/me/events?$filter=nothing eq 1", 400, "RequestBroker--ParseUri"),
        ("/me/events?$filter=subject eq", 400, "BadRequest"),
        ("/me/events?$filter=subject like 'x'", 400, "BadRequest"),
        ("/me/events?$orderby=nothing", 400, "RequestBroker--ParseUri"),
        ("/me/events?$top=many", 400, "BadRequest"),
        ("/me/events?$nothing=1", 400, "BadRequest"),
        ("/me/events?top=1", 400, "BadRequest"),
        ("/me/events?$top=1&$top=2", 400, "BadRequest"),
        ("/me/calendarView", 400, "ErrorInvalidParameter"),
        ("/me/calendarView?startDateTime=x&endDateTime=y", 400, "ErrorInvalidParameter"),
        ("/me/nothing", 400, "BadRequest"),
        ("/nothing", 400, "BadRequest"),
        ("/me/events/short", 400, "ErrorInvalidIdMalformed"),
        ("/me/events/delta", 400, "ErrorInvalidIdMalformed"),
        ("/me/calendars/short/events", 400, "ErrorInvalidIdMalformed"),
        ("/users/nobody@firm.example", 404, "Request_ResourceNotFound"),
        ("/users/nobody@firm.example/events", 404, "ErrorInvalidUser"),
        ("/me/mailboxSettings", 403, "ErrorAccessDenied"),
    ],
)
def test_wrong_requests(graph: Graph, path: str, status: int, code: str) -> None:
    assert refused(graph.call("GET", path)) == (status, code)


def test_an_id_in_another_encoding_or_case_is_malformed(graph: Graph) -> None:
    kept = graph.kept("hearing")
    for wrong in (kept["ewsId"], kept["ewsId"].replace("/", "%2F"), kept["restId"].lower(), kept["restId"][:-1]):
        assert refused(graph.call("GET", f"/me/events/{wrong}")) == (400, "ErrorInvalidIdMalformed")


def test_an_id_of_another_mailbox_is_not_found(graph: Graph) -> None:
    graph.simulator.mailbox(BOB, calendars=[{"name": "C", "events": [meeting("bobs")]}])
    other = Graph(graph.simulator, BOB).id("bobs")
    assert refused(graph.call("GET", f"/me/events/{other}")) == (404, "ErrorItemNotFound")


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "Africa/Casablanca", "tzone://Microsoft/Custom"])
def test_unsupported_zones(graph: Graph, zone: str) -> None:
    answer = graph.call("GET", "/me/events", f'outlook.timezone="{zone}"')
    assert refused(answer) == (400, "TimeZoneNotSupportedException")


def test_tokens(graph: Graph) -> None:
    simulator = graph.simulator
    unsigned = simulator.url + "/v1.0/me"
    for header in ("", "Bearer nonsense", "Basic abc"):
        answer = graph.call("GET", unsigned, headers={"Authorization": header})
        assert refused(answer) == (401, "InvalidAuthenticationToken")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    brief = Graph(simulator, ADA, expires_in=60)
    assert brief.get("/me")
    simulator.clock(advance=61)
    assert refused(brief.call("GET", "/me")) == (401, "InvalidAuthenticationToken")
    assert refused(Graph(simulator, ADA, service="ews").call("GET", "/me"))[0] == 401


def test_scopes(graph: Graph) -> None:
    reader = Graph(graph.simulator, ADA, scope="https://graph.microsoft.com/Calendars.Read")
    assert reader.values("/me/events")
    assert refused(reader.call("GET", "/me")) == (403, "ErrorAccessDenied")
    path = f"/me/events/{graph.id('hearing')}"
    assert refused(reader.call("PATCH", path, json={"subject": "x"})) == (403, "ErrorAccessDenied")
    settings = Graph(graph.simulator, ADA, scope="MailboxSettings.Read").get("/me/mailboxSettings")
    assert settings["timeZone"] == "UTC"


def test_other_mailboxes_need_a_share_and_its_scope(simulator: Simulator) -> None:
    simulator.mailbox(ADA)
    simulator.mailbox("desk@firm.example", kind="shared", calendars=[{"name": "Desk", "events": [meeting("e")]}])
    simulator.mailbox(BOB, calendars=[{"name": "C", "events": [meeting("e")]}])
    plain, shared = Graph(simulator, ADA), Graph(simulator, ADA, scope="Calendars.Read.Shared")
    assert refused(plain.call("GET", "/users/desk@firm.example/events")) == (403, "ErrorAccessDenied")
    assert len(shared.values("/users/desk@firm.example/events")) == 1
    assert refused(shared.call("GET", f"/users/{BOB}/events")) == (403, "ErrorAccessDenied")
    assert plain.get(f"/users/{ADA}/events") == plain.get("/me/events")


def test_what_its_store_cannot_read_is_listed_and_fails_by_its_id_until_it_is_mended(graph: Graph) -> None:
    path = f"/me/events/{graph.id('hearing')}"
    graph.simulator.edit(ADA, "hearing", "spoil")
    assert "Hearing" in {one["subject"] for one in graph.values("/me/events")}
    assert refused(graph.call("GET", path)) == (500, "ErrorInternalServerError")
    assert refused(graph.call("PATCH", path, json={"subject": "x"}))[0] == 500
    graph.simulator.edit(ADA, "hearing", "mend")
    assert graph.get(path)["subject"] == "Hearing"
