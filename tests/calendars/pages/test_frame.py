"""What every page has around it: a title of its own, and the ways to the others."""

import re

import pytest
from django.test import Client

from tests.calendars.pages.steps import element, fill_in, form_of, html_of, page, plain, send

pytestmark = pytest.mark.django_db
PAGES = (
    "/", "/calendar/2026/12/", "/calendar/2026/12/1/", "/calendar/agenda/", "/calendar/search/", "/calendar/deleted/",
    "/calendar/connection/", "/calendar/events/new/", "/move/disconnect/", "/help/calendar-sync/", "/accounts/logout/",
)  # fmt: skip


def links(html: str) -> set[tuple[str, str]]:
    return {
        (plain(words), to)
        for to, words in re.findall(r'<a [^>]*?href="([^"#?]*)[^"]*"[^>]*>(.*?)</a>', html, re.DOTALL)
    }


def test_no_two_pages_have_one_title_and_links_of_one_name_lead_to_one_place(browser):
    pages = {path: html_of(browser, path) for path in PAGES}
    titles = [plain(element(html, "title")) for html in pages.values()]
    assert len(set(titles)) == len(PAGES), titles
    ways = {link for html in pages.values() for link in links(html)}
    assert {to for words, to in ways if words == "Calendar"} == {"/calendar/"}
    assert {to for words, to in ways if words == "Dashboard"} == {"/"}


def test_nothing_runs_in_a_page_but_files_of_ours(browser, event):
    for path in (*PAGES, page(event), page(event, "edit/"), page(event, "delete/")):
        html = html_of(browser, path)
        assert not re.search(r"<style|<[^>]+ (style|on[a-z]+)=|<script(?![^>]* src=\"/static/)|javascript:", html), path


def test_the_menu_has_its_script_where_there_is_a_menu(browser):
    for client, has in ((browser, True), (Client(), False)):
        html = html_of(client, "/help/calendar-sync/")
        assert ('<details class="menu">' in html, "/static/js/menu.js" in html) == (has, has)


@pytest.mark.parametrize(
    ("path", "current"),
    [
        ("/", []),
        ("/calendar/2026/12/", ["Calendar"]),
        ("/help/calendar-sync/when/", ["Help"]),
        ("/move/disconnect/", []),
    ],
)
def test_the_part_of_the_site_one_is_in_is_marked(browser, path, current):
    navigation = element(html_of(browser, path), "nav")
    assert re.findall(r'aria-current="true">(\w+)', navigation) == current


def test_a_form_that_was_not_saved_says_so_in_its_title_and_takes_the_focus(browser, event):
    here, form = page(event, "edit/"), html_of(browser, page(event, "edit/"))
    fill_in(browser, here, subject="Faster")
    for answer in (
        send(browser, form, subject="Slower"),
        send(browser, form, subject="Slower", end_date="2026-11-01"),
        browser.post(here.replace(str(event.pk), "999999"), form_of(form).fields),
    ):
        html = answer.content.decode()
        assert plain(element(html, "title")).startswith("Please check: ")
        assert len(re.findall(r'role="alert" tabindex="-1"[^>]* autofocus', html)) == 1
