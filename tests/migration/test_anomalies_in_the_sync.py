"""What the daily sync makes of each decision about an anomaly, over HTTP with the simulated Graph: nothing but an explicit
copy creates an appointment, whatever is decided, edited or taken back (I5), and a link agrees (I6)."""

import pytest
from django.db import transaction

from calendars.models import Event, HeldAppointment, LocalChange, Sync, SyncedEvent
from calendars.sync import outbox, services
from migration.models import Anomaly
from tests import queue
from tests.factories import NOW
from tests.migration.anomaly_steps import decide, held_for, page_of, synced
from tests.migration.both_sides import BothSides, recurrence
from tests.migration.moving import ADDRESS
from tests.migration.visiting import logged_in, text

pytestmark = pytest.mark.django_db
opener = services.opener
WEEKLY = recurrence("weekly", "2026-12-01", times=5, daysOfWeek=["tuesday"])
READING = ("/translateExchangeIds", "/$batch", "/token")


@pytest.fixture
def both() -> BothSides:
    both = BothSides()
    both.add("found", "2026-12-02T09:00:00", subject="Found", found="id")
    both.ours("gone", "2026-12-03T09:00:00", subject="Gone")
    both.ours("series", "2026-12-01T09:00:00", subject="Team", rrule="FREQ=WEEKLY;COUNT=5")
    both.ours("moved", "2026-12-04T09:00:00", subject="Moved by its owner")
    both.theirs("moved there", "2026-12-05T11:00:00", subject="Moved by its owner", location={"displayName": "Court 3"})
    for uid in ("twin 1", "twin 2"):
        both.ours(uid, "2026-12-06T09:00:00", subject="Twin")
    for uid in ("twin a", "twin b", "twin c"):
        both.theirs(uid, "2026-12-06T09:00:00", subject="Twin")
    return both


class Desk:
    """The member at her anomalies, the sync between two looks, and what it wrote to Outlook meanwhile."""

    def __init__(self, connection, simulator) -> None:
        self.connection, self.simulator = connection, simulator
        self.browser = logged_in(connection.member)
        self.before = len(simulator.journal())
        self.sync()

    def anomaly(self, uid: str) -> Anomaly:
        return Anomaly.objects.get(synced_event__uid=uid)

    def decide(self, uid: str, act: str) -> None:
        assert decide(self.browser, self.anomaly(uid), act).status_code == 302

    def sync(self, full: bool = False) -> list[str]:
        """What it wrote: method and last part of the path."""
        if full:
            Sync.objects.update(full_at=None)
        with transaction.atomic():
            outbox.wake(self.connection)
        queue.drain()
        lines, self.before = self.simulator.journal()[self.before :], len(self.simulator.journal())
        return [
            f"{line['method']} {line['path'].rsplit('/', 1)[-1] if line['method'] == 'POST' else 'event'}"
            for line in lines
            if line["method"] != "GET" and not line["path"].endswith(READING)
        ]

    def edit(self, uid: str, **fields) -> None:
        """As a member does in her calendar."""
        event = Event.objects.get(uid=uid)
        for name, value in fields.items():
            setattr(event, name, value)
        event.save()
        with transaction.atomic():
            outbox.record(self.connection, event, now=NOW)

    def there(self) -> list[str]:
        (calendar,) = self.simulator.get_mailbox(ADDRESS)["calendars"]
        return sorted(event["subject"] for event in calendar["events"])

    def here(self) -> list[str]:
        return sorted(Event.objects.values_list("subject", flat=True))


@pytest.fixture
def desk(moved, both, simulator, monkeypatch) -> Desk:
    connection = moved(both)
    # The run alone was to be looked at; from here on the calendar is synced.
    monkeypatch.setattr(services, "opener", opener)
    return Desk(connection, simulator)


THERE = ["Found", "Moved by its owner", "Twin", "Twin", "Twin"]


def test_undecided_nothing_is_created_or_brought_in_however_often_it_syncs(desk: Desk):
    desk.edit("gone", subject="Gone, edited here")
    assert desk.sync() == desk.sync(full=True) == []
    assert desk.there() == THERE and len(desk.here()) == 6
    assert HeldAppointment.objects.exists() and not LocalChange.objects.exists()


def test_a_link_agrees_after_the_next_sync_and_then_only_reads(desk: Desk):
    desk.decide("moved", "link")
    assert desk.sync() == []
    event = Event.objects.get(uid="moved")
    assert (event.start, event.location) == ("2026-12-05T11:00:00", "Court 3"), (
        "what was changed there alone comes here"
    )
    assert not LocalChange.objects.exists() and synced(desk.anomaly("moved")).change_key
    assert desk.sync(full=True) == [] and desk.there() == THERE and desk.here().count("Moved by its owner") == 1
    desk.edit("moved", subject="Moved by us both")
    assert desk.sync() == ["PATCH event"] and "Moved by us both" in desk.there()


