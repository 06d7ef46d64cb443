"""A member says how an event repeats, and changes it; rules that the form has no words for are kept."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendars.models import Event
from calendars.recurrence import DAYS, Pattern, first_of, rrule_of
from calendars.repeating import first_day, fits
from tests.calendars.pages.steps import a_browser_of, an_event, fill_in, form_of, html_of
from tests.factories import MemberFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("november")]
# A Tuesday.
NEW = "/calendar/events/new/?date=2026-12-01"


@pytest.fixture
def member():
    return MemberFactory()


@pytest.fixture
def browser(member):
    return a_browser_of(member)


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ({"frequency": "DAILY"}, "FREQ=DAILY"),
        ({"frequency": "DAILY", "interval": 3, "ends": "count", "count": 5}, "FREQ=DAILY;INTERVAL=3;COUNT=5"),
        ({"frequency": "WEEKLY"}, "FREQ=WEEKLY;BYDAY=TU"),
        ({"frequency": "WEEKLY", "weekdays": ["TH", "TU"]}, "FREQ=WEEKLY;BYDAY=TU,TH"),
        # In New York weeks begin on a Sunday, which counts where weeks are left out.
        ({"frequency": "WEEKLY", "interval": 2}, "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU;WKST=SU"),
        (
            {"frequency": "WEEKLY", "ends": "until", "until": "2027-02-02"},
            "FREQ=WEEKLY;BYDAY=TU;UNTIL=20270202T140000Z",
        ),
        ({"frequency": "MONTHLY"}, "FREQ=MONTHLY;BYMONTHDAY=1"),
        ({"frequency": "MONTHLY", "by": "position", "kind_of_day": "TU"}, "FREQ=MONTHLY;BYDAY=1TU"),
        ({"frequency": "YEARLY"}, "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=1"),
        (
            {"frequency": "YEARLY", "by": "position", "index": "1", "kind_of_day": "MO,TU,WE,TH,FR"},
            "FREQ=YEARLY;BYMONTH=12;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1",
        ),
    ],
)
def test_a_series_that_begins_with_its_start(member, browser, fields, rule):
    answer = fill_in(browser, NEW, **fields)
    event = Event.objects.get()
    assert (event.rrule, event.start) == (rule, "2026-12-01T09:00:00")
    assert "the first date on which" not in html_of(browser, answer.headers["Location"])


@pytest.mark.parametrize(
    ("fields", "rule", "start"),
    [
        ({"frequency": "WEEKLY", "weekdays": ["FR"]}, "FREQ=WEEKLY;BYDAY=FR", "2026-12-04T09:00:00"),
        ({"frequency": "MONTHLY", "month_day": 15}, "FREQ=MONTHLY;BYMONTHDAY=15", "2026-12-15T09:00:00"),
        ({"frequency": "MONTHLY", "month_day": 31}, "FREQ=MONTHLY;BYMONTHDAY=-1", "2026-12-31T09:00:00"),
        (
            {"frequency": "MONTHLY", "month_day": 30},
            "FREQ=MONTHLY;BYMONTHDAY=28,29,30;BYSETPOS=-1",
            "2026-12-30T09:00:00",
        ),
        (
            {"frequency": "MONTHLY", "by": "position", "index": "-1", "kind_of_day": "FR"},
            "FREQ=MONTHLY;BYDAY=-1FR",
            "2026-12-25T09:00:00",
        ),
        (
            {"frequency": "YEARLY", "month": "7", "month_day": 4},
            "FREQ=YEARLY;BYMONTH=7;BYMONTHDAY=4",
            "2027-07-04T09:00:00",
        ),
    ],
)
def test_a_series_begins_with_the_first_date_of_its_rule(member, browser, fields, rule, start):
    """As the calendar services want it; the member reads which date that is."""
    answer = fill_in(browser, NEW, **fields)
    event = Event.objects.get()
    assert (event.rrule, event.start) == (rule, start)
    assert event.end == start.replace("T09", "T10")
    first = date.fromisoformat(start[:10])
    page = html_of(browser, answer.headers["Location"])
    assert f"It begins on {first:%B} {first.day}, {first.year}, the first date" in page


@pytest.mark.parametrize(
    ("day", "place"),
    [
        ("2026-12-01", ("1", "TU")),
        ("2026-11-24", ("4", "TU")),
        ("2026-11-28", ("4", "SA")),
        ("2026-11-30", ("-1", "MO")),
    ],
)
def test_the_place_in_the_month_offered_first_is_that_of_the_day(browser, day, place):
    offered = form_of(html_of(browser, f"/calendar/events/new/?date={day}")).fields
    assert (offered["index"], offered["kind_of_day"]) == ([place[0]], [place[1]])


def test_a_series_of_whole_days(member, browser):
    fill_in(browser, NEW, all_day="on", frequency="WEEKLY", ends="until", until="2027-01-31")
    assert Event.objects.get().rrule == "FREQ=WEEKLY;BYDAY=TU;UNTIL=20270131"


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"frequency": "DAILY", "interval": 0}, "Every: Ensure this value is greater than or equal to 1."),
        ({"frequency": "DAILY", "interval": "two"}, "Every: Enter a whole number."),
        ({"frequency": "DAILY", "ends": "until"}, "Last date: Say on which date the series ends."),
        ({"frequency": "DAILY", "ends": "until", "until": "2026-11-30"}, "The series would end before it begins."),
        ({"frequency": "DAILY", "ends": "count"}, "Number of times: Say after how many times the series ends."),
        (
            {"frequency": "WEEKLY", "weekdays": ["MO"], "ends": "until", "until": "2026-12-04"},
            "Last date: The series would have no date: its first would be December 7, 2026.",
        ),
        ({"frequency": "HOURLY"}, "Repeats: Select a valid choice."),
        ({"frequency": "MONTHLY", "month_day": 32}, "Day of the month: Ensure this value is less than or equal to 31."),
        ({"frequency": "WEEKLY", "weekdays": ["XX"]}, "On: Select a valid choice."),
        ({"frequency": "keep"}, "Repeats: Select a valid choice."),
        ({"frequency": "MONTHLY", "by": "position", "index": "7"}, "Which: Select a valid choice."),
    ],
)
def test_what_is_no_repetition_is_refused_with_its_reason(browser, fields, says):
    answer = fill_in(browser, NEW, **fields)
    assert answer.status_code == 200 and says in answer.content.decode()
    assert not Event.objects.exists()


def test_what_is_left_over_from_another_frequency_does_no_harm(browser):
    fill_in(browser, NEW, frequency="DAILY", weekdays=["MO"], month="7", month_day=4, until="2026-01-01", count=3)
    assert Event.objects.get().rrule == "FREQ=DAILY"


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY;INTERVAL=2",
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,TH;WKST=SU;COUNT=9",
        "FREQ=WEEKLY;INTERVAL=2;WKST=MO",
        "FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR",
        "FREQ=MONTHLY;BYDAY=1TU;UNTIL=20271231T235959Z",
        "FREQ=MONTHLY;BYDAY=TU,WE;BYSETPOS=1",
        "FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=1",
        "FREQ=YEARLY",
        # What the form has no fields for:
        "FREQ=MONTHLY;BYDAY=TU;BYMONTHDAY=1,2,3,4,5,6,7",
        "FREQ=YEARLY;BYYEARDAY=335",
        "FREQ=DAILY;INTERVAL=2000",
        "FREQ=NONSENSE",
    ],
)
def test_a_rule_nobody_touches_stays_as_it_is_written(member, browser, rule):
    event = an_event(member, "2026-12-01T09:00:00", "2026-12-01T10:00:00", rrule=rule)
    assert fill_in(browser, f"/calendar/events/{event.pk}/edit/", subject="Another").status_code == 302
    event.refresh_from_db()
    assert (event.subject, event.rrule, event.start) == ("Another", rule, "2026-12-01T09:00:00")


def test_a_rule_without_fields_is_told_in_words_and_can_be_replaced(member, browser):
    event = an_event(member, "2026-12-01T09:00:00", "2026-12-01T10:00:00", rrule="FREQ=MONTHLY;BYMONTHDAY=1,15")
    path = f"/calendar/events/{event.pk}/edit/"
    html = html_of(browser, path)
    assert "As it is now: every month on days 1 and 15" in html
    assert form_of(html).fields["frequency"] == ["keep"]
    fill_in(browser, path, frequency="WEEKLY")
    event.refresh_from_db()
    assert event.rrule == "FREQ=WEEKLY;BYDAY=TU"


def test_a_rule_without_fields_keeps_a_start_that_fits_it(member, browser):
    event = an_event(member, "2026-12-01T09:00:00", "2026-12-01T10:00:00", rrule="FREQ=MONTHLY;BYMONTHDAY=1,15")
    path = f"/calendar/events/{event.pk}/edit/"
    answer = fill_in(browser, path, start_date="2026-12-02", end_date="2026-12-02")
    assert "it cannot begin on December 2, 2026" in answer.content.decode()
    fill_in(browser, path, start_date="2026-12-15", end_date="2026-12-15", start_time="08:00")
    event.refresh_from_db()
    assert (event.start, event.rrule) == ("2026-12-15T08:00:00", "FREQ=MONTHLY;BYMONTHDAY=1,15")


def test_a_series_becomes_a_single_event_and_back(member, browser):
    event = an_event(
        member, "2026-12-01T09:00:00", "2026-12-01T10:00:00", rrule="FREQ=WEEKLY", exdates=["2026-12-08T09:00:00"]
    )
    fill_in(browser, f"/calendar/events/{event.pk}/edit/", frequency="")
    event.refresh_from_db()
    assert (event.rrule, event.exdates) == ("", [])
    fill_in(browser, f"/calendar/events/{event.pk}/edit/", frequency="DAILY")
    event.refresh_from_db()
    assert event.rrule == "FREQ=DAILY"


patterns = st.one_of(
    st.builds(Pattern, st.just("weekly"), days=st.sets(st.sampled_from(DAYS), min_size=1).map(
        lambda chosen: tuple(day for day in DAYS if day in chosen))),
    st.builds(Pattern, st.just("absoluteMonthly"), day=st.integers(1, 31)),
    st.builds(Pattern, st.just("absoluteYearly"), day=st.integers(1, 31), month=st.integers(1, 12)),
    st.builds(Pattern, st.just("relativeMonthly"), index=st.sampled_from((1, 2, 3, 4, -1)),
              days=st.sampled_from((("MO",), ("SA", "SU"), DAYS[:5], DAYS))),
    st.builds(Pattern, st.just("relativeYearly"), index=st.sampled_from((1, 4, -1)), month=st.integers(1, 12),
              days=st.sampled_from((("FR",), ("SA", "SU")))),
)  # fmt: skip


@given(patterns, st.dates(date(2024, 1, 1), date(2030, 1, 1)))
def test_the_first_day_of_a_pattern_is_the_first_that_its_rule_gives(pattern, since):
    first = first_day(pattern, since)
    assert first >= since and fits(pattern, first)
    rule = rrule_of(pattern, first.isoformat(), "UTC")  # it would refuse a start that is no date of the rule
    earlier = first_of(rule, since.isoformat(), "UTC")
    assert earlier is not None and earlier.date() == first
