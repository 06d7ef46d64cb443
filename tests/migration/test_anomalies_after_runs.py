"""Anomalies as real runs leave them, decided on the pages: what the pages show of the simulated mailbox, and that nothing
but an explicit copy would ever create an appointment (I5)."""

import pytest
from django_q.models import OrmQ

from calendars import connections
from calendars.models import Event, HeldAppointment, SyncedEvent
from calendars.states import Cause
from migration import runs
from migration.models import Anomaly, AnomalyDecision
from tests import queue
from tests.factories import NOW
from tests.migration import moving
from tests.migration.anomaly_steps import decide, held_for, page_of, synced, told
from tests.migration.both_sides import BothSides, recurrence
from tests.migration.visiting import logged_in, text

pytestmark = pytest.mark.django_db
WEEKLY = {"subject": "Team", "start": "2026-12-01T09:00:00"}


def anomalies(connection) -> dict[str, Anomaly]:
    return {one.synced_event.uid: one for one in Anomaly.objects.filter(run__connection=connection)}


def one_of_each() -> BothSides:
    """Nothing like it there, a near miss, three that look the same as two, and a series that repeats otherwise."""
    both = BothSides()
    both.ours("gone", "2026-12-03T09:00:00", subject="Gone")
    both.ours("moved", "2026-12-04T09:00:00", subject="Moved by its owner")
    both.theirs("moved there", "2026-12-05T11:00:00", subject="Moved by its owner", location={"displayName": "Court 3"})
    for uid in ("twin 1", "twin 2"):
        both.ours(uid, "2026-12-06T09:00:00", subject="Twin")
    for uid in ("twin a", "twin b", "twin c"):
        both.theirs(uid, "2026-12-06T09:00:00", subject="Twin")
    both.ours("series", "2026-12-01T09:00:00", subject="Team", rrule="FREQ=WEEKLY;COUNT=10")
    weekly = recurrence("weekly", "2026-12-01", times=5, daysOfWeek=["tuesday"])
    both.theirs("series there", "2026-12-01T10:00:00", subject="Team", **weekly)
    both.theirs("single there", "2026-12-01T09:00:00", subject="Team meeting")
    return both


def test_the_pages_show_what_is_in_the_mailbox(moved, simulator):
    connection = moved(one_of_each())
    browser, found = logged_in(connection.member), anomalies(connection)
    page = text(browser.get(page_of(found["moved"])))
    assert "When differs Sat, Dec 5, 2026, 11:00 AM – 12:00 PM" in page and "Location differs Court 3" in page
    assert "Subject differs" not in page
    assert "No appointment like it is in Outlook." in text(browser.get(page_of(found["gone"])))
    page = text(browser.get(page_of(found["twin 1"])))
    assert page.count("Looks the same") >= 2 and "Several appointments in Outlook fit equally well" in page
    page = text(browser.get(page_of(found["series"])))
    assert "Repeats Every week on Tuesday, 10 times" in page
    assert "Repeats differs Every week on Tuesday, 5 times" in page and "Repeats differs No" in page
    assert "Can’t be linked: only a series with a series" in page


def test_nothing_but_a_copy_would_create_an_appointment_whatever_is_decided(moved, simulator, support):
    """Every decision and its undoing, of every kind of anomaly, by the member and by support."""
    connection = moved(one_of_each())
    hers, found = logged_in(connection.member), anomalies(connection)
    own = set(SyncedEvent.objects.values_list("uid", flat=True))
    for one in found.values():
        for browser, admin in ((hers, False), (support, True)):
            for act in ("link", "keep", "delete", "copy"):
                possible = [held for held in held_for(one) if act == "link"] or [None]
                answers = [decide(browser, one, act, held, admin) for held in possible]
                allowed = {answer.status_code for answer in answers}
                assert allowed <= {302, 409}
                copies = {uid for uid, what in told(connection) if what == "create"}
                assert bool(copies) == (act == "copy"), (one.synced_event.uid, act)
                assert not copies & own, "a copy has an uid of its own"
                assert {what for uid, what in told(connection) if uid in own} <= {"compare"}
                row = synced(one)
                assert (row.link == "linked") == (row.appointment_id is not None)
                if 302 in allowed:
                    assert decide(browser, one, "undo", admin=admin).status_code == 302
                    assert told(connection) == set() and synced(one).link == "anomaly"
    assert AnomalyDecision.objects.filter(undone_at=None).count() == 0
    assert set(Event.objects.values_list("uid", flat=True)) == own
    moving.assert_only_read(simulator)


def test_each_appointment_is_linked_once_whoever_holds_it(moved, simulator):
    connection = moved(one_of_each())
    browser, found = logged_in(connection.member), anomalies(connection)
    first, second = found["twin 1"], found["twin 2"]
    shared = held_for(first).filter(appointment_id__in=held_for(second).values("appointment_id")).first()
    assert shared is not None
    assert decide(browser, first, "link", shared).status_code == 302
    left = [held.appointment_id for held in held_for(second)]
    assert shared.appointment_id not in left and left
    assert decide(browser, second, "link").status_code == 302
    ids = SyncedEvent.objects.filter(uid__startswith="twin").values_list("appointment_id", flat=True)
    assert len(set(ids)) == 2 and None not in ids


def test_a_later_run_decides_anew(moved, simulator):
    """As after a move to another account that support have approved: what was kept only here is looked for there, too."""
    connection = moved(one_of_each())
    browser, found = logged_in(connection.member), anomalies(connection)
    decide(browser, found["moved"], "keep")
    decide(browser, found["twin 1"], "link")
    assert synced(found["moved"]).kept_here and not held_for(found["moved"])
    OrmQ.objects.all().delete()  # no sync comes in between
    connection.refresh_from_db()
    connections.move(connection, Cause.GRANT_REFUSED, actor=None, now=NOW)
    connections.move(connection, Cause.APPROVED_ACCOUNT, actor=connection.member, now=NOW)
    runs.queue(connection, metadata_only=True)
    queue.drain()
    row = synced(found["moved"])
    assert row.link == "anomaly" and not row.kept_here and HeldAppointment.objects.filter(synced_event=row).exists()
    assert "A later move has looked for your events anew" in text(browser.get(page_of(found["moved"])))
    new = Anomaly.objects.exclude(pk=found["moved"].pk).get(synced_event=row)
    assert decide(browser, new, "keep").status_code == 302
