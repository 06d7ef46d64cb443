"""Support sees the pages as a member does: clearly marked, only to look, not for long, on record, and no login of hers (R3).

What there is to see is told by the pages' own tests; the sign-in with Microsoft by theirs.
"""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from calendars.states import State
from firms import tasks
from firms.models import AuditEntry, Impersonation, User
from tests.factories import NOW, ConnectionFactory, FirmFactory, MemberFactory, StaffFactory
from tests.migration.visiting import log_in, text
from tests.staff import client_of, staff_of

pytestmark = pytest.mark.django_db
BEGIN, END, SEEN = "/accounts/view-as-member/begin/", "/accounts/view-as-member/end/", "/accounts/seen-by-support/"
REASON = "She asks why nothing syncs."


@pytest.fixture(autouse=True)
def clock(time_machine):
    time_machine.move_to(NOW, tick=False)
    return time_machine


@pytest.fixture
def member(db) -> User:
    """Of a flagged firm, on the old sync: a login of hers would stop it."""
    return ConnectionFactory(
        member__firm=FirmFactory(flagged=True), member__name="Ada Byron", state=State.OLD_SYNC
    ).member


@pytest.fixture
def supporter(db) -> User:
    user = staff_of("Support")
    user.name = "Sam Support"
    user.save()
    return user


@pytest.fixture
def support(supporter) -> Client:
    return client_of(supporter)


def begin(browser: Client, member: User, reason: str = REASON):
    return browser.post(BEGIN, {"user_pk": member.pk, "reason": reason})


def actions() -> list[str]:
    return list(AuditEntry.objects.order_by("pk").values_list("action", flat=True))


def test_from_the_members_page_and_back_to_it(support, supporter, member):
    home = f"/admin/firms/user/{member.pk}/change/"
    page = text(support.get(home))
    assert "View as this member" in page and "for 30 minutes" in page
    answer = begin(support, member)
    assert answer.status_code == 302 and answer["Location"] == "/"
    shown = text(support.get("/"))
    assert "Your calendar" in shown and "Ada Byron" in shown
    assert "You see this page as Ada Byron" in shown and "in the name of Sam Support" in shown
    answer = support.post(END)
    assert answer.status_code == 302 and answer["Location"] == home
    shown = text(support.get(home))
    assert "You see this page as" not in shown and "sam" not in answer["Location"]
    assert int(support.session["_auth_user_id"]) == supporter.pk


def test_every_page_carries_the_strip_with_a_button_that_ends_it(support, member):
    begin(support, member)
    for address in ("/", "/move/", "/help/calendar-sync/", SEEN, "/nowhere/", "/admin/", "/accounts/password/change/"):
        page = support.get(address, follow=True).content.decode()
        assert page.count('class="impersonation"') == 1, address
        strip = page[page.index('<aside class="impersonation"') :]
        assert f'action="{END}"' in strip and "End the view" in strip and "<script" not in strip, address
    assert 'class="impersonation"' not in client_of(member).get("/").content.decode(), "and none of her own does"


def test_it_is_no_login_of_the_member(support, member):
    row = member.connections.get()
    begin(support, member)
    for address in ("/", "/move/", "/"):
        assert support.get(address).status_code == 200
    support.post(END)
    support.get("/")
    row.refresh_from_db()
    member.refresh_from_db()
    assert (row.state, row.stopped_at, row.epoch) == (State.OLD_SYNC, None, 0)
    assert member.last_login is None
    browser = Client()
    assert log_in(browser, member)["Location"] == "/move/", "her own login is one"
    row.refresh_from_db()
    member.refresh_from_db()
    assert row.state == State.REAUTH_REQUIRED and member.last_login == NOW


def test_nor_is_coming_back_a_login_of_the_supporter(support, supporter, member):
    mine = ConnectionFactory(member=supporter, state=State.OLD_SYNC)
    User.objects.filter(pk=supporter.pk).update(last_login=NOW - timedelta(hours=2), firm=FirmFactory(flagged=True))
    begin(support, member)
    assert support.post(END)["Location"].startswith("/admin/")
    supporter.refresh_from_db()
    mine.refresh_from_db()
    assert supporter.last_login == NOW - timedelta(hours=2) and mine.state == State.OLD_SYNC


def test_everybody_elses_login_counts_while_somebody_is_looking(support, member):
    begin(support, member)
    other = MemberFactory()
    log_in(Client(), other)
    other.refresh_from_db()
    assert other.last_login == NOW


