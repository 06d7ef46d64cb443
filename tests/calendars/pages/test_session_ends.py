"""A session that ends while somebody is writing: what she typed comes back after the login, to her alone."""

from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from calendars.models import Event
from tests.calendars.pages.steps import an_event, form_of, html_of, send
from tests.factories import PASSWORD, MemberFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("november")]


@pytest.fixture
def member():
    return MemberFactory()


@pytest.fixture
def event(member):
    return an_event(member, "2026-12-01T09:00:00", "2026-12-01T10:00:00", "Hearing")


@pytest.fixture
def browser(member):
    client = Client()
    client.force_login(member)
    return client


def sent_too_late(browser, path, **changes):
    """The form is opened, the session ends, the form is sent."""
    html = html_of(browser, path)
    Session.objects.all().delete()
    return send(browser, html, **changes)


def log_in(browser, answer, member) -> str:
    """Through the page that the answer leads to; where the login leads."""
    door = browser.get(answer.headers["Location"])
    assert door.status_code == 200
    there = parse_qs(urlsplit(answer.headers["Location"]).query)["next"][0]
    done = browser.post("/accounts/login/", {"login": member.email, "password": PASSWORD, "next": there})
    return done.headers["Location"]


def test_what_was_typed_is_there_again_and_saved_only_then(browser, member, event):
    answer = sent_too_late(browser, f"/calendar/events/{event.pk}/edit/", subject="Thought about", body="For an hour")
    html = html_of(browser, log_in(browser, answer, member))
    fields = form_of(html).fields
    assert (fields["subject"], fields["body"]) == (["Thought about"], ["For an hour"])
    assert "This is what you had written before you were logged out." in html
    event.refresh_from_db()
    assert event.subject == "Hearing"
    assert send(browser, html).status_code == 302
    event.refresh_from_db()
    assert (event.subject, event.body) == ("Thought about", "For an hour")


def test_of_a_new_event_too_and_once(browser, member):
    answer = sent_too_late(browser, "/calendar/events/new/?date=2026-12-24", subject="Thought about")
    there = log_in(browser, answer, member)
    assert form_of(html_of(browser, there)).fields["subject"] == ["Thought about"]
    assert form_of(html_of(browser, there)).fields["subject"] == [""]
    assert not Event.objects.exists()


def test_whoever_else_logs_in_there_reads_nothing_of_it(browser):
    answer = sent_too_late(browser, "/calendar/events/new/", subject="Thought about")
    html = html_of(browser, log_in(browser, answer, MemberFactory()))
    assert "Thought about" not in html


def test_nothing_is_kept_for_who_has_no_form_of_ours(browser):
    answer = sent_too_late(browser, "/calendar/events/new/", subject="Thought about", who="1:forged")
    assert answer.status_code == 302 and not Session.objects.exists()
    assert Client().post("/calendar/events/new/", {"subject": "x"}).status_code == 302
    assert not Session.objects.exists()
