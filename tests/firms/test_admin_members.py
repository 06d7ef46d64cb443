"""Members in the admin: addresses in one form, changes audited, no way up for those who may change members."""

from urllib.parse import urlsplit

import pytest

from firms.models import AuditEntry, User
from tests.factories import PASSWORD, FirmFactory, MemberFactory, StaffFactory
from tests.firms.test_login import link_in
from tests.staff import client_of, staff_of

pytestmark = pytest.mark.django_db


def fields_of(member: User, **changes) -> dict:
    fields = {
        "email": member.email, "name": member.name, "firm": member.firm_id or "", "role": member.role,
        "time_zone": member.time_zone, "is_active": "on" if member.is_active else "",
    }  # fmt: skip
    return {name: value for name, value in {**fields, **changes}.items() if value != ""}


def change(client, member: User, **changes):
    return client.post(f"/admin/firms/user/{member.pk}/change/", fields_of(member, **changes))


@pytest.fixture
def rollout():
    return staff_of("Rollout")


def test_a_member_is_added_with_a_lower_case_address_and_chooses_a_password_by_mail(rollout, client, mailoutbox):
    firm = FirmFactory()
    new = {
        "email": "Grace@HarperWolfe.example", "name": "Grace", "firm": firm.pk, "role": "member",
        "time_zone": "Europe/London", "usable_password": "false",
    }  # fmt: skip
    assert client_of(rollout).post("/admin/firms/user/add/", new).status_code == 302
    member = User.objects.get(email="grace@harperwolfe.example")
    assert not member.has_usable_password() and member.firm == firm
    entry = AuditEntry.objects.get(action="member.added")
    assert (entry.actor, entry.member, entry.firm) == (rollout, member, firm)
    client.post("/accounts/password/reset/", {"email": member.email})
    assert [mail.to for mail in mailoutbox] == [[member.email]]


def test_an_address_that_differs_by_case_only_is_taken(rollout):
    member = MemberFactory()
    new = fields_of(member, email=member.email.upper(), usable_password="false")
    answer = client_of(rollout).post("/admin/firms/user/add/", new)
    assert answer.status_code == 200 and "already exists" in answer.content.decode()


@pytest.mark.parametrize("zone", ["Mars/Olympus", "Eastern Standard Time"])
def test_a_time_zone_must_be_known_by_its_iana_name(rollout, zone):
    answer = change(client_of(rollout), MemberFactory(), time_zone=zone)
    assert answer.status_code == 200 and "IANA" in answer.content.decode()


def test_a_new_address_is_audited_with_the_former_one(rollout):
    member = MemberFactory(email="ada@harperwolfe.example")
    assert change(client_of(rollout), member, email="Ada.Byron@harperwolfe.example").status_code == 302
    entry = AuditEntry.objects.get(action="member.email_changed")
    assert (entry.actor, entry.member) == (rollout, member)
    assert entry.data == {"before": "ada@harperwolfe.example", "after": "ada.byron@harperwolfe.example"}


def test_the_former_address_no_longer_opens_the_account(rollout, client, mailoutbox):
    """A lost-password mail makes allauth remember the address; whoever has that mailbox now must not get in."""
    member = MemberFactory(email="ada@harperwolfe.example")
    client.post("/accounts/password/reset/", {"email": member.email})
    client.get(urlsplit(link_in(mailoutbox[0])).path, follow=True)
    change(client_of(rollout), member, email="byron@harperwolfe.example")
    client.post("/accounts/password/reset/", {"email": "ada@harperwolfe.example"})
    assert len(mailoutbox) == 1
    login = {"login": "ada@harperwolfe.example", "password": PASSWORD}
    assert client.post("/accounts/login/", login).status_code == 200
    old_link = client.get(urlsplit(link_in(mailoutbox[0])).path, follow=True)
    assert "This link no longer works" in old_link.content.decode()


def test_who_may_change_members_makes_nobody_staff(rollout):
    member = MemberFactory()
    change(client_of(rollout), member, is_staff="on", is_superuser="on", name="Changed")
    member.refresh_from_db()
    assert (member.name, member.is_staff, member.is_superuser) == ("Changed", False, False)


@pytest.mark.parametrize("powers", [{"is_staff": True}, {"is_superuser": True}])
def test_who_may_change_members_takes_over_no_account_of_staff(rollout, powers):
    other = StaffFactory(**{"is_staff": False, **powers})
    client, path = client_of(rollout), f"/admin/firms/user/{other.pk}"
    assert change(client, other, email="mine@caretsync.example").status_code == 403
    new = {"password1": "a stable of nine horses", "password2": "a stable of nine horses", "usable_password": "true"}
    assert client.post(f"{path}/password/", new).status_code == 403
    other.refresh_from_db()
    assert other.check_password(PASSWORD) and "mine" not in other.email


def test_a_password_set_by_staff_is_audited_and_a_refused_one_is_not(rollout):
    member, client = MemberFactory(), client_of(rollout)
    path = f"/admin/firms/user/{member.pk}/password/"
    client.post(path, {"password1": "short", "password2": "short", "usable_password": "true"})
    assert not AuditEntry.objects.exists()
    new = {"password1": "a stable of nine horses", "password2": "a stable of nine horses", "usable_password": "true"}
    assert client.post(path, new).status_code == 302
    assert AuditEntry.objects.get().action == "member.password_set"
    member.refresh_from_db()
    assert member.check_password("a stable of nine horses")


@pytest.mark.parametrize("model", ["firm", "user", "auditentry"])
def test_nothing_with_a_history_is_deleted_not_even_by_a_superuser(model):
    member = MemberFactory()
    root = StaffFactory(is_superuser=True)
    client = client_of(root)
    change(client, member, name="Changed")
    pk = {"firm": member.firm_id, "user": member.pk, "auditentry": AuditEntry.objects.get().pk}[model]
    assert client.post(f"/admin/firms/{model}/{pk}/delete/", {"post": "yes"}).status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": pk, "post": "yes", "index": 0}
    client.post(f"/admin/firms/{model}/", chosen)
    assert User.objects.filter(pk=member.pk).exists() and AuditEntry.objects.count() == 1


def test_support_look_and_change_nothing():
    member = MemberFactory()
    client = client_of(staff_of("Support"))
    assert client.get(f"/admin/firms/user/{member.pk}/change/").status_code == 200
    assert change(client, member, name="Changed").status_code == 403
    assert client.get("/admin/firms/user/add/").status_code == 403


@pytest.mark.parametrize("page", ["add/", "{pk}/change/"])
def test_the_audit_is_read_only_even_for_a_superuser(page, rollout):
    client = client_of(rollout)
    change(client, MemberFactory(), name="Changed")
    entry = AuditEntry.objects.get()
    root = client_of(StaffFactory(is_superuser=True))
    assert "member.changed" in root.get(f"/admin/firms/auditentry/{entry.pk}/change/").content.decode()
    assert root.post(f"/admin/firms/auditentry/{page.format(pk=entry.pk)}", {"action": "x"}).status_code == 403
