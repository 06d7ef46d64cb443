"""A member adds events: single, of whole days, elsewhere, and as copies."""

import re

import pytest

from calendars.models import Event, LocalChange, SyncedEvent
from tests.calendars.pages.steps import a_browser_of, an_event, fill_in, form_of, html_of, send
from tests.factories import NOW, ConnectionFactory, MemberFactory, SyncedEventFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("november")]
NEW = "/calendar/events/new/"


@pytest.fixture
def member():
    return MemberFactory()


@pytest.fixture
def browser(member):
    return a_browser_of(member)


def only_event(member) -> Event:
    return Event.objects.get(member=member)


def refused(answer) -> str:
    """What a form that was not accepted says on top, with nothing saved."""
    assert answer.status_code == 200 and not Event.objects.exists()
    html = answer.content.decode()
    assert "Nothing has been saved yet" in html
    return html


def test_an_event_is_added_in_her_time_zone_and_told_to_her_service(member, browser):
    connection = ConnectionFactory(member=member, state="graph_sync")
    answer = fill_in(
        browser, f"{NEW}?date=2026-12-01", subject="Hearing <Okafor>", location="Court 3",
        body="Bring the file.\r\nAnd the other.", show_as="oof", sensitivity="private", reminder="60",
    )  # fmt: skip
    event = only_event(member)
    assert answer.headers["Location"] == f"/calendar/events/{event.pk}/"
    assert (event.start, event.end, event.time_zone) == (
        "2026-12-01T09:00:00", "2026-12-01T10:00:00", "America/New_York",
    )  # fmt: skip
    assert event.starts_at.isoformat() == "2026-12-01T14:00:00+00:00" and event.modified_at == NOW
    assert (event.subject, event.location, event.body) == (
        "Hearing <Okafor>", "Court 3", "Bring the file.\nAnd the other.",
    )  # fmt: skip
    assert (event.show_as, event.sensitivity, event.reminder, event.rrule) == ("oof", "private", 60, "")
    change = LocalChange.objects.get()
    assert (change.connection, change.event, change.uid) == (connection, event, event.uid)
    page = html_of(browser, answer.headers["Location"])
    assert "The event is added." in page and "Waiting" in page


def test_without_a_connection_it_is_added_all_the_same(member, browser):
    fill_in(browser, NEW, subject="Hearing")
    assert only_event(member).subject == "Hearing" and not LocalChange.objects.exists()


def test_it_begins_at_the_next_full_hour_today_and_at_nine_on_another_day(browser):
    begins = form_of(html_of(browser, NEW)).fields
    assert (begins["start_date"], begins["start_time"], begins["end_time"]) == (["2026-11-23"], ["10:00"], ["11:00"])
    begins = form_of(html_of(browser, f"{NEW}?date=2026-12-24")).fields
    assert (begins["start_date"], begins["start_time"]) == (["2026-12-24"], ["09:00"])
    begins = form_of(html_of(browser, f"{NEW}?date=2026-12-24&time=14:30")).fields
    assert begins["start_time"] == ["14:30"]
    assert form_of(html_of(browser, f"{NEW}?date=soon&time=25:00")).fields["start_date"] == ["2026-11-23"]


@pytest.mark.parametrize(
    ("time", "begins", "ends"), [("02:30", "03:30", "04:30"), ("01:30", "01:30", "03:30"), ("01:00", "01:00", "03:00")]
)
def test_it_begins_and_ends_at_no_time_that_the_clocks_skip(member, browser, time, begins, ends):
    """At two on March 14 the clocks in New York show three."""
    offered = form_of(html_of(browser, f"{NEW}?date=2027-03-14&time={time}")).fields
    assert (offered["start_time"], offered["end_time"]) == ([begins], [ends])
    fill_in(browser, f"{NEW}?date=2027-03-14&time={time}")
    event = only_event(member)
    assert (event.ends_at - event.starts_at).total_seconds() == 3600


def test_whole_days_end_with_their_last(member, browser):
    fill_in(browser, NEW, all_day="on", start_date="2026-12-24", end_date="2026-12-26", start_time="", end_time="")
    event = only_event(member)
    assert (event.all_day, event.start, event.end) == (True, "2026-12-24", "2026-12-27")


