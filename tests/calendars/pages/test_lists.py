"""The calendar as lists: a day, four weeks of days, what a search finds, and the way there from the dashboard."""

import pytest

from calendars.models import SyncedEvent
from tests.calendars.pages.steps import a_browser_of, an_event, html_of, text_of
from tests.factories import ConnectionFactory, MemberFactory, SyncedEventFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("november")]


@pytest.fixture
def member():
    return MemberFactory()


def test_a_day_has_whole_days_first_then_times_and_what_goes_on(member):
    an_event(member, "2026-11-24T15:00:00", "2026-11-24T16:00:00", "Hearing", location="Court 3")
    an_event(member, "2026-11-24", "2026-11-25", "Court holiday")
    an_event(member, "2026-11-23T22:00:00", "2026-11-24T02:00:00", "Night session")
    an_event(member, "2026-11-23T08:00:00", "2026-11-25T18:00:00", "Conference")
    text = text_of(a_browser_of(member), "/calendar/2026/11/24/", "ol")
    assert text == (
        "All day Court holiday Until Nov 25, 6:00 PM Conference Until 2:00 AM Night session"
        " 3:00 PM – 4:00 PM Hearing Court 3"
    )


def test_days_follow_each_other(member):
    html = html_of(a_browser_of(member), "/calendar/2026/11/30/")
    assert 'rel="prev" href="/calendar/2026/11/29/"' in html and 'rel="next" href="/calendar/2026/12/1/"' in html
    assert "Nothing on this day." in html


def test_the_agenda_lists_four_weeks_by_day_and_an_event_on_each_of_its_days(member):
    an_event(member, "2026-11-22", "2026-11-23", "Yesterday")
    an_event(member, "2026-11-24", "2026-11-26", "Trial")
    an_event(member, "2026-11-02T09:00:00", "2026-11-02T09:30:00", "Review", rrule="FREQ=WEEKLY;INTERVAL=2")
    an_event(member, "2026-12-21", "2026-12-22", "Five weeks ahead")
    client = a_browser_of(member)
    text = text_of(client, "/calendar/agenda/", "section")
    assert text == (
        "November 23 – December 20, 2026 Tuesday, November 24 All day, until Nov 25 Trial Wednesday, November 25 All day"
        " Trial Monday, November 30 9:00 AM – 9:30 AM Review repeats Monday, December 14 9:00 AM – 9:30 AM Review repeats"
    )
    html = html_of(client, "/calendar/agenda/")
    assert 'rel="prev" href="/calendar/agenda/?from=2026-10-26"' in html
    assert 'rel="next" href="/calendar/agenda/?from=2026-12-21"' in html
    assert "Five weeks ahead" in html_of(client, "/calendar/agenda/?from=2026-12-21")


@pytest.mark.parametrize("query", ["?from=yesterday", "?from=2026-02-30", "?from=", "?from=9999-12-31"])
def test_an_agenda_from_no_date_begins_today(member, query):
    assert "November 23 – December 20, 2026" in text_of(a_browser_of(member), f"/calendar/agenda/{query}")


def test_times_are_hers_and_floating_events_keep_their_own(member):
    member.time_zone = "America/Los_Angeles"
    member.save()
    an_event(member, "2026-11-24T09:00:00", "2026-11-24T10:00:00", "In New York")
    an_event(member, "2026-11-24T09:00:00", "2026-11-24T10:00:00", "Anywhere", floating=True)
    text = text_of(a_browser_of(member), "/calendar/2026/11/24/", "ol")
    assert text == "6:00 AM – 7:00 AM In New York 9:00 AM – 10:00 AM Anywhere"


def test_each_event_says_how_it_stands(member):
    connection = ConnectionFactory(member=member, state="graph_sync")
    lost = an_event(member, "2026-11-24T09:00:00", "2026-11-24T10:00:00", "Lost")
    SyncedEventFactory(connection=connection, event=lost, link=SyncedEvent.Link.ANOMALY)
    kept = an_event(member, "2026-11-24T11:00:00", "2026-11-24T12:00:00", "Kept")
    SyncedEventFactory(connection=connection, event=kept)
    for path in ("/calendar/2026/11/24/", "/calendar/agenda/", "/"):
        assert "9:00 AM – 10:00 AM Lost Not in Outlook 11:00 AM – 12:00 PM Kept Synced" in (
            text_of(a_browser_of(member), path, "ol")
        ), path


def test_a_search_finds_words_in_subject_place_and_notes_of_her_own_events(member):
    an_event(member, "2026-11-24T09:00:00", "2026-11-24T10:00:00", "Quill hearing")
    an_event(member, "2025-03-04", "2025-03-05", "Old", body="call Dr. QUILL", rrule="FREQ=YEARLY")
    an_event(member, "2027-03-04T09:00:00", "2027-03-04T10:00:00", "Later", location="Quill Building")
    an_event(member, "2026-11-25T09:00:00", "2026-11-25T10:00:00", "Another")
    an_event(MemberFactory(), "2026-11-25T09:00:00", "2026-11-25T10:00:00", "Quill of somebody else")
    client = a_browser_of(member)
    text = text_of(client, "/calendar/search/?q=quill")
    assert "3 events with “quill”" in text
    assert [text.index(word) for word in ("Later", "Quill hearing", "Old repeats")] == sorted(
        text.index(word) for word in ("Later", "Quill hearing", "Old repeats")
    )
    assert "somebody else" not in text and "Another" not in text
    assert "No event has these words." in text_of(client, "/calendar/search/?q=nonesuch")
    assert "with" not in text_of(client, "/calendar/search/?q=%00")


def test_a_long_result_has_pages(member):
    for number in range(51):
        an_event(member, "2026-11-24T09:00:00", "2026-11-24T10:00:00", f"Review {number}")
    client = a_browser_of(member)
    assert "Page 1 of 2" in text_of(client, "/calendar/search/?q=review")
    assert "Review 0" in text_of(client, "/calendar/search/?q=review&page=2")


def test_the_dashboard_leads_to_month_and_agenda(member):
    html = html_of(a_browser_of(member), "/")
    assert 'href="/calendar/"' in html and 'href="/calendar/agenda/"' in html
