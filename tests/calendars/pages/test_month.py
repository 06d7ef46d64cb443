"""The month as a member sees it: six weeks of her days, with everything that is on them."""

import re
from datetime import date

import pytest

from calendars import places
from calendars.models import LocalChange, SyncedEvent
from tests.calendars.pages.steps import a_browser_of, an_event, days_of_month, element, html_of, plain
from tests.factories import NOW, ConnectionFactory, MemberFactory, SyncedEventFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("november")]
NOVEMBER = "/calendar/2026/11/"


@pytest.fixture
def member():
    return MemberFactory()


def month(member, path: str = NOVEMBER) -> dict[str, str]:
    return days_of_month(html_of(a_browser_of(member), path))


def test_six_weeks_from_a_sunday_in_new_york_and_from_a_monday_in_london(member):
    days = list(month(member))
    assert len(days) == 42
    assert days[0] == "Sunday, November 1" and days[-1] == "Saturday, December 12"
    member.time_zone = "Europe/London"
    member.save()
    days = list(month(member))
    assert days[0] == "Monday, October 26" and days[-1] == "Sunday, December 6"


@pytest.mark.parametrize(
    ("zone", "first"),
    [
        ("America/New_York", 6),
        ("US/Eastern", 6),
        ("Europe/Berlin", 0),
        ("Asia/Dubai", 0),
        ("Africa/Cairo", 5),
        ("UTC", 0),
    ],
)
def test_weeks_begin_as_they_do_in_the_country_of_the_zone(zone, first):
    assert places.first_weekday(zone) == first


def test_today_is_marked_and_is_hers(member):
    assert "Monday, November 23, today" in month(member)
    member.time_zone = "Pacific/Kiritimati"
    member.save()
    assert "Tuesday, November 24, today" in month(member)


def test_events_stand_on_her_days_and_nobody_elses_do(member):
    an_event(member, "2026-11-12T02:00:00", "2026-11-12T03:00:00", "Call with Tokyo", zone="Asia/Tokyo")
    an_event(member, "2026-11-12T09:30:00", "2026-11-12T10:00:00", "Hearing <Okafor>", location="Court 3")
    an_event(MemberFactory(), "2026-11-12T09:30:00", "2026-11-12T10:00:00", "Somebody else's")
    days = month(member)
    assert "12pm Call with Tokyo" in days["Wednesday, November 11, 1 event"]
    assert "9:30am Hearing &lt;Okafor&gt;" in days["Thursday, November 12, 1 event"]
    assert "Somebody" not in str(days)


def test_several_days_are_one_bar_a_week_and_each_day_counts_it(member):
    an_event(member, "2026-11-12", "2026-11-17", "Trial")
    html = html_of(a_browser_of(member), NOVEMBER)
    assert re.findall(r"chip-days-(\d)[^>]*>", html) == ["3", "2"]  # Thursday to Saturday, then Sunday and Monday
    days = days_of_month(html)
    assert "Trial , until November 16" in days["Thursday, November 12, 1 event"]
    assert "Trial goes on" in days["Friday, November 13, 1 event"]
    assert "Trial" in days["Monday, November 16, 1 event"] and "Tuesday, November 17" in days


def test_what_ends_at_midnight_is_not_on_the_next_day_and_what_goes_on_is(member):
    an_event(member, "2026-11-10T22:00:00", "2026-11-11T00:00:00", "Filing")
    an_event(member, "2026-11-12T22:00:00", "2026-11-13T00:30:00", "Night session")
    days = month(member)
    assert {"Tuesday, November 10, 1 event", "Wednesday, November 11"} <= set(days)
    assert {"Thursday, November 12, 1 event", "Friday, November 13, 1 event"} <= set(days)


def test_series_with_edited_and_removed_dates(member):
    series = an_event(
        member, "2016-11-01T12:00:00", "2016-11-01T13:00:00", "Lunch", rrule="FREQ=WEEKLY;BYDAY=TU",
        exdates=["2026-11-17T12:00:00"],
    )  # fmt: skip
    edited = {"series": series, "original_start": "2026-11-10T12:00:00"}
    an_event(member, "2026-11-12T15:00:00", "2026-11-12T16:00:00", "Late lunch", **edited)
    days = month(member)
    assert "Lunch" in days["Tuesday, November 3, 1 event"] and "Lunch" in days["Tuesday, December 1, 1 event"]
    assert {"Tuesday, November 10", "Tuesday, November 17"} <= set(days)
    assert "Late lunch" in days["Thursday, November 12, 1 event"]


def test_an_edited_date_in_another_zone_still_takes_the_place_of_the_one_it_was(member):
    series = an_event(member, "2026-11-03T12:00:00", "2026-11-03T13:00:00", "Lunch", rrule="FREQ=WEEKLY")
    date_there = an_event(
        member, "2026-11-10T14:00:00", "2026-11-10T15:00:00", "Lunch in Chicago", zone="America/Chicago",
        series=series, original_start="2026-11-10T12:00:00",
    )  # fmt: skip
    date_there.original_start = "2026-11-10T11:00:00"  # in its own zone, as an import says it
    date_there.save()
    assert "3pm Lunch in Chicago" in month(member)["Tuesday, November 10, 1 event"]


