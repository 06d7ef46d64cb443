"""A member changes her events: single ones, whole series, one date of a series, from two windows at once."""

import pytest

from calendars.models import Event, EventVersion, LocalChange, SyncedEvent
from tests.calendars.pages.steps import (
    a_browser_of,
    an_event,
    fill_in,
    form_of,
    html_of,
    page,
    plain,
    send,
    synced,
    told,
)
from tests.factories import NOW, MemberFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("november")]


def test_a_change_is_saved_and_noted_for_the_service(connection, browser, event):
    synced(connection, event)
    answer = fill_in(browser, page(event, "edit/"), subject="Hearing moved", start_time="11:00", end_time="12:00")
    assert answer.headers["Location"] == page(event)
    event.refresh_from_db()
    assert (event.subject, event.start, event.location, event.body) == (
        "Hearing moved", "2026-12-01T11:00:00", "Court 3", "Notes",
    )  # fmt: skip
    assert event.starts_at.hour == 16 and event.modified_at == NOW
    assert told(connection) == [event]
    assert "Waiting" in html_of(browser, page(event))


def test_saving_what_stands_there_changes_and_tells_nothing(connection, browser, event):
    before = Event.objects.values().get()
    assert fill_in(browser, page(event, "edit/")).status_code == 302
    assert Event.objects.values().get() == before and told(connection) == []


def test_what_the_form_does_not_show_stays(member, browser):
    event = an_event(
        member, "2026-12-01T09:00:30", "2026-12-01T10:00:59", "x" * 300, show_as="unknown", reminder=7,
        body="One\n\n  two  \nthree", zone="Asia/Calcutta",
    )  # fmt: skip
    fill_in(browser, page(event, "edit/"), location="Court 3")
    event.refresh_from_db()
    assert (event.start, event.end, event.subject, event.show_as, event.reminder, event.body, event.time_zone) == (
        "2026-12-01T09:00:30", "2026-12-01T10:00:59", "x" * 300, "unknown", 7, "One\n\n  two  \nthree",
        "Asia/Calcutta",
    )  # fmt: skip


def test_a_floating_event_floats_until_it_is_given_a_zone(member, browser):
    event = an_event(member, "2026-12-01T09:00:00", "2026-12-01T10:00:00", floating=True)
    fill_in(browser, page(event, "edit/"), start_time="08:30")
    event.refresh_from_db()
    assert (event.floating, event.start) == (True, "2026-12-01T08:30:00")
    fill_in(browser, page(event, "edit/"), time_zone="Europe/Berlin")
    event.refresh_from_db()
    assert (event.floating, event.time_zone, event.starts_at.hour) == (False, "Europe/Berlin", 7)


def test_a_time_the_clocks_skip_is_no_obstacle_where_it_stood_already(member, browser):
    event = an_event(member, "2027-03-14T02:30:00", "2027-03-14T03:30:00")
    assert fill_in(browser, page(event, "edit/"), subject="Another").status_code == 302


# --- One date of a series ------------------------------------------------------------------------------------------------
def test_one_date_changed_becomes_an_event_of_its_own(connection, browser, series):
    synced(connection, series)
    answer = fill_in(browser, page(series, "2026-12-22T12:00:00/edit/"), location="Chambers", start_time="12:30")
    edited = Event.objects.get(location="Chambers")
    assert answer.headers["Location"] == page(edited)
    assert (edited.series, edited.original_start, edited.start, edited.end, edited.rrule) == (
        series, "2026-12-22T12:00:00", "2026-12-22T12:30:00", "2026-12-22T13:00:00", "",
    )  # fmt: skip
    assert edited.original_starts_at.isoformat() == "2026-12-22T17:00:00+00:00"
    assert edited.uid != series.uid and told(connection) == [edited]
    series.refresh_from_db()
    assert (series.location, series.exceptions.count()) == ("", 2)
    assert "time_zone" not in form_of(html_of(browser, page(edited, "edit/"))).fields


def test_one_date_saved_as_it_is_stays_a_date_of_the_series(browser, series):
    path = page(series, "2026-12-22T12:00:00/")
    assert fill_in(browser, f"{path}edit/").headers["Location"] == path
    assert series.exceptions.count() == 1


