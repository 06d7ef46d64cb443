"""The step of a login: whom it moves, whom it leaves without a trace, what it costs, and what happens when it fails.

Not behind it yet: the old sync itself, whose worker asks for the state that is checked here, and Google's traffic.
"""

from datetime import timedelta
from importlib import import_module

import pytest
import time_machine
from django.conf import settings as django_settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.db import OperationalError, connection
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from calendars import connections
from calendars.states import GOOGLE_STATES, OUTLOOK_STATES, Provider, State
from firms.models import AuditEntry
from migration.middleware import OWED, LoginPromptMiddleware
from tests.factories import NOW, ConnectionFactory, FirmFactory, MemberFactory, StaffFactory
from tests.migration.visiting import log_in, logged_in, text

pytestmark = pytest.mark.django_db
OURS = "migration.middleware.LoginPromptMiddleware"
STAYS = {state: (state, False) for state in State}
MOVES = (State.REAUTH_REQUIRED, True)
ASKED = {state: (state, True) for state in (State.REAUTH_REQUIRED, State.GRANT_LOST)}

# Of an Outlook connection, by flag and cutoff: the state a login leaves it in, and whether it ends at the prompt.
# Disabled with the cutoff ahead: it was moved later, and the old sync goes on.
NEITHER = STAYS | ASKED | {State.DISABLED: (State.OLD_SYNC, False)}
EITHER = NEITHER | {State.OLD_SYNC: MOVES, State.DISABLED: MOVES}
LOGINS = [
    (Provider.OUTLOOK, state, flagged, cutoff_passed, *(EITHER if flagged or cutoff_passed else NEITHER)[state])
    for state in sorted(OUTLOOK_STATES)
    for flagged in (False, True)
    for cutoff_passed in (False, True)
] + [
    (Provider.GOOGLE, state, flagged, cutoff_passed, state, False)
    for state in sorted(GOOGLE_STATES)
    for flagged in (False, True)
    for cutoff_passed in (False, True)
]


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def without_it(settings):
    """The same site with everything but the middleware."""

    def take_out() -> None:
        settings.MIDDLEWARE = [name for name in django_settings.MIDDLEWARE if name != OURS]

    return take_out


@pytest.mark.parametrize(("provider", "state", "flagged", "cutoff_passed", "after", "prompted"), LOGINS)
def test_every_login(settings, client, provider, state, flagged, cutoff_passed, after, prompted):
    settings.SYNC_CUTOFF = NOW - timedelta(days=1) if cutoff_passed else NOW + timedelta(days=128)
    member = MemberFactory(firm=FirmFactory(flagged=flagged))
    row = ConnectionFactory(member=member, provider=provider, state=state)
    answer = log_in(client, member)
    row.refresh_from_db()
    assert (row.state, answer.status_code, answer.headers["Location"]) == (after, 302, "/move/" if prompted else "/")
    assert AuditEntry.objects.filter(member=member).count() == (1 if after != state else 0)
    if after != state:
        assert row.stopped_at == (NOW if prompted else None) and row.epoch == 1


def bystanders():
    flagged = FirmFactory(flagged=True)
    yield "unflagged", ConnectionFactory().member
    google = {"provider": Provider.GOOGLE, "state": State.GOOGLE_SYNC}
    yield "google", ConnectionFactory(member__firm=flagged, **google).member
    yield "moved", ConnectionFactory(member__firm=flagged, state=State.GRAPH_SYNC).member
    yield "disconnected", ConnectionFactory(member__firm=flagged, state=State.DISCONNECTED).member
    yield "staff", StaffFactory()


def test_whom_it_does_not_concern_it_leaves_no_trace(without_it):
    people = dict(bystanders())

    def traces():
        for who, member in people.items():
            client = Client()
            answer = log_in(client, member)
            headers = dict(answer.headers.items())
            yield who, answer.status_code, headers, sorted(client.session.keys()), sorted(answer.cookies)

    with_it = list(traces())
    without_it()
    assert with_it == list(traces())


def test_other_requests_cost_not_one_query_more(without_it):
    prompted = ConnectionFactory(member__firm=FirmFactory(flagged=True), state=State.REAUTH_REQUIRED).member
    members = [None, *dict(bystanders()).values(), prompted]

    def costs():
        for member in members:
            client = logged_in(member) if member else Client()
            for method, path in [
                ("get", "/"), ("get", "/move/"), ("get", "/help/calendar-sync/"), ("get", "/accounts/login/"),
                ("get", "/nowhere/"), ("post", "/move/not-now/"), ("post", "/accounts/logout/"),
            ]:  # fmt: skip
                with CaptureQueriesContext(connection) as queries:
                    answer = getattr(client, method)(path)
                yield member, path, answer.status_code, len(queries)

    with_it = list(costs())
    without_it()
    assert with_it == list(costs())