def test_what_was_changed_here_before_a_link_is_carried_over_once_and_said_before(desk: Desk):
    desk.edit("moved", reminder=None, subject="Moved by its owner", location="Chambers", body="Bring the file")
    assert desk.sync() == []
    one = desk.anomaly("moved")
    asked = desk.browser.get(f"{page_of(one)}decide/link/", {"candidate": held_for(one).get().pk})
    assert "The event has been changed here since it was last synced." in text(asked)
    desk.decide("moved", "link")
    assert desk.sync() == ["PATCH event"] and desk.sync() == []
    assert len(desk.there()) == len(THERE)


def test_a_link_that_is_taken_back_after_a_sync_is_an_anomaly_again(desk: Desk):
    desk.decide("moved", "link")
    desk.sync()
    desk.decide("moved", "undo")
    desk.edit("moved", subject="Edited here")
    assert desk.sync() == desk.sync(full=True) == []
    row = synced(desk.anomaly("moved"))
    assert (row.link, row.appointment_id) == ("anomaly", None) and held_for(desk.anomaly("moved")).count() == 1
    assert desk.there() == THERE and desk.here().count("Moved by its owner") == 0, "it is held, not brought in"


def test_what_is_kept_only_here_stays_here_and_the_candidates_come_as_events_of_their_own(desk: Desk):
    desk.decide("moved", "keep")
    assert desk.sync() == [], "not at once"
    assert desk.here().count("Moved by its owner") == 1
    assert desk.sync(full=True) == []
    assert desk.here().count("Moved by its owner") == 2 and desk.there() == THERE
    desk.edit("moved", subject="Kept here, edited")
    assert desk.sync(full=True) == [] and desk.there() == THERE
    assert synced(desk.anomaly("moved")).link == "anomaly"
    desk.decide("moved", "undo")
    assert not held_for(desk.anomaly("moved")), "what was brought in stays"
    assert desk.sync(full=True) == [] and desk.there() == THERE


def test_twins_that_are_kept_let_in_what_nobody_else_waits_for(desk: Desk):
    desk.decide("twin 1", "keep")
    desk.sync(full=True)
    held = set(HeldAppointment.objects.filter(synced_event__uid="twin 2").values_list("appointment_id", flat=True))
    assert desk.here().count("Twin") == 2 + (3 - len(held)) and desk.there() == THERE
    desk.decide("twin 2", "link")
    desk.sync(full=True)
    assert desk.there() == THERE and desk.here().count("Twin") == 1 + 3
    ids = SyncedEvent.objects.exclude(appointment_id=None).values_list("appointment_id", flat=True)
    assert len(ids) == len(set(ids)) == len(THERE) - 1, "all but the one that waits for another"


def test_a_copy_is_created_there_once_and_the_anomaly_never(desk: Desk):
    desk.decide("gone", "copy")
    assert desk.sync() == ["POST events"] and desk.sync(full=True) == []
    assert desk.there() == ["Found", "Gone", *THERE[1:]] and desk.here().count("Gone") == 2
    assert synced(desk.anomaly("gone")).link == "anomaly"
    desk.decide("gone", "undo")
    assert desk.sync() == ["DELETE event"] and desk.there() == THERE and desk.here().count("Gone") == 1
    assert desk.sync(full=True) == []


def test_a_copy_that_is_taken_back_before_a_sync_is_never_told(desk: Desk):
    desk.decide("gone", "copy")
    desk.decide("gone", "undo")
    assert desk.sync(full=True) == [] and desk.there() == THERE


def test_what_is_deleted_here_is_deleted_here_alone_and_comes_back_as_it_was(desk: Desk):
    desk.decide("moved", "delete")
    assert desk.sync() == [] and desk.here().count("Moved by its owner") == 0
    desk.decide("moved", "undo")
    assert desk.sync(full=True) == [] and held_for(desk.anomaly("moved")).count() == 1
    desk.decide("moved", "delete")
    assert desk.sync(full=True) == []
    assert desk.here().count("Moved by its owner") == 1 and desk.there() == THERE, "what was held has come in its place"
    assert Event.objects.filter(uid="moved").count() == 0


@pytest.mark.parametrize("kind", ["single", "series"])
def test_what_a_sync_finds_later_to_look_the_same_is_held_and_can_be_linked(desk: Desk, both, kind):
    """Put back by its owner in Outlook, weeks after the move."""
    uid, start = ("gone", "2026-12-03T09:00:00") if kind == "single" else ("series", "2026-12-01T09:00:00")
    fields = {"subject": "Gone"} if kind == "single" else {"subject": "Team", **WEEKLY}
    created = BothSides().theirs("back", start, **fields)
    desk.simulator.edit(ADDRESS, "back", "create", **{name: value for name, value in created.items() if name != "ref"})
    assert desk.sync() == [] and held_for(desk.anomaly(uid)).count() == 1
    page = text(desk.browser.get(page_of(desk.anomaly(uid))))
    assert "Looks the same" in page and "differs" not in page
    desk.decide(uid, "link")
    assert desk.sync() == desk.sync(full=True) == []
    assert synced(desk.anomaly(uid)).link == "linked" and desk.here().count(fields["subject"]) == 1
