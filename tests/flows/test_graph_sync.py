"""After the move: what a migrated member changes on either side arrives on the other, within one notification."""

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone
from django_q.models import OrmQ

from calendars import editing
from calendars.graph import tasks
from calendars.models import CalendarConnection, Event, HeldAppointment, LocalChange, Sync, SyncedEvent
from calendars.states import State
from calendars.sync import outbox
from calendars.sync.content import Content
from calendars.sync.rows import content_of
from migration.models import MigrationRun
from tests import queue
from tests.factories import NOW
from tests.migration import moving
from tests.migration.both_sides import ID, NOT_FOUND, BothSides, exported, found, recurrence
from tests.migration.moving import ADDRESS
from tests.sample import Sample
from tests.simulator.client import Simulator

pytestmark = pytest.mark.django_db(transaction=True)
WEEKLY = {"rrule": "FREQ=WEEKLY;BYDAY=TU;COUNT=6", "exdates": ["2026-12-15T09:00:00"]}


@pytest.fixture
def member(simulator: Simulator, tmp_path, live_server, settings) -> Iterator[CalendarConnection]:
    """Moved: a hearing and a weekly series with an edited date, both in Outlook; and a call that Outlook lacks, with an
    appointment that may be it."""
    settings.PUBLIC_URL = live_server.url
    with time_machine.travel(NOW, tick=True):
        simulator.reset(seed=1, now=NOW.isoformat())
        both = BothSides()
        both.add("hearing", found=ID)
        series = recurrence("weekly", "2026-12-01", times=6, daysOfWeek=["tuesday"])
        both.add("weekly", subject="Review", found=ID, line=WEEKLY, event={**series, "cancelled": ["2026-12-15"]})
        both.edited("edited", "weekly", "2026-12-08T09:00:00", "2026-12-08T11:00:00", subject="Review, later")
        both.ours("call", "2026-12-03T09:00:00", subject="Call")
        both.theirs("maybe", "2026-12-04T09:00:00", subject="Call")
        moving.mailbox(simulator, both.events)
        connection = moving.connection_with(Sample(lines=both.lines), tmp_path)
        run = moving.sign_in(connection, simulator)
        queue.drain()
        run.refresh_from_db()
        connection.refresh_from_db()
        assert (run.state, connection.state) == (MigrationRun.State.DONE, State.GRAPH_SYNC)
        assert found(connection, simulator)["call"] == NOT_FOUND
        tasks.keep_subscriptions()
        queue.drain()
        yield connection


def settle(simulator: Simulator) -> None:
    """Until Microsoft has told of all that has changed, and all that follows has been carried out."""
    for _ in range(1000):
        queue.drain()
        under_way = simulator.notifications()
        if not (under_way["waiting"] or under_way["posting"] or OrmQ.objects.exists()):
            return
        time.sleep(0.01)
    raise AssertionError("it does not come to rest")


def sync(connection: CalendarConnection) -> None:
    with transaction.atomic():
        outbox.wake(connection)
    queue.drain()


def event(uid: str) -> Event:
    return Event.objects.get(uid=uid)


def there(simulator: Simulator, ref: str) -> dict[str, Any]:
    (calendar,) = simulator.get_mailbox(ADDRESS)["calendars"]
    return next(one for one in calendar["events"] if one["ref"] == ref)


def change(connection: CalendarConnection, row: Event, **said: Any) -> None:
    """As her pages do it."""
    content: Content = replace(content_of(row), **said)
    seen = editing.stamp(row)
    editing.change(member=connection.member, pk=row.pk, content=content, seen=seen, dropping=0, now=timezone.now())


def writes(simulator: Simulator, since: int) -> list[tuple[str, str]]:
    lines = [line for line in simulator.journal(since) if line["path"].startswith("/v1.0/me")]
    return [(line["method"], line["operation"]) for line in lines if line["method"] != "GET"]


def test_the_first_sync_and_every_one_after_it_only_read_where_nothing_has_changed(member, simulator: Simulator):
    assert Sync.objects.get().done == Sync.objects.get().wanted and not LocalChange.objects.exists()
    assert writes(simulator, 0) == [("POST", "translate")] * len(writes(simulator, 0))
    assert simulator.outbox() == []
    before = len(simulator.journal())
    sync(member)
    assert {line["method"] for line in simulator.journal(before)} == {"GET"}
    assert Event.objects.count() == 4


