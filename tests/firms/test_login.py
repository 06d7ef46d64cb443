"""The one door: login by e-mail, no sign-up, a password by mail, limits on attempts, sessions that end."""

import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client

import caret_sync.settings
from firms.models import User
from tests.factories import NOW, PASSWORD, MemberFactory, StaffFactory

pytestmark = pytest.mark.django_db
NEW_PASSWORD = "a stable of nine horses"


def log_in(client: Client, email: str, password: str = PASSWORD, **extra):
    return client.post("/accounts/login/", {"login": email, "password": password}, **extra)


def link_in(mail) -> str:
    return re.search(r"https?://\S+", mail.body)[0]


def choose_password(client: Client, mail, password: str = NEW_PASSWORD):
    form = client.get(urlsplit(link_in(mail)).path, follow=True)
    return client.post(form.request["PATH_INFO"], {"password1": password, "password2": password}, follow=True)


def test_a_member_logs_in_by_address_whatever_its_case(client):
    member = MemberFactory(email="ada@harperwolfe.example")
    assert client.get("/").headers["Location"] == "/accounts/login/?next=/"
    answer = log_in(client, "Ada@HarperWolfe.example")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    page = client.get("/").content.decode()
    assert member.name in page and 'action="/accounts/logout/"' in page


def test_a_wrong_password_says_so_and_nobody_is_in(client):
    member = MemberFactory()
    answer = log_in(client, member.email, "wrong horse")
    assert answer.status_code == 200 and 'role="alert"' in answer.content.decode()
    assert client.get("/").status_code == 302


@pytest.mark.parametrize("path", ["/accounts/login/", "/accounts/password/reset/"])
def test_no_page_leads_to_a_sign_up(client, path):
    assert "signup" not in client.get(path).content.decode()


