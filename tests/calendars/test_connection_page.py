"""The page of a member's connection, and disconnecting by hand: told why not to, done all the same, ids known (R5)."""

import pytest

from calendars import grants
from calendars.models import CalendarConnection, Grant
from calendars.states import Provider, State
from firms.models import AuditEntry
from migration import runs
from migration.models import MigrationRun
from tests.factories import NOW, ConnectionFactory, MemberFactory, SyncedEventFactory
from tests.migration.visiting import logged_in, text

pytestmark = pytest.mark.django_db
PAGE, DISCONNECT = "/calendar/connection/", "/move/disconnect/"


def test_a_member_without_a_calendar_is_offered_both_services():
    page = text(logged_in(MemberFactory()).get(PAGE))
    assert "No calendar is connected" in page
    assert "Connect Outlook" in page and "Connect Google Calendar" in page


def test_who_goes_to_disconnect_is_told_why_not_to_and_nothing_has_happened_yet():
    connection = ConnectionFactory()
    page = text(logged_in(connection.member).get(DISCONNECT))
    assert "There is no need to" in page
    assert "nothing is doubled" in page
    connection.refresh_from_db()
    assert connection.state == State.OLD_SYNC


def test_a_member_who_is_prompted_is_shown_the_sign_in_instead():
    connection = ConnectionFactory(state=State.REAUTH_REQUIRED, stopped_at=NOW)
    page = text(logged_in(connection.member).get(DISCONNECT))
    assert "Outlook sync has stopped by itself" in page and "Sign in with Microsoft instead" in page


@pytest.mark.parametrize("of_the_move", ["when it is your turn", "Why not to disconnect by hand"])
def test_of_the_move_only_those_read_who_have_it_before_them(of_the_move):
    def page(**fields):
        return text(logged_in(ConnectionFactory(**fields).member).get(DISCONNECT))

    assert of_the_move in page(state=State.OLD_SYNC)
    moved, google = page(state=State.GRAPH_SYNC), page(state=State.GOOGLE_SYNC, provider=Provider.GOOGLE)
    assert of_the_move not in moved and "on the new connection with Outlook already" in moved
    assert of_the_move not in google and "Outlook sync" not in google


@pytest.mark.parametrize("state", sorted(set(State) - {State.DISCONNECTED, State.GOOGLE_SYNC}))
def test_who_insists_is_disconnected_and_every_id_stays_known(state):
    connection = ConnectionFactory(state=state)
    synced = SyncedEventFactory(connection=connection)
    grants.store(connection, "ews", grants.Tokens("secret"))
    answer = logged_in(connection.member).post(DISCONNECT)
    assert answer.url == PAGE
    connection.refresh_from_db()
    assert connection.state == State.DISCONNECTED
    assert not Grant.objects.exists()
    known = (synced.ews_id, synced.event_id, synced.link)
    synced.refresh_from_db()
    assert (synced.ews_id, synced.event_id, synced.link) == known
    assert AuditEntry.objects.filter(action="connection.disconnect", actor=connection.member).count() == 1


def test_a_run_under_way_ends_with_it():
    connection = ConnectionFactory(state=State.MIGRATING)
    run = runs.queue(connection)
    logged_in(connection.member).post(DISCONNECT)
    run.refresh_from_db()
    assert run.state == MigrationRun.State.CANCELLED


def test_a_second_press_finds_nothing_left_to_do():
    connection = ConnectionFactory()
    client = logged_in(connection.member)
    client.post(DISCONNECT)
    assert client.post(DISCONNECT).url == PAGE
    assert client.get(DISCONNECT).url == PAGE
    assert CalendarConnection.objects.get().epoch == 1


def test_what_was_disconnected_is_offered_again_by_its_account():
    connection = ConnectionFactory(state=State.DISCONNECTED, account="ada@harperwolfe.example")
    page = text(logged_in(connection.member).get(PAGE))
    assert "Connect the same mailbox again, ada@harperwolfe.example" in page
    google = ConnectionFactory(provider=Provider.GOOGLE, state=State.DISCONNECTED, account="gus@harperwolfe.example")
    page = text(logged_in(google.member).get(PAGE))
    assert "Connect the same Google account again, gus@harperwolfe.example" in page


def test_a_google_member_reads_nothing_of_the_move_and_signs_in_only_where_google_has_refused(
    django_assert_max_num_queries,
):
    connection = ConnectionFactory(provider=Provider.GOOGLE, state=State.GOOGLE_SYNC)
    grants.store(connection, "google", grants.Tokens("secret"))
    client = logged_in(connection.member)
    with django_assert_max_num_queries(7):
        page = text(client.get(PAGE))
    assert "Sign in with Google" not in page and "Microsoft" not in page
    Grant.objects.all().delete()
    assert "Sign in with Google" in text(client.get(PAGE))
