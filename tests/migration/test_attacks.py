"""Attacks on the sign-in and what hangs on it that no other file tries: docs/security.md lists them all. Over HTTP."""

from typing import Any
from urllib.parse import urlencode

import pytest
from django.apps import apps

from calendars.models import CalendarConnection, Grant
from calendars.states import State
from migration.models import Ticket
from tests.factories import PASSWORD, FirmFactory
from tests.migration.sign_in_steps import (
    ADA,
    MALLORY,
    asked,
    at_microsoft,
    browser,
    connection_of,
    ended,
    held,
    newest,
    refused_at_our_door,
    to_microsoft,
)
from tests.migration.token_answers import come_back, redeemed
from tests.simulator.client import Simulator

pytestmark = pytest.mark.django_db
ELSEWHERE = ("https://elsewhere.example/", "//elsewhere.example/", "/\\elsewhere.example/", "javascript:alert(1)")


def test_a_code_of_another_sign_in_is_of_no_use(simulator: Simulator, connection: CalendarConnection) -> None:
    """Mallory's code in Ada's own answer: it was asked for with another verifier."""
    mallory = connection_of(MALLORY)
    simulator.mailbox(MALLORY)
    stolen = asked(at_microsoft(to_microsoft(browser(mallory.member)), MALLORY))["code"]
    client, before = browser(connection.member), held(connection)
    state = asked(to_microsoft(client))["state"]
    refused_at_our_door(client.get("/move/callback/", {"code": stolen, "state": state}, follow=True))
    ended(connection, before, "refused", "refused")
    assert not Ticket.objects.exists()


def test_nothing_of_a_refused_sign_in_is_kept_anywhere(simulator: Simulator, connection: CalendarConnection) -> None:
    """I8: not in a column of any table, not in the session, not on the page."""
    simulator.mailbox(MALLORY)
    answer, client = redeemed(simulator, MALLORY), browser(connection.member)
    page = come_back(simulator, client, answer, account=MALLORY)
    assert newest().result == "another_mailbox"
    kept = page.content.decode() + repr(dict(client.session))
    for model in apps.get_models():
        kept += repr([_readable(row) for row in model._default_manager.values()])
    assert MALLORY in kept, "what is kept is the address, for Support"
    for secret in ("access_token", "refresh_token"):
        assert answer[secret] not in kept, secret
    assert not Grant.objects.exists()


def _readable(row: dict[str, Any]) -> dict[str, Any]:
    return {name: bytes(value) if isinstance(value, memoryview) else value for name, value in row.items()}


@pytest.mark.parametrize("address", ELSEWHERE)
def test_microsoft_s_answer_leads_to_pages_of_ours_alone(
    simulator: Simulator, connection: CalendarConnection, address: str
) -> None:
    more = {"next": address, "redirect_uri": address, "redirect": address, "error_uri": address}
    client = browser(connection.member)
    answers = [
        client.get(at_microsoft(to_microsoft(client), ADA) + "&" + urlencode(more)),
        client.get("/move/callback/", {"state": "invented", "code": "c", **more}),
        client.get("/move/callback/", {"state": "administrator.forged", **more}),
        browser().get("/move/callback/", {"state": "invented", **more}),
    ]
    for answer in answers:
        assert answer.status_code == 302
        assert answer["Location"].startswith(("/move/", "/accounts/login/?next=%2Fmove%2F")), answer["Location"]
        assert "elsewhere" not in answer["Location"] and "javascript" not in answer["Location"]


@pytest.mark.parametrize("address", ELSEWHERE)
@pytest.mark.parametrize("flagged", [False, True])
def test_a_login_leads_to_pages_of_ours_alone(address: str, flagged: bool) -> None:
    state = State.OLD_SYNC if flagged else State.GRAPH_SYNC
    member = connection_of(ADA, state=state, stopped_at=None, member__firm=FirmFactory(flagged=flagged)).member
    client = browser()
    answer = client.post(
        "/accounts/login/", {"login": member.email, "password": PASSWORD, "next": address}, follow=True
    )
    assert answer.status_code == 200 and answer.redirect_chain
    for path, _ in answer.redirect_chain:
        assert path.startswith("/") and path[1:2] not in ("/", "\\") and "elsewhere" not in path
    form = answer.content.decode()
    assert "elsewhere" not in form and "javascript:" not in form


def test_a_host_that_is_not_ours_gets_no_page_and_no_link(connection: CalendarConnection) -> None:
    """Links to Microsoft name the way back, which is made from the request's host."""
    client = browser(connection.member)
    for path in ("/move/", "/move/administrator/", "/accounts/login/"):
        assert client.get(path, headers={"host": "elsewhere.example"}).status_code == 400
    assert client.post("/move/sign-in/", headers={"host": "elsewhere.example"}).status_code == 400
    assert not connection.sign_in_attempts.exists()


@pytest.mark.parametrize("method", ["get", "head"])
@pytest.mark.parametrize("path", ["/move/sign-in/", "/move/sign-in/help/", "/move/not-now/"])
def test_a_link_or_an_image_starts_nothing(connection: CalendarConnection, method: str, path: str) -> None:
    before = held(connection)
    getattr(browser(connection.member), method)(path)
    assert held(connection) == before and not connection.sign_in_attempts.exists() and not Ticket.objects.exists()
