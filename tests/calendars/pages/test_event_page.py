"""The page of an event, of a series, and of one date of a series."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from calendars.models import LocalChange, SyncedEvent
from tests.calendars.pages.steps import a_browser_of, an_event, html_of, text_of
from tests.factories import NOW, ConnectionFactory, MemberFactory, SyncedEventFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("november")]


@pytest.fixture
def member():
    return MemberFactory()


@pytest.fixture
def series(member):
    return an_event(
        member, "2026-11-03T12:00:00", "2026-11-03T13:00:00", "Lunch", rrule="FREQ=WEEKLY;COUNT=6",
        exdates=["2026-12-01T12:00:00"],
    )  # fmt: skip


def test_it_says_all_there_is(member):
    event = an_event(
        member, "2026-11-24T09:00:00", "2026-11-24T10:00:00", "Hearing <Okafor>", zone="America/Chicago",
        location="Court 3", body="Bring <the> file.\nhttps://court.example/42", reminder=90, show_as="oof",
        sensitivity="private",
    )  # fmt: skip
    html = html_of(a_browser_of(member), f"/calendar/events/{event.pk}/")
    text = text_of(a_browser_of(member), f"/calendar/events/{event.pk}/")
    assert "Hearing &lt;Okafor&gt; Tuesday, November 24, 2026, 10:00 AM – 11:00 AM" in text
    assert "(9:00 AM – 10:00 AM in Chicago)" in text
    assert "Location Court 3 Notes Bring &lt;the&gt; file." in text
    assert "Show as Out of office Sensitivity Private Reminder 90 minutes before" in text
    assert '<a href="https://court.example/42" rel="nofollow">' in html


@pytest.mark.parametrize(
    ("start", "end", "zone", "words"),
    [
        ("2026-12-24T09:00:00", "2026-12-24T10:00:00", "Asia/Tokyo", "(Thursday, December 24, 9:00 AM – 10:00 AM in Tokyo)"),
        ("2026-12-24T22:00:00", "2026-12-25T01:00:00", "America/Los_Angeles",
         "(Thursday, December 24, 10:00 PM – Friday, December 25, 1:00 AM in Los Angeles)"),
        ("2026-12-24T20:00:00", "2026-12-24T22:00:00", "America/Los_Angeles",
         "(Thursday, December 24, 8:00 PM – 10:00 PM in Los Angeles)"),
    ],
)  # fmt: skip
def test_where_it_is_another_day_there_the_day_is_named(member, start, end, zone, words):
    event = an_event(member, start, end, zone=zone)
    assert words in text_of(a_browser_of(member), f"/calendar/events/{event.pk}/")


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        ("2026-11-24", "2026-11-25", "Tuesday, November 24, 2026, all day"),
        ("2026-11-24", "2026-11-27", "Tuesday, November 24, 2026 – Thursday, November 26, 2026, all day"),
        (
            "2026-11-24T22:00:00",
            "2026-11-25T02:00:00",
            "Tuesday, November 24, 2026, 10:00 PM – Wednesday, November 25, 2026, 2:00 AM",
        ),
    ],
)
def test_when(member, start, end, words):
    event = an_event(member, start, end)
    assert words in text_of(a_browser_of(member), f"/calendar/events/{event.pk}/")


def test_one_date_of_a_series_and_the_whole(member, series):
    edited = an_event(
        member, "2026-11-25T15:00:00", "2026-11-25T16:00:00", "Late lunch", series=series,
        original_start="2026-11-24T12:00:00",
    )  # fmt: skip
    client = a_browser_of(member)
    text = text_of(client, f"/calendar/events/{series.pk}/2026-12-08T12:00:00/")
    assert "Tuesday, December 8, 2026, 12:00 PM – 1:00 PM" in text
    assert "One date of a series that repeats every week on Tuesday, 6 times." in text
    text = text_of(client, f"/calendar/events/{series.pk}/")
    assert "Repeats every week on Tuesday, 6 times." in text
    assert (
        "Next Tuesday, December 8, 2026 Changed by themselves Wednesday, November 25, 2026, 3:00 PM Late lunch" in text
    )
    assert "Removed Tuesday, December 1, 2026" in text
    text = text_of(client, f"/calendar/events/{edited.pk}/")
    assert "One date of a series, changed by itself. The series repeats every week on Tuesday, 6 times." in text
    assert client.get(f"/calendar/events/{series.pk}/2026-11-24T12:00:00/").headers["Location"] == (
        f"/calendar/events/{edited.pk}/"
    )


@pytest.mark.parametrize(
    "slot", ["2026-12-01T12:00:00", "2026-12-09T12:00:00", "2027-01-05T12:00:00", "2026-12-08", "2026-99-08"]
)
def test_what_is_no_date_of_the_series_is_not_found(member, series, slot):
    assert a_browser_of(member).get(f"/calendar/events/{series.pk}/{slot}/").status_code == 404


def test_nobody_sees_somebody_elses(member, series):
    client = a_browser_of(MemberFactory())
    for path in ("", "2026-12-08T12:00:00/"):
        assert client.get(f"/calendar/events/{series.pk}/{path}").status_code == 404


def test_it_says_how_it_stands_and_why(member):
    connection = ConnectionFactory(member=member, state="graph_sync")
    client = a_browser_of(member)

    def says(**columns) -> str:
        event = an_event(member, "2026-11-24T09:00:00", "2026-11-24T10:00:00")
        refused = columns.pop("refused", None)
        SyncedEventFactory(connection=connection, event=event, **columns)
        if refused is not None:
            LocalChange.objects.create(
                connection=connection, uid=event.uid, event=event, recorded_at=NOW, refused=refused
            )
        return text_of(client, f"/calendar/events/{event.pk}/").split("Outlook", 1)[1]

    assert says().startswith(" Synced What stands here stands in Outlook too.")
    assert says(refused="").startswith(" Waiting")
    assert says(refused="crossing").startswith(" Not carried over A date of a series cannot be moved past")
    assert " It stays here" in says(link=SyncedEvent.Link.ANOMALY)
    event = an_event(member, "2026-11-24T09:00:00", "2026-11-24T10:00:00")
    assert "Only here" in text_of(client, f"/calendar/events/{event.pk}/")


def test_what_waits_looks_again_by_itself_until_it_is_known(member):
    connection = ConnectionFactory(member=member, state="graph_sync")
    event = an_event(member, "2026-11-24T09:00:00", "2026-11-24T10:00:00")
    change = LocalChange.objects.create(connection=connection, uid=event.uid, event=event, recorded_at=NOW)
    client = a_browser_of(member)
    fragment = f"/calendar/events/{event.pk}/standing/"
    assert f'hx-get="{fragment}"' in html_of(client, f"/calendar/events/{event.pk}/")
    part = html_of(client, fragment)
    assert "<html" not in part and 'hx-trigger="every 3s"' in part and "November 23, 9:00 AM" in part
    change.delete()
    SyncedEventFactory(connection=connection, event=event)
    part = html_of(client, fragment)
    assert "hx-get" not in part and "Synced" in part
    assert a_browser_of(MemberFactory()).get(fragment).status_code == 404


def test_a_part_that_is_fetched_after_the_session_ended_leads_to_the_login(member):
    """A login page must not be swapped into the middle of another."""
    page = f"/calendar/events/{an_event(member, '2026-11-24T09:00:00', '2026-11-24T10:00:00').pk}/"
    asked = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{page}"}
    answer = Client().get(f"{page}standing/", headers=asked)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["HX-Redirect"] == f"/accounts/login/?next={page}"
    elsewhere = Client().get(f"{page}standing/", headers=asked | {"HX-Current-URL": "https://evil.example/"})
    assert elsewhere.headers["HX-Redirect"] == "/accounts/login/?next=/"


def test_what_waits_long_is_said_to_and_asked_for_less_often(member):
    connection = ConnectionFactory(member=member, state="graph_sync")
    event = an_event(member, "2026-11-24T09:00:00", "2026-11-24T10:00:00")
    change = LocalChange.objects.create(
        connection=connection, uid=event.uid, event=event, recorded_at=NOW - timedelta(minutes=6)
    )
    client, page = a_browser_of(member), f"/calendar/events/{event.pk}/"
    assert "takes longer than usual" in text_of(client, page) and "within moments" not in text_of(client, page)
    assert 'hx-trigger="every 15s"' in html_of(client, page)
    change.not_before = NOW + timedelta(minutes=1)
    change.save()
    assert "It could not be carried over yet, and is tried again within minutes." in text_of(client, page)


def test_a_subject_reads_in_its_own_direction(member):
    event = an_event(member, "2026-11-24T09:00:00", "2026-11-24T10:00:00", "פגישה (Okafor)")
    client = a_browser_of(member)
    for path in (
        f"/calendar/events/{event.pk}/",
        "/calendar/2026/11/",
        "/calendar/2026/11/24/",
        "/calendar/search/?q=Oka",
    ):
        assert re.search(r'<(h1|a) [^>]*dir="auto"((?!</a>|</h1>).)*פגישה', html_of(client, path), re.DOTALL), path
    assert re.search(r'name="subject"[^>]*dir="auto"', html_of(client, f"/calendar/events/{event.pk}/edit/"))


def test_an_anomaly_links_to_what_that_means(member):
    connection = ConnectionFactory(member=member, state="graph_sync")
    event = an_event(member, "2026-11-24T09:00:00", "2026-11-24T10:00:00")
    SyncedEventFactory(connection=connection, event=event, link=SyncedEvent.Link.ANOMALY)
    assert 'href="/help/calendar-sync/not-found/"' in html_of(a_browser_of(member), f"/calendar/events/{event.pk}/")


def test_without_a_connection_nothing_is_said_of_one(member):
    event = an_event(member, "2026-11-24T09:00:00", "2026-11-24T10:00:00")
    assert "Only here" not in text_of(a_browser_of(member), f"/calendar/events/{event.pk}/")
