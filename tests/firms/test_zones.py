from zoneinfo import ZoneInfo, available_timezones

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st
from tzlocal.windows_tz import win_tz

from firms.models.user import validate_time_zone
from firms.zones import UnknownZone, iana_zone, zone_info


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        ("America/New_York", "America/New_York"),
        ("america/new_york", "America/New_York"),
        ("  America/New_York ", "America/New_York"),
        ("Eastern Standard Time", "America/New_York"),
        ("eastern standard time", "America/New_York"),
        ("W. Europe Standard Time", "Europe/Berlin"),
        ("US Mountain Standard Time", "America/Phoenix"),
        ("UTC", "UTC"),
        ("Etc/GMT+5", "Etc/GMT+5"),
    ],
)
def test_a_zone_is_known_by_its_iana_or_windows_name_in_any_case(name: str, zone: str):
    assert iana_zone(name) == zone
    assert zone_info(name) == ZoneInfo(zone)


@pytest.mark.parametrize(
    "name", ["", " ", "Middle-earth Standard Time", "EST+5", "../etc/passwd", "\0", "localtime", "Factory"]
)
def test_anything_else_is_unknown(name: str):
    for look_up in (iana_zone, zone_info):
        with pytest.raises(UnknownZone, match="neither an IANA nor a Windows"):
            look_up(name)


def test_every_windows_zone_has_rules_on_this_machine():
    assert {name for name in win_tz if not zone_info(name)} == set()
    assert {zone_info(name).key for name in win_tz} <= available_timezones()


def test_every_iana_zone_is_known_by_its_own_name():
    assert [name for name in available_timezones() - {"localtime", "Factory"} if iana_zone(name) != name] == []


@given(st.text())
def test_garbage_is_an_unknown_zone_and_a_long_name_is_cut(name: str):
    try:
        assert iana_zone(name) in available_timezones()
    except UnknownZone as error:
        assert len(str(error)) < 700


def test_a_member_has_a_zone_by_its_iana_name():
    validate_time_zone("Europe/Berlin")
    with pytest.raises(ValidationError, match="Use the IANA name Europe/Berlin"):
        validate_time_zone("W. Europe Standard Time")
    with pytest.raises(ValidationError, match="neither"):
        validate_time_zone("Middle-earth Standard Time")
