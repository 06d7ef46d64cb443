"""What browsers are told to run and show of our pages: files of ours alone."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client, RequestFactory, override_settings
from django.urls import reverse
from django.views.defaults import server_error

from tests.factories import UserFactory
from tests.staff import client_of, staff_of

pytestmark = pytest.mark.django_db
HEADER = "Content-Security-Policy"


def policy_of(client: Client, path: str) -> dict[str, str]:
    header = client.get(path).headers[HEADER]
    return {name: sources for name, _, sources in (part.strip().partition(" ") for part in header.split(";"))}


@pytest.mark.parametrize("path", ["/", "/calendar/2026/12/", "/move/disconnect/", "/nowhere/"])
def test_members_pages_run_and_show_files_of_ours_and_stand_in_nobody_s_frame(path):
    policy = policy_of(client_of(UserFactory()), path)
    assert policy == {
        "default-src": "'self'", "base-uri": "'none'", "object-src": "'none'", "frame-ancestors": "'none'",
    }  # fmt: skip


def test_so_do_pages_for_who_is_not_logged_in(client):
    assert policy_of(client, reverse("account_login"))["default-src"] == "'self'"


def test_the_administration_runs_files_of_ours_alone(client):
    for browser, path in ((client, reverse("admin:login")), (client_of(staff_of("Support")), reverse("admin:index"))):
        policy = policy_of(browser, path)
        assert policy["default-src"] == "'self'" and "script-src" not in policy
        assert policy["style-src"] == "'self' 'unsafe-inline'"


@override_settings(DEBUG=True)
def test_django_s_own_pages_about_mistakes_stay_readable_in_development(client):
    assert HEADER not in client.get("/nowhere/").headers
    assert HEADER in client.get(reverse("account_login")).headers


def test_the_page_about_an_error_needs_nothing_else():
    request = RequestFactory().get("/")
    request.user = AnonymousUser()
    html = server_error(request).content.decode()
    assert "<script" not in html and "<style" not in html and " style=" not in html
