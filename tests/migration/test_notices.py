"""Progress page, its fragments, and the dashboard's notices. The runs are rows made here; that a worker moves them on is
told by the runs' tests."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from calendars.states import State
from migration.models import MigrationRun, Ticket
from tests.factories import NOW, ConnectionFactory, SyncedEventFactory
from tests.migration.report_rows import run_of
from tests.migration.visiting import logged_in, text

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=False):
        yield


def running(state: str = "listing", **fields) -> MigrationRun:
    values = {"step": "listing", "total": 5000, "listed": 2500, "finished_at": None} | fields
    started = NOW - timedelta(minutes=10)
    row = ConnectionFactory(state=State.MIGRATING, stopped_at=NOW)
    return run_of(row, state=state, **{"started_at": started, **values})


def shown(run: MigrationRun, path: str = "status/") -> tuple[int, str]:
    answer = logged_in(run.connection.member).get(f"/move/runs/{run.pk}/{path}")
    return answer.status_code, text(answer)


@pytest.mark.parametrize("path", ["", "status/"])
def test_figures_step_and_what_remains(path):
    run = running("confirming", by_id=4900, by_metadata=40, anomalies=0)
    _, page = shown(run, path)
    for words in (
        "Found by id 4,900", "Found by subject and times 40", "Not found in Outlook 0", "To go 60", "85%",
        "Looking once more for events not found yet", "Time left: a few minutes",
    ):  # fmt: skip
        assert words in page


def test_the_page_says_that_nothing_is_changed_and_that_it_may_be_closed():
    _, page = shown(running(), "")
    assert "Nothing in Outlook has been changed" in page and "You may close this page" in page


def test_the_page_moves_by_itself_with_scripts_and_without():
    run = running()
    html = logged_in(run.connection.member).get(f"/move/runs/{run.pk}/").content.decode()
    assert f'hx-get="/move/runs/{run.pk}/status/" hx-trigger="every 2s"' in html and "htmx" in html.split("</main>")[1]
    assert '<noscript><meta http-equiv="refresh" content="10"></noscript>' in html.split("</head>")[0]


@pytest.mark.parametrize("state", ["done", "cancelled"])
@pytest.mark.parametrize("path", ["status/", "status/?as=strip"])
def test_what_has_ended_asks_no_more(state, path):
    run = running(state, finished_at=NOW)
    answer = logged_in(run.connection.member).get(f"/move/runs/{run.pk}/{path}")
    assert answer.status_code == 286 and "hx-get" not in answer.content.decode()
    page = logged_in(run.connection.member).get(f"/move/runs/{run.pk}/").content.decode()
    assert "hx-get" not in page and 'http-equiv="refresh"' not in page


def test_with_the_end_goes_what_the_page_says_of_a_move_under_way():
    run = running()
    page, status = (f"/move/runs/{run.pk}/{path}" for path in ("", "status/"))
    client = logged_in(run.connection.member)
    assert "You may close this page." in text(client.get(page)) and "oob" not in client.get(status).content.decode()
    run.state, run.finished_at = "done", NOW
    run.save()
    part = client.get(status).content.decode()
    assert 'id="run-meanwhile"' in part and 'hx-swap-oob="true"' in part
    assert "so far" not in part and "You may close" not in part
    assert "oob" not in client.get(f"{status}?as=strip").content.decode() + client.get(page).content.decode()


def test_the_end_leads_to_the_report():
    run = running("done", by_id=4948, by_metadata=40, anomalies=12)
    for path in ("", "status/", "status/?as=strip"):
        answer = logged_in(run.connection.member).get(f"/move/runs/{run.pk}/{path}")
        assert "4,988 of your 5,000 events were found in Outlook. 12 were not: they stay here" in text(answer)
        assert f'href="/move/runs/{run.pk}/report/"' in answer.content.decode()


@pytest.mark.parametrize(
    ("reason", "until", "words"),
    [
        (
            "throttled",
            NOW + timedelta(minutes=5),
            "Microsoft asks us to wait until 9:05 AM. The move then goes on by itself",
        ),
        ("busy", NOW + timedelta(minutes=5), "Microsoft is very busy at the moment, so we wait until 9:05 AM"),
        (
            "unreachable",
            NOW + timedelta(minutes=5),
            "Microsoft cannot be reached at the moment, so we wait until 9:05 AM",
        ),
        ("unstable", NOW + timedelta(hours=5), "changing while we read it, so we wait until 2:00 PM"),
        ("trouble", NOW + timedelta(hours=5), "Something did not work just now, so we wait until 2:00 PM"),
        ("something new", None, "We have to wait a little. The move then goes on by itself"),
    ],
)
@pytest.mark.parametrize("path", ["", "status/", "status/?as=strip"])
def test_a_waiting_run_says_why_and_until_when(path, reason, until, words):
    run = running("waiting", wait_reason=reason, wait_until=until)
    status, page = shown(run, path)
    assert status == 200 and words in page
    assert words in shown_on_dashboard(run)


def shown_on_dashboard(run: MigrationRun) -> str:
    return text(logged_in(run.connection.member).get("/"))


def test_a_run_without_a_grant_offers_the_sign_in():
    run = running("waiting", wait_reason="grant")
    for path in ("", "status/", "status/?as=strip"):
        answer = logged_in(run.connection.member).get(f"/move/runs/{run.pk}/{path}")
        assert "Microsoft no longer accepts your sign-in" in text(answer)
        assert 'action="/move/sign-in/"' in answer.content.decode()


@pytest.mark.parametrize("failure", ["CalendarNotFound", "MailboxNotServed", "AccessDenied", "ZeroDivisionError"])
def test_a_failed_run_says_that_nothing_is_lost_and_shows_no_insides(settings, failure):
    settings.SUPPORT_EMAIL = "help@caretsync.example"
    run = running("failed", failure_class=failure, failure_message="Traceback", failure_hint="Ask development")
    status, page = shown(run, "")
    assert status == 200 and "Nothing is lost, and nothing in Outlook was changed" in page
    assert f"reference run {run.pk}" in page and "help@caretsync.example" in page
    assert "Traceback" not in page and "development" not in page and failure not in page
    assert "The move of your calendar has stopped" in shown_on_dashboard(run)


def test_a_failed_run_with_a_ticket_leads_there():
    run = running("failed", failure_class="CalendarNotFound")
    Ticket.objects.create(
        reference="CS-7K4M2Q", member=run.connection.member, connection=run.connection, kind="calendar_not_found",
        expected_address=run.connection.account, opened_at=NOW,
    )  # fmt: skip
    page = logged_in(run.connection.member).get(f"/move/runs/{run.pk}/").content.decode()
    assert 'href="/move/tickets/CS-7K4M2Q/"' in page


def test_a_session_that_ends_meanwhile_leads_to_the_login_as_a_whole_page():
    run = running()
    answer = Client().get(f"/move/runs/{run.pk}/status/", headers={"hx-request": "true"})
    assert answer.headers["HX-Redirect"] == f"/accounts/login/?next=/move/runs/{run.pk}/"
    assert answer.content == b""


def test_a_run_without_events_ends_well():
    run = running("done", total=0, listed=0)
    assert "There were no events to move, and sync is on." in shown(run)[1]


@pytest.mark.parametrize("state", MigrationRun.State.values)
def test_each_look_costs_the_same_and_little(state):
    costs = []
    for events in (1, 30):
        run = running(state)
        SyncedEventFactory.create_batch(events, connection=run.connection)
        browser = logged_in(run.connection.member)
        for path in ("", "status/", "status/?as=strip"):
            with CaptureQueriesContext(connection) as queries:
                browser.get(f"/move/runs/{run.pk}/{path}")
            costs.append(len(queries))
    assert max(costs) <= (4 if state == "failed" else 3)


def test_other_pages_do_not_ask_where_the_member_stands(django_assert_num_queries):
    browser = logged_in(running().connection.member)
    with django_assert_num_queries(2):
        # Session and user, for the head of the page.
        browser.get("/help/calendar-sync/")


def test_a_move_that_has_no_run_yet_is_announced():
    member = ConnectionFactory(state=State.MIGRATING).member
    browser = logged_in(member)
    assert "begins shortly" in text(browser.get("/")) and "begins shortly" in text(browser.get("/move/"))
