"""Decisions about an anomaly on real locks: with each other, and with a sync that writes at the same moment."""

from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import combinations_with_replacement

import pytest

from calendars import editing, leases
from calendars.models import Event, SyncedEvent
from calendars.sync.rows import content_of
from migration.anomalies import deciding, reading
from migration.anomalies.deciding import NotNow, StaleAnomaly
from migration.anomalies.standing import Act
from migration.anomalies.undoing import undo
from migration.models import Anomaly, AnomalyDecision
from tests.calendars.racing import at_once, in_turn
from tests.factories import NOW
from tests.migration.anomaly_steps import MOVED, SAME, anomaly, connection_of, held_for, synced, told

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


def seen(one: Anomaly) -> str:
    return reading.look(reading.rows().get(pk=one.pk)).seen


def press(one: Anomaly, act: Act, shown: str, candidate: int) -> str:
    try:
        deciding.decide(one, act, actor=connection_of(one).member, seen=shown, now=NOW, candidate=candidate)
    except (StaleAnomaly, NotNow):
        return "refused"
    return "done"


@pytest.mark.parametrize("acts", list(combinations_with_replacement(Act, 2)), ids="-".join)
def test_of_two_decisions_at_once_one_is_carried_out(acts):
    one = anomaly(SAME, MOVED)
    shown, candidate = seen(one), held_for(one).first().pk
    results = at_once(*(lambda act=act: press(one, act, shown, candidate) for act in acts))
    assert sorted(results) == ["done", "refused"]
    assert AnomalyDecision.objects.count() == 1 and Event.objects.count() <= 2
    assert len(told(connection_of(one))) <= 1


def test_of_two_that_take_the_same_decision_back_one_does():
    one = anomaly(SAME)
    press(one, Act.COPY, seen(one), 0)
    shown, decision = seen(one), AnomalyDecision.objects.get()

    def take_back() -> str:
        try:
            undo(decision, actor=connection_of(one).member, seen=shown, now=NOW)
        except (StaleAnomaly, NotNow):
            return "refused"
        return "done"

    assert sorted(at_once(take_back, take_back)) == ["done", "refused"]
    assert Event.objects.count() == 1 and told(connection_of(one)) == set()


def sync_links(one: Anomaly) -> None:
    """A sync that recognises the appointment by its UID, in its one transaction."""
    connection = connection_of(one)
    lease = leases.take(connection, owner="worker", seconds=60)
    leases.hold(lease)
    SyncedEvent.objects.filter(pk=one.synced_event_id).update(link="linked", appointment_id="A-by-uid")


@pytest.mark.parametrize("act", Act)
def test_a_decision_waits_for_a_sync_that_writes_and_is_taken_anew(act):
    one = anomaly(SAME)
    shown, candidate = seen(one), held_for(one).get().pk
    results: list[str] = []
    in_turn(lambda: sync_links(one), lambda: results.append(press(one, act, shown, candidate)))
    row = synced(one)
    assert results == ["refused"] and (row.link, row.appointment_id) == ("linked", "A-by-uid")
    assert Event.objects.count() == 1 and not AnomalyDecision.objects.exists()


@pytest.mark.parametrize("act", [Act.COPY, Act.DELETE])
def test_a_decision_waits_for_an_edit_and_is_taken_anew(act):
    one = anomaly()
    event, shown, results = synced(one).event, seen(one), []
    edited = replace(content_of(event), subject="Hearing, adjourned")
    edit = partial(
        editing.change, member=event.member, pk=event.pk, content=edited, seen=editing.stamp(event),
        now=NOW + timedelta(minutes=1),
    )  # fmt: skip
    in_turn(edit, lambda: results.append(press(one, act, shown, 0)))
    assert results == ["refused"] and Event.objects.get().subject == "Hearing, adjourned"


def test_a_sync_waits_for_a_decision_and_finds_it_made():
    one = anomaly(SAME)
    shown, candidate = seen(one), held_for(one).get()
    found: list[str] = []

    def sync() -> None:
        connection = connection_of(Anomaly.objects.get(pk=one.pk))
        lease = leases.take(connection, owner="worker", seconds=60)
        leases.hold(lease)
        found.append(synced(one).link)

    in_turn(lambda: press(one, Act.LINK, shown, candidate.pk), sync)
    assert found == ["linked"] and synced(one).appointment_id == candidate.appointment_id
