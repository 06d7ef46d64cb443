"""What a member decides about an event that was not found, and takes back (R9, I5). The candidates are rows made here; that
a run makes such rows is told by the runs' tests, and what the sync makes of a decision by its own."""

import pytest
from django.utils import timezone

from calendars.models import Event, EventVersion, HeldAppointment, LocalChange, SyncedEvent
from calendars.states import State
from firms.models import AuditEntry
from migration.models import AnomalyDecision
from tests.factories import NOW, ConnectionFactory, EventFactory, SyncedEventFactory
from tests.migration.anomaly_steps import (
    ACTS,
    MOVED,
    SAME,
    address_of,
    anomaly,
    anomaly_about,
    ask,
    connection_of,
    decide,
    held_for,
    page_of,
    synced,
    told,
)
from tests.migration.report_rows import run_of
from tests.migration.visiting import logged_in, text

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now(time_machine):
    time_machine.move_to(NOW, tick=False)


def hers(one):
    return logged_in(connection_of(one).member)


def test_link_makes_a_pair_that_the_next_sync_compares():
    one = anomaly(SAME, MOVED)
    chosen = held_for(one)[0]
    answer = decide(hers(one), one, "link", chosen)
    assert answer.status_code == 302 and answer["Location"] == page_of(one)
    row = synced(one)
    assert (row.link, row.appointment_id, row.deleted_at) == ("linked", chosen.appointment_id, None)
    assert told(connection_of(one)) == {(row.uid, "compare")} and connection_of(one).sync.wanted == 1
    assert not HeldAppointment.objects.exists(), "the other one is nobody's candidate any more"
    page = text(hers(one).get(page_of(one)))
    assert "Linked to an appointment by you" in page and "Hearing Linked" in page


def test_a_link_takes_the_appointment_from_other_anomalies_too():
    one = anomaly(SAME)
    other = anomaly(MOVED, run=one.run)
    taken = held_for(one).get()
    shared = HeldAppointment.objects.create(
        connection=connection_of(one), synced_event=other.synced_event, appointment_id=taken.appointment_id, shown=SAME
    )
    decide(hers(one), one, "link", taken)
    assert shared not in held_for(other) and held_for(other).count() == 1
    decide(hers(one), one, "undo")
    assert {row.appointment_id for row in held_for(other)} >= {taken.appointment_id}, "and gives it back"


def test_a_link_is_taken_back_and_the_appointment_waits_again():
    one = anomaly(SAME, MOVED)
    decide(hers(one), one, "link")
    assert decide(hers(one), one, "undo").status_code == 302
    row = synced(one)
    assert (row.link, row.appointment_id) == ("anomaly", None) and told(connection_of(one)) == set()
    assert [held.shown["start"] for held in held_for(one)] == [SAME["start"], MOVED["start"]]
    assert "Taken back" in text(hers(one).get(page_of(one)))
    assert decide(hers(one), one, "link").status_code == 302, "and can be linked anew"


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        ("working", "at work just now"),
        ("dates", "has linked dates of this series"),
        ("deleted", "no longer be taken back"),
    ],
)
def test_a_link_that_a_sync_has_gone_on_from_stays(trouble, words):
    one = anomaly(SAME)
    decide(hers(one), one, "link")
    connection, row = connection_of(one), synced(one)
    if trouble == "working":
        connection.lease_owner, connection.lease_until = "worker", timezone.now() + timezone.timedelta(seconds=30)
        connection.save()
    elif trouble == "dates":
        SyncedEventFactory(connection=connection, series=row, link="linked", appointment_id="A-date")
    else:
        SyncedEvent.objects.filter(pk=row.pk).update(deleted_at=NOW, event=None)
    answer = decide(hers(one), one, "undo")
    assert answer.status_code == 409 and words in text(answer)
    assert synced(one).link == "linked"