def test_a_full_day_says_how_many_more_there_are_and_leads_to_them(member):
    for hour in range(9, 14):
        an_event(member, f"2026-11-18T{hour:02}:00:00", f"2026-11-18T{hour:02}:30:00", f"Review {hour}")
    an_event(member, "2026-11-17", "2026-11-20", "Conference")
    for hour in range(9, 13):
        an_event(member, f"2026-11-24T{hour:02}:00:00", f"2026-11-24T{hour:02}:30:00", f"Review {hour}")
    client = a_browser_of(member)
    html = html_of(client, NOVEMBER)
    day = days_of_month(html)["Wednesday, November 18, 6 events"]
    assert "Conference goes on" in day and "Review 9" in day and "Review 10" in day and "Review 11" not in day
    assert "+3 more on November 18" in day
    # What just fits is shown: a line that says "one more" would take its place.
    assert "more" not in days_of_month(html)["Tuesday, November 24, 4 events"]
    assert 'class="month-more" href="/calendar/2026/11/18/"' in html
    assert plain(html_of(client, "/calendar/2026/11/18/")).count("Review") == 5


def test_as_many_whole_days_as_there_are_lines_are_shown(member):
    for number in range(4):
        an_event(member, "2026-11-18", "2026-11-19", f"Four {number}")
    for number in range(5):
        an_event(member, "2026-11-25", "2026-11-26", f"Five {number}")
    days = month(member)
    assert "more" not in days["Wednesday, November 18, 4 events"]
    assert "+2 more" in " ".join(days["Wednesday, November 25, 5 events"].split())


def test_months_follow_each_other_and_end_with_the_years(member):
    html = html_of(a_browser_of(member), NOVEMBER)
    assert 'rel="prev" href="/calendar/2026/10/"' in html and 'rel="next" href="/calendar/2026/12/"' in html
    client = a_browser_of(member)
    assert 'rel="prev"' not in html_of(client, "/calendar/1900/1/")
    assert 'rel="next"' not in html_of(client, "/calendar/2199/12/")
    for path in (
        "/calendar/1899/12/",
        "/calendar/2200/1/",
        "/calendar/2026/13/",
        f"/calendar/{10**20}/1/",
        f"/calendar/2026/{10**20}/",
        "/calendar/2026/0/",
        "/calendar/2026/2/30/",
    ):
        assert client.get(path).status_code == 404, path


@pytest.mark.parametrize(
    ("query", "leads_to"),
    [
        ("", "/calendar/2026/11/"),
        ("?date=2027-02-14", "/calendar/2027/2/"),
        ("?date=2027-02-14&view=day", "/calendar/2027/2/14/"),
        ("?date=2027-02-14&view=agenda", "/calendar/agenda/?from=2027-02-14"),
        ("?date=2027-02-30&view=day", "/calendar/2026/11/23/"),
        ("?date=tomorrow", "/calendar/2026/11/"),
        ("?date=0001-01-01", "/calendar/2026/11/"),
    ],
)
def test_a_date_that_is_asked_for(member, query, leads_to):
    assert a_browser_of(member).get(f"/calendar/{query}").headers["Location"] == leads_to


def test_marks_say_how_events_stand(member):
    connection = ConnectionFactory(member=member, state="graph_sync")
    synced, anomaly, changed, failed = (
        an_event(member, f"2026-11-{day}T09:00:00", f"2026-11-{day}T10:00:00", subject)
        for day, subject in ((10, "Synced"), (11, "Lost"), (12, "Changed"), (13, "Refused"))
    )
    for event in (synced, changed, failed):
        SyncedEventFactory(connection=connection, event=event)
    SyncedEventFactory(connection=connection, event=anomaly, link=SyncedEvent.Link.ANOMALY)
    LocalChange.objects.create(connection=connection, uid=changed.uid, event=changed, recorded_at=NOW)
    LocalChange.objects.create(connection=connection, uid=failed.uid, event=failed, recorded_at=NOW, refused="zone")
    days = {name: words for name, words in month(member).items() if "event" in name}
    assert [" ".join(words.split()[2:]) for words in days.values()] == [
        "9am Synced", "Not in Outlook: 9am Lost", "Waiting: 9am Changed", "Not carried over: 9am Refused",
    ]  # fmt: skip


def test_a_full_calendar_costs_as_many_queries_as_an_empty_one(member, django_assert_num_queries):
    connection = ConnectionFactory(member=member, state="graph_sync")
    client = a_browser_of(member)
    an_event(member, "2026-11-02T08:00:00", "2026-11-02T09:00:00", rrule="FREQ=DAILY")
    with django_assert_num_queries(7):
        client.get(NOVEMBER)
    for day in range(1, 29):
        event = an_event(member, f"2026-11-{day:02}T09:00:00", f"2026-11-{day:02}T10:00:00")
        series = an_event(member, f"2026-10-{day:02}T09:00:00", f"2026-10-{day:02}T10:00:00", rrule="FREQ=WEEKLY")
        original = f"2026-10-{day:02}T09:00:00"
        an_event(member, f"2026-11-{day:02}", f"2026-11-{day + 1:02}", series=series, original_start=original)
        SyncedEventFactory(connection=connection, event=event)
    with django_assert_num_queries(7):
        client.get(NOVEMBER)


def test_it_is_a_table_for_whoever_hears_it(member):
    html = element(html_of(a_browser_of(member), NOVEMBER), "table")
    assert html.count('<th scope="col">') == 7 and 'aria-labelledby="title"' in html
    assert html.count('aria-current="date"') == 1
    assert date(2026, 11, 23).strftime("%A") == "Monday"


def test_nobody_sees_it_without_login(client):
    for path in (NOVEMBER, "/calendar/", "/calendar/2026/11/23/", "/calendar/agenda/", "/calendar/search/"):
        assert client.get(path).headers["Location"] == f"/accounts/login/?next={path}"


def test_no_cache_keeps_it(member):
    assert "no-store" in a_browser_of(member).get(NOVEMBER).headers["Cache-Control"]
