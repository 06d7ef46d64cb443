"""A member deletes events, whole series and single dates, always asked first; and finds again what they said."""

import pytest

from calendars.models import Event, EventVersion, LocalChange, SyncedEvent
from tests.calendars.pages.steps import a_browser_of, an_event, fill_in, form_of, html_of, plain, text_of
from tests.factories import NOW, ConnectionFactory, MemberFactory, SyncedEventFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("november")]


@pytest.fixture
def connection():
    return ConnectionFactory(state="graph_sync")


@pytest.fixture
def member(connection):
    return connection.member


@pytest.fixture
def browser(member):
    return a_browser_of(member)


@pytest.fixture
def event(member, connection):
    event = an_event(member, "2026-12-01T09:00:00", "2026-12-01T10:00:00", "Hearing", location="Court 3", reminder=30)
    linked(connection, event)
    return event


@pytest.fixture
def series(member, connection):
    series = an_event(member, "2026-12-01T12:00:00", "2026-12-01T13:00:00", "Lunch", rrule="FREQ=WEEKLY;COUNT=3")
    edited = an_event(
        member, "2026-12-08T15:00:00", "2026-12-08T16:00:00", "Late lunch", series=series,
        original_start="2026-12-08T12:00:00",
    )  # fmt: skip
    for one in (series, edited):
        linked(connection, one)
    return series


def linked(connection, event, **columns) -> None:
    SyncedEventFactory(
        connection=connection, event=event, ews_id=None, link="linked", appointment_id=f"AAMk-{event.pk}", **columns
    )


def delete(browser, path: str):
    """Presses the button of the page that asks."""
    html = html_of(browser, path)
    return browser.post(path, {"seen": form_of(html).fields["seen"][0]})


def test_it_is_asked_first_and_then_gone(connection, browser, event):
    path = f"/calendar/events/{event.pk}/delete/"
    assert "Delete this event? Hearing Tuesday, December 1, 2026, 9:00 AM – 10:00 AM" in text_of(browser, path)
    assert Event.objects.exists()
    answer = delete(browser, path)
    assert answer.headers["Location"] == "/calendar/2026/12/"
    assert "The event is deleted." in html_of(browser, "/calendar/2026/12/")
    assert not Event.objects.exists()
    tombstone, change = SyncedEvent.objects.get(), LocalChange.objects.get()
    assert (tombstone.event, tombstone.deleted_at) == (None, NOW)
    assert (change.uid, change.event, change.synced_event) == (event.uid, None, tombstone)


def test_what_was_never_told_is_forgotten(connection, browser):
    fill_in(browser, "/calendar/events/new/", subject="Never mind")
    assert LocalChange.objects.count() == 1
    delete(browser, f"/calendar/events/{Event.objects.get().pk}/delete/")
    assert not LocalChange.objects.exists()


def test_a_whole_series_goes_with_its_edited_dates_and_all_have_tombstones(connection, browser, series):
    path = f"/calendar/events/{series.pk}/delete/"
    assert "1 date that was changed by itself goes with it." in text_of(browser, path)
    delete(browser, path)
    assert not Event.objects.exists()
    assert set(SyncedEvent.objects.values_list("event", "deleted_at")) == {(None, NOW)}
    assert [change.uid for change in LocalChange.objects.all()] == [series.uid]


def test_one_date_is_taken_out_of_the_series(connection, browser, series):
    path = f"/calendar/events/{series.pk}/2026-12-15T12:00:00/delete/"
    assert "Take this date out of the series? Lunch Tuesday, December 15, 2026" in text_of(browser, path)
    delete(browser, path)
    series.refresh_from_db()
    assert series.exdates == ["2026-12-15T12:00:00"] and series.modified_at == NOW
    assert [change.event for change in LocalChange.objects.all()] == [series]
    assert browser.get(path).status_code == 404