def test_sign_up_is_closed_and_says_who_makes_accounts(client):
    new = {"email": "new@lawfirm.example", "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    for answer in (client.get("/accounts/signup/"), client.post("/accounts/signup/", new)):
        assert "made by your firm's administrator" in answer.content.decode()
    assert not User.objects.exists()


@pytest.mark.parametrize(
    "path",
    [
        "/accounts/email/",
        "/accounts/confirm-email/",
        "/accounts/confirm-email/x/",
        "/accounts/login/code/",
        "/accounts/",
    ],
)
def test_pages_of_what_we_do_not_offer_do_not_exist(client, path):
    client.force_login(MemberFactory())
    assert client.get(path).status_code == 404


def test_an_imported_account_without_password_gets_one_by_mail(client, mailoutbox, settings):
    member = MemberFactory()
    member.set_unusable_password()
    member.save()
    answer = client.post("/accounts/password/reset/", {"email": member.email.upper()}, follow=True)
    assert "a mail with a link is on its way" in answer.content.decode()
    (mail,) = mailoutbox
    assert mail.to == [member.email] and link_in(mail).startswith(settings.SITE_URL + "/accounts/password/reset/key/")
    assert "Your password is set" in choose_password(client, mail).content.decode()
    assert log_in(client, member.email, NEW_PASSWORD).headers["Location"] == "/"


def test_a_link_works_once(client, mailoutbox):
    member = MemberFactory()
    client.post("/accounts/password/reset/", {"email": member.email})
    choose_password(client, mailoutbox[0])
    again = Client().get(urlsplit(link_in(mailoutbox[0])).path, follow=True)
    assert "This link no longer works" in again.content.decode()


def test_an_unknown_address_gets_no_mail_and_learns_nothing(client, mailoutbox):
    MemberFactory(email="known@lawfirm.example")
    known, unknown = (
        client.post("/accounts/password/reset/", {"email": f"{name}@lawfirm.example"}, follow=True).content
        for name in ("known", "unknown")
    )
    assert known == unknown
    assert [mail.to for mail in mailoutbox] == [["known@lawfirm.example"]]


def test_a_link_never_starts_with_what_the_host_header_says(client, mailoutbox, settings):
    settings.ALLOWED_HOSTS = ["*"]
    client.post("/accounts/password/reset/", {"email": MemberFactory().email}, headers={"host": "evil.example"})
    assert "evil" not in mailoutbox[0].body


def test_a_closed_account_stays_out_and_its_open_session_ends(client):
    member = MemberFactory()
    log_in(client, member.email)
    User.objects.filter(pk=member.pk).update(is_active=False)
    assert client.get("/").status_code == 302
    assert "This account is closed" in log_in(Client(), member.email, follow=True).content.decode()


def test_attempts_are_limited_by_the_shared_cache(client, settings):
    """The table that the limits are kept in is made by `migrate` alone."""
    settings.CACHES = caret_sync.settings.CACHES
    settings.ACCOUNT_RATE_LIMITS = {}
    member = MemberFactory()
    for _ in range(5):
        log_in(client, member.email, "wrong horse")
    assert "Too many failed login attempts" in log_in(client, member.email).content.decode()
    assert log_in(Client(), MemberFactory().email).status_code == 302, "another account is not held up"


def test_attempts_are_not_forgotten_because_many_others_log_in(client, settings):
    settings.CACHES = caret_sync.settings.CACHES
    settings.ACCOUNT_RATE_LIMITS = {}
    member = MemberFactory()
    for _ in range(5):
        log_in(client, member.email, "wrong horse")
    for number in range(1000):
        cache.set(f"zz-somebody-else-{number}", [1], 300)
    assert "Too many failed login attempts" in log_in(client, member.email).content.decode()


def test_a_flood_from_one_place_gets_a_page_of_ours(client, settings):
    settings.ACCOUNT_RATE_LIMITS = {"login": "2/m/ip"}
    answers = [log_in(Client(REMOTE_ADDR="192.0.2.7"), "nobody@lawfirm.example") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert "Try again in a few minutes" in answers[-1].content.decode()


def test_a_session_ends_a_fixed_time_after_the_login(client, settings):
    member = MemberFactory()
    with time_machine.travel(NOW, tick=False):
        log_in(client, member.email)
    with time_machine.travel(NOW + timedelta(days=10), tick=False):
        session = client.session
        session["touched"] = True
        session.save()
        assert client.get("/").status_code == 200
    end = NOW + timedelta(seconds=settings.SESSION_MAX_AGE)
    assert Session.objects.get().expire_date == end
    with time_machine.travel(end + timedelta(seconds=1), tick=False):
        assert client.get("/").status_code == 302


def test_staff_come_through_the_same_door(client):
    staff = StaffFactory()
    answer = client.get("/admin/firms/", follow=True)
    page = answer.content.decode()
    assert answer.request["PATH_INFO"] == "/accounts/login/" and 'name="next" value="/admin/firms/"' in page
    answer = client.post("/accounts/login/", {"login": staff.email, "password": PASSWORD, "next": "/admin/firms/"})
    assert answer.headers["Location"] == "/admin/firms/"
    assert client.get("/admin/").status_code == 200


@pytest.mark.parametrize("path", ["/admin/login/", "/admin/login/?next=/admin/"])
def test_a_member_at_the_admin_is_told_so_and_not_sent_round(client, path):
    member = MemberFactory()
    client.force_login(member)
    assert client.get(path).status_code == 403
    answer = client.get("/admin/", follow=True)
    assert answer.status_code == 403 and len(answer.redirect_chain) <= 1
    assert member.email in answer.content.decode()


def test_logging_out_takes_a_post(client):
    client.force_login(MemberFactory())
    assert "Log out?" in client.get("/accounts/logout/").content.decode()
    assert client.get("/").status_code == 200
    client.post("/accounts/logout/")
    assert client.get("/").status_code == 302


def test_a_post_without_token_gets_a_page_of_ours():
    answer = log_in(Client(enforce_csrf_checks=True), MemberFactory().email)
    assert answer.status_code == 403 and "Please send it again" in answer.content.decode()


def test_changing_the_password_keeps_the_session(client):
    member = MemberFactory()
    log_in(client, member.email)
    form = {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    answer = client.post("/accounts/password/change/", form, follow=True)
    assert "Your password is changed." in answer.content.decode()
    assert client.get("/").status_code == 200
    assert log_in(Client(), member.email, NEW_PASSWORD).status_code == 302


def test_a_page_that_does_not_exist_is_ours(client):
    client.force_login(MemberFactory())
    answer = client.get("/nonesuch/")
    assert answer.status_code == 404 and "There is no such page" in answer.content.decode()


def test_behind_a_proxy_attempts_are_counted_by_who_made_them(client, settings):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    settings.ACCOUNT_RATE_LIMITS = {"login": "1/m/ip"}
    statuses = [
        log_in(Client(), "nobody@lawfirm.example", headers={"x-forwarded-for": f"203.0.113.9, 192.0.2.{n}"}).status_code
        for n in (81, 82, 82)
    ]
    assert statuses == [200, 200, 429]
