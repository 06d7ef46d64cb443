"""An organisation ends EWS: its members' old sync pauses, they are told, staff see whom it hits, and nothing is deleted."""

from typing import Any

import pytest

from calendars.models import SyncedEvent
from calendars.states import State
from migration import rollout
from tests import queue
from tests.factories import ConnectionFactory, FirmFactory
from tests.flows.years import Year, flag, year
from tests.migration.visiting import text
from tests.simulator.client import Simulator
from tests.staff import client_of, staff_of

pytestmark = pytest.mark.django_db
ENDED = "Your organization has ended this kind of access to Outlook"


@pytest.fixture
def ada(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> Any:
    with year(simulator, monkeypatch) as world:
        yield world


def ended(world: Year, how: str) -> None:
    """Her organisation ends EWS after a first sync."""
    world.event = world.add()
    world.sync()
    if how == "403":
        tenant = world.simulator.get_mailbox(world.there.address)["tid"]
        world.simulator.tenant(tenant, ews="blocked")
    else:
        world.there.fault(operation="SyncFolderItems", code="ErrorAccessDenied", count=999)
    world.change(world.event, subject="Changed since")
    queue.drain()


@pytest.mark.parametrize("how", ["403", "ErrorAccessDenied"])
def test_it_is_asked_again_rarely_and_nothing_is_deleted(ada: Year, how: str):
    ended(ada, how)
    assert ada.state.wait_reason == "blocked"
    asked = len(ada.there.requests())
    for _ in range(4):
        ada.pass_time(3600)
        queue.drain()
    assert len(ada.there.requests()) == asked
    assert SyncedEvent.objects.get().event == ada.event and ada.status_of(ada.event).name == "waiting"
    ada.pass_time(4 * 3600)
    queue.drain()
    assert asked < len(ada.there.requests()) <= asked + 3 and ada.state.wait_reason == "blocked"
    # It lets EWS in again: what waited is told.
    ada.simulator.tenant(ada.simulator.get_mailbox(ada.there.address)["tid"], ews="on")
    ada.simulator.clear_faults()
    ada.pass_time(8 * 3600)
    queue.drain()
    assert ada.only_there().content.subject == "Changed since"
    ada.assert_in_step()


def test_the_member_is_told_where_she_looks(ada: Year):
    ended(ada, "403")
    client, page, _ = ada.log_in()
    assert ada.connection.state == State.OLD_SYNC
    for shown in (page, client.get("/calendar/connection/")):
        assert ENDED in text(shown) and "Nothing of yours was deleted" in text(shown) and "In sync" not in text(shown)


def test_staff_see_which_firms_and_tenants_are_hit_and_flag_them(ada: Year):
    ended(ada, "403")
    FirmFactory(name="Untouched")
    staff = client_of(staff_of("Rollout"))
    overview = text(staff.get("/admin/calendars/calendarconnection/blocked/"))
    assert ada.member.firm.name in overview and "not known yet" in overview
    firms = text(staff.get("/admin/firms/firm/?old_sync=blocked"))
    assert ada.member.firm.name in firms and "Untouched" not in firms
    assert ada.member.email in text(staff.get("/admin/calendars/calendarconnection/?old_sync=blocked"))


def test_taking_the_flag_back_warns_where_that_brings_nothing(ada: Year):
    ended(ada, "403")
    firm = ada.member.firm
    type(ada.connection).objects.filter(pk=ada.connection.pk).update(tid="their-tenant")
    flag(firm)
    ada.log_in()
    colleague = {"state": State.REAUTH_REQUIRED, "member__firm": firm}
    ConnectionFactory(tid="their-tenant", **colleague)
    ConnectionFactory(tid="another-tenant", **colleague)
    assert rollout.concerned(type(firm).objects.filter(pk=firm.pk)).blocked == 2
    page = text(client_of(staff_of("Rollout")).get(f"/admin/firms/firm/{firm.pk}/change/"))
    assert "organisations that have ended EWS" in page


def test_a_grant_that_is_lost_pauses_the_old_sync_and_she_reads_so(ada: Year):
    ada.add()
    ada.there.refuse_grant()
    queue.drain()
    assert ada.state.wait_reason == "grant"
    _, page, _ = ada.log_in()
    assert "Outlook no longer accepts our access" in text(page)
