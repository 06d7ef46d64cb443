"""What staff see of daily syncs, and what they decide about a picture that was refused."""

import html
import re
from dataclasses import replace

import pytest
from django.urls import reverse

from calendars.models import Sync, SyncedEvent
from firms.models import AuditEntry
from tests.calendars.sync.world import HEARING, World
from tests.factories import ConnectionFactory
from tests.staff import client_of, staff_of

LIST = "admin:calendars_sync_changelist"


@pytest.fixture
def refused(world: World) -> World:
    events = [world.add(subject=f"Hearing {number}") for number in range(12)]
    world.sync()
    for event in events[:11]:
        world.there.delete(world.id_of(event))
    world.sync()
    assert world.state.refused == {"gone": 11, "of": 12}
    return world


def act(world: World, name: str, group: str = "Support"):
    """Chosen in the list, and answered where a page asks."""
    data, browser = {"action": name, "_selected_action": [world.state.pk]}, client_of(staff_of(group))
    answer = browser.post(reverse(LIST), data, follow=True)
    if seen := (answer.context or {}).get("seen"):
        answer = browser.post(reverse(LIST), {**data, "seen": seen}, follow=True)
    return answer


def test_the_list_costs_the_same_for_one_and_for_many(refused: World, django_assert_max_num_queries):
    browser = client_of(staff_of("Rollout"))
    with django_assert_max_num_queries(40) as few:
        browser.get(reverse(LIST))
    for _ in range(5):
        Sync.objects.create(connection=ConnectionFactory(state="graph_sync"))
    with django_assert_max_num_queries(len(few.captured_queries)):
        assert "graph" in browser.get(reverse(LIST)).content.decode()


def test_the_list_says_how_each_stands(refused: World):
    page = client_of(staff_of("Rollout")).get(reverse(LIST)).content.decode()
    assert refused.connection.account in page and "11 of 12 events gone at once" in page
    assert refused.connection.member.firm.name in html.unescape(page)
    Sync.objects.update(wait_reason="grant", next_at=None)
    page = client_of(staff_of("Rollout")).get(reverse(LIST), {"standing": "waiting"}).content.decode()
    assert "The member has to sign in" in page
    page = client_of(staff_of("Rollout")).get(reverse(LIST), {"standing": "never"}).content.decode()
    assert refused.connection.account not in page


def test_what_was_refused_is_carried_out_once(refused: World):
    assert "1 will be carried out" in act(refused, "let_through").content.decode()
    assert "0 will be carried out" in act(refused, "let_through").content.decode()
    assert len(refused.events) == 12
    refused.sync()
    assert len(refused.events) == 1 and refused.state.refused is None
    entry = AuditEntry.objects.get(action="sync.let_through")
    assert entry.data == {"gone": 11, "of": 12} and entry.actor.is_staff
    # The next one is refused again.
    for number in range(20):
        refused.there.add(replace(HEARING, subject=f"More {number}"))
    refused.sync()
    for one in list(refused.there.items):
        refused.there.delete(one)
    refused.sync()
    assert refused.state.refused["gone"] == 21 and len(refused.events) == 21


def test_a_page_asks_first_whose_events_would_be_deleted(refused: World):
    support = client_of(staff_of("Support"))
    data = {"action": "let_through", "_selected_action": [refused.state.pk]}
    asked = support.post(reverse(LIST), data)
    page = asked.content.decode()
    member = refused.connection.member
    for words in ("11 events", "11 of 12", refused.connection.account, member.email, member.firm.name):
        assert words in page, words
    assert not refused.state.let_through
    # The picture has become another since.
    Sync.objects.update(refused={"gone": 12, "of": 12})
    again = support.post(reverse(LIST), {**data, "seen": asked.context["seen"]})
    assert "Something has changed" in again.content.decode() and not refused.state.let_through
    support.post(reverse(LIST), {**data, "seen": again.context["seen"]})
    assert refused.state.let_through


def test_support_see_which_events_are_gone(refused: World):
    support = client_of(staff_of("Support"))
    page = support.get(reverse("admin:calendars_sync_change", args=[refused.state.pk])).content.decode()
    (address,) = re.findall(r'href="([^"]*doubt__exact[^"]*)"', page)
    assert support.get(html.unescape(address)).context["cl"].result_count == 11
    of_rollout = client_of(staff_of("Rollout")).get(reverse("admin:calendars_sync_change", args=[refused.state.pk]))
    assert "11 of 12" in of_rollout.content.decode() and "doubt__exact" not in of_rollout.content.decode()


def test_what_has_come_back_since_is_not_deleted(refused: World):
    act(refused, "let_through")
    gone = [row.appointment_id for row in SyncedEvent.objects.filter(doubt=SyncedEvent.Doubt.SAID)]
    for one in gone[:10]:
        refused.there.restore(one)
    refused.sync()
    assert len(refused.events) == 11
    refused.assert_in_step()


def test_looking_again_reads_everything_and_says_the_same(refused: World):
    Sync.objects.update(wait_reason="stopped", next_at=None, attempts=9)
    assert "1 will be read from the beginning" in act(refused, "look_again").content.decode()
    refused.sync()
    assert refused.state.refused == {"gone": 11, "of": 12} and len(refused.events) == 12
    assert refused.state.wait_reason == "" and refused.state.full_at is not None
    assert AuditEntry.objects.filter(action="sync.looked_again").count() == 1


def test_the_rollout_looks_and_decides_nothing(refused: World):
    act(refused, "let_through", "Rollout")
    assert not refused.state.let_through and not AuditEntry.objects.filter(action="sync.let_through").exists()


def test_at_which_appointments_the_service_fails_can_be_looked_up(world: World):
    world.add()
    world.sync()
    Sync.objects.update(failing=["Item0001=", "Item0002="], failing_next=world.state.next_at)
    Sync.objects.create(connection=ConnectionFactory(state="graph_sync"))
    browser = client_of(staff_of("Support"))
    page = browser.get(reverse(LIST), {"standing": "failing"}).content.decode()
    assert world.connection.account in page and page.count("field-account") == 1
    page = browser.get(reverse("admin:calendars_sync_change", args=[world.state.pk])).content.decode()
    assert "Item0001=, Item0002=" in page