POSTS = [
    "/move/sign-in/", "/move/not-now/", "/accounts/logout/", "/accounts/password/change/", "/accounts/password/reset/",
    "/accounts/login/", "/accounts/reauthenticate/", "/move/tickets/CS-234567/", "/move/anomalies/1/decide/copy/",
    "/admin/login/", "/admin/logout/", "/nowhere/", BEGIN, "/",
]  # fmt: skip


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
@pytest.mark.parametrize("address", POSTS)
def test_nothing_can_be_done(support, member, address, method):
    row = member.connections.get()
    begin(support, member)
    answer = getattr(support, method)(address, {"user_pk": member.pk, "reason": "x"} if method == "post" else "")
    assert answer.status_code == 403 and "Only to look" in text(answer)
    assert support.get("/").status_code == 200, "and it goes on"
    row.refresh_from_db()
    assert (row.state, row.epoch) == (State.OLD_SYNC, 0) and Impersonation.objects.count() == 1


@pytest.mark.parametrize(
    "address",
    [
        "/calendar/google/callback/?code=c&state=s", "/move/callback/?code=c&state=s",
        "/move/callback/?admin_consent=True&state=consent", "/accounts/login/",
        "/accounts/logout/", "/accounts/password/change/", "/accounts/password/reset/key/1-abc/", "/accounts/reauthenticate/",
    ],
)  # fmt: skip
def test_no_sign_in_no_consent_and_no_password_by_looking_either(support, member, address):
    begin(support, member)
    answer = support.get(address)
    assert answer.status_code == 403 and "no sign-in" in text(answer)


def test_the_menu_offers_nothing_that_would_be_refused(support, member):
    own = text(client_of(member).get("/"))
    assert "Log out" in own and "Change password" in own
    begin(support, member)
    seen = text(support.get("/"))
    assert "Log out" not in seen and "Change password" not in seen and "Administration" not in seen


def test_it_ends_by_itself_after_half_an_hour(support, supporter, member, clock):
    begin(support, member)
    clock.move_to(NOW + timedelta(minutes=29, seconds=59), tick=False)
    assert "Your calendar" in text(support.get("/"))
    clock.move_to(NOW + timedelta(minutes=30), tick=False)
    for address in ("/", "/move/", "/nowhere/", SEEN):
        answer = support.get(address)
        assert answer.status_code == 403 and "The view is over" in text(answer) and "Your calendar" not in text(answer)
    assert support.post("/move/sign-in/").status_code == 403
    row = Impersonation.objects.get()
    assert row.ended_at == NOW + timedelta(minutes=30)
    entry = AuditEntry.objects.latest("pk")
    assert (entry.action, entry.actor, entry.data) == ("impersonation.ended", None, {"by_itself": True})
    assert support.post(END).status_code == 302
    assert support.get(f"/admin/firms/user/{member.pk}/change/").status_code == 200, "the supporter is back"
    assert actions() == ["impersonation.began", "impersonation.ended"]


def test_the_clock_writes_down_what_ended_by_itself(support, member, clock):
    begin(support, member)
    assert tasks.end_impersonations() == 0
    clock.move_to(NOW + timedelta(hours=5), tick=False)
    assert (tasks.end_impersonations(), tasks.end_impersonations()) == (1, 0)
    assert Impersonation.objects.get().ended_at == NOW + timedelta(minutes=30)
    assert actions() == ["impersonation.began", "impersonation.ended"]


def test_both_ends_are_audited(support, supporter, member, clock):
    begin(support, member)
    clock.move_to(NOW + timedelta(minutes=4), tick=False)
    support.post(END)
    began, ended = AuditEntry.objects.order_by("pk")
    assert (began.action, ended.action) == ("impersonation.began", "impersonation.ended")
    for entry in (began, ended):
        assert (entry.actor, entry.member, entry.firm) == (supporter, member, member.firm)
    assert began.note == REASON and began.at == NOW and ended.at == NOW + timedelta(minutes=4)


def test_the_member_reads_who_looked_when_and_why(support, member, clock):
    hers = client_of(member)
    assert "Nobody has looked so far." in text(hers.get(SEEN)) and SEEN in hers.get("/").content.decode()
    begin(support, member)
    page = text(hers.get(SEEN))
    assert "Nov 23, 2026, 9:00 AM Sam Support Until 9:30 AM at the latest" in page and REASON in page
    clock.move_to(NOW + timedelta(minutes=4), tick=False)
    support.post(END)
    assert "Until 9:04 AM She asks" in text(hers.get(SEEN))
    assert "Sam Support" not in text(client_of(MemberFactory(firm=member.firm)).get(SEEN))


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501])
def test_no_view_without_a_reason(support, member, reason):
    answer = begin(support, member, reason)
    assert answer["Location"] == f"/admin/firms/user/{member.pk}/change/"
    assert "Please say why" in text(support.get(answer["Location"])) and not Impersonation.objects.exists()