def test_an_event_elsewhere_has_the_time_there(member, browser):
    fill_in(browser, NEW, time_zone="Europe/London", start_date="2026-12-01", end_date="2026-12-01")
    event = only_event(member)
    assert event.time_zone == "Europe/London" and event.starts_at.hour == 10


def test_an_end_before_the_start_is_refused_and_what_was_typed_stays(browser):
    answer = fill_in(browser, NEW, subject="Hearing", start_time="15:00", end_time="14:00", body="Long notes")
    html = refused(answer)
    assert '<a href="#id_end_time">End time: The end lies before the start.</a>' in html
    fields = form_of(html).fields
    assert (fields["subject"], fields["start_time"], fields["body"]) == (["Hearing"], ["15:00"], ["Long notes"])
    assert "End: The end lies before the start." in refused(fill_in(browser, NEW, end_date="2026-11-22"))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"start_date": ""}, "Start: This field is required."),
        ({"start_time": ""}, "Start time: Say at what time"),
        ({"start_date": "1066-10-14"}, "Start: Choose a year from 1900 to 2199."),
        ({"start_date": "tomorrow"}, "Start: Enter a valid date."),
        ({"time_zone": "Atlantis"}, "Time zone: Select a valid choice."),
        ({"subject": "x" * 256}, "Subject: Ensure this value has at most 255 characters"),
        ({"subject": "x\0"}, "Subject: Null characters are not allowed."),
        ({"all_day": "on", "end_date": "2026-11-22"}, "End: The end lies before the start."),
        ({"reminder": "soon"}, "Reminder: Select a valid choice."),
    ],
)
def test_what_is_no_event_is_refused_with_its_reason(browser, changes, says):
    assert says in refused(fill_in(browser, NEW, **changes))


def test_a_time_that_the_clocks_skip_is_refused_with_the_one_they_show(member, browser):
    spring = {"start_date": "2027-03-14", "end_date": "2027-03-14", "start_time": "02:30", "end_time": "04:00"}
    assert (
        "On March 14, 2027 the clocks in New York go forward and skip 2:30 AM. Choose 3:30 AM or another time."
        in refused(fill_in(browser, NEW, **spring))
    )
    fill_in(browser, NEW, **spring, time_zone="Europe/London")
    assert only_event(member).start == "2027-03-14T02:30:00"


def test_an_hour_that_comes_twice_is_the_first_of_the_two(member, browser):
    fill_in(browser, NEW, start_date="2026-11-01", end_date="2026-11-01", start_time="01:30", end_time="01:45")
    assert only_event(member).starts_at.isoformat() == "2026-11-01T05:30:00+00:00"


def test_an_event_copied_is_a_new_one_and_an_anomaly_stays_what_it_is(member, browser):
    connection = ConnectionFactory(member=member, state="graph_sync")
    lost = an_event(member, "2026-12-01T09:00:00", "2026-12-01T10:00:00", "Lost", body="Notes", reminder=45)
    SyncedEventFactory(connection=connection, event=lost, link=SyncedEvent.Link.ANOMALY)
    fill_in(browser, f"{NEW}?copy={lost.pk}")
    copy = Event.objects.exclude(pk=lost.pk).get()
    assert (copy.subject, copy.body, copy.reminder, copy.start) == ("Lost", "Notes", 45, lost.start)
    assert copy.uid != lost.uid
    assert [change.event for change in LocalChange.objects.all()] == [copy]
    assert SyncedEvent.objects.get().link == SyncedEvent.Link.ANOMALY


def test_one_date_of_a_series_copied_is_a_single_event(member, browser):
    series = an_event(member, "2026-11-03T12:00:00", "2026-11-03T13:00:00", rrule="FREQ=WEEKLY")
    fill_in(browser, f"{NEW}?copy={series.pk}&slot=2026-12-08T12:00:00")
    copy = Event.objects.exclude(pk=series.pk).get()
    assert (copy.start, copy.rrule, copy.series) == ("2026-12-08T12:00:00", "", None)


