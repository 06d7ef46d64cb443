"""Anomalies in the admin: support decide in the member's stead, with a note, and see what she sees (R9)."""

import html
import re

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from calendars.models import Event
from firms.models import AuditEntry
from migration.models import AnomalyDecision
from tests.factories import NOW, StaffFactory
from tests.migration.anomaly_steps import (
    ACTS,
    MOVED,
    SAME,
    address_of,
    anomaly,
    ask,
    connection_of,
    decide,
    page_of,
    synced,
    told,
)
from tests.migration.report_rows import found, run_of
from tests.migration.visiting import logged_in, text
from tests.staff import client_of, results

pytestmark = pytest.mark.django_db
LIST = "/admin/migration/anomaly/"


@pytest.fixture(autouse=True)
def _now(time_machine):
    time_machine.move_to(NOW, tick=False)


def test_the_list_has_anomalies_by_how_they_stand(support):
    run = run_of()
    found(run, subject="Found")
    ones = {name: anomaly(SAME, run=run, subject=f"To be {name}") for name in ("open", "kept")}
    decide(support, ones["kept"], "keep", admin=True)
    rows = results(support.get(LIST))
    assert len(rows) == 2 and "To be open" in rows[1] and "Kept only here" in rows[0] and "Found" not in str(rows)
    assert results(support.get(LIST, {"standing": "open"})) == [rows[1]]
    for words in (run.connection.account, run.connection.member.get_full_name(), run.connection.member.firm.name):
        assert words in html.unescape(rows[1])
    assert re.search(r" 20\d\d-\d\d-\d\d \d\d:\d\d [A-Z]", rows[1]), rows[1]
    assert results(support.get(LIST, {"q": run.connection.member.email})) == rows
    assert results(support.get(LIST, {"q": synced(ones["open"]).uid})) == [rows[1]]
    assert results(support.get(LIST, {"q": "nobody@lawfirm.example"})) == []


@pytest.mark.parametrize("act", ACTS)
def test_support_decides_with_a_note_and_takes_it_back(support, supporter, act):
    one = anomaly(SAME, MOVED)
    before = synced(one).link, Event.objects.count()
    answer = decide(support, one, act, admin=True)
    assert answer.status_code == 302 and answer["Location"] == page_of(one, admin=True)
    decision = AnomalyDecision.objects.get()
    assert (decision.actor, decision.note, decision.action) == (supporter, "The member has asked for it.", act)
    page = text(support.get(page_of(one, admin=True)))
    assert decision.get_action_display() in page and "The member has asked for it." in page
    hers = text(logged_in(connection_of(one).member).get(page_of(one)))
    assert f"{decision.get_action_display()} by Support" in hers and "has asked for it" not in hers
    assert decide(support, one, "undo", admin=True).status_code == 302
    assert (synced(one).link, Event.objects.count()) == before and told(connection_of(one)) == set()
    entries = AuditEntry.objects.filter(action__startswith="anomaly.").order_by("pk")
    assert [(entry.action, entry.actor, entry.member, entry.note) for entry in entries] == [
        (action, supporter, connection_of(one).member, "The member has asked for it.")
        for action in (f"anomaly.{act}", f"anomaly.undo_{act}")
    ]


@pytest.mark.parametrize("act", ACTS)
def test_without_a_note_nothing_is_decided(support, act):
    one = anomaly(SAME)
    assert "This field is required" in text(decide(support, one, act, admin=True, note=" "))
    assert not AnomalyDecision.objects.exists() and synced(one).link == "anomaly"


def test_what_the_member_has_decided_meanwhile_is_not_decided_over(support):
    one = anomaly(SAME)
    page = ask(support, one, "delete", admin=True)
    decide(logged_in(connection_of(one).member), one, "keep")
    answer = support.post(
        address_of(one, "delete", admin=True), {"seen": page.context["look"].seen, "note": "On request."}
    )
    assert answer.status_code == 409 and "Kept only here" in text(answer)
    assert synced(one).deleted_at is None


def test_seeing_is_not_deciding():
    viewer = StaffFactory()
    viewer.user_permissions.add(Permission.objects.get(codename="view_anomaly"))
    one, browser = anomaly(SAME), client_of(viewer)
    page = browser.get(page_of(one, admin=True))
    assert page.status_code == 200 and "/decide/" not in page.content.decode()
    assert {ask(browser, one, act, admin=True).status_code for act in ACTS} == {403}


def test_nobody_adds_edits_or_deletes_anomalies_by_hand(support):
    one = anomaly(SAME)
    assert support.get(reverse("admin:migration_anomaly_add")).status_code == 403
    assert support.get(reverse("admin:migration_anomaly_delete", args=[one.pk])).status_code == 403
    assert support.post(page_of(one, admin=True), {"reason": "ambiguous"}).status_code == 403


@pytest.mark.parametrize("address", ["999/change/", "x/change/", "999/decide/keep/", "999/undo/1/"])
def test_what_does_not_exist_is_not_found(support, address):
    assert support.get(LIST + address).status_code == 404


def test_an_unknown_decision_is_not_found(support):
    one = anomaly()
    assert support.get(address_of(one, "burn", admin=True)).status_code == 404
    assert logged_in(connection_of(one).member).get(address_of(one, "burn")).status_code == 404
