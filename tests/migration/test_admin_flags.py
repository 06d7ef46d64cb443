"""The flag in the admin: on one firm, on a selection, by those who have the right, with a note."""

import re

import pytest

from firms.models import AuditEntry, Firm
from tests.factories import ConnectionFactory, FirmFactory, StaffFactory
from tests.staff import client_of, staff_of

pytestmark = pytest.mark.django_db
LIST = "/admin/firms/firm/"


@pytest.fixture
def rollout():
    return staff_of("Rollout")


def choose(client, action: str, firms, **more):
    return client.post(LIST, {"action": action, "_selected_action": [firm.pk for firm in firms], "index": 0, **more})


def hidden_fields(answer) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', answer.content.decode()):
        fields.setdefault(name, []).append(value)
    return fields


def confirm(client, page, path: str = LIST, **answers):
    return client.post(path, {**hidden_fields(page), "confirmed": "1", **answers}, follow=True)


def flagged() -> set[str]:
    return set(Firm.objects.filter(flagged_at__isnull=False).values_list("slug", flat=True))


def test_one_firm_is_flagged_and_the_flag_taken_back_with_notes(rollout):
    firm, client = FirmFactory(), client_of(rollout)
    page = f"{LIST}{firm.pk}/"
    assert "Not flagged" in client.get(f"{page}change/").content.decode()
    answer = client.post(f"{page}set_flag/", {"note": "pilot"}, follow=True)
    assert (
        "1 firm flagged for Graph sync." in answer.content.decode() and "Take the flag back" in answer.content.decode()
    )
    firm.refresh_from_db()
    assert firm.flagged_by == rollout
    answer = client.post(f"{page}take_back_flag/", {"note": "too early"}, follow=True)
    assert "Flag of 1 firm taken back" in answer.content.decode()
    notes = AuditEntry.objects.order_by("pk").values_list("action", "actor__email", "note")
    assert list(notes) == [("firm.flagged", rollout.email, "pilot"), ("firm.unflagged", rollout.email, "too early")]


@pytest.mark.parametrize("deed", ["set_flag", "take_back_flag"])
def test_a_deed_takes_a_post_with_its_token_and_the_right(deed, rollout):
    firm = FirmFactory(flagged=deed == "take_back_flag")
    path, before = f"{LIST}{firm.pk}/{deed}/", flagged()
    assert client_of(rollout).get(path).status_code == 405
    careless = client_of(rollout)
    careless.handler.enforce_csrf_checks = True
    assert careless.post(path).status_code == 403
    assert client_of(staff_of("Support")).post(path).status_code == 403
    assert client_of(StaffFactory()).post(path).status_code == 403
    assert flagged() == before and not AuditEntry.objects.exists()
    assert client_of(rollout).post(f"{LIST}999999/{deed}/").status_code == 404


def test_a_selection_is_flagged_after_a_page_that_counts_whom_it_concerns(rollout):
    firms = FirmFactory.create_batch(3)
    ConnectionFactory.create_batch(2, member__firm=firms[0])
    ConnectionFactory(member__firm=firms[1], provider="google", state="google_sync")
    client = client_of(rollout)
    page = choose(client, "set_flag", firms[:2])
    text = re.sub(r"<[^>]+>", "", page.content.decode())
    assert "2 firms" in text and "2 on the old Outlook sync" in text and "1 on Google Calendar" in text
    assert not flagged(), "asking is not doing"
    answer = confirm(client, page, note="first ten")
    assert "2 firms flagged for Graph sync." in answer.content.decode()
    assert flagged() == {firms[0].slug, firms[1].slug}
    assert set(AuditEntry.objects.values_list("note", flat=True)) == {"first ten"}


def test_the_flag_of_a_selection_is_taken_back_and_who_was_asked_resumes(rollout):
    firms = [FirmFactory(flagged=True), FirmFactory(flagged=True), FirmFactory()]
    asked = ConnectionFactory(member__firm=firms[0], state="reauth_required")
    client = client_of(rollout)
    answer = confirm(client, choose(client, "take_back_flag", firms))
    assert "Flag of 2 firms taken back; 1 member goes on with the old sync." in answer.content.decode()
    asked.refresh_from_db()
    assert (asked.state, flagged()) == ("old_sync", set())


def test_all_that_match_a_search_are_more_than_a_page_and_joins_count_none_twice(rollout):
    firms = FirmFactory.create_batch(60, name="Harper LLP")
    ConnectionFactory.create_batch(3, member__firm=firms[0])
    FirmFactory(name="Wolfe LLP")
    client, path = client_of(rollout), f"{LIST}?q=harper"
    page = client.post(
        path, {"action": "set_flag", "_selected_action": [firms[0].pk], "index": 0, "select_across": "1"}
    )
    assert "60 firms" in page.content.decode()
    confirm(client, page, path)
    assert len(flagged()) == 60


def test_when_more_match_than_were_shown_it_asks_again(rollout):
    firms = FirmFactory.create_batch(2)
    client = client_of(rollout)
    page = choose(client, "set_flag", firms, select_across="1")
    late = FirmFactory()
    again = confirm(client, page)
    assert not flagged() and "The selection has changed" in again.content.decode()
    confirm(client, again)
    assert late.slug in flagged()


@pytest.mark.parametrize("group", ["Support", None])
def test_without_the_right_the_actions_are_not_there(group):
    staff = staff_of(group) if group else StaffFactory()
    client, firm = client_of(staff), FirmFactory()
    if group:
        assert "set_flag" not in client.get(LIST).content.decode()
        assert "deed_form" not in client.get(f"{LIST}{firm.pk}/change/").content.decode()
    choose(client, "set_flag", [firm], confirmed="1", expected=1)
    assert not flagged()


def test_the_forms_fields_cannot_set_the_flag(rollout):
    firm = FirmFactory(name="Before")
    sent = {
        "name": "After",
        "slug": firm.slug,
        "flagged_at_0": "2026-01-01",
        "flagged_at_1": "00:00",
        "flagged_by": rollout.pk,
    }
    client_of(rollout).post(f"{LIST}{firm.pk}/change/", sent)
    firm.refresh_from_db()
    assert (firm.name, firm.is_flagged, firm.flagged_by) == ("After", False, None)
    assert AuditEntry.objects.get().data == {"name": "After"}


def test_a_note_that_is_too_long_does_nothing(rollout):
    firm, client = FirmFactory(), client_of(rollout)
    answer = client.post(f"{LIST}{firm.pk}/set_flag/", {"note": "x" * 501}, follow=True)
    assert "Nothing was done" in answer.content.decode()
    page = confirm(client, choose(client, "set_flag", [firm]), note="x" * 501)
    assert "at most 500 characters" in page.content.decode()
    assert not flagged()


def test_the_page_of_a_firm_costs_the_same_whoever_is_in_it(rollout, django_assert_max_num_queries):
    firm = FirmFactory(flagged=True)
    ConnectionFactory.create_batch(30, member__firm=firm)
    client = client_of(rollout)
    with django_assert_max_num_queries(14):
        client.get(f"{LIST}{firm.pk}/change/")
