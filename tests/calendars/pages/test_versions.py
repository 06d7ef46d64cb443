"""What an event said before the other side won: read on its page, and taken up again by an ordinary edit."""

from datetime import timedelta

import pytest

from calendars.models import Event, EventVersion, LocalChange
from tests.calendars.pages.steps import a_browser_of, an_event, fill_in, form_of, html_of, text_of
from tests.factories import NOW, ConnectionFactory, MemberFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("november")]
TIMES = {"all_day": False, "start": "2026-12-03T15:00:00", "end": "2026-12-03T16:00:00", "time_zone": "America/Chicago"}


@pytest.fixture
def member():
    return ConnectionFactory(state="graph_sync").member


@pytest.fixture
def browser(member):
    return a_browser_of(member)


@pytest.fixture
def event(member):
    return an_event(member, "2026-12-01T09:00:00", "2026-12-01T10:00:00", "Hearing", location="Court 3")


def version(event, side="here", why="both_changed", **said) -> EventVersion:
    return EventVersion.objects.create(
        member=event.member, uid=event.uid, at=NOW - timedelta(hours=2), why=why, side=side, said=said
    )


def test_each_says_what_was_different(browser, event):
    version(event, subject="Hearing in chambers", location="Chambers", **TIMES)
    version(event, side="there", reminder=45, location="Court 3")
    text = text_of(browser, f"/calendar/events/{event.pk}/").split("Earlier versions", 1)[1]
    assert "November 23, 2026, 7:00 AM: written here Changed on both sides; the later change won." in text
    assert (
        "Subject Hearing in chambers When Thursday, December 3, 2026, 3:00 PM – 4:00 PM in Chicago Location Chambers"
        in text
    )
    assert "written in Outlook" in text and "Reminder 45 minutes before" in text and "Location Court 3" not in text


def test_one_is_taken_up_by_an_edit_that_is_looked_at_first(member, browser, event):
    earlier = version(event, subject="Hearing in chambers", **TIMES)
    path = f"/calendar/events/{event.pk}/edit/?version={earlier.pk}"
    html = html_of(browser, path)
    fields = form_of(html).fields
    assert "This is what the event said until November 23, 2026, 7:00 AM. Nothing has been saved yet." in html
    assert (fields["subject"], fields["start_time"], fields["time_zone"]) == (
        ["Hearing in chambers"], ["15:00"], ["America/Chicago"],
    )  # fmt: skip
    assert fields["location"] == ["Court 3"]
    event.refresh_from_db()
    assert event.subject == "Hearing"
    fill_in(browser, path, body="Taken up again")
    event.refresh_from_db()
    assert (event.subject, event.start, event.time_zone, event.body) == (
        "Hearing in chambers", "2026-12-03T15:00:00", "America/Chicago", "Taken up again",
    )  # fmt: skip
    assert LocalChange.objects.get().event == event
    assert "The event says so again by now." in text_of(browser, f"/calendar/events/{event.pk}/")


def test_a_rule_that_has_no_fields_is_taken_up_too(browser, event):
    earlier = version(event, rrule="FREQ=MONTHLY;BYMONTHDAY=1,15")
    fill_in(browser, f"/calendar/events/{event.pk}/edit/?version={earlier.pk}")
    event.refresh_from_db()
    assert event.rrule == "FREQ=MONTHLY;BYMONTHDAY=1,15"


def test_what_was_deleted_in_the_other_calendar_is_taken_up_as_a_new_event(browser, event):
    said = {
        "subject": "Settlement talk",
        "location": "Phone",
        "body": "Numbers",
        "rrule": "FREQ=WEEKLY;BYDAY=TH",
        **TIMES,
    }
    earlier = version(event, why="deleted_there", **said)
    event.delete()
    text = text_of(browser, "/calendar/deleted/")
    assert "Settlement talk Deleted in the other calendar" in text and "repeats every week on Thursday" in text
    fill_in(browser, f"/calendar/events/new/?version={earlier.pk}")
    again = Event.objects.get()
    assert (again.subject, again.body, again.rrule, again.start) == (
        "Settlement talk", "Numbers", "FREQ=WEEKLY;BYDAY=TH", "2026-12-03T15:00:00",
    )  # fmt: skip


def test_a_part_of_an_event_that_is_gone_is_listed_and_no_event_is_made_of_it(browser, event):
    earlier = version(event, location="Phone")
    event.delete()
    assert "(no subject)" in text_of(browser, "/calendar/deleted/")
    assert browser.get(f"/calendar/events/new/?version={earlier.pk}").status_code == 404


def test_versions_are_her_own_and_of_that_event(browser, event, member):
    other = an_event(MemberFactory(), "2026-12-01T09:00:00", "2026-12-01T10:00:00")
    another = an_event(member, "2026-12-01T09:00:00", "2026-12-01T10:00:00")
    for one in (version(other, subject="Not yours"), version(another, subject="Not this one's")):
        assert browser.get(f"/calendar/events/{event.pk}/edit/?version={one.pk}").status_code == 404
