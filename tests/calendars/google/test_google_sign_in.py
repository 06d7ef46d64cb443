"""A member signs in with Google: for the first time, again after Google refused, again after disconnecting; and never to
another account than before. Over HTTP, with the simulated Google's page in between."""

from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import time_machine
from django.test import Client

from calendars import grants
from calendars.models import CalendarConnection, Grant, Sync
from calendars.states import Provider, State
from firms.models import AuditEntry, User
from tests.factories import NOW, ConnectionFactory, MemberFactory
from tests.migration import visiting
from tests.migration.visiting import text
from tests.simulator.client import Simulator

pytestmark = pytest.mark.django_db
GUS, EVE = "gus@harperwolfe.example", "eve@elsewhere.example"
SIGN_IN, CALLBACK = "/calendar/google/sign-in/", "/calendar/google/callback/"


@pytest.fixture(autouse=True)
def google(simulator: Simulator):
    for address in (GUS, EVE):
        simulator.mailbox(address, provider="google")
    with time_machine.travel(NOW, tick=True):
        yield simulator


def logged_in(member: User) -> Client:
    """At an address to which Google would send a browser back without TLS."""
    client = visiting.logged_in(member)
    client.defaults["SERVER_NAME"] = "127.0.0.1"
    return client


def to_google(client: Client, account: str, **more: str) -> str:
    """Presses the button and picks an account on Google's page; the address that Google sends the browser back to."""
    away = client.post(SIGN_IN)
    assert away.status_code == 302
    answer = requests.get(away.url, params={"sim_account": account, **more}, allow_redirects=False, timeout=5)
    back = urlsplit(answer.headers["Location"])
    assert back.path == CALLBACK
    return f"{back.path}?{back.query}"


def sign_in(client: Client, account: str, **more: str):
    return client.get(to_google(client, account, **more))


def rows() -> list:
    return [
        list(CalendarConnection.objects.values_list("pk", "state", "epoch", "account", "oid")),
        list(Grant.objects.values_list("connection", "service", "version", "secret")),
    ]


def test_a_first_sign_in_connects_the_calendar_and_asks_for_a_sync():
    member = MemberFactory()
    answer = sign_in(logged_in(member), GUS)
    assert answer.url == "/"
    connection = CalendarConnection.objects.get()
    assert (connection.member, connection.provider, connection.state) == (member, Provider.GOOGLE, State.GOOGLE_SYNC)
    assert (connection.account, bool(connection.oid)) == (GUS, True)
    assert grants.read(Grant.objects.get(service="google")).refresh_token
    assert Sync.objects.get(connection=connection).wanted == 1
    assert AuditEntry.objects.filter(action="google.signed_in", member=member).count() == 1


@pytest.mark.parametrize("state", [State.GRANT_LOST, State.DISCONNECTED])
def test_the_same_account_again_takes_sync_up_where_it_stopped(state):
    connection = ConnectionFactory(provider=Provider.GOOGLE, state=state, account=GUS.upper())
    sign_in(logged_in(connection.member), GUS)
    connection.refresh_from_db()
    assert (connection.state, connection.epoch, CalendarConnection.objects.count()) == (State.GOOGLE_SYNC, 1, 1)


def test_a_connection_taken_over_without_a_grant_gets_one_and_stays_as_it_is():
    connection = ConnectionFactory(provider=Provider.GOOGLE, state=State.GOOGLE_SYNC, account=GUS)
    sign_in(logged_in(connection.member), GUS)
    connection.refresh_from_db()
    assert (connection.state, connection.epoch) == (State.GOOGLE_SYNC, 0)
    assert Grant.objects.get().connection == connection


@pytest.mark.parametrize("state", [State.GRANT_LOST, State.DISCONNECTED, State.GOOGLE_SYNC])
def test_another_account_is_told_so_and_everything_stays_as_it_was(state):
    connection = ConnectionFactory(provider=Provider.GOOGLE, state=state, account=GUS)
    grants.store(connection, "google", grants.Tokens("before"))
    before = rows()
    page = text(sign_in(logged_in(connection.member), EVE))
    assert f"Your calendar belongs to {GUS}" in page and EVE in page
    assert rows() == before


def test_a_known_account_is_known_by_its_id_and_not_by_its_address():
    connection = ConnectionFactory(
        provider=Provider.GOOGLE, state=State.GRANT_LOST, account=GUS, tid="accounts.google.com", oid="somebody-else"
    )
    assert "not the account your calendar belongs to" in text(sign_in(logged_in(connection.member), GUS))


def test_a_member_whose_outlook_is_connected_is_told_that_one_calendar_is_enough():
    connection = ConnectionFactory()
    before = rows()
    assert "Another calendar is connected" in text(logged_in(connection.member).post(SIGN_IN))
    assert rows() == before


def test_an_answer_works_once_and_only_for_who_asked():
    client = logged_in(MemberFactory())
    back = to_google(client, GUS)
    stranger = logged_in(MemberFactory())
    assert "could not be finished" in text(stranger.get(back))
    assert client.get(back).url == "/"
    assert "could not be finished" in text(client.get(back))
    assert CalendarConnection.objects.count() == 1


def test_a_forged_state_and_another_nonce_prove_nothing():
    client = logged_in(MemberFactory())
    back = to_google(client, GUS)
    state = parse_qs(urlsplit(back).query)["state"][0]
    assert "could not be finished" in text(client.get(back.replace(state, "forged")))
    session = client.session
    kept = session["google_sign_ins"]
    kept[state]["nonce"] = "another"
    session["google_sign_ins"] = kept
    session.save()
    assert "could not be finished" in text(client.get(back))
    assert rows() == [[], []]


def test_who_cancels_or_waits_too_long_has_changed_nothing(settings):
    client = logged_in(MemberFactory())
    back = to_google(client, GUS)
    state = parse_qs(urlsplit(back).query)["state"][0]
    assert "You cancelled" in text(client.get(CALLBACK, {"state": state, "error": "access_denied"}))
    late = to_google(client, GUS)
    settings.SIGN_IN_SECONDS = 0
    assert "could not be finished" in text(client.get(late))
    assert rows() == [[], []]


def test_two_tabs_do_not_spoil_each_other():
    client = logged_in(MemberFactory())
    first, second = to_google(client, GUS), to_google(client, GUS)
    assert client.get(first).url == "/"
    assert client.get(second).url == "/"
    assert CalendarConnection.objects.count() == 1


def test_a_google_that_does_not_answer_is_no_fault_of_anybody(google: Simulator):
    client = logged_in(MemberFactory())
    back = to_google(client, GUS)
    google.fault(path="/token", status=503)
    answer = client.get(back)
    assert answer.status_code == 503 and "Google cannot be reached" in text(answer)


def test_without_a_login_nobody_signs_in(client: Client):
    assert client.post(SIGN_IN).status_code == 302
    assert "/accounts/login/" in client.get(CALLBACK + "?state=x&code=y").url
