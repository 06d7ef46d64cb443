"""R1 and R2 as a story: staff flag one firm, a selection, a wave; for members nothing changes until they log in.

Not yet behind it: the old sync's own traffic, which is seen here by its connection staying `old_sync` alone.
"""

import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from calendars.models import CalendarConnection
from firms import tasks
from firms.models import AuditEntry, Firm, User
from tests.factories import NOW, PASSWORD, ConnectionFactory, FirmFactory
from tests.staff import staff_of

pytestmark = pytest.mark.django_db
FIRMS = "/admin/firms/firm/"


def logged_in(user: User) -> Client:
    client = Client()
    answer = client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    assert answer.status_code == 302
    return client


def dashboard(client: Client) -> str:
    page = client.get("/").content.decode()
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page)


def rows() -> list[dict]:
    return list(CalendarConnection.objects.order_by("pk").values())


def is_flagged(firm: Firm) -> bool:
    return Firm.objects.get(pk=firm.pk).is_flagged


def test_one_firm_then_a_selection_then_a_wave():
    pilot, second, third, fourth, last = FirmFactory.create_batch(5)
    rollout = staff_of("Rollout")
    with time_machine.travel(NOW, tick=False):
        staff = logged_in(rollout)
        staff.post(f"{FIRMS}{pilot.pk}/set_flag/", {"note": "pilot"})
        chosen = {"action": "set_flag", "_selected_action": [second.pk, third.pk]}
        asked = staff.post(FIRMS, {**chosen, "index": 0}).content.decode()
        expected = re.search(r'name="expected" value="(\d+)"', asked)[1]
        staff.post(FIRMS, {**chosen, "confirmed": "1", "expected": expected, "note": "first ten"})
        tomorrow = NOW + timedelta(days=1)
        wave = {"name": "First wave", "flag_at_0": f"{tomorrow:%Y-%m-%d}", "flag_at_1": f"{tomorrow:%H:%M:%S}"}
        staff.post("/admin/firms/wave/add/", {**wave, "firms": [fourth.pk]})
        tasks.carry_out_waves()
        assert [is_flagged(firm) for firm in (pilot, second, third, fourth, last)] == [True, True, True, False, False]
    with time_machine.travel(tomorrow, tick=False):
        tasks.carry_out_waves()
        assert is_flagged(fourth) and not is_flagged(last)
        audit = logged_in(rollout).get("/admin/firms/auditentry/?action=firm.flagged").content.decode()
    for note in ("pilot", "first ten", "Wave: First wave"):
        assert note in audit
    assert set(AuditEntry.objects.filter(action="firm.flagged").values_list("actor", flat=True)) == {rollout.pk}


def test_flagging_alone_changes_nothing_for_a_member():
    member = ConnectionFactory().member
    session, before = logged_in(member), rows()
    page = dashboard(session)
    logged_in(staff_of("Rollout")).post(f"{FIRMS}{member.firm_id}/set_flag/", {})
    assert is_flagged(member.firm)
    assert dashboard(session) == page, "the session that was open goes on as before"
    assert rows() == before


def test_the_flag_taken_back_before_the_next_login_leaves_no_trace():
    member = ConnectionFactory().member
    staff, before = logged_in(staff_of("Rollout")), rows()
    staff.post(f"{FIRMS}{member.firm_id}/set_flag/", {})
    staff.post(f"{FIRMS}{member.firm_id}/take_back_flag/", {})
    assert b"Outlook sync has stopped" not in logged_in(member).get("/").content
    assert rows() == before


def test_the_flag_taken_back_after_the_prompt_gives_the_old_sync_back():
    member = ConnectionFactory().member
    with time_machine.travel(NOW, tick=False):
        staff = logged_in(staff_of("Rollout"))
        staff.post(f"{FIRMS}{member.firm_id}/set_flag/", {})
        session = logged_in(member)
        assert rows()[0]["state"] == "reauth_required"
        assert b"Outlook sync has stopped" in session.get("/").content
        staff.post(f"{FIRMS}{member.firm_id}/take_back_flag/", {})
        assert rows()[0]["state"] == "old_sync"
        assert b"Outlook sync has stopped" not in session.get("/").content