@pytest.mark.parametrize(
    "whom",
    [
        lambda: StaffFactory(), lambda: StaffFactory(is_superuser=True), lambda: staff_of("Rollout"),
        lambda: MemberFactory(is_superuser=True), lambda: MemberFactory(is_active=False),
    ],
    ids=["staff", "superuser", "rollout", "member with all rights", "inactive"],
)  # fmt: skip
@pytest.mark.parametrize(
    "who", [lambda: staff_of("Support"), lambda: StaffFactory(is_superuser=True)], ids=["support", "root"]
)
def test_only_members_can_be_looked_at(who, whom):
    browser, other = client_of(who()), whom()
    assert begin(browser, other).status_code == 403
    assert "View as this member" not in text(browser.get(f"/admin/firms/user/{other.pk}/change/"))
    assert not Impersonation.objects.exists() and int(browser.session["_auth_user_id"]) != other.pk


def test_nobody_looks_at_themselves_or_at_nobody(support, supporter):
    assert begin(support, supporter).status_code == 403
    for key in ("999999", "x", "-1", "9" * 40, ""):
        assert support.post(BEGIN, {"user_pk": key, "reason": REASON}).status_code == 404
    assert support.post(BEGIN, {"reason": REASON}).status_code == 400 and support.get(BEGIN).status_code == 405


@pytest.mark.parametrize("who", [lambda: MemberFactory(), lambda: staff_of("Rollout"), lambda: StaffFactory()])
def test_only_support_may_look(who, member):
    browser = client_of(who())
    assert begin(browser, member).status_code == 403 and not Impersonation.objects.exists()


def test_the_right_alone_does_not_make_a_member_support(member):
    other = MemberFactory()
    other.user_permissions.add(Permission.objects.get(codename="impersonate_member"))
    assert begin(client_of(other), member).status_code == 403


def withdraw_right(supporter, member):
    supporter.groups.clear()


def deactivate(supporter, member):
    supporter.is_active = False
    supporter.save()


def change_password(supporter, member):
    supporter.set_password("another horse battery")
    supporter.save()


def make_her_staff(supporter, member):
    member.is_staff = True
    member.save()


@pytest.mark.parametrize("change", [withdraw_right, deactivate, change_password, make_her_staff])
def test_what_would_not_begin_does_not_go_on(support, supporter, member, change):
    begin(support, member)
    change(supporter, member)
    assert "The view is over" in text(support.get("/"))
    assert Impersonation.objects.get().ended_at == NOW
    answer = support.post(END)
    back = int(support.session["_auth_user_id"]) == supporter.pk if "_auth_user_id" in support.session else False
    if change in (deactivate, change_password):
        assert not back and answer["Location"] == "/accounts/login/", "a login that has ended is not taken up again"
    else:
        assert back
    assert actions()[-1] == "impersonation.ended" and len(actions()) == 2


def test_who_changes_her_password_meanwhile_has_nobody_looking(support, member):
    begin(support, member)
    member.set_password("another horse battery")
    member.save()
    assert support.get("/").status_code == 302
    assert Impersonation.objects.get().ended_at == NOW and actions()[-1] == "impersonation.ended"


def test_ending_needs_the_page_s_token_and_something_to_end(support, supporter, member):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(supporter)
    assert strict.post(BEGIN, {"user_pk": member.pk, "reason": REASON}).status_code == 403
    assert support.post(END).status_code == 403 and Client().post(END).status_code == 302
    begin(support, member)
    assert support.get(END).status_code == 405


def test_the_session_of_the_supporter_ends_when_it_would_have(supporter, member, clock):
    browser = Client()
    log_in(browser, supporter)
    before = browser.session.get_expiry_date()
    clock.move_to(NOW + timedelta(minutes=10), tick=False)
    begin(browser, member)
    assert browser.session.get_expiry_date() == before
    browser.post(END)
    assert browser.session.get_expiry_date() == before


def test_nothing_is_left_in_the_session_afterwards(support, member):
    before = set(support.session.keys())
    begin(support, member)
    support.post(END)
    assert set(support.session.keys()) - before <= {"hijack_history", "_messages"}
    assert support.session["hijack_history"] == []


def test_the_strip_s_texts_are_texts(support, supporter, member):
    member.name = "<script>alert(1)</script>"
    member.save()
    begin(support, member)
    assert not re.search(r"<script>alert", support.get("/").content.decode())
