"""What no page of ours sends: texts with NUL, which PostgreSQL refuses, and keys that are none. Nobody gets a 500 for it."""

import pytest

from firms.models import Impersonation
from tests.factories import ConnectionFactory
from tests.migration.ticket_steps import mismatch, waiting_connection
from tests.staff import client_of, staff_of

pytestmark = pytest.mark.django_db
MANY_DIGITS = "9" * 5000
LISTS = [
    *(f"firms/{model}" for model in ("firm", "user", "auditentry")),
    *(f"calendars/{model}" for model in ("calendarconnection", "sync", "grant", "syncedevent", "heldappointment")),
    *(f"migration/{model}" for model in ("migrationrun", "outcome", "anomaly", "signinattempt", "consentrequest")),
    *(f"migration/{model}" for model in ("ticket", "addresschange")),
]


@pytest.mark.parametrize("address", LISTS)
def test_a_filter_that_no_database_can_look_for(address):
    support = client_of(staff_of("Support"))
    for name in (
        "state__exact",
        "role__exact",
        "action__exact",
        "reason",
        "service",
        "link",
        "outcome",
        "result",
        "kind",
    ):
        answer = support.get(f"/admin/{address}/", {name: "\0"})
        assert answer.status_code == 400
    assert support.get(f"/admin/{address}/", {"reason": "nonsense"}).status_code in (200, 302)


def test_a_search_that_no_database_can_look_for():
    support = client_of(staff_of("Support"))
    where = {"app_label": "migration", "model_name": "addresschange", "field_name": "firm"}
    assert support.get("/admin/autocomplete/", {**where, "term": "\0"}).status_code == 200
    assert support.get("/admin/migration/ticket/", {"q": "CS\0"}).status_code in (200, 400)


@pytest.mark.parametrize("key", ["none", "\0", MANY_DIGITS, "-1"])
def test_a_selection_of_what_is_no_row(key):
    support, rollout = client_of(staff_of("Support")), client_of(staff_of("Rollout"))
    for browser, address, action in (
        (support, "/admin/calendars/sync/", "look_again"),
        (support, "/admin/migration/migrationrun/", "retry"),
        (support, "/admin/migration/addresschange/", "take_back"),
        (rollout, "/admin/firms/firm/", "set_flag"),
    ):
        answer = browser.post(address, {"action": action, "_selected_action": [key], "note": "n"})
        assert answer.status_code == 400


@pytest.mark.parametrize("key", ["none", MANY_DIGITS])
def test_a_key_that_is_none(key):
    support = client_of(staff_of("Support"))
    for address in ("/admin/migration/ticket/{}/change/", "/admin/migration/anomaly/{}/change/"):
        assert support.get(address.format(key)).status_code == 404
    assert support.post("/accounts/view-as-member/begin/", {"user_pk": key, "reason": "r"}).status_code == 404
    approve = "/admin/migration/addresschange/approve/"
    assert support.get(approve, {"firm": key}).status_code == 400
    assert support.post(approve, {"firm": key, "kind": "same_mailbox"}).status_code == 400
    assert support.get(approve, {"firm": ""}).status_code == 200


def test_words_that_no_database_keeps():
    member = ConnectionFactory(state="graph_sync").member
    address = "/accounts/view-as-member/begin/"
    assert (
        client_of(staff_of("Support")).post(address, {"user_pk": member.pk, "reason": "She\0 asks."}).status_code == 302
    )
    assert Impersonation.objects.get().reason == "She asks."

    ticket = mismatch(waiting_connection())
    answer = client_of(ticket.member).post("/move/sign-in/help/", {"message": "It does\0 not work"})
    assert answer.status_code == 302 and ticket.entries.get(action="help").message == "It does not work"
