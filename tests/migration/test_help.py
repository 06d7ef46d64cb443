"""R14: the help inside the product. Connecting a calendar anew, here or at Google, is not yet behind it."""

import re

import pytest
from django.test import Client

from migration.views.help import TOPICS
from tests.factories import ConnectionFactory, FirmFactory
from tests.migration.report_rows import not_found, run_of
from tests.migration.visiting import log_in, logged_in, text

pytestmark = pytest.mark.django_db
OVERVIEW = "/help/calendar-sync/"


def page(slug: str) -> str:
    return text(Client().get(f"{OVERVIEW}{slug}/"))


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.slug)
def test_every_question_has_a_page_and_every_page_leads_to_the_others(topic, client):
    answer = client.get(f"{OVERVIEW}{topic.slug}/")
    assert answer.status_code == 200 and topic.title in text(answer)
    links = set(re.findall(rf'href="({OVERVIEW}[a-z-]*/?)"', answer.content.decode()))
    assert {f"{OVERVIEW}{other.slug}/" for other in TOPICS if other != topic} | {OVERVIEW} <= links
    assert all(client.get(link).status_code == 200 for link in links)


def test_the_overview_names_every_question(client):
    overview = text(client.get(OVERVIEW))
    assert all(topic.title in overview and topic.summary in overview for topic in TOPICS)


def test_no_other_page_exists(client):
    assert client.get(f"{OVERVIEW}nonsense/").status_code == 404
    assert client.get(f"{OVERVIEW}page/").status_code == 404
    assert client.post(OVERVIEW).status_code == 405


@pytest.mark.parametrize(
    ("slug", "words"),
    [
        ("what-changes", "since October 1, 2026 it is blocked"),
        ("what-changes", "on April 1, 2027 it is removed for good"),
        ("when", "The last day is March 31, 2027"),
        ("when", "the old sync goes on until you next log in"),
        ("what-to-do", "sign in with Microsoft once"),
        ("google", "Nothing changes for you."),
        ("another-calendar", "the same mailbox and calendar"),
        ("not-found", "not created in Outlook again"),
        ("disable-old-sync", "No."),
        ("how-long", "may take up to several hours, depending on the number of events"),
        ("re-sync-outlook", "Choose Sign in with Microsoft"),
        ("re-sync-google", "take the same Google account as before"),
    ],
)
def test_the_answers(slug, words):
    assert words in page(slug)


def test_the_last_day_is_the_setting(settings):
    settings.SYNC_CUTOFF = settings.SYNC_CUTOFF.replace(month=6, day=30)
    assert "The last day is June 30, 2027" in page("when")


@pytest.mark.parametrize(
    ("email", "url", "words"),
    [
        ("help@caretsync.example", "", "Support at help@caretsync.example"),
        ("", "https://help.caretsync.example/", "Support"),
        ("help@caretsync.example", "https://help.caretsync.example/", "Support ( help@caretsync.example )"),
    ],
)
def test_people_are_named_as_they_are_set(settings, email, url, words):
    settings.SUPPORT_EMAIL, settings.SUPPORT_URL = email, url
    html = Client().get(f"{OVERVIEW}support/").content.decode()
    assert f"Write to {words}" in page("support")
    assert (f'href="mailto:{email}"' in html) == bool(email) and (f'href="{url}"' in html) == bool(url)


def test_members_find_it_from_prompt_banner_and_report(client):
    member = ConnectionFactory(member__firm=FirmFactory(flagged=True)).member
    log_in(client, member)
    for path, beginning in (("/", 'aria-labelledby="banner-title"'), ("/move/", "<main")):
        part = client.get(path).content.decode().split(beginning)[1].split("Your calendar</h1>")[0]
        assert f'href="{OVERVIEW}' in part
    run = run_of()
    not_found(run)
    report = logged_in(run.connection.member).get(f"/move/runs/{run.pk}/report/").content.decode()
    assert f'href="{OVERVIEW}not-found/"' in report
