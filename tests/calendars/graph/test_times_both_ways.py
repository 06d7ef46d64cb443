"""Times between us and Graph, over all zones and the nights on which clocks change: what goes there and comes back is the
same, to the instant, and as long as Windows has the zone by the same wall clock."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from calendars.graph import contents
from calendars.recurrence import Unsayable
from calendars.sync.content import Content, differing
from calendars.times import instant
from firms.zones import NO_ZONES, UnknownZone, iana_zone, windows_zone
from tests.simulator import times as outlook

CUSTOM = "tzone://Microsoft/Custom"
zones = st.sampled_from(sorted(available_timezones() - NO_ZONES))
# Half of all times are within three hours of a change of the clocks in New York or Berlin.
CHANGES = [datetime(2027, 3, 14, 2), datetime(2026, 11, 1, 2), datetime(2027, 3, 28, 2), datetime(2026, 10, 25, 3)]
# In UTC: New York, Berlin.
INSTANTS = [datetime(2027, 3, 14, 7), datetime(2026, 11, 1, 6), datetime(2027, 3, 28, 1), datetime(2026, 10, 25, 1)]
minutes = st.integers(-180, 180).map(lambda number: timedelta(minutes=number))
walls = st.one_of(
    st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1)).map(lambda one: one.replace(microsecond=0)),
    st.tuples(st.sampled_from(CHANGES), minutes).map(lambda pair: pair[0] + pair[1]),
)
lengths = st.integers(0, 60 * 24 * 5).map(lambda number: timedelta(minutes=number))


def said(start: datetime, length: timedelta, zone: str, *, all_day: bool = False, rrule: str = "") -> Content:
    if all_day:
        day, days = start.date(), timedelta(days=length.days + 1)
        return Content("Hearing", True, day.isoformat(), (day + days).isoformat(), zone, rrule)
    return Content("Hearing", False, start.isoformat(), (start + length).isoformat(), zone, rrule)


def answered(told: dict[str, Any]) -> dict[str, Any]:
    """As Graph shows in UTC what it was told, through the simulator's reading of its notation."""
    value = {"id": "A", "subject": "Hearing", **told, "originalStartTimeZone": told["start"]["timeZone"]}
    value["showAs"], value["body"] = "busy", {"contentType": "text", "content": ""}
    for side in ("start", "end"):
        if told["isAllDay"]:
            value[side] = {"dateTime": outlook.seven(outlook.local(told[side])), "timeZone": "UTC"}
        else:
            value[side] = {"dateTime": outlook.seven(outlook.instant(told[side])), "timeZone": "UTC"}
    return value


@given(walls, lengths, zones, st.booleans())
def test_a_single_comes_back_as_it_went(start, length, zone, all_day):
    content = said(start, length, zone, all_day=all_day)
    assume(instant(content.end, zone, all_day) >= instant(content.start, zone, all_day))
    back = contents.appointment(answered(contents.written(content, ("times", "rule")))).content
    assert differing(back, content) == frozenset()
    try:
        known = windows_zone(zone)
    except UnknownZone:
        assert back.time_zone == "UTC" or all_day
        return
    unique = [datetime.fromisoformat(wall).replace(tzinfo=ZoneInfo(zone)) for wall in (content.start, content.end)]
    if all(one.utcoffset() == one.replace(fold=1).utcoffset() for one in unique):
        assert (back.start, back.end) == (content.start, content.end) and windows_zone(back.time_zone) == known
    else:
        assert back.time_zone == "UTC" or all_day or windows_zone(zone) == "UTC"