def test_keep_lets_the_candidates_go_and_says_so_before():
    one = anomaly(SAME, MOVED)
    page = text(ask(hers(one), one, "keep"))
    assert "2 appointments beside it are no longer held" in page
    assert (
        "the next full sync (there is one about every 7 days) brings them in as events of their own" in page
        and "1 looks the same" in page
    )
    decide(hers(one), one, "keep")
    row = synced(one)
    assert row.link == "anomaly" and row.kept_here and not held_for(one)
    assert told(connection_of(one)) == set() and Event.objects.count() == 1
    assert "Kept only here" in text(hers(one).get(page_of(one)))


def test_keep_is_taken_back_but_for_what_has_become_an_event_of_its_own():
    one = anomaly(SAME, MOVED)
    imported, waits = held_for(one)
    decide(hers(one), one, "keep")
    SyncedEventFactory(connection=connection_of(one), link="linked", appointment_id=imported.appointment_id)
    assert "2 appointments were let go by this" in text(ask(hers(one), one, "undo"))
    decide(hers(one), one, "undo")
    assert [held.appointment_id for held in held_for(one)] == [waits.appointment_id]
    assert not synced(one).kept_here


def test_a_copy_is_a_new_event_and_the_anomaly_stays():
    one = anomaly(SAME, event__location="Court 3", event__body="Bring the file", event__reminder=15)
    page = text(ask(hers(one), one, "copy"))
    assert "This makes a new event." in page and "to link it is most likely what is wanted" in page
    decide(hers(one), one, "copy")
    original, copy = Event.objects.order_by("pk")
    assert copy.uid != original.uid and told(connection_of(one)) == {(copy.uid, "create")}
    same = ("subject", "start", "end", "time_zone", "starts_at", "location", "body", "reminder", "member_id")
    assert [getattr(copy, name) for name in same] == [getattr(original, name) for name in same]
    row = synced(one)
    assert row.link == "anomaly" and not row.kept_here and held_for(one).count() == 1, "still to be decided"
    assert not SyncedEvent.objects.filter(uid=copy.uid).exists()


def test_only_one_copy_at_a_time():
    one = anomaly()
    browser = hers(one)
    decide(browser, one, "copy")
    assert ask(browser, one, "copy").status_code == 409
    assert Event.objects.count() == 2
    decide(browser, one, "undo")
    assert Event.objects.count() == 1 and decide(browser, one, "copy").status_code == 302
    Event.objects.exclude(pk=synced(one).event_id).delete()  # the member does not want it, in her calendar
    assert decide(browser, one, "copy").status_code == 302 and Event.objects.count() == 2


def test_a_copy_that_nobody_was_told_of_is_taken_back_and_nobody_is_told():
    one = anomaly()
    decide(hers(one), one, "copy")
    decide(hers(one), one, "undo")
    assert told(connection_of(one)) == set() and Event.objects.get().pk == synced(one).event_id
    assert EventVersion.objects.get().said["subject"] == "Hearing", "what was written is kept"


def test_a_copy_that_the_sync_has_created_there_is_deleted_there_too():
    one = anomaly()
    decide(hers(one), one, "copy")
    change = LocalChange.objects.select_related("event").get()
    SyncedEventFactory(connection=connection_of(one), event=change.event, link="linked", appointment_id="A-copy")
    change.delete()
    decide(hers(one), one, "undo")
    assert told(connection_of(one)) == {(change.uid, "delete")} and Event.objects.count() == 1


def series(exceptions: int = 2):
    one = anomaly(event__rrule="FREQ=WEEKLY;COUNT=5", rrule="FREQ=WEEKLY;COUNT=5")
    master = synced(one)
    for number in range(exceptions):
        start = f"2026-12-{8 + 7 * number:02}T09:00:00"
        event = EventFactory(member=master.event.member, series=master.event, original_start=start)
        SyncedEventFactory(
            connection=master.connection, event=event, series=master, link="anomaly", original_start=start
        )
    return one


