"""Import: what comes of good lines."""

import hashlib
import io
from datetime import UTC, datetime

import pytest
from django.db import connection as database

from calendars import grants
from calendars.importing import import_sync_data
from calendars.models import CalendarConnection, Event, Grant, SyncedEvent
from calendars.states import State
from firms.models import AuditEntry, User
from tests.calendars.import_samples import (
    ADA,
    Importer,
    as_bytes,
    connection,
    edited,
    event,
    firm,
    google,
    master,
    member,
    people,
    without,
)
from tests.factories import EventFactory, FirmFactory, MemberFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def importer(tmp_path) -> Importer:
    return Importer(tmp_path)


def instant(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


def test_firm_member_and_connection_come_in_as_they_stand(importer):
    importer.run(firm(), member(role="administrator", time_zone="Eastern Standard Time"), connection())
    user = User.objects.get()
    assert (user.email, user.name, user.role, user.time_zone) == (ADA, "Ada Byron", "administrator", "America/New_York")
    assert (user.firm.slug, user.firm.name, user.firm.is_flagged) == ("harper-wolfe", "Harper & Wolfe LLP", False)
    assert user.is_active and not user.is_staff and not user.has_usable_password()
    row = user.connections.get()
    assert (row.provider, row.state, row.epoch, row.account) == ("outlook", State.OLD_SYNC, 0, ADA)
    assert (row.calendar_name, row.is_default_calendar, row.ews_folder_id) == ("Calendar", True, "AAMkFolder=")
    assert (row.tid, row.oid, row.sync_state) == ("", "", "H4sIAAA=")
    assert row.stopped_at is None and row.migrated_at is None and row.lease_until is None
    grant = row.grants.get()
    assert (grant.service, grant.version, grant.lost_at) == ("ews", 1, None)
    assert grants.read(grant) == grants.Tokens(refresh_token="a-secret-token")
    assert b"a-secret-token" not in bytes(grant.secret)


def test_a_member_who_came_in_gets_a_password_by_mail(importer, client, mailoutbox):
    importer.run(*people())
    client.post("/accounts/password/reset/", {"email": ADA})
    assert [mail.to for mail in mailoutbox] == [[ADA]]
    assert "/accounts/password/reset/key/" in mailoutbox[0].body


def test_a_google_connection_is_linked_by_the_services_own_ids(importer):
    importer.run(firm(), member(), google(), event(ews_id="g00gle"), without(event("other"), "ews_id"))
    row = CalendarConnection.objects.get()
    assert (row.provider, row.state, row.grants.get().service) == ("google", State.GOOGLE_SYNC, "google")
    known, unknown = SyncedEvent.objects.order_by("pk")
    assert (known.link, known.appointment_id, known.ews_id) == ("linked", "g00gle", None)
    assert (unknown.link, unknown.appointment_id, unknown.ews_id) == ("old", None, None)


def test_without_a_grant_the_connection_stands_all_the_same(importer):
    importer.run(firm(), member(), without(connection(tid="t", oid="o"), "grant"))
    row = CalendarConnection.objects.get()
    assert (row.state, row.tid, row.oid) == (State.OLD_SYNC, "t", "o")
    assert not Grant.objects.exists()


def test_an_event_is_there_as_it_is_now_and_as_it_was_synced(importer):
    importer.run(
        *people(),
        event(
            ical_uid="0400AB", change_key="DwAA", location="Court 3", body="Bring ünïcode.",
            modified="2026-11-01T14:00:00+02:00", show_as="oof", sensitivity="private", reminder=15,
            as_synced={
                "subject": "Old title", "start": "2026-11-23T08:00", "location": None, "body": "Before.",
                "show_as": "free", "reminder": None, "modified": "2026-10-01T12:00:00Z",
            },
        ),
    )  # fmt: skip
    now, synced = Event.objects.get(), SyncedEvent.objects.get()
    assert (synced.event, synced.connection.member, now.member.email) == (now, now.member, ADA)
    assert (now.uid, now.subject, now.location, now.body) == ("hearing", "Secret hearing", "Court 3", "Bring ünïcode.")
    assert (now.start, now.end, now.time_zone, now.floating) == (
        "2026-11-23T09:00:00", "2026-11-23T10:00:00", "America/New_York", False,
    )  # fmt: skip
    assert (now.starts_at, now.ends_at) == (instant(2026, 11, 23, 14), instant(2026, 11, 23, 15))
    assert (now.show_as, now.sensitivity, now.reminder) == ("oof", "private", 15)
    assert (now.modified_at, now.series, now.rrule, now.exdates) == (instant(2026, 11, 1, 12), None, "", [])
    assert (synced.uid, synced.ews_id, synced.ical_uid, synced.change_key) == (
        "hearing",
        "AAMkhearing=",
        "0400AB",
        "DwAA",
    )
    assert (synced.link, synced.calendar, synced.appointment_id) == ("old", "synced", None)
    assert (synced.subject, synced.location, synced.show_as, synced.reminder) == ("Old title", "", "free", None)
    assert (synced.start, synced.end, synced.sensitivity) == ("2026-11-23T08:00:00", now.end, "private")
    assert (synced.starts_at, synced.ends_at) == (instant(2026, 11, 23, 13), now.ends_at)
    assert synced.body_hash == hashlib.sha256(b"Before.").hexdigest()
    assert (synced.modified_here, synced.modified_there, synced.deleted_at) == (instant(2026, 10, 1, 12), None, None)


def test_what_may_be_absent_has_its_plain_value(importer):
    importer.run(*people(), event())
    now, synced = Event.objects.get(), SyncedEvent.objects.get()
    for row in (now, synced):
        assert (row.location, row.show_as, row.sensitivity, row.reminder) == ("", "busy", "normal", None)
        assert (row.rrule, row.exdates, row.original_start, row.original_starts_at) == ("", [], "", None)
    assert (now.body, synced.body_hash, synced.modified_here) == ("", "", None)


def test_a_series_with_an_edited_occurrence(importer):
    importer.run(*people(), master(), edited(as_synced={"original_start": "2026-11-30T09:30:00"}))
    weekly, moved = Event.objects.order_by("pk")
    assert (weekly.rrule, weekly.exdates) == ("FREQ=WEEKLY;COUNT=10", ["2026-12-07T09:00:00"])
    assert (moved.series, moved.original_start) == (weekly, "2026-11-30T09:00:00")
    assert moved.original_starts_at == instant(2026, 11, 30, 14)
    synced_weekly, synced_moved = SyncedEvent.objects.order_by("pk")
    assert (synced_moved.series, synced_moved.rrule) == (synced_weekly, "")
    assert synced_moved.original_starts_at == instant(2026, 11, 30, 14, 30)


def test_an_occurrence_is_named_in_its_masters_form(importer):
    all_day = {"all_day": True, "start": "2026-11-23", "end": "2026-11-24", "exdates": ["2026-12-07T00:00:00"]}
    importer.run(*people(), master(**all_day), edited(original_start="2026-11-30T00:00:00"))
    weekly, moved = SyncedEvent.objects.order_by("pk")
    assert weekly.exdates == ["2026-12-07"]
    assert (moved.all_day, moved.original_start) == (False, "2026-11-30")
    assert moved.original_starts_at == instant(2026, 11, 30)


def test_floating_and_windows_zones(importer):
    importer.run(*people(), event("floats", time_zone=None), event("windows", time_zone="W. Europe Standard Time"))
    floats, windows = Event.objects.order_by("pk")
    assert (floats.floating, floats.time_zone, floats.starts_at) == (
        True,
        "America/New_York",
        instant(2026, 11, 23, 14),
    )
    assert (windows.floating, windows.time_zone, windows.starts_at) == (
        False,
        "Europe/Berlin",
        instant(2026, 11, 23, 8),
    )


def test_an_all_day_event_has_dates_whatever_its_zone(importer):
    importer.run(*people(), event(all_day=True, start="2026-11-23T00:00:00", end="2026-11-25", time_zone="Asia/Tokyo"))
    row = Event.objects.get()
    assert (row.start, row.end) == ("2026-11-23", "2026-11-25")
    assert (row.starts_at, row.ends_at) == (instant(2026, 11, 23), instant(2026, 11, 25))


def test_ids_that_differ_by_case_only_are_two(importer):
    importer.run(*people(), event("a", ews_id="AAMkA="), event("A", ews_id="AAMka="))
    assert SyncedEvent.objects.count() == 2


def test_an_address_in_another_case_is_the_same_member(importer):
    out = importer.run(
        firm(), member(email=ADA.upper()), connection(member="Ada@HarperWolfe.example"), member(), event()
    )
    assert "members: created 1, already there 1" in out
    assert User.objects.get().email == ADA


def test_mark_at_the_start_blank_lines_and_carriage_returns_are_borne(importer):
    firm_line, *rest = as_bytes(*people(), event()).splitlines()
    importer.run(b"\xef\xbb\xbf" + firm_line, b"", b"  \t", *[line + b"\r" for line in rest])
    assert SyncedEvent.objects.count() == 1


def test_an_empty_file_is_no_error_and_no_deed(importer):
    assert "synced events: created 0, already there 0" in importer.run()
    assert not AuditEntry.objects.exists()


def test_a_file_may_refer_to_rows_that_are_there(importer):
    importer.run(*people(), master())
    out = importer.run(edited(), event())
    assert "synced events: created 2, already there 0" in out
    assert SyncedEvent.objects.get(uid="edited").series == SyncedEvent.objects.get(uid="weekly")
    assert Event.objects.get(uid="edited").series == Event.objects.get(uid="weekly")


def test_an_event_of_ours_that_is_there_is_linked_and_left_as_it_is(importer):
    ada = MemberFactory(email=ADA, firm=FirmFactory(slug="harper-wolfe"))
    ours = EventFactory(member=ada, uid="hearing", subject="As it was")
    importer.run(connection(), event())
    assert SyncedEvent.objects.get().event == ours
    assert Event.objects.get().subject == "As it was"


def test_the_deed_is_audited_once(importer):
    importer.run(*people(), event())
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor) == ("sync_data.imported", None)
    assert entry.data["created"] == {"firm": 1, "member": 1, "connection": 1, "synced_event": 1}