def test_an_edited_date_is_taken_out_of_the_series_too(connection, browser, series):
    edited = series.exceptions.get()
    assert browser.get(f"/calendar/events/{series.pk}/2026-12-08T12:00:00/delete/").headers["Location"] == (
        f"/calendar/events/{edited.pk}/delete/"
    )
    delete(browser, f"/calendar/events/{edited.pk}/delete/")
    series.refresh_from_db()
    assert series.exdates == ["2026-12-08T12:00:00"] and not series.exceptions.exists()
    assert SyncedEvent.objects.get(uid=edited.uid).deleted_at == NOW
    assert [change.uid for change in LocalChange.objects.all()] == [series.uid]


def test_with_its_last_date_the_series_goes(connection, browser, series):
    for day in ("01", "15"):
        delete(browser, f"/calendar/events/{series.pk}/2026-12-{day}T12:00:00/delete/")
    assert Event.objects.filter(pk=series.pk).exists(), "an edited date is left"
    delete(browser, f"/calendar/events/{series.exceptions.get().pk}/delete/")
    assert not Event.objects.exists()
    assert set(SyncedEvent.objects.values_list("deleted_at", flat=True)) == {NOW}


def test_looking_deletes_nothing_and_a_form_without_its_token_neither(browser, event):
    path = f"/calendar/events/{event.pk}/delete/"
    for _ in range(2):
        browser.get(path)
    browser.head(path)
    assert browser.post(path, {}).status_code == 409
    assert Event.objects.exists()


def test_what_has_changed_since_is_shown_again_first(browser, event):
    path = f"/calendar/events/{event.pk}/delete/"
    html = html_of(browser, path)
    fill_in(browser, f"/calendar/events/{event.pk}/edit/", subject="Now important")
    answer = browser.post(path, {"seen": form_of(html).fields["seen"][0]})
    assert answer.status_code == 409 and "Nothing has been deleted: please look again." in answer.content.decode()
    assert "Now important" in answer.content.decode()
    delete(browser, path)
    assert not Event.objects.exists()


def test_of_somebody_elses_meeting_it_goes_from_her_calendar_alone(connection, browser, member):
    meeting = an_event(member, "2026-12-01T09:00:00", "2026-12-01T10:00:00")
    linked(connection, meeting, organized=False, attendees=7)
    text = text_of(browser, f"/calendar/events/{meeting.pk}/delete/")
    assert "It goes from your calendar alone." in text and "will write" not in text


def test_a_deleted_event_is_found_again_and_taken_up_as_a_new_one(connection, browser, event):
    uid = event.uid
    delete(browser, f"/calendar/events/{event.pk}/delete/")
    text = text_of(browser, "/calendar/deleted/")
    assert "Hearing Deleted here · Tuesday, December 1, 2026, 9:00 AM – 10:00 AM in New York" in text
    version = EventVersion.objects.get()
    fill_in(browser, f"/calendar/events/new/?version={version.pk}")
    again = Event.objects.get()
    assert (again.subject, again.location, again.reminder, again.start) == (
        "Hearing",
        "Court 3",
        30,
        "2026-12-01T09:00:00",
    )
    assert again.uid != uid
    assert LocalChange.objects.filter(event=again).exists()


def test_deleted_events_are_hers_alone(browser, event):
    delete(browser, f"/calendar/events/{event.pk}/delete/")
    stranger = a_browser_of(MemberFactory())
    assert "No event has been deleted." in text_of(stranger, "/calendar/deleted/")
    assert stranger.get(f"/calendar/events/new/?version={EventVersion.objects.get().pk}").status_code == 404


def test_without_a_connection_it_is_simply_gone(connection, browser, event):
    connection.state = "disconnected"
    connection.save()
    delete(browser, f"/calendar/events/{event.pk}/delete/")
    assert not Event.objects.exists() and not LocalChange.objects.exists()
    assert SyncedEvent.objects.get().deleted_at == NOW, "should she connect again, it is known to be deleted"
    assert "Deleted events" in plain(html_of(browser, "/calendar/2026/12/"))