def test_a_series_is_copied_deleted_and_brought_back_with_its_changed_dates():
    one = series()
    browser, uids = hers(one), set(Event.objects.values_list("uid", flat=True))
    assert "with its 2 changed dates" in text(ask(browser, one, "copy"))
    decide(browser, one, "copy")
    copy = Event.objects.exclude(uid__in=uids).get(series=None)
    assert copy.rrule and {date.original_start for date in copy.exceptions.all()} == {
        "2026-12-08T09:00:00", "2026-12-15T09:00:00"
    }  # fmt: skip
    assert {what for _, what in told(connection_of(one))} == {"create"} and LocalChange.objects.count() == 3
    decide(browser, one, "undo")
    assert set(Event.objects.values_list("uid", flat=True)) == uids and not LocalChange.objects.exists()

    before = list(Event.objects.order_by("uid").values("uid", "subject", "original_start", "rrule", "starts_at"))
    decide(browser, one, "delete")
    assert not Event.objects.exists() and SyncedEvent.objects.filter(deleted_at=NOW, event=None).count() == 3
    assert told(connection_of(one)) == set() and EventVersion.objects.filter(uid__in=uids).count() == 3
    decide(browser, one, "undo")
    assert list(Event.objects.order_by("uid").values(*before[0])) == before
    assert not SyncedEvent.objects.exclude(deleted_at=None).exists() and Event.objects.exclude(series=None).count() == 2
    assert all(row.event.uid == row.uid for row in SyncedEvent.objects.select_related("event"))
    assert told(connection_of(one)) == set()


def test_a_series_whose_dates_are_linked_is_not_deleted_here_alone():
    one = series(1)
    SyncedEvent.objects.exclude(series=None).update(link="linked", appointment_id="A-date")
    answer = decide(hers(one), one, "delete")
    assert answer.status_code == 409 and "Some dates of this series are linked with Outlook" in text(answer)
    assert Event.objects.count() == 2 and not synced(one).kept_here


def test_one_date_of_a_series_is_copied_as_an_event_of_its_own():
    one = series(1)
    other = anomaly_about(SyncedEvent.objects.exclude(series=None).get(), one.run)
    decide(hers(other), other, "copy")
    copy = Event.objects.latest("pk")
    assert (copy.series, copy.original_start, copy.rrule) == (None, "", "")


def test_a_date_whose_series_is_gone_cannot_be_brought_back():
    one = series(1)
    other = anomaly_about(SyncedEvent.objects.exclude(series=None).get(), one.run)
    decide(hers(other), other, "delete")
    decide(hers(one), one, "delete")
    answer = decide(hers(other), other, "undo")
    assert answer.status_code == 409 and "the series it belongs to is gone" in text(answer)
    assert not Event.objects.exists() and synced(other).deleted_at and synced(other).kept_here


def test_what_an_event_deleted_here_holds_can_be_let_in():
    one = anomaly(SAME, event__location="")
    SyncedEvent.objects.filter(pk=one.synced_event_id).update(deleted_at=NOW, event=None)
    browser = hers(one)
    page = text(browser.get(page_of(one)))
    assert "Deleted here" in page and "Let the appointments in" in page and "Link with this" not in page
    assert [ask(browser, one, act).status_code for act in ("link", "copy", "delete")] == [409] * 3
    assert "The event stays deleted here." in text(ask(browser, one, "keep"))
    decide(browser, one, "keep")
    assert not held_for(one) and synced(one).kept_here and told(connection_of(one)) == set()
    decide(browser, one, "undo")
    assert held_for(one).count() == 1 and synced(one).deleted_at == NOW


@pytest.mark.parametrize("act", ACTS)
def test_what_has_changed_since_the_page_was_opened_is_looked_at_again(act):
    one = anomaly(SAME, MOVED)
    browser = hers(one)
    seen = {"seen": "something older", "candidate": held_for(one).first().pk}
    for answer in (browser.post(address_of(one, act), seen), browser.post(address_of(one, act))):
        assert answer.status_code == 409 and "something has changed since you opened the page" in text(answer)
    assert not AnomalyDecision.objects.exists() and synced(one).link == "anomaly" and Event.objects.count() == 1