def test_rows_written_by_hand_follow_those_that_came_in(importer):
    importer.run(*people(), event())
    assert FirmFactory().pk > FirmFactory._meta.model.objects.get(slug="harper-wolfe").pk
    assert EventFactory(member=User.objects.get()).pk > Event.objects.get(uid="hearing").pk


def test_batches_of_any_size_come_to_the_same(importer, monkeypatch):
    lines = [*people(), master(), *[edited(f"e{n}") for n in range(5)], *[event(f"s{n}") for n in range(5)]]
    monkeypatch.setattr("calendars.importing.reading.BATCH_LINES", 2)
    out = importer.run(*lines)
    assert "synced events: created 11, already there 0" in out
    assert set(Event.objects.filter(uid__startswith="e").values_list("series__uid", flat=True)) == {"weekly"}
    problems, _ = importer.refused(*people(), event("twice"), event("x"), event("y"), event("twice"), event("x"))
    assert problems == ["line 7: uid is that of line 4 too", "line 8: uid is that of line 5 too"]
    assert "already there 11" in importer.run(*lines)


def test_the_number_of_statements_does_not_grow_with_the_lines(tmp_path):
    def statements(count: int, first: int) -> int:
        seen = []
        with database.execute_wrapper(lambda execute, *call: seen.append(call[0]) or execute(*call)):
            lines = [*people(), *[event(f"n{number}") for number in range(first, first + count)]]
            import_sync_data(io.BytesIO(as_bytes(*lines)))
        return len(seen)

    statements(1, 0)
    assert statements(1000, 1000) == statements(10, 10)


def test_progress_is_told_in_bytes():
    sizes: list[int] = []
    content = as_bytes(*people(), b"", event())
    import_sync_data(io.BytesIO(content), sizes.append)
    assert sum(sizes) == len(content)


def test_the_sample_of_the_documentation_comes_in(importer, settings):
    page = (settings.BASE_DIR / "docs" / "import.md").read_text()
    sample = [line for line in page.splitlines() if line.startswith('{"type"')]
    assert f"synced events: created {len(sample) - 3}, already there 0" in importer.run(*sample)
    assert Event.objects.get(uid="5f0d").series.uid == "5f0c"
    assert SyncedEvent.objects.get(uid="5f0c").subject == "First hearing"
    assert SyncedEvent.objects.get(uid="5f0e").floating