def test_without_a_session_nothing_is_asked(django_assert_num_queries):
    with django_assert_num_queries(0):
        page = HttpResponse("x")
        assert LoginPromptMiddleware(lambda request: page)(RequestFactory().get("/")) is page


def test_a_session_in_which_support_acts_for_a_member_is_no_login(client):
    member = ConnectionFactory(member__firm=FirmFactory(flagged=True)).member
    session = import_module(django_settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY], session[BACKEND_SESSION_KEY] = str(member.pk), django_settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = member.get_session_auth_hash()
    session["acting"] = StaffFactory().pk
    session.save()
    client.cookies[django_settings.SESSION_COOKIE_NAME] = session.session_key
    assert client.get("/").status_code == 200
    assert connections.live(member).state == State.OLD_SYNC


def test_who_is_staff_and_member_is_prompted_at_the_door_of_the_admin(client):
    member = ConnectionFactory(
        member__firm=FirmFactory(flagged=True), member__is_staff=True, member__is_superuser=True
    ).member
    door = client.get("/admin/").headers["Location"]
    door = client.get(door).headers.get("Location", door)
    answer = log_in(client, member, next="/admin/")
    assert "/accounts/login/" in door
    assert answer.headers["Location"] == "/move/?next=%2Fadmin%2F"
    assert client.post("/move/not-now/", {"next": "/admin/"}).headers["Location"] == "/admin/"


@pytest.mark.parametrize("path", ["/move/", "/move/sign-in/", "/move/sign-in/7/", "/move/callback/?code=x"])
def test_a_login_on_the_way_to_the_sign_in_is_not_turned_aside(client, path):
    member = ConnectionFactory(member__firm=FirmFactory(flagged=True)).member
    assert log_in(client, member, next=path).headers["Location"] == path
    assert connections.live(member).state == State.REAUTH_REQUIRED


def test_a_program_that_logs_in_gets_its_own_answer(client):
    member = ConnectionFactory(member__firm=FirmFactory(flagged=True)).member
    form = {"login": member.email, "password": "correct horse battery"}
    answer = client.post("/accounts/login/", form, headers={"x-requested-with": "XMLHttpRequest"})
    assert answer.headers["Content-Type"] == "application/json"
    assert connections.live(member).state == State.REAUTH_REQUIRED


@pytest.fixture
def broken(monkeypatch):
    """Breaks the step, until its result is called."""
    whole = connections.require_reauthentication

    def fail(*args, **kwargs):
        raise OperationalError("the disk is full")

    monkeypatch.setattr(connections, "require_reauthentication", fail)
    return lambda: monkeypatch.setattr(connections, "require_reauthentication", whole)


def test_a_failed_step_locks_nobody_out_and_is_made_up_for(client, broken, caplog):
    member = ConnectionFactory(member__firm=FirmFactory(flagged=True)).member
    assert log_in(client, member).headers["Location"] == "/"
    assert "Outlook sync has stopped" not in text(client.get("/"))
    assert connections.live(member).state == State.OLD_SYNC
    assert f"member {member.pk}" in caplog.messages[0]
    broken()
    # Only a page can be turned into the prompt: not a form, not a part of a page.
    assert client.post("/move/not-now/").headers["Location"] == "/"
    assert client.get("/", headers={"hx-request": "true"}).status_code == 200
    assert connections.live(member).state == State.OLD_SYNC
    assert client.get("/help/calendar-sync/when/").headers["Location"] == (
        "/move/?next=%2Fhelp%2Fcalendar-sync%2Fwhen%2F"
    )
    assert connections.live(member).state == State.REAUTH_REQUIRED
    assert OWED not in client.session
    assert client.get("/").status_code == 200


def test_a_step_owed_to_somebody_it_does_not_concern_ends_quietly(client, broken):
    member = ConnectionFactory().member
    log_in(client, member)
    assert OWED in client.session
    broken()
    assert client.get("/").status_code == 200
    assert OWED not in client.session and connections.live(member).state == State.OLD_SYNC


def test_a_wrong_password_moves_nothing(client):
    member = ConnectionFactory(member__firm=FirmFactory(flagged=True)).member
    answer = client.post("/accounts/login/", {"login": member.email, "password": "wrong"})
    assert answer.status_code == 200 and connections.live(member).state == State.OLD_SYNC