@pytest.mark.parametrize("change", ["candidate", "event", "decision"])
def test_each_thing_that_a_decision_rests_on_is_noticed(change):
    one = anomaly(SAME, MOVED)
    browser = hers(one)
    page = ask(browser, one, "delete")
    seen = {"seen": page.context["look"].seen}
    if change == "candidate":
        held_for(one).last().delete()
    elif change == "event":
        Event.objects.update(subject="Hearing, adjourned", modified_at=timezone.now() + timezone.timedelta(seconds=1))
    else:
        decide(browser, one, "copy")
    assert browser.post(address_of(one, "delete"), seen).status_code == 409
    assert synced(one).deleted_at is None


def test_an_appointment_that_a_sync_has_linked_meanwhile_is_no_candidate():
    one = anomaly(SAME)
    held = held_for(one).get()
    SyncedEventFactory(connection=connection_of(one), link="linked", appointment_id=held.appointment_id)
    assert "Side by side" not in text(hers(one).get(page_of(one)))
    assert ask(hers(one), one, "link", held).status_code == 409


@pytest.mark.parametrize(
    ("event", "shown"),
    [
        ({"rrule": "FREQ=DAILY"}, SAME),
        ({}, SAME | {"pattern": "daily every 1"}),
        ({}, SAME | {"occurrence": True}),
        ({"original_start": "2026-12-01T09:00:00"}, SAME),
    ],
)
def test_only_like_is_linked_with_like(event, shown):
    one = anomaly(shown, **event)
    assert "Can’t be linked" not in text(hers(one).get(page_of(one))), "nothing to link: no button, no reason"
    assert ask(hers(one), one, "link").status_code == 409
    another = anomaly(shown, SAME if not event else shown, **event)
    assert hers(another).post(address_of(another, "link"), {"candidate": "99999"}).status_code == 409


@pytest.mark.parametrize(
    "state", [state for state in State if state not in ("graph_sync", "grant_lost", "google_sync")]
)
def test_nothing_is_decided_while_the_calendar_is_on_its_way(state):
    one = anomaly(SAME, run=run_of(ConnectionFactory(state=state)))
    browser = hers(one)
    assert {ask(browser, one, act).status_code for act in ACTS} == {409}
    assert "Nothing can be decided while your calendar is not in sync" in text(browser.get(page_of(one)))


def test_a_grant_that_is_lost_keeps_nobody_from_deciding():
    one = anomaly(SAME, run=run_of(ConnectionFactory(state=State.GRANT_LOST)))
    assert [decide(hers(one), one, act).status_code for act in ("copy", "link")] == [302, 302]


def test_what_a_later_run_has_decided_anew_is_history():
    one = anomaly(SAME)
    decide(hers(one), one, "keep")
    run_of(connection_of(one))
    page = text(hers(one).get(page_of(one)))
    assert "A later move has looked for your events anew" in page and "Kept only here by you" in page
    assert {ask(hers(one), one, act).status_code for act in (*ACTS, "undo")} == {409}


def test_every_decision_and_undoing_is_audited_without_texts_of_events():
    browser, expected = None, []
    for act in ACTS:
        one = anomaly(SAME, run=run_of() if browser is None else None)
        browser = hers(one)
        decide(browser, one, act)
        decide(browser, one, "undo")
        expected += [f"anomaly.{act}", f"anomaly.undo_{act}"]
    entries = AuditEntry.objects.order_by("pk")
    assert [entry.action for entry in entries] == expected
    assert all(entry.member == entry.actor and entry.subject.startswith("migration.Anomaly:") for entry in entries)
    assert "Hearing" not in str([entry.data for entry in entries])


def test_nobody_elses_anomaly_exists():
    one, other = anomaly(SAME), anomaly(SAME)
    browser = hers(other)
    decide(hers(one), one, "keep")
    addresses = [
        page_of(one),
        *(address_of(one, act) for act in (*ACTS, "undo")),
        f"/move/runs/{one.run_id}/anomalies/",
    ]
    assert {browser.get(address).status_code for address in addresses} == {404}
    assert {browser.post(address).status_code for address in addresses if "decide" in address} == {404}
    mixed = f"/move/anomalies/{other.pk}/undo/{AnomalyDecision.objects.get().pk}/"
    assert browser.post(mixed).status_code == 404, "a decision about another anomaly"
