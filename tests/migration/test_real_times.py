"""Times as real calendars hold them, through the whole run, where subject and times are all there is to go by."""

from datetime import datetime, timedelta

import pytest

from calendars.graph.appointments import appointment, series
from calendars.models import SyncedEvent
from tests.migration import moving
from tests.migration.both_sides import BothSides, found, held

pytestmark = pytest.mark.django_db
BY_LIKENESS = "metadata", "subject_times"


def test_one_instant_is_one_time_whatever_the_zone_is_called(moved, simulator):
    """Windows and IANA names, floating times, changes of the clock; each pair a moment of its own."""
    both, noon = BothSides(), "2026-12-{:02}T12:00:00"
    zones = [
        ("America/New_York", "Eastern Standard Time", 0), ("Eastern Standard Time", "America/New_York", 0),
        ("Europe/Berlin", "W. Europe Standard Time", 0), ("Asia/Kolkata", "UTC", -5.5),
        ("Asia/Kathmandu", "Nepal Standard Time", 0), ("UTC", "Tokyo Standard Time", 9),
        (None, "Eastern Standard Time", 0), (None, "GMT Standard Time", 5), ("Pacific/Auckland", "UTC", -13),
    ]  # fmt: skip
    for day, (ours, theirs, hours) in enumerate(zones, 1):
        there = datetime.fromisoformat(noon.format(day)) + timedelta(hours=hours)
        both.ours(f"{day}", noon.format(day), time_zone=ours)
        both.theirs(f"{day}", there.isoformat(), zone=theirs)
    changes = [
        ("over the hour that comes twice", "2026-11-01T00:30:00", "2026-11-01T03:00:00"),
        ("within the hour that comes twice", "2026-11-01T01:15:00", "2026-11-01T01:45:00"),
        ("over the hour that is skipped", "2027-03-14T01:30:00", "2027-03-14T03:30:00"),
        ("within the hour that is skipped", "2027-03-14T02:15:00", "2027-03-14T02:45:00"),
        ("over a year", "2026-12-31T23:30:00", "2027-01-01T00:30:00"),
        ("for weeks", "2026-10-25T09:00:00", "2026-11-09T17:00:00"),
        ("for no time", "2026-12-30T09:00:00", "2026-12-30T09:00:00"),
        ("long ago, and not on the minute", "1969-07-20T16:17:40", "1969-07-20T18:00:20"),
    ]
    for uid, start, end in changes:
        both.add(uid, start, end)
    connection = moved(both)
    assert SyncedEvent.objects.filter(connection=connection, floating=True).count() == 2
    assert found(connection, simulator) == {line["uid"]: (*BY_LIKENESS, line["uid"]) for line in both.lines}


def test_days_are_dates_and_a_day_beside_is_another_day(moved, simulator):
    both = BothSides()
    for number, zone in enumerate(("America/Los_Angeles", "UTC", "Pacific/Kiritimati", None)):
        subject = f"Holiday {number}"
        both.ours(f"{number} a day", f"2026-12-0{number + 1}", subject=subject, time_zone=zone)
        both.theirs(f"{number} a day", f"2026-12-0{number + 1}", subject=subject, zone="Tokyo Standard Time")
        both.add(f"{number} days", "2026-10-30", "2026-11-03", subject=subject, zone=zone)
    for uid, start, end in (
        ("a day early", "2026-12-09", "2026-12-10"), ("a day late", "2026-12-11", "2026-12-12"),
        ("a day longer", "2026-12-10", "2026-12-12"), ("timed", "2026-12-10T00:00:00", "2026-12-11T00:00:00"),
    ):  # fmt: skip
        both.ours(uid, "2026-12-10", subject=f"Holiday, {uid}")
        both.theirs(uid, start, end, subject=f"Holiday, {uid}")
    connection = moved(both)
    links = found(connection, simulator)
    near = {uid: {uid} for uid in ("a day early", "a day late", "a day longer", "timed")}
    # Not linked, but held for a person to look at.
    assert held(connection, simulator) == near
    assert links == {
        line["uid"]: ("anomaly", "not_found", None) if line["uid"] in near else (*BY_LIKENESS, line["uid"])
        for line in both.lines
    }


