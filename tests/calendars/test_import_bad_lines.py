"""Import: each bad line by its number and reason, and nothing written."""

import json
import os

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, OperationalError

from calendars.models import SyncedEvent
from firms.models import User
from tests.calendars.import_bad_lines import BAD, BOB, GRANT
from tests.calendars.import_samples import (
    ADA,
    Importer,
    connection,
    edited,
    event,
    firm,
    google,
    master,
    member,
    people,
)
from tests.factories import MemberFactory, StaffFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def importer(tmp_path) -> Importer:
    return Importer(tmp_path)


@pytest.mark.parametrize(("line", "reason"), BAD.values(), ids=BAD)
def test_a_bad_line_is_named_and_nothing_is_written(importer, line, reason):
    problems, sentence = importer.refused(*people(), master(), line, event("good"))
    assert problems == [f"line 5: {reason}"]
    assert sentence == "1 line is bad; nothing was imported."


def test_texts_and_tokens_of_bad_lines_are_not_repeated(importer):
    problems, sentence = importer.refused(
        *people(),
        event(end="Secret end", body="Secret body"),
        event(reminder="Secret reminder", as_synced={"subject": "Secret subject"}),
        connection(grant=GRANT | {"service": "a-secret-service"}),
    )
    assert len(problems) == 3
    assert "ecret" not in " ".join([*problems, sentence])


def test_a_line_may_not_refer_to_lines_below_it(importer):
    problems, _ = importer.refused(edited(), event(), connection(), member(), firm(), master("weekly"))
    assert [problem.split(":")[0] for problem in problems] == [f"line {n}" for n in (1, 2, 3, 4, 6)]
    problems, _ = importer.refused(*people(), edited(), master())
    assert problems == ["line 4: there is no synced event with the uid that series names, and none above"]


def test_a_master_must_recur(importer):
    problems, _ = importer.refused(*people(), event("single"), edited(series="single"))
    assert problems == ["line 5: series names an event that does not recur"]


def test_a_master_of_another_member_is_none(importer):
    problems, _ = importer.refused(
        *people(), master(), member(email=BOB), connection(member=BOB, account=BOB), edited(member=BOB)
    )
    assert problems == ["line 7: there is no synced event with the uid that series names, and none above"]


def test_a_master_deleted_since_takes_no_new_occurrences(importer):
    importer.run(*people(), master())
    SyncedEvent.objects.get().event.delete()
    problems, _ = importer.refused(edited())
    assert problems == ["line 1: series names an event that has been deleted since"]


def test_an_id_that_is_there_under_another_uid(importer):
    importer.run(*people(), event("first", ews_id="AAMk="))
    problems, _ = importer.refused(event("second", ews_id="AAMk="))
    assert problems == ["line 1: ews_id is that of another event of the connection"]
    problems, _ = importer.refused(event("second"), event("first", ews_id="AAMksecond="))
    assert problems == ["line 2: ews_id is that of another event of the connection on line 1"]


def test_an_id_may_repeat_in_another_connection(importer):
    other = [member(email=BOB), connection(member=BOB, account=BOB)]
    importer.run(*people(), *other, event("same"), event("same", member=BOB))
    assert SyncedEvent.objects.count() == 2


def test_uids_there_already_may_not_repeat_in_the_file_either(importer):
    importer.run(*people(), event())
    problems, _ = importer.refused(event(), event())
    assert problems == ["line 2: uid is that of line 1 too"]


def test_googles_ids_may_not_repeat_either(importer):
    problems, _ = importer.refused(firm(), member(), google(), event("a", ews_id="x"), event("b", ews_id="x"))
    assert problems == ["line 5: ews_id is that of another event of the connection on line 4"]


