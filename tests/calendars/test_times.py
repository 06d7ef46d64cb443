from contextlib import suppress
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendars.times import instant, wall_clock
from firms.zones import UnknownZone

NEW_YORK = "America/New_York"


@pytest.mark.parametrize(
    ("text", "all_day", "stored"),
    [
        ("2026-11-23T09:00:00", False, "2026-11-23T09:00:00"),
        ("2026-11-23T09:00", False, "2026-11-23T09:00:00"),
        ("2026-11-23T09:00:00.0000000", False, "2026-11-23T09:00:00"),
        ("2026-11-23T09:00:59.999", False, "2026-11-23T09:00:59"),
        ("2026-11-23", True, "2026-11-23"),
        ("2026-11-23T00:00", True, "2026-11-23"),
        ("2026-11-23T00:00:00.0000000", True, "2026-11-23"),
        ("2028-02-29", True, "2028-02-29"),
    ],
)
def test_a_wall_clock_time_has_one_stored_form(text: str, all_day: bool, stored: str):
    assert wall_clock(text, all_day) == stored
    assert wall_clock(stored, all_day) == stored


@pytest.mark.parametrize(
    ("text", "all_day"),
    [
        ("2026-11-23T09:00:00Z", False),
        ("2026-11-23T09:00:00+01:00", False),
        ("2026-11-23", False),
        ("2026-11-23 09:00:00", False),
        ("2026-11-31T09:00:00", False),
        ("2026-11-23T24:00:00", False),
        ("", False),
        ("tomorrow", False),
        ("2026-11-23T09:00:00", True),
        ("2026-11-23T00:00:00Z", True),
        ("2026-11-23T", True),
        ("2026-11-2300", True),
        ("2027-02-29", True),
        ("23.11.2026", True),
        ("", True),
    ],
)
def test_anything_else_is_refused(text: str, all_day: bool):
    with pytest.raises(ValueError):
        wall_clock(text, all_day)


@given(st.text(), st.booleans())
def test_garbage_is_refused_and_nothing_else_happens(text: str, all_day: bool):
    with suppress(ValueError):
        stored = wall_clock(text, all_day)
        assert len(stored) == (10 if all_day else 19)


@given(st.datetimes(timezones=st.none()))
def test_what_is_stored_reads_as_the_same_time_to_the_second(moment: datetime):
    assert datetime.fromisoformat(wall_clock(moment.isoformat(), False)) == moment.replace(microsecond=0)


@pytest.mark.parametrize(
    ("text", "zone", "utc"),
    [
        ("2026-11-23T09:00:00", NEW_YORK, "2026-11-23T14:00"),
        ("2026-07-01T09:00:00", NEW_YORK, "2026-07-01T13:00"),
        ("2026-07-01T09:00:00", "Eastern Standard Time", "2026-07-01T13:00"),
        ("2026-11-23T09:00:00", "UTC", "2026-11-23T09:00"),
        ("2026-11-23T09:00:00", "Asia/Kathmandu", "2026-11-23T03:15"),
        # Skipped on 8 March: read with the offset before the change, so an hour later by the clock on the wall.
        ("2026-03-08T02:30:00", NEW_YORK, "2026-03-08T07:30"),
        # Twice on 1 November: the first of the two.
        ("2026-11-01T01:30:00", NEW_YORK, "2026-11-01T05:30"),
    ],
)
def test_the_instant_of_a_wall_clock_time(text: str, zone: str, utc: str):
    assert instant(text, zone, all_day=False) == datetime.fromisoformat(utc).replace(tzinfo=UTC)


@pytest.mark.parametrize("zone", [NEW_YORK, "Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_all_day_dates_compare_as_dates_whatever_the_zone(zone: str):
    assert instant("2026-11-23", zone, all_day=True) == datetime(2026, 11, 23, tzinfo=UTC)


def test_an_unknown_zone_is_named():
    with pytest.raises(UnknownZone, match="Middle-earth"):
        instant("2026-11-23T09:00:00", "Middle-earth Standard Time", all_day=False)


@pytest.mark.parametrize(
    ("text", "zone"), [("0001-01-01T00:00:00", "Asia/Tokyo"), ("9999-12-31T23:00:00", "America/Los_Angeles")]
)
def test_an_instant_outside_the_calendar_is_a_value_error(text: str, zone: str):
    with pytest.raises(ValueError, match="no instant of the years 1 to 9999"):
        instant(text, zone, all_day=False)


@given(
    st.datetimes(datetime(1970, 1, 2), datetime(2100, 1, 1), timezones=st.none()),
    st.sampled_from([NEW_YORK, "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"]),
)
def test_instants_are_those_of_the_zone_and_order_as_the_clock_does_but_for_the_hours_of_change(
    moment: datetime, zone: str
):
    moment = moment.replace(microsecond=0)
    found = instant(moment.isoformat(), zone, all_day=False)
    assert found == moment.replace(tzinfo=ZoneInfo(zone))
    assert instant((moment + timedelta(days=2)).isoformat(), zone, all_day=False) > found