def test_an_edited_date_is_changed_again(connection, browser, series):
    edited = series.exceptions.get()
    fill_in(browser, page(edited, "edit/"), subject="Later lunch", start_time="16:00", end_time="17:00")
    edited.refresh_from_db()
    assert (edited.subject, edited.start, edited.original_start) == (
        "Later lunch", "2026-12-08T16:00:00", "2026-12-08T12:00:00",
    )  # fmt: skip
    assert told(connection) == [edited]
    assert browser.get(page(series, "2026-12-08T12:00:00/edit/")).headers["Location"] == page(edited, "edit/")


@pytest.mark.parametrize("slot", ["2026-12-15T12:00:00", "2026-12-02T12:00:00"])
def test_no_date_of_the_series_cannot_be_changed(browser, series, slot):
    assert browser.get(page(series, f"{slot}/edit/")).status_code == 404


# --- The whole series ---------------------------------------------------------------------------------------------------
def test_a_series_keeps_its_edited_dates_where_only_words_change(connection, browser, series):
    fill_in(browser, page(series, "edit/"), subject="Working lunch")
    series.refresh_from_db()
    assert (series.subject, series.exdates) == ("Working lunch", ["2026-12-15T12:00:00"])
    assert series.exceptions.get().subject == "Late lunch" and told(connection) == [series]


def test_a_series_moved_loses_its_edited_dates_after_a_warning_that_counts_them(connection, browser, series):
    edited = series.exceptions.get()
    synced(connection, series)
    synced(connection, edited)
    LocalChange.objects.create(connection=connection, uid=edited.uid, event=edited, recorded_at=NOW)
    asked = fill_in(browser, page(series, "edit/"), start_time="11:00", end_time="12:00", subject="Early lunch")
    html = asked.content.decode()
    assert "1 date was changed by itself in this series." in plain(html) and "Save all the same" in html
    series.refresh_from_db()
    assert series.subject == "Lunch" and series.exceptions.count() == 1

    assert send(browser, html).status_code == 302
    series.refresh_from_db()
    assert (series.subject, series.start) == ("Early lunch", "2026-12-01T11:00:00")
    # What was taken out stays out; what was edited goes, is kept as a version, and is not told by itself.
    assert series.exdates == ["2026-12-15T11:00:00"]
    assert not series.exceptions.exists() and told(connection) == [series]
    tombstone = SyncedEvent.objects.get(uid=edited.uid)
    assert (tombstone.event, tombstone.deleted_at) == (None, NOW)
    version = EventVersion.objects.get()
    assert (version.uid, version.why, version.said["subject"]) == (edited.uid, "deleted_here", "Late lunch")


def test_a_longer_series_keeps_its_edited_dates_and_a_shorter_one_those_it_still_has(browser, series):
    assert fill_in(browser, page(series, "edit/"), ends="until", until="2027-06-01").status_code == 302
    assert series.exceptions.count() == 1
    asked = fill_in(browser, page(series, "edit/"), until="2026-12-03").content.decode()
    assert "1 date was changed by itself" in plain(asked)
    send(browser, asked)
    assert series.exceptions.count() == 0


def test_who_agreed_to_lose_one_date_is_asked_again_about_two(browser, member, series):
    asked = fill_in(browser, page(series, "edit/"), start_time="11:00", end_time="12:00").content.decode()
    an_event(member, "2026-12-22T15:00:00", "2026-12-22T16:00:00", series=series, original_start="2026-12-22T12:00:00")
    again = send(browser, asked)
    assert "2 dates were changed by themselves" in plain(again.content.decode())
    assert series.exceptions.count() == 2


# --- Two at once --------------------------------------------------------------------------------------------------------
def test_the_second_of_two_windows_is_told_and_sees_both(connection, browser, event):
    first, second = (html_of(browser, page(event, "edit/")) for _ in range(2))
    send(browser, first, subject="From the first", location="Chambers")
    answer = send(browser, second, subject="From the second")
    html = answer.content.decode()
    assert answer.status_code == 409
    assert "Subject From the first From the second" in plain(html)
    assert "Location Chambers" not in plain(html), "the second has not touched it, so it is no question"
    assert (form_of(html).fields["subject"], form_of(html).fields["location"]) == (["From the second"], ["Chambers"])
    event.refresh_from_db()
    assert event.subject == "From the first"
    assert send(browser, html).status_code == 302
    event.refresh_from_db()
    assert (event.subject, event.location) == ("From the second", "Chambers")


