"""Edits as such: all or nothing, one after the other, and each the whole of what it says."""

import re
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from calendars import editing
from calendars.models import Event, EventVersion, LocalChange, SyncedEvent
from calendars.sync import outbox
from calendars.sync.rows import content_of
from tests.calendars.pages.steps import an_event
from tests.calendars.racing import at_once, in_turn
from tests.factories import NOW, ConnectionFactory, MemberFactory, SyncedEventFactory

SLOT = "2026-12-08T12:00:00"


def a_series(member, **fields) -> Event:
    return an_event(member, "2026-12-01T12:00:00", "2026-12-01T13:00:00", rrule="FREQ=WEEKLY", **fields)


def say(event, **words):
    """What the event says, but for `words`."""
    return replace(content_of(event), **words)


def change(event, seen=None, **words):
    return editing.change(
        member=event.member, pk=event.pk, content=say(event, **words), seen=seen or editing.stamp(event), now=NOW
    )


def change_date(series, slot=SLOT, **words):
    content = editing.on_slot(say(series, **words), slot)
    return editing.change_occurrence(
        member=series.member, series=series.pk, slot=slot, content=content, seen=editing.stamp(series), now=NOW
    )


@pytest.mark.django_db(transaction=True)
def test_a_change_that_cannot_be_noted_is_not_made(monkeypatch):
    connection = ConnectionFactory(state="graph_sync")
    event = a_series(connection.member)
    SyncedEventFactory(connection=connection, event=event)
    change_date(event, subject="Edited")
    before = list(Event.objects.order_by("pk").values())

    def broken(*args, **kwargs):
        raise RuntimeError("out of order")

    monkeypatch.setattr(outbox, "record", broken)
    monkeypatch.setattr(outbox, "record_deletion", broken)
    seen = editing.stamp(event)
    for edit in (
        lambda: editing.create(member=event.member, content=say(event), now=NOW),
        lambda: change(event, subject="Another"),
        lambda: change_date(event, "2026-12-15T12:00:00", subject="Another"),
        lambda: editing.cancel_occurrence(
            member=event.member, series=event.pk, slot="2026-12-15T12:00:00", seen=seen, now=NOW
        ),
        lambda: editing.delete(member=event.member, pk=event.pk, seen=seen, now=NOW),
    ):
        with pytest.raises(RuntimeError):
            edit()
    assert list(Event.objects.order_by("pk").values()) == before
    assert SyncedEvent.objects.get(event=event).deleted_at is None
    assert not EventVersion.objects.exists() and LocalChange.objects.count() == 1


@pytest.mark.django_db
def test_times_that_are_none_are_refused():
    event = an_event(MemberFactory(), "2026-12-01T12:00:00", "2026-12-01T13:00:00")
    for words in ({"end": "2026-12-01T11:00:00"}, {"start": "9999-12-31T23:00:00", "end": "9999-12-31T23:30:00"}):
        with pytest.raises(ValueError, match=r"instant|before"):
            change(event, **words)
    event.refresh_from_db()
    assert event.start == "2026-12-01T12:00:00"


@pytest.mark.django_db
def test_nobody_edits_what_is_not_hers():
    event, stranger = a_series(MemberFactory()), MemberFactory()
    seen, content = editing.stamp(event), say(event, subject="Mine")
    with pytest.raises(editing.Gone):
        editing.change(member=stranger, pk=event.pk, content=content, seen=seen, now=NOW)
    with pytest.raises(editing.Gone):
        editing.change_occurrence(member=stranger, series=event.pk, slot=SLOT, content=content, seen=seen, now=NOW)
    with pytest.raises(editing.Gone):
        editing.cancel_occurrence(member=stranger, series=event.pk, slot=SLOT, seen=seen, now=NOW)
    with pytest.raises(editing.Gone):
        editing.delete(member=stranger, pk=event.pk, seen=seen, now=NOW)


@pytest.mark.django_db
def test_what_the_service_would_refuse_is_refused_whoever_asks():
    connection = ConnectionFactory(state="graph_sync")
    event = an_event(connection.member, "2026-12-01T12:00:00", "2026-12-01T13:00:00")
    synced = SyncedEventFactory(connection=connection, event=event, organized=False)
    with pytest.raises(editing.NotAllowed, match="organizer"):
        change(event, subject="Mine")
    assert change(event, show_as="free").show_as == "free"
    event.refresh_from_db()
    SyncedEvent.objects.filter(pk=synced.pk).update(unsayable="zone")
    with pytest.raises(editing.NotAllowed, match="zone"):
        change(event, show_as="busy")
    with pytest.raises(editing.NotAllowed, match="zone"):
        editing.delete(member=event.member, pk=event.pk, seen=editing.stamp(event), now=NOW)