@pytest.mark.parametrize(
    ("zone", "start", "end"),
    [
        # Midnights of the zone it was made in, as instants; Auckland's is on the day before in UTC.
        ("Eastern Standard Time", "2026-12-10T05:00:00.0000000", "2026-12-12T05:00:00.0000000"),
        ("New Zealand Standard Time", "2026-12-09T11:00:00.0000000", "2026-12-11T11:00:00.0000000"),
        ("W. Europe Standard Time", "2026-12-09T23:00:00.0000000", "2026-12-11T23:00:00.0000000"),
        # No midnight there: the zone was changed since, or is one of Outlook's own.
        ("Eastern Standard Time", "2026-12-09T23:00:00.0000000", "2026-12-11T23:00:00.0000000"),
        ("Tokyo Standard Time", "2026-12-10T05:00:00.0000000", "2026-12-12T05:00:00.0000000"),
        ("tzone://Microsoft/Custom", "2026-12-10T05:00:00.0000000", "2026-12-12T05:00:00.0000000"),
        ("", "2026-12-09T23:00:00.0000000", "2026-12-11T23:00:00.0000000"),
    ],
)
def test_days_that_graph_does_not_give_at_midnight_are_those_of_the_zone_they_were_made_in(zone, start, end):
    value = {
        "id": "A", "type": "seriesMaster", "isAllDay": True, "originalStartTimeZone": zone, "originalStart": start + "Z",
        "start": {"dateTime": start, "timeZone": "UTC"}, "end": {"dateTime": end, "timeZone": "UTC"},
    }  # fmt: skip
    read = appointment(value)
    days = [moment.isoformat() for moment in (read.start, read.end, read.original_start) if moment]
    assert days == ["2026-12-10T00:00:00+00:00", "2026-12-12T00:00:00+00:00", "2026-12-10T00:00:00+00:00"]
    # The pattern is the series', whatever its occurrence has become.
    timed = {**value, "type": "exception", "isAllDay": False}
    (exception,) = series({**value, "exceptionOccurrences": [timed]}).exceptions
    assert exception.original_start == read.start and exception.start != read.start


def test_days_at_other_hours_than_midnight_find_their_dates_in_a_run(moved, simulator):
    both = BothSides()
    both.add("auckland", "2026-12-10", "2026-12-12", zone="Pacific/Auckland")
    both.add("new york", "2026-12-11", "2026-12-13")
    answer = [
        {
            "id": f"AAkA{name}", "type": "singleInstance", "subject": "Hearing", "isAllDay": True,
            "originalStartTimeZone": zone,
            "start": {"dateTime": f"2026-12-{first}.0000000", "timeZone": "UTC"},
            "end": {"dateTime": f"2026-12-{last}.0000000", "timeZone": "UTC"},
        }
        for name, zone, first, last in (
            ("auckland", "New Zealand Standard Time", "09T11:00:00", "11T11:00:00"),
            ("york", "Eastern Standard Time", "11T05:00:00", "13T05:00:00"),
        )
    ]  # fmt: skip
    simulator.fault(path="/events?", operation="list", status=200, body={"value": answer})
    links = found(moved(both), simulator)
    assert links == {"auckland": (*BY_LIKENESS, "AAkAauckland"), "new york": (*BY_LIKENESS, "AAkAyork")}


def test_edits_on_either_side_since_the_last_sync_hide_nothing(moved, simulator):
    """By likeness to what was synced last, not to what we say now; by id and UID whatever Outlook says now."""
    both = BothSides()
    synced = {"subject": "Hearing", "start": "2026-12-01T09:00:00", "end": "2026-12-01T10:00:00"}
    here = {"subject": "Trial", "start": "2027-01-05", "end": "2027-01-06", "all_day": True, "location": "Court 9"}
    both.add("edited here", line=here | {"as_synced": {**synced, "all_day": False}})
    both.add(
        "time zone edited here", "2026-12-02T09:00:00", line={"time_zone": "UTC", "as_synced": {"time_zone": "EST"}}
    )
    moved_there = {"subject": "Trial", "start": {"dateTime": "2027-02-01T07:00:00", "timeZone": "UTC"},
                   "end": {"dateTime": "2027-02-01T09:00:00", "timeZone": "UTC"}}  # fmt: skip
    both.add("edited there, by id", found="id", event=moved_there)
    both.add("edited there, by uid", found="uid", event=moved_there)
    both.add("edited on both, by id", found="id", line=here | {"as_synced": synced | {"all_day": False}},
             event=moved_there)  # fmt: skip
    connection = moved(both)
    links = found(connection, simulator)
    assert links == {
        "edited here": (*BY_LIKENESS, "edited here"),
        "time zone edited here": (*BY_LIKENESS, "time zone edited here"),
        "edited there, by id": ("id", "translated", "edited there, by id"),
        "edited there, by uid": ("metadata", "ical_uid", "edited there, by uid"),
        "edited on both, by id": ("id", "translated", "edited on both, by id"),
    }
    assert moving.refs(simulator).keys() >= {
        row.appointment_id for row in SyncedEvent.objects.filter(connection=connection)
    }