@pytest.mark.parametrize(
    ("second", "start", "rule"),
    [
        ({"frequency": "DAILY"}, "2026-12-01T12:00:00", "FREQ=DAILY"),
        ({"body": "Bring it."}, "2026-12-01T13:00:00", "FREQ=WEEKLY;BYDAY=TU"),
    ],
)
def test_times_and_rule_are_one_question_and_notes_another(member, browser, second, start, rule):
    series = an_event(member, "2026-12-01T12:00:00", "2026-12-01T13:00:00", rrule="FREQ=WEEKLY;BYDAY=TU")
    one, other = (html_of(browser, page(series, "edit/")) for _ in range(2))
    assert send(browser, one, start_time="13:00", end_time="14:00").status_code == 302
    answer = send(browser, other, **second)
    assert answer.status_code == 409
    assert send(browser, answer.content.decode()).status_code == 302
    series.refresh_from_db()
    assert (series.start, series.rrule) == (start, rule)


def test_a_form_that_does_not_say_what_it_was_opened_with_means_all_it_says(browser, event):
    html = html_of(browser, page(event, "edit/"))
    fill_in(browser, page(event, "edit/"), location="Chambers")
    answer = send(browser, html, subject="Mine", base="x.y")
    assert form_of(answer.content.decode()).fields["location"] == ["Court 3"]


def test_dates_taken_out_meanwhile_are_no_contradiction(browser, series):
    html = html_of(browser, page(series, "edit/"))
    Event.objects.filter(pk=series.pk).update(exdates=["2026-12-15T12:00:00", "2026-12-29T12:00:00"])
    assert send(browser, html, subject="Working lunch").status_code == 302
    series.refresh_from_db()
    assert (series.subject, len(series.exdates)) == ("Working lunch", 2)


def test_a_date_that_somebody_else_has_changed_first(browser, series):
    first, second = (html_of(browser, page(series, "2026-12-22T12:00:00/edit/")) for _ in range(2))
    send(browser, first, subject="First")
    answer = send(browser, second, subject="Second")
    assert answer.status_code == 409 and "Subject First Second" in plain(answer.content.decode())
    assert send(browser, answer.content.decode()).status_code == 302
    assert sorted(series.exceptions.values_list("subject", flat=True)) == ["Late lunch", "Second"]


def test_a_series_that_changed_while_one_of_its_dates_was_written(browser, series):
    html = html_of(browser, page(series, "2026-12-22T12:00:00/edit/"))
    fill_in(browser, page(series, "edit/"), subject="Working lunch")
    answer = send(browser, html, location="Chambers")
    assert answer.status_code == 409 and "Location – Chambers" in plain(answer.content.decode())
    send(browser, answer.content.decode())
    assert series.exceptions.filter(subject="Working lunch", location="Chambers").exists()


@pytest.mark.parametrize("rest", ["edit/", "2026-12-22T12:00:00/edit/"])
def test_what_was_typed_into_an_event_deleted_meanwhile_can_be_saved_anew(browser, series, rest):
    html = html_of(browser, page(series, rest))
    Event.objects.all().delete()
    answer = send(browser, html, subject="Long thought about", body="Lost?")
    assert answer.status_code == 404 and "This event is not there any more" in answer.content.decode()
    assert send(browser, answer.content.decode()).status_code == 302
    saved = Event.objects.get()
    assert (saved.subject, saved.body) == ("Long thought about", "Lost?")


# --- Whose it is --------------------------------------------------------------------------------------------------------
def test_nobody_reads_or_changes_somebody_elses(event, series):
    stranger = a_browser_of(MemberFactory())
    before = list(Event.objects.order_by("pk").values())
    slot = "2026-12-22T12:00:00/"
    for path in (page(event), page(event, "edit/"), page(event, "delete/"), page(series, slot), page(series, f"{slot}edit/"),
                 page(series, f"{slot}delete/")):  # fmt: skip
        assert stranger.get(path).status_code == 404, path
        assert stranger.post(path, {"subject": "Mine", "seen": "x"}).status_code in (404, 405), path
    assert list(Event.objects.order_by("pk").values()) == before
