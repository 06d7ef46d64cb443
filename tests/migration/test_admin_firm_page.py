"""What staff read of a firm and of a member, and where they go from there."""

import re

import pytest

from calendars.models import Sync
from tests.factories import ConnectionFactory, FirmFactory, MemberFactory, StaffFactory
from tests.migration.ticket_steps import mismatch, page_of, waiting_connection
from tests.migration.visiting import text
from tests.staff import client_of, results, staff_of

pytestmark = pytest.mark.django_db


def panel(firm, group: str = "Support") -> str:
    return text(client_of(staff_of(group)).get(f"/admin/firms/firm/{firm.pk}/change/"))


def test_what_would_follow_is_not_told_as_what_is():
    firm = FirmFactory()
    ConnectionFactory(member__firm=firm, state="old_sync")
    assert "With the flag it would be: 1 member in all 1 on the old Outlook sync: asked to sign in" in panel(firm)
    flagged = FirmFactory(flagged=True)
    ConnectionFactory(member__firm=flagged, state="reauth_required")
    assert "If the flag is taken back: 1 member in all" in panel(flagged)


def test_that_its_organisation_has_ended_ews_stands_on_the_page_before_the_flag():
    firm = FirmFactory()
    hit = ConnectionFactory(member__firm=firm, state="old_sync", tid="their-tenant")
    ConnectionFactory(member__firm=firm, state="old_sync", tid="their-tenant")
    ConnectionFactory(member__firm=firm, state="old_sync", tid="another-tenant")
    assert "ended EWS" not in panel(firm)
    Sync.objects.create(connection=hit, wait_reason="blocked")
    assert "2 of these in organisations that have ended EWS: their old sync stands still" in panel(firm)


def test_whom_graph_cannot_serve_and_who_has_to_sign_in_again_are_counted_as_such():
    firm = FirmFactory()
    for state in ("unsupported", "graph_sync", "grant_lost", "old_sync"):
        ConnectionFactory(member__firm=firm, state=state)
    shown = panel(firm)
    assert "2 moving or moved" in shown and "1 with a mailbox that Microsoft Graph can’t serve" in shown
    cutoff = text(client_of(staff_of("Rollout")).get("/admin/calendars/calendarconnection/cutoff/"))
    for words in ("1 member on the old", "1 moving or moved", "1 moved to Graph, and asked", "1 with a mailbox that"):
        assert words in cutoff, words


def test_from_a_firm_to_its_members_with_their_states():
    firm, support = FirmFactory(), client_of(staff_of("Support"))
    ConnectionFactory(member__firm=firm, member__email="ada@harper.example", state="reauth_required")
    MemberFactory()
    address = f"/admin/firms/user/?firm__id__exact={firm.pk}"
    assert f'href="{address}"' in support.get(f"/admin/firms/firm/{firm.pk}/change/").content.decode()
    (row,) = results(support.get(address))
    assert "ada@harper.example" in row and "Waiting for sign-in" in row


def test_from_a_ticket_to_its_member_firm_and_connection():
    ticket, support = mismatch(waiting_connection()), client_of(staff_of("Support"))
    page = support.get(page_of(ticket)).content.decode()
    for address in (
        f"/admin/firms/user/{ticket.member_id}/change/",
        f"/admin/firms/firm/{ticket.member.firm_id}/change/",
        f"/admin/calendars/calendarconnection/{ticket.connection_id}/change/",
    ):
        assert f'href="{address}"' in page
        assert support.get(address).status_code == 200


def test_from_a_member_to_all_that_support_is_asked_about():
    ticket, support = mismatch(waiting_connection()), client_of(staff_of("Support"))
    path = f"/admin/firms/user/{ticket.member_id}/change/"
    page = support.get(path).content.decode()
    links = re.findall(r'href="(/admin/[a-z/]+/\?q=[^"]+)"', page)
    assert len(links) == 3 and ticket.reference in text(support.get(links[0]))
    address = f"/admin/calendars/calendarconnection/{ticket.connection_id}/change/"
    assert f'<a href="{address}">Waiting for sign-in</a>' in page
    rollout = client_of(staff_of("Rollout")).get(path).content.decode()
    assert address in rollout and "/admin/migration/ticket/" not in rollout


@pytest.mark.parametrize(("who", "sees"), [("Support", False), ("Rollout", True)])
def test_how_a_password_is_hashed_is_shown_to_nobody_who_may_not_set_it(who, sees):
    staff, member = client_of(staff_of(who)), MemberFactory()
    page = text(staff.get(f"/admin/firms/user/{member.pk}/change/"))
    assert member.email in page and ("salt" in page or "Reset password" in page or "Set password" in page) == sees
    colleague = text(staff.get(f"/admin/firms/user/{StaffFactory().pk}/change/"))
    assert "salt" not in colleague and "Reset password" not in colleague
