"""Others are invited, or somebody else has invited: what a member reads before she changes a meeting, and what she may."""

import pytest

from calendars.models import SyncedEvent
from tests.calendars.pages.steps import fill_in, form_of, html_of, page, plain, send, synced, told

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("november")]


def test_before_others_are_written_to_she_reads_to_how_many(connection, browser, event):
    synced(connection, event, attendees=12)
    html = html_of(browser, page(event, "edit/"))
    assert "12 other people are invited. Outlook will write to them about a change" in plain(html)
    # More were invited while she was writing: she has not been told of them.
    SyncedEvent.objects.update(attendees=13)
    asked = send(browser, html, subject="Moved")
    assert "13 other people are invited." in plain(asked.content.decode())
    event.refresh_from_db()
    assert event.subject != "Moved"
    assert send(browser, asked.content.decode()).status_code == 302
    event.refresh_from_db()
    assert event.subject == "Moved"


def test_one_date_of_a_meeting_and_a_deletion_warn_too(connection, browser, series):
    synced(connection, series, attendees=1)
    for rest in ("2026-12-22T12:00:00/edit/", "edit/"):
        assert "1 other person is invited. Outlook will write to that person" in plain(
            html_of(browser, page(series, rest))
        )
    for rest in ("2026-12-22T12:00:00/delete/", "delete/"):
        assert "Outlook will write to that person that it is cancelled" in plain(html_of(browser, page(series, rest)))


def test_of_somebody_elses_meeting_she_changes_what_is_hers(connection, browser, event):
    synced(connection, event, attendees=7, organized=False)
    html = html_of(browser, page(event, "edit/"))
    assert "Somebody else organises this meeting" in html and "will write" not in html
    assert form_of(html).fields.keys() >= {"show_as", "sensitivity", "reminder"}
    assert not form_of(html).fields.keys() & {"subject", "start_date", "location", "body", "frequency"}
    # Whatever else is sent along is not taken.
    browser.post(page(event, "edit/"), form_of(html).fields | {"show_as": "free", "subject": "Mine now"})
    event.refresh_from_db()
    assert (event.show_as, event.location) == ("free", "Court 3") and event.subject != "Mine now"
    assert "Delete" in html_of(browser, page(event))


def test_what_has_no_words_here_is_not_changed_here(connection, browser, event):
    synced(connection, event, unsayable="zone")
    html = html_of(browser, page(event))
    assert "known to Outlook alone" in html and "can't be changed or deleted here" in plain(html)
    assert page(event, "edit/") not in html
    for rest in ("edit/", "delete/"):
        answer = browser.get(page(event, rest), follow=True)
        assert answer.redirect_chain == [(page(event), 302)] and "known to Outlook alone" in answer.content.decode()
        assert browser.post(page(event, rest), {"subject": "Another"}).status_code == 302
    event.refresh_from_db()
    assert event.subject != "Another"


def test_an_anomaly_is_changed_here_and_told_to_nobody(connection, browser, event):
    synced(connection, event, link="anomaly", appointment_id=None, attendees=5)
    assert "will write" not in html_of(browser, page(event, "edit/"))
    fill_in(browser, page(event, "edit/"), subject="Only here")
    event.refresh_from_db()
    assert event.subject == "Only here" and told(connection) == []