def test_nobody_copies_somebody_elses(browser):
    other = an_event(MemberFactory(), "2026-12-01T09:00:00", "2026-12-01T10:00:00")
    assert browser.get(f"{NEW}?copy={other.pk}").status_code == 404


@pytest.mark.parametrize("query", ["copy=x", "copy=", "version=-1", "copy=" + "9" * 5000, "version=²"])
def test_what_names_no_event_is_taken_as_not_given(browser, query):
    assert form_of(html_of(browser, f"{NEW}?{query}")).fields["subject"] == [""]


def test_no_number_of_an_event_is_too_long(browser):
    for path in ("", "edit/", "delete/", "2026-12-01T09:00:00/"):
        assert browser.get(f"/calendar/events/{'9' * 30}/{path}").status_code == 404
    assert browser.get(f"{NEW}?copy=999999999").status_code == 404


def test_every_field_has_a_label_and_the_first_focus_is_on_what_is_wrong(browser):
    html = html_of(browser, NEW)
    for name in form_of(html).fields.keys() - {
        "csrfmiddlewaretoken",
        "who",
        "seen",
        "agreed",
        "base",
        "once",
        "frequency",
        "by",
        "ends",
    }:
        assert f'for="id_{name}"' in html, name
    wrong = fill_in(browser, NEW, end_date="2026-11-01").content.decode()
    assert 'id="errors" autofocus' in wrong and 'aria-describedby="id_end_date_error"' in wrong
    assert "<title>Please check: New event" in wrong


def test_a_form_that_is_sent_again_adds_nothing(member, browser):
    """By a second click, or by way of back and Save."""
    connection, html = ConnectionFactory(member=member, state="graph_sync"), html_of(browser, NEW)
    first, again = (send(browser, html, subject="Hearing") for _ in range(2))
    assert first.headers["Location"] == again.headers["Location"] == f"/calendar/events/{only_event(member).pk}/"
    assert "You have added this event already" in html_of(browser, again.headers["Location"])
    assert LocalChange.objects.filter(connection=connection).count() == 1
    assert send(browser, html_of(browser, NEW), subject="Hearing").status_code == 302
    assert Event.objects.count() == 2, "a form of its own adds the like"


def test_back_and_a_correction_change_the_event_that_was_added(member, browser):
    html = html_of(browser, f"{NEW}?date=2026-12-01")
    send(browser, html, subject="Haering")
    asked = send(browser, html, subject="Hearing")
    assert asked.status_code == 409 and only_event(member).subject == "Haering"
    page = asked.content.decode()
    assert "You have added this event already" in page and "Somebody has changed" not in page
    assert send(browser, page).status_code == 302
    assert only_event(member).subject == "Hearing"


def test_back_and_other_words_can_be_another_event(member, browser):
    html = html_of(browser, NEW)
    send(browser, html, subject="Hearing")
    asked = send(browser, html, subject="Another hearing").content.decode()
    another = re.search(rf'formaction="{NEW}" name="once" value="(\w+)"', asked)[1]
    for _ in range(2):
        assert browser.post(NEW, form_of(asked).fields | {"once": another}).status_code == 302
    assert sorted(Event.objects.values_list("subject", flat=True)) == ["Another hearing", "Hearing"]


def test_what_was_added_and_deleted_can_be_added_again_by_its_form(member, browser):
    html = html_of(browser, NEW)
    send(browser, html, subject="Hearing")
    first = only_event(member)
    send_page = html_of(browser, f"/calendar/events/{first.pk}/delete/")
    browser.post(f"/calendar/events/{first.pk}/delete/", {"seen": form_of(send_page).fields["seen"]})
    assert not Event.objects.exists()
    send(browser, html, subject="Hearing")
    assert only_event(member).uid != first.uid, "what is known of the deleted one stays its own"


def test_a_form_without_its_token_is_refused(member):
    from django.test import Client

    strict = Client(enforce_csrf_checks=True)
    strict.force_login(member)
    html = html_of(strict, NEW)
    fields = form_of(html).fields
    assert strict.post(NEW, fields | {"csrfmiddlewaretoken": "x" * 64}).status_code == 403
    assert send(strict, html).status_code == 302