@given(walls, lengths, zones, st.booleans())
def test_a_series_comes_back_as_it_went_or_is_refused(start, length, zone, all_day):
    content = said(start, length, zone, all_day=all_day, rrule="FREQ=WEEKLY;COUNT=5")
    assume(instant(content.end, zone, all_day) >= instant(content.start, zone, all_day))
    try:
        told = contents.written(content, ("times",))
    except (Unsayable, UnknownZone):
        return
    back = contents.appointment(answered(told))
    assert back.unsayable == "" and differing(back.content, content) == frozenset()
    assert (back.content.start, back.content.end) == (content.start, content.end)
    assert contents.appointment(answered(contents.written(back.content, ("rule",)))) == back


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1)) | st.sampled_from(INSTANTS),
    minutes, lengths,
    st.sampled_from(["Eastern Standard Time", "W. Europe Standard Time", CUSTOM, ""]) | zones.map(outlook.windows_name),
)  # fmt: skip
def test_what_outlook_says_is_kept_to_the_instant(start, later, length, zone):
    start = (start + later).replace(microsecond=0)
    moments = {side: {"dateTime": outlook.seven(one), "timeZone": "UTC"} for side, one in
               (("start", start), ("end", start + length))}  # fmt: skip
    value = {"id": "A", "subject": "Hearing", "originalStartTimeZone": zone, "showAs": "busy", **moments}
    content = contents.appointment(value).content
    assert instant(content.start, content.time_zone, False) == start.replace(tzinfo=UTC)
    assert instant(content.end, content.time_zone, False) == (start + length).replace(tzinfo=UTC)
    told = contents.written(content, ("times",))
    assert outlook.instant(told["start"]) == start.replace(tzinfo=UTC)
    assert outlook.instant(told["end"]) == (start + length).replace(tzinfo=UTC)
    again = contents.appointment(answered(told)).content
    assert differing(again, content) == frozenset()


def series(**fields: Any) -> dict[str, Any]:
    """Every Tuesday at nine in New York."""
    value = {
        "id": "S", "type": "seriesMaster", "subject": "Weekly", "originalStartTimeZone": "Eastern Standard Time",
        "start": {"dateTime": "2026-10-06T13:00:00.0000000", "timeZone": "UTC"},
        "end": {"dateTime": "2026-10-06T14:00:00.0000000", "timeZone": "UTC"},
        "recurrence": {
            "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["tuesday"]},
            "range": {"type": "noEnd", "startDate": "2026-10-06", "recurrenceTimeZone": "Eastern Standard Time"},
        },
    }  # fmt: skip
    return {**value, **fields}


def exception(original: str, start: str, **fields: Any) -> dict[str, Any]:
    begins = datetime.fromisoformat(start)
    moments = {side: {"dateTime": one.isoformat(), "timeZone": "UTC"} for side, one in
               (("start", begins), ("end", begins + timedelta(hours=1)))}  # fmt: skip
    return {"id": original, "type": "exception", "subject": "Moved", "seriesMasterId": "S", "originalStart": original,
            "originalStartTimeZone": "Eastern Standard Time", **moments, **fields}  # fmt: skip


def test_dates_of_a_series_stay_at_its_wall_clock_time_through_both_changes_of_the_clocks():
    edited = [exception("2026-10-27T13:00:00Z", "2026-10-28T15:00:00"),
              exception("2026-11-03T14:00:00Z", "2026-11-03T16:00:00", originalStartTimeZone="UTC")]  # fmt: skip
    value = series(exceptionOccurrences=edited, cancelledOccurrences=["OID.S.2026-10-20", "OID.S.2026-11-10"])
    found = contents.appointment(value)
    assert found.content.rrule == "FREQ=WEEKLY;BYDAY=TU" and found.content.start == "2026-10-06T09:00:00"
    assert found.content.exdates == ("2026-10-20T09:00:00", "2026-11-10T09:00:00")
    assert [one.slot for one in found.exceptions] == ["2026-10-27T09:00:00", "2026-11-03T09:00:00"]
    assert [one.content.start for one in found.exceptions] == ["2026-10-28T11:00:00", "2026-11-03T16:00:00"]


def test_a_slot_that_the_clocks_skip_has_the_time_of_its_series():
    nightly = series(
        start={"dateTime": "2027-03-13T07:30:00", "timeZone": "UTC"},
        end={"dateTime": "2027-03-13T08:00:00", "timeZone": "UTC"},
        recurrence={"pattern": {"type": "daily", "interval": 1}, "range": {
            "type": "noEnd", "startDate": "2027-03-13", "recurrenceTimeZone": "Eastern Standard Time"}},
        exceptionOccurrences=[exception("2027-03-14T07:30:00Z", "2027-03-14T20:00:00")],
        cancelledOccurrences=["OID.S.2027-03-15"],
    )  # fmt: skip
    found = contents.appointment(nightly)
    assert found.content.start == "2027-03-13T02:30:00"
    assert [one.slot for one in found.exceptions] == ["2027-03-14T02:30:00"]
    assert found.content.exdates == ("2027-03-15T02:30:00",)


