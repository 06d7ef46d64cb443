"""Waves in the admin: scheduled, filled, carried out, history."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import Permission

from firms import waves
from firms.admin.waves import PICKED_AT_MOST
from firms.models import AuditEntry, Firm, Wave
from tests.factories import NOW, FirmFactory, StaffFactory
from tests.staff import client_of, results, staff_of

pytestmark = pytest.mark.django_db
SOON = NOW + timedelta(days=7)


@pytest.fixture(autouse=True)
def november():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def rollout():
    return staff_of("Rollout")


def scheduled(by, *firms) -> Wave:
    wave = Wave.objects.create(name="First", flag_at=SOON, scheduled_by=by)
    wave.firms.add(*firms)
    return wave


def form(*firms, name: str = "First", at=SOON) -> dict:
    fields = {"name": name, "flag_at_0": f"{at:%Y-%m-%d}", "flag_at_1": f"{at:%H:%M:%S}"}
    return {**fields, "firms": [firm.pk for firm in firms]}


def test_a_wave_is_scheduled_in_the_name_of_who_did_it_and_audited(rollout):
    firms = FirmFactory.create_batch(2)
    assert client_of(rollout).post("/admin/firms/wave/add/", form(*firms)).status_code == 302
    wave = Wave.objects.get()
    assert (wave.scheduled_by, set(wave.firms.all()), wave.flag_at) == (rollout, set(firms), SOON)
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor, entry.data["firms"]) == ("wave.scheduled", rollout, 2)
    assert not Firm.objects.exclude(flagged_at=None).exists()


def test_a_time_that_is_past_is_refused(rollout):
    answer = client_of(rollout).post("/admin/firms/wave/add/", form(at=NOW - timedelta(minutes=1)))
    assert "This time is past" in answer.content.decode() and not Wave.objects.exists()


def test_who_changes_a_wave_answers_for_it(rollout):
    first, second = FirmFactory.create_batch(2)
    wave = scheduled(StaffFactory(), first)
    answer = client_of(rollout).post(f"/admin/firms/wave/{wave.pk}/change/", form(second))
    wave.refresh_from_db()
    assert answer.status_code == 302 and wave.scheduled_by == rollout and list(wave.firms.all()) == [second]
    assert AuditEntry.objects.get().action == "wave.changed"


def test_scheduling_needs_the_right_to_flag():
    staff = StaffFactory()
    staff.user_permissions.add(*Permission.objects.filter(content_type__model="wave"))
    wave = scheduled(staff)
    client = client_of(staff)
    assert client.get("/admin/firms/wave/").status_code == 200
    assert client.post("/admin/firms/wave/add/", form()).status_code == 403
    assert client.post(f"/admin/firms/wave/{wave.pk}/change/", form()).status_code == 403
    assert client.post(f"/admin/firms/wave/{wave.pk}/delete/", {"post": "yes"}).status_code == 403


def test_a_wave_that_was_carried_out_is_history(rollout):
    wave = scheduled(rollout, FirmFactory())
    assert waves.carry_out_due(SOON) == 1
    client = client_of(rollout)
    page = client.get(f"/admin/firms/wave/{wave.pk}/change/").content.decode()
    assert 'name="name"' not in page and "1 firm, in the list of firms" in page
    assert client.post(f"/admin/firms/wave/{wave.pk}/change/", form(name="Other")).status_code == 403
    assert client.post(f"/admin/firms/wave/{wave.pk}/delete/", {"post": "yes"}).status_code == 403
    (row,) = results(client.get("/admin/firms/wave/?carried_out=yes"))
    assert "not yet" not in row and results(client.get("/admin/firms/wave/?carried_out=no")) == []


def test_a_wave_that_was_not_can_be_called_off(rollout):
    wave = scheduled(rollout, FirmFactory())
    client_of(rollout).post(f"/admin/firms/wave/{wave.pk}/delete/", {"post": "yes"})
    assert not Wave.objects.exists() and AuditEntry.objects.get().action == "wave.called_off"
    assert waves.carry_out_due(SOON) == 0


def act(client, wave: Wave, button: str, firms, **more):
    chosen = {"action": "choose_wave", "_selected_action": [firm.pk for firm in firms], **more}
    asked = client.post("/admin/firms/firm/", {**chosen, "index": 0})
    assert 'id="id_wave"' in asked.content.decode()
    return client.post("/admin/firms/firm/", {**chosen, "wave": wave.pk, button: "1"}, follow=True)


def test_thousands_are_put_into_a_wave_and_taken_out_from_the_list_of_firms(rollout):
    firms = FirmFactory.create_batch(PICKED_AT_MOST + 1)
    wave, client = scheduled(StaffFactory()), client_of(rollout)
    answer = act(client, wave, "put", firms[:1], select_across="1")
    assert "had 0 firms and has 201 now" in answer.content.decode()
    wave.refresh_from_db()
    assert wave.scheduled_by == rollout
    page = client.get(f"/admin/firms/wave/{wave.pk}/change/").content.decode()
    assert "201 firms, in the list of firms" in page and firms[0].name not in page
    assert client.post(f"/admin/firms/wave/{wave.pk}/change/", form(name="Later")).status_code == 302
    assert wave.firms.count() == 201, "saving the rest of the form empties nothing"
    act(client, wave, "take", firms[:50])
    assert wave.firms.count() == 151


def test_a_wave_carried_out_meanwhile_takes_no_more_firms(rollout):
    firm, wave = FirmFactory(), scheduled(rollout)
    waves.carry_out_due(SOON)
    sent = {"action": "choose_wave", "_selected_action": [firm.pk], "wave": wave.pk, "put": "1"}
    answer = client_of(rollout).post("/admin/firms/firm/", sent)
    assert wave.firms.count() == 0 and answer.status_code == 200


def test_firms_are_offered_by_a_part_of_their_name(rollout):
    FirmFactory(name="Harper & Wolfe LLP")
    FirmFactory(name="Another LLP")
    path = "/admin/autocomplete/?app_label=firms&model_name=wave&field_name=firms&term=wolfe"
    assert [row["text"] for row in client_of(rollout).get(path).json()["results"]] == ["Harper & Wolfe LLP"]
