"""The next events of a member: recurring ones taken apart, times in her zone, days as she counts them."""

from datetime import UTC, date, datetime

import pytest

from calendars import agenda
from calendars.times import instant
from tests.factories import NOW, EventFactory, MemberFactory

# NOW is Monday, 23 November 2026, 9:00 in New York.
pytestmark = pytest.mark.django_db


@pytest.fixture
def member():
    return MemberFactory()


def event(member, start: str, end: str, subject: str = "Hearing", zone: str = "America/New_York", **fields):
    all_day = len(start) == 10
    return EventFactory(
        member=member, subject=subject, start=start, end=end, time_zone=zone, all_day=all_day,
        starts_at=instant(start, zone, all_day), ends_at=instant(end, zone, all_day), **fields,
    )  # fmt: skip


def starts(member, now=NOW, limit: int = 10) -> list[str]:
    return [entry.start.strftime("%Y-%m-%d %H:%M") for entry in agenda.next_events(member, now, limit)]


def test_soonest_first_in_the_members_zone_and_nobody_elses(member):
    event(member, "2026-11-24T15:00:00", "2026-11-24T16:00:00", zone="Europe/London")
    event(member, "2026-11-23T16:00:00", "2026-11-23T17:00:00")
    event(MemberFactory(), "2026-11-23T11:00:00", "2026-11-23T12:00:00")
    assert starts(member) == ["2026-11-23 16:00", "2026-11-24 10:00"]


def test_what_is_over_is_gone_and_what_goes_on_is_there(member):
    event(member, "2026-11-23T07:00:00", "2026-11-23T09:00:00", subject="over")
    event(member, "2026-11-22T07:00:00", "2026-11-23T09:01:00", subject="goes on")
    (entry,) = agenda.next_events(member, NOW)
    assert (entry.subject, entry.day) == ("goes on", date(2026, 11, 23))


@pytest.mark.parametrize(
    ("now", "shown"),
    [(datetime(2026, 11, 24, 4, 59, tzinfo=UTC), True), (datetime(2026, 11, 24, 5, 0, tzinfo=UTC), False)],
)
def test_an_all_day_event_lasts_as_long_as_her_day(member, now, shown):
    event(member, "2026-11-23", "2026-11-24")
    assert bool(starts(member, now)) is shown


def test_a_day_that_has_begun_for_a_member_far_east_is_the_next_one(member):
    member.time_zone = "Pacific/Kiritimati"
    event(member, "2026-11-23", "2026-11-24")
    event(member, "2026-11-24", "2026-11-26")
    (entry,) = agenda.next_events(member, NOW)
    assert (entry.day, entry.last_day) == (date(2026, 11, 24), date(2026, 11, 25))


def test_a_series_keeps_its_wall_clock_over_a_change_of_clocks(member):
    event(member, "2026-03-02T09:30:00", "2026-03-02T10:00:00", rrule="FREQ=WEEKLY;BYDAY=MO")
    assert starts(member, datetime(2026, 10, 30, tzinfo=UTC), 2) == ["2026-11-02 09:30", "2026-11-09 09:30"]


def test_an_occurrence_deleted_or_edited_is_not_shown_where_it_was(member):
    series = event(
        member,
        "2026-11-02T12:00:00",
        "2026-11-02T13:00:00",
        rrule="FREQ=WEEKLY;COUNT=6",
        exdates=["2026-11-30T12:00:00"],
    )
    original = {"original_start": "2026-12-07T12:00:00", "original_starts_at": datetime(2026, 12, 7, 17, tzinfo=UTC)}
    event(member, "2026-12-08T15:00:00", "2026-12-08T16:00:00", series=series, **original)
    assert starts(member) == ["2026-11-23 12:00", "2026-12-08 15:00"]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("FREQ=DAILY;UNTIL=20261124T170000Z", ["2026-11-23 12:00", "2026-11-24 12:00"]),
        ("RRULE:FREQ=DAILY;UNTIL=20261124", ["2026-11-23 12:00", "2026-11-24 12:00"]),
        ("FREQ=DAILY;UNTIL=20261122T170000Z", []),
        ("FREQ=DAILY;INTERVAL=3", ["2026-11-23 12:00", "2026-11-26 12:00", "2026-11-29 12:00"]),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,TH", ["2026-11-24 12:00", "2026-11-26 12:00", "2026-12-08 12:00"]),
        ("FREQ=MONTHLY;BYDAY=-1FR", ["2026-11-27 12:00", "2026-12-25 12:00", "2027-01-29 12:00"]),
        ("FREQ=NONSENSE", []),
    ],
)
def test_rules(member, rule, expected):
    # A Tuesday; 2026-11-24 is 568 weeks and 3,976 days later.
    event(member, "2016-01-05T12:00:00", "2016-01-05T13:00:00", rrule=rule)
    assert starts(member, limit=3) == expected


def test_an_all_day_series(member):
    event(member, "2026-01-05", "2026-01-06", rrule="FREQ=WEEKLY")
    assert starts(member, limit=2) == ["2026-11-23 00:00", "2026-11-30 00:00"]


def test_many_events_cost_three_queries(member, django_assert_num_queries):
    for day in range(1, 28):
        event(member, f"2026-12-{day:02}T09:00:00", f"2026-12-{day:02}T10:00:00")
        event(member, f"2026-10-{day:02}T09:00:00", f"2026-10-{day:02}T10:00:00", rrule="FREQ=WEEKLY")
    with django_assert_num_queries(3):
        assert len(agenda.next_events(member, NOW)) == 10
