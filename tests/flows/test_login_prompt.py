"""R2, R3, R4, R11, R12 as members see them, over HTTP: flag, login, prompt, banner, strip, cutoff.

Not yet behind these stories: traffic of the old sync and of Google. That the old sync of a member stops shows here in the
connection's state, which its worker asks for before every request; that Google goes on, in a connection left untouched.
"""

from datetime import datetime, timedelta

import pytest
import time_machine
from django.db import transaction
from django.test import Client

from calendars import connections, cutoff
from calendars.models import CalendarConnection
from calendars.states import Cause, Provider, State
from firms import flags
from firms.models import AuditEntry
from migration import runs
from migration.models import MigrationRun
from tests.factories import NOW, ConnectionFactory, FirmFactory, MemberFactory, StaffFactory, SyncedEventFactory
from tests.migration.visiting import log_in, logged_in, text

pytestmark = pytest.mark.django_db
CUTOFF = datetime.fromisoformat("2027-03-31T23:59:59-07:00")
HOURS = "may take up to several hours, depending on the number of events"
BANNER = "Outlook sync has stopped Since"


@pytest.fixture
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


def member_on_old_sync(events: int = 0, **connection):
    row = ConnectionFactory(**connection)
    SyncedEventFactory.create_batch(events, connection=row)
    return row.member


def state(member) -> str:
    return CalendarConnection.objects.get(member=member).state


def syncs(member) -> bool:
    return cutoff.old_sync_may_run(state(member), datetime.now(tz=NOW.tzinfo), CUTOFF)


def flag(member) -> None:
    flags.set_flag(firms=[member.firm_id], actor=StaffFactory())


def test_a_flag_alone_changes_nothing_until_the_next_login(clock, client):
    """R2, R3: an open session goes on as it was, and so does the old sync; the login stops it."""
    ada = member_on_old_sync(3)
    colleague = member_on_old_sync(member__firm=ada.firm)
    session = logged_in(ada)
    before = text(session.get("/"))
    flag(ada)
    clock.shift(timedelta(hours=5))
    assert text(session.get("/")) == before and syncs(ada)
    assert "There is nothing you have to do" in text(session.get("/move/"))

    clock.shift(timedelta(hours=1))
    answer = log_in(client, ada)
    assert answer.headers["Location"] == "/move/"
    assert not syncs(ada)
    prompt = text(client.get("/move/"))
    assert "Monday, November 23, 2026, 3:00 PM EST" in prompt and HOURS in prompt
    assert ada.email in prompt and "Events synced so far 3" in prompt
    # Hers alone: nobody else of the firm has logged in.
    assert syncs(colleague)
    entry = AuditEntry.objects.get(member=ada)
    assert (entry.action, entry.actor, entry.data["after"]) == ("connection.login", ada, "reauth_required")


def test_not_now_is_allowed_and_the_prompt_comes_back_at_every_login(clock, client):
    """R4, with the time of the first login kept."""
    ada = member_on_old_sync(2, member__firm=FirmFactory(flagged=True))
    for _ in range(3):
        assert log_in(client, ada).headers["Location"] == "/move/"
        client.get("/move/")
        answer = client.post("/move/not-now/")
        assert (answer.status_code, answer.headers["Location"]) == (302, "/")
        dashboard = text(client.get("/"))
        assert BANNER in dashboard and "Monday, November 23, 2026, 9:00 AM EST" in dashboard
        assert HOURS in dashboard and "of your 2 events" in dashboard
        client.post("/accounts/logout/")
        clock.shift(timedelta(days=1))