def test_members_of_another_firm_and_accounts_of_staff(importer):
    MemberFactory(email=ADA)
    StaffFactory(email=BOB.upper())
    UserFactory(email="free@harperwolfe.example")
    problems, _ = importer.refused(
        firm(),
        member(),
        member(email=BOB),
        member(email="free@harperwolfe.example"),
        connection(member=BOB, account=BOB),
    )
    assert problems == [
        f"line 2: {ADA} is a member of another firm",
        f"line 3: {BOB} is an account of our staff",
        "line 4: free@harperwolfe.example is there, and belongs to no firm",
        f"line 5: {BOB} belongs to no firm",
    ]


def test_a_member_may_not_change_firms_within_the_file(importer):
    problems, _ = importer.refused(firm(), firm(slug="other"), member(), member(firm="other"))
    assert problems == [f"line 4: {ADA} is a member of another firm"]


def test_only_the_first_hundred_are_shown_and_all_are_counted(importer, monkeypatch):
    monkeypatch.setattr("calendars.importing.reading.BATCH_LINES", 70)
    bad = [event(f"n{number}", reminder=-1) for number in range(250)]
    problems, sentence = importer.refused(*people(), *bad)
    assert len(problems) == 100
    assert [problems[0][:7], problems[-1][:9]] == ["line 4:", "line 103:"]
    assert sentence == "250 lines are bad (the first 100 are above); nothing was imported."


def test_one_error_at_the_very_end_undoes_all(importer, monkeypatch):
    monkeypatch.setattr("calendars.importing.reading.BATCH_LINES", 50)
    good = [event(f"n{number}") for number in range(200)]
    problems, _ = importer.refused(*people(), *good, "{")
    assert problems == ["line 204: is not JSON"]
    assert not SyncedEvent.objects.exists() and not User.objects.exists()


def test_a_line_too_long_is_skipped_and_the_next_is_read(importer):
    problems, _ = importer.refused(*people(), event(body="x" * 1_000_000), event("good"), "{", "y" * 3_000_000)
    assert problems == [
        "line 4: is longer than 1,000,000 bytes",
        "line 6: is not JSON",
        "line 7: is longer than 1,000,000 bytes",
    ]


def test_a_line_of_the_greatest_length_comes_in(importer):
    line = json.dumps(event(body=""))
    importer.run(*people(), json.dumps(event(body="x" * (999_999 - len(line)))))
    assert SyncedEvent.objects.count() == 1


def test_a_file_that_cannot_be_read_gets_one_sentence(importer, tmp_path):
    with pytest.raises(CommandError, match=r"sync\.jsonl cannot be read: No such file or directory$"):
        importer.again()
    with pytest.raises(CommandError, match=r"cannot be read: Is a directory$"):
        call_command("import_sync_data", str(tmp_path))


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_may_not_be_read_gets_one_sentence(importer):
    importer.path.write_text("")
    importer.path.chmod(0)
    with pytest.raises(CommandError, match=r"cannot be read: Permission denied$"):
        importer.again()


@pytest.mark.parametrize(("failure", "sentence"), [
    (IntegrityError("Key (email)=(secret)"), "Somebody changed the same rows meanwhile; nothing was imported. Try again."),
    (OperationalError("database is locked"), "The database cannot be written to just now; nothing was imported."),
])  # fmt: skip
def test_a_database_that_refuses_gets_one_sentence(importer, monkeypatch, failure, sentence):
    def refuse(*args: object) -> None:
        raise failure

    monkeypatch.setattr("calendars.importing.events.write_columns", refuse)
    problems, said = importer.refused(*people(), event())
    assert (problems, said) == ([], sentence)


@pytest.mark.parametrize("reason", ["no such table: firms_firm", "table calendars_event has no column named floating"])
def test_an_older_database_is_not_taken_for_a_busy_one(importer, monkeypatch, reason):
    def refuse(*args: object) -> None:
        raise OperationalError(reason)

    monkeypatch.setattr("calendars.importing.events.write_columns", refuse)
    with pytest.raises(OperationalError, match=reason):
        importer.run(*people(), event())