def test_an_edit_in_outlook_arrives_by_one_notification(member, simulator: Simulator):
    simulator.edit(ADDRESS, "hearing", "change", subject="Trial")
    settle(simulator)
    assert event("hearing").subject == "Trial"
    simulator.edit(ADDRESS, "weekly", "delete", occurrence="2026-12-22")
    simulator.edit(ADDRESS, "edited", "change", location={"displayName": "Court 3"})
    settle(simulator)
    assert event("weekly").exdates == ["2026-12-15T09:00:00", "2026-12-22T09:00:00"]
    assert (event("edited").location, event("edited").subject) == ("Court 3", "Review, later")
    fields = {"start": there(simulator, "hearing")["start"], "end": there(simulator, "hearing")["end"]}
    simulator.edit(ADDRESS, "new", "create", event={"subject": "New", **fields})
    simulator.edit(ADDRESS, "hearing", "delete")
    settle(simulator)
    assert sorted(Event.objects.values_list("subject", flat=True)) == ["Call", "New", "Review", "Review, later"]


def test_an_edit_here_arrives_in_outlook(member, simulator: Simulator):
    change(member, event("hearing"), subject="Trial", location="Court 3")
    change(member, event("edited"), subject="Review, moved")
    new = Content("Lunch", False, "2026-12-02T12:00:00", "2026-12-02T13:00:00", "America/New_York")
    made = editing.create(member=member.member, content=new, now=timezone.now())
    master = event("weekly")
    editing.cancel_occurrence(
        member=member.member,
        series=master.pk,
        slot="2026-12-29T09:00:00",
        seen=editing.stamp(master),
        now=timezone.now(),
    )
    settle(simulator)
    hearing = there(simulator, "hearing")
    assert (hearing["subject"], hearing["location"]["displayName"]) == ("Trial", "Court 3")
    weekly = there(simulator, "weekly")
    assert weekly["cancelled"] == ["2026-12-15", "2026-12-29"]
    assert [one["subject"] for one in weekly["exceptions"]] == ["Review, moved"]
    (calendar,) = simulator.get_mailbox(ADDRESS)["calendars"]
    lunches = [one["immutableId"] for one in calendar["events"] if one["subject"] == "Lunch"]
    assert lunches == [SyncedEvent.objects.get(event=made).appointment_id]
    assert not LocalChange.objects.exists() and simulator.outbox() == []
    settle(simulator)
    before = len(simulator.journal())
    sync(member)
    assert {line["method"] for line in simulator.journal(before)} == {"GET"}, "its own echo changes nothing"


def test_a_deletion_here_goes_there_and_stays(member, simulator: Simulator):
    row = event("hearing")
    editing.delete(member=member.member, pk=row.pk, seen=editing.stamp(row), now=timezone.now())
    settle(simulator)
    (calendar,) = simulator.get_mailbox(ADDRESS)["calendars"]
    assert sorted(one["ref"] for one in calendar["events"]) == ["maybe", "weekly"]
    sync(member)
    assert not Event.objects.filter(uid="hearing").exists()


def test_what_was_not_found_in_the_move_is_never_told_and_its_candidate_never_imported(member, simulator: Simulator):
    assert HeldAppointment.objects.count() == 1
    change(member, event("call"), subject="Call her back")
    simulator.edit(ADDRESS, "maybe", "change", location={"displayName": "Phone"})
    settle(simulator)
    sync(member)
    assert there(simulator, "maybe")["subject"] == "Call"
    assert Event.objects.filter(subject__startswith="Call").count() == 1
    assert exported(member)["call"]["outcome"] == "anomaly"


def test_an_edit_there_and_an_edit_here_at_once_are_both_kept(member, simulator: Simulator):
    simulator.edit(ADDRESS, "hearing", "change", location={"displayName": "Court 3"})
    change(member, event("hearing"), subject="Trial")
    settle(simulator)
    assert (event("hearing").subject, event("hearing").location) == ("Trial", "Court 3")
    hearing = there(simulator, "hearing")
    assert (hearing["subject"], hearing["location"]["displayName"]) == ("Trial", "Court 3")