@pytest.mark.django_db
def test_every_edit_changes_the_stamp():
    event = a_series(MemberFactory())
    stamps = {editing.stamp(event)}
    for words in (
        {"subject": "a"}, {"location": "a"}, {"body": "a"}, {"show_as": "oof"}, {"sensitivity": "private"},
        {"reminder": 5}, {"start": "2026-12-01T11:00:00"}, {"end": "2026-12-01T14:00:00"}, {"rrule": "FREQ=DAILY"},
        {"time_zone": "Europe/London"},
    ):  # fmt: skip
        stamps.add(editing.stamp(change(event, **words)))
        event.refresh_from_db()
    assert len(stamps) == 11
    assert all(re.fullmatch(r"[0-9a-f]{32}", stamp) for stamp in stamps)


@pytest.mark.django_db
def test_a_series_of_whole_days_and_its_dates():
    member = MemberFactory()
    series = an_event(member, "2026-12-01", "2026-12-03", rrule="FREQ=WEEKLY")
    edited = change_date(series, "2026-12-08", subject="Edited")
    assert (edited.start, edited.end, edited.original_start) == ("2026-12-08", "2026-12-10", "2026-12-08")
    editing.cancel_occurrence(
        member=member, series=series.pk, slot="2026-12-15", seen=editing.stamp(series), now=NOW + timedelta(1)
    )
    series.refresh_from_db()
    assert series.exdates == ["2026-12-15"]
    # To a series with times of day: what was taken out stays out, by its day.
    moved = say(series, all_day=False, start="2026-12-01T09:00:00", end="2026-12-01T10:00:00")
    assert editing.lost_dates(series, moved) == [edited]
    editing.change(member=member, pk=series.pk, content=moved, seen=editing.stamp(series), dropping=1, now=NOW)
    series.refresh_from_db()
    assert series.exdates == ["2026-12-15T09:00:00"] and not series.exceptions.exists()


@pytest.mark.django_db
def test_no_more_and_no_fewer_edited_dates_go_than_she_knows_of():
    series = a_series(MemberFactory())
    change_date(series, subject="Edited")
    moved = say(series, start="2026-12-01T11:00:00", end="2026-12-01T12:00:00")
    for dropping in (0, 2):
        with pytest.raises(editing.Changed):
            editing.change(
                member=series.member, pk=series.pk, content=moved, seen=editing.stamp(series), dropping=dropping,
                now=NOW,
            )  # fmt: skip
    assert series.exceptions.count() == 1


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_of_two_edits_at_once_the_second_sees_the_first():
    event = an_event(MemberFactory(), "2026-12-01T12:00:00", "2026-12-01T13:00:00")
    seen = editing.stamp(event)

    def second() -> None:
        with pytest.raises(editing.Changed) as caught:
            change(event, seen, subject="Second")
        assert caught.value.event.subject == "First"

    in_turn(lambda: change(event, seen, subject="First"), second)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_of_two_who_edit_the_same_date_at_once_one_makes_it_an_event():
    series = a_series(MemberFactory())

    def edit(subject: str) -> str:
        try:
            return change_date(series, subject=subject).subject
        except editing.Changed as error:
            return error.event.subject

    for number in range(5):
        Event.objects.filter(series=series).delete()
        said = at_once(lambda: edit("One"), lambda: edit("Other"))
        assert said[0] == said[1], number
        assert series.exceptions.count() == 1


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_of_a_form_sent_twice_at_once_comes_one_event():
    member = MemberFactory()
    said = content_of(an_event(member, "2026-12-01T12:00:00", "2026-12-01T13:00:00"))

    def add(form: str) -> Event:
        try:
            return editing.create(member=member, content=said, once=form, now=NOW)
        except editing.Added as again:
            return again.event

    for form in ("one", "two", "three"):
        one, other = at_once(partial(add, form), partial(add, form))
        assert one == other
    assert Event.objects.filter(member=member).count() == 1 + 3


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_date_edited_while_its_series_is_deleted_is_gone_with_it():
    series = a_series(MemberFactory())
    seen = editing.stamp(series)

    def edit() -> None:
        with pytest.raises(editing.Gone):
            change_date(series, subject="Too late")

    in_turn(lambda: editing.delete(member=series.member, pk=series.pk, seen=seen, now=NOW), edit)
    assert not Event.objects.exists()