def test_not_now_goes_on_to_where_the_login_led_and_nowhere_else(client):
    ada = member_on_old_sync(member__firm=FirmFactory(flagged=True))
    answer = log_in(client, ada, next="/help/calendar-sync/when/")
    page = client.get(answer.headers["Location"]).content.decode()
    assert 'name="next" value="/help/calendar-sync/when/"' in page
    for wish, end in [
        ("/help/calendar-sync/when/", "/help/calendar-sync/when/"),
        ("https://elsewhere.example/", "/"),
        ("//elsewhere.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
    ]:
        assert client.post("/move/not-now/", {"next": wish}).headers["Location"] == end
        assert "elsewhere" not in client.get("/move/", {"next": wish}).content.decode()


def test_from_the_sign_in_to_the_end_a_strip_stands_in_the_banners_place(clock, client):
    """R4, R10: the sign-in itself is told in the stories of the sign-in."""
    ada = member_on_old_sync(4, member__firm=FirmFactory(flagged=True))
    log_in(client, ada)
    connection = connections.live(ada)
    with transaction.atomic():
        connections.move(connection, Cause.SAME_MAILBOX, actor=ada)
        run = runs.queue(connection)
    dashboard = client.get("/").content.decode()
    assert f'hx-get="/move/runs/{run.pk}/status/?as=strip"' in dashboard and "has stopped" not in dashboard
    # A login meanwhile is asked for nothing, and the prompt leads to the progress.
    assert log_in(Client(), ada).headers["Location"] == "/"
    assert client.get("/move/").headers["Location"] == f"/move/runs/{run.pk}/"

    MigrationRun.objects.filter(pk=run.pk).update(state="waiting", wait_reason="grant")
    assert log_in(Client(), ada).headers["Location"] == "/move/"
    assert "The move of your calendar has paused" in text(client.get("/move/"))
    assert "Microsoft no longer accepts your sign-in" in text(client.get("/"))

    MigrationRun.objects.filter(pk=run.pk).update(state="done", wait_reason="", by_id=4, finished_at=NOW)
    connections.move(connection, Cause.RUN_DONE, actor=None, stopped_at=None, migrated_at=NOW)
    dashboard = text(client.get("/"))
    assert "All of your 4 events were found in Outlook" in dashboard
    clock.shift(timedelta(days=15))
    assert "were found" not in text(logged_in(ada).get("/"))


@pytest.mark.parametrize("task_ran", [False, True])
@pytest.mark.parametrize("flagged", [False, True])
def test_after_the_cutoff_an_open_session_shows_the_banner_at_once(clock, client, task_ran, flagged):
    """R11, whether or not the cutoff's task has come by already."""
    clock.move_to(CUTOFF - timedelta(seconds=1))
    ada = member_on_old_sync(1, member__firm=FirmFactory(flagged=flagged))
    session = logged_in(ada)
    assert BANNER not in text(session.get("/"))
    clock.move_to(CUTOFF)
    assert not syncs(ada)
    if task_ran:
        connections.disable_old_sync(now=CUTOFF, cutoff_at=CUTOFF)
    dashboard = session.get("/")
    assert "In sync" not in text(dashboard)
    assert BANNER in text(dashboard) and "Thursday, April 1, 2027, 2:59 AM EDT" in text(dashboard)
    assert 'action="/move/sign-in/"' in dashboard.content.decode()
    assert "Microsoft has ended the connection" in text(session.get("/move/"))
    # Looking has changed nothing; the login does.
    assert state(ada) == (State.DISABLED if task_ran else State.OLD_SYNC)
    assert log_in(client, ada).headers["Location"] == "/move/"
    assert state(ada) == State.REAUTH_REQUIRED


@pytest.mark.parametrize("when", [NOW, CUTOFF - timedelta(seconds=1), CUTOFF + timedelta(days=1)])
def test_google_users_are_not_affected_in_any_way(clock, client, when):
    """R12, before and after the cutoff, flagged firm or not."""
    greta = member_on_old_sync(2, member__firm=FirmFactory(flagged=True), provider=Provider.GOOGLE, state="google_sync")
    row = CalendarConnection.objects.filter(member=greta).values().get()
    clock.move_to(when)
    connections.disable_old_sync(now=when, cutoff_at=CUTOFF)
    assert log_in(client, greta).headers["Location"] == "/"
    dashboard = text(client.get("/"))
    assert "Outlook" not in dashboard.replace("Outlook and Google", "") and "Microsoft" not in dashboard
    assert "nothing changes for you" in text(client.get("/move/"))
    assert CalendarConnection.objects.filter(member=greta).values().get() == row


def test_a_mailbox_that_cannot_be_served_is_told_whom_to_ask_and_not_nagged(settings, client):
    settings.SUPPORT_EMAIL = "help@caretsync.example"
    una = member_on_old_sync(member__firm=FirmFactory(flagged=True), state=State.UNSUPPORTED)
    assert log_in(client, una).headers["Location"] == "/"
    dashboard = text(client.get("/"))
    assert "not available for this mailbox" in dashboard and "help@caretsync.example" in dashboard
    assert "help@caretsync.example" in text(client.get("/move/"))


def test_a_lost_sign_in_is_asked_for_again_without_a_second_move(client):
    lea = member_on_old_sync(2, state=State.GRANT_LOST, stopped_at=NOW)
    assert log_in(client, lea).headers["Location"] == "/move/"
    prompt = text(client.get("/move/"))
    assert "Your events are not moved again" in prompt and HOURS not in prompt
    assert "Microsoft no longer accepts your sign-in" in text(client.get("/"))


def test_who_has_no_calendar_here_is_told_so(client):
    client.force_login(MemberFactory())
    assert "No calendar is connected" in text(client.get("/move/"))
    assert "has stopped" not in text(client.get("/"))


@pytest.mark.parametrize("path", ["/move/", "/move/runs/1/", "/move/runs/1/report/", "/move/runs/1/report.csv"])
def test_strangers_are_sent_to_the_login(client, path):
    assert client.get(path).headers["Location"] == f"/accounts/login/?next={path}"
    assert client.post("/move/not-now/").headers["Location"] == "/accounts/login/?next=/move/not-now/"


def test_the_prompt_says_why_what_happens_and_that_nothing_need_be_turned_off(client):
    """R5, R14: with links to the help."""
    ada = member_on_old_sync(member__firm=FirmFactory(flagged=True))
    log_in(client, ada)
    page = client.get("/move/")
    prompt = text(page)
    for words in (
        "after March 31, 2027 nothing but the new one works", "nothing in Outlook is changed, nothing is doubled",
        "You can go on working", "Please don't turn the old sync off by hand", "Sign in with Microsoft", "Not now",
    ):  # fmt: skip
        assert words in prompt
    assert 'href="/help/calendar-sync/what-changes/"' in page.content.decode()


def test_not_now_needs_the_token_of_its_own_form():
    ada = member_on_old_sync(state=State.REAUTH_REQUIRED)
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(ada)
    assert browser.post("/move/not-now/").status_code == 403
    assert browser.get("/move/not-now/").status_code == 405