def test_an_all_day_series_has_days_also_where_an_occurrence_lasts_an_hour():
    day = {"dateTime": "2026-10-06T00:00:00.0000000", "timeZone": "UTC"}
    value = series(
        isAllDay=True, start=day, end={**day, "dateTime": "2026-10-07T00:00:00.0000000"},
        exceptionOccurrences=[exception("2026-10-13T04:00:00Z", "2026-10-13T15:00:00")],
        cancelledOccurrences=["OID.S.2026-10-20"],
    )  # fmt: skip
    found = contents.appointment(value)
    assert (found.content.start, found.content.exdates) == ("2026-10-06", ("2026-10-20",))
    (edited,) = found.exceptions
    assert (edited.slot, edited.content.all_day, edited.content.start) == ("2026-10-13", False, "2026-10-13T11:00:00")
    alone = contents.occurrence(value["exceptionOccurrences"][0], {**value, "exceptionOccurrences": []})
    assert alone == edited


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"recurrence": {**series()["recurrence"], "pattern": {"type": "hebrewYearly"}}}, "rule"),
        ({"recurrence": {"pattern": series()["recurrence"]["pattern"], "range": {
            "type": "noEnd", "startDate": "2026-10-06", "recurrenceTimeZone": CUSTOM}}}, "zone"),
        ({"start": {"dateTime": "2026-10-07T13:00:00", "timeZone": "UTC"}}, "rule"),  # a Wednesday
    ],
)  # fmt: skip
def test_a_series_without_words_here_says_why_and_pretends_no_rule(change, reason):
    found = contents.appointment(series(**change))
    assert (found.unsayable, found.content.rrule, found.content.exdates) == (reason, "", ())


def test_a_single_of_a_zone_that_only_outlook_knows_is_told_as_an_instant():
    value = exception(
        "A", "2026-10-28T15:00:00", originalStartTimeZone=CUSTOM, originalStart=None, type="singleInstance"
    )
    found = contents.appointment(value)
    assert (found.unsayable, found.content.start, found.content.time_zone) == ("", "2026-10-28T15:00:00", "UTC")


def test_what_outlook_says_beside_the_times():
    value = exception("A", "2026-10-28T15:00:00", type="singleInstance", originalStart=None) | {
        "body": {"contentType": "text", "content": "Bring\0 it\r\n"}, "showAs": "somethingNew", "sensitivity": None,
        "isReminderOn": True, "reminderMinutesBeforeStart": -5, "attendees": [{}, {}], "isOrganizer": False,
        "isCancelled": True, "changeKey": "K", "iCalUId": "U", "lastModifiedDateTime": "2026-10-01T10:00:00.1234567Z",
        "location": {"displayName": "Court 3"},
    }  # fmt: skip
    found = contents.appointment(value)
    assert (found.attendees, found.organized, found.cancelled) == (2, False, True)
    assert (found.version, found.ical_uid) == ("K", "U")
    assert found.modified == datetime(2026, 10, 1, 10, 0, 0, 123456, UTC)
    said = found.content
    assert (said.body, said.show_as, said.sensitivity, said.reminder) == ("Bring it\n", "unknown", "normal", 0)
    assert contents.appointment({**value, "isReminderOn": False}).content == replace(said, reminder=None)


@pytest.mark.parametrize("missing", [{"start": None}, {"end": None}, {"id": ""}, {"start": {"dateTime": "soon"}}])
def test_what_is_not_as_documented_is_no_appointment(missing):
    with pytest.raises((ValueError, KeyError, TypeError)):
        contents.appointment(series(**missing))


def test_the_last_hours_of_the_calendar_do_not_stop_it():
    moments = {side: {"dateTime": "9999-12-31T23:30:00", "timeZone": "UTC"} for side in ("start", "end")}
    value = exception("A", "2026-10-28T15:00:00", originalStartTimeZone="Tokyo Standard Time", originalStart=None)
    found = contents.appointment({**value, "type": "singleInstance", **moments})
    assert (found.content.start, found.content.time_zone) == ("9999-12-31T23:30:00", "UTC")


def test_windows_names_stand_for_zones_that_keep_the_same_time():
    assert windows_zone("america/detroit") == windows_zone("Eastern Standard Time") == "Eastern Standard Time"
    assert iana_zone(windows_zone("Africa/Casablanca")) == "Africa/Casablanca"
    for strange in ("Antarctica/Troll", "America/Scoresbysund", "Nowhere/At-all", CUSTOM):
        with pytest.raises(UnknownZone):
            windows_zone(strange)
