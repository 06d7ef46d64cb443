"""Tickets in the admin: who may see and decide, and that nobody edits them by hand (R7)."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from migration.models import Ticket
from tests.factories import NOW, MemberFactory, StaffFactory
from tests.migration.ticket_steps import (
    LIST,
    SUPPORTS,
    actions,
    decision_of,
    given,
    mismatch,
    page_of,
    waiting_connection,
)
from tests.staff import client_of, staff_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now(time_machine):
    time_machine.move_to(NOW + timedelta(hours=3), tick=False)


LOGIN, NO, OK, DONE = "login", 403, 200, 302
WHO = {
    "anonymous": lambda member: Client(),
    "the member": lambda member: client_of(member),
    "member of the same firm": lambda member: client_of(MemberFactory(firm=member.firm)),
    "member of another firm": lambda member: client_of(MemberFactory()),
    "firm administrator": lambda member: client_of(MemberFactory(firm=member.firm, role="administrator")),
    "staff without a group": lambda member: client_of(StaffFactory()),
    "Rollout": lambda member: client_of(staff_of("Rollout")),
    "Support": lambda member: client_of(staff_of("Support")),
    "superuser": lambda member: client_of(StaffFactory(is_superuser=True)),
}
#                             list   page   question, answer to it
MAY = {
    "anonymous":             (LOGIN, LOGIN, LOGIN, LOGIN),
    "the member":            (LOGIN, LOGIN, LOGIN, LOGIN),
    "member of the same firm": (LOGIN, LOGIN, LOGIN, LOGIN),
    "member of another firm": (LOGIN, LOGIN, LOGIN, LOGIN),
    "firm administrator":    (LOGIN, LOGIN, LOGIN, LOGIN),
    "staff without a group": (NO, NO, NO, NO),
    "Rollout":               (NO, NO, NO, NO),
    "Support":               (OK, OK, OK, DONE),
    "superuser":             (OK, OK, OK, DONE),
}  # fmt: skip


@pytest.mark.parametrize("cause", SUPPORTS)
@pytest.mark.parametrize("who", WHO)
def test_who_may_see_and_decide(who, cause):
    ticket = mismatch(waiting_connection())
    client = WHO[who](ticket.member)
    address = decision_of(ticket, cause)
    answers = [
        client.get(LIST), client.get(page_of(ticket)), client.get(address), client.post(address, given(ticket)),
    ]  # fmt: skip
    for answer, expected in zip(answers, MAY[who], strict=True):
        if expected == LOGIN:
            assert answer.status_code == 302 and "login" in answer["Location"]
        else:
            assert answer.status_code == expected
    assert actions(ticket) == (["mismatch", cause] if MAY[who][3] == DONE else ["mismatch"])


def test_seeing_is_not_deciding():
    """Who may see tickets, and not resolve them, is offered nothing and refused everything."""
    from django.contrib.auth.models import Permission

    viewer = StaffFactory()
    viewer.user_permissions.add(Permission.objects.get(codename="view_ticket"))
    ticket = mismatch(waiting_connection())
    page = client_of(viewer).get(page_of(ticket))
    assert page.status_code == 200 and "/decide/" not in page.content.decode()
    assert client_of(viewer).post(decision_of(ticket, "close"), given(ticket)).status_code == 403


def test_a_post_without_a_csrf_token_decides_nothing(supporter):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(supporter)
    ticket = mismatch(waiting_connection())
    assert strict.post(decision_of(ticket, "close"), given(ticket)).status_code == 403
    assert actions(ticket) == ["mismatch"]


@pytest.mark.parametrize("user", [lambda: staff_of("Support"), lambda: StaffFactory(is_superuser=True)])
def test_nobody_adds_edits_or_deletes_tickets_by_hand(user):
    client, ticket = client_of(user()), mismatch(waiting_connection())
    assert client.get(reverse("admin:migration_ticket_add")).status_code == 403
    assert client.get(reverse("admin:migration_ticket_delete", args=[ticket.pk])).status_code == 403
    assert client.post(page_of(ticket), {"state": "closed"}).status_code == 403
    deletion = {"action": "delete_selected", "_selected_action": [ticket.pk], "post": "yes"}
    client.post(LIST, deletion)
    assert Ticket.objects.get().state == "open"
