"""What Graph is told: once, no more than what was changed, and nothing that Outlook would have to bend."""

from dataclasses import replace
from typing import Any

import pytest

from calendars.graph.errors import AccessDenied, Conflict, ItemNotFound, Refused, TryLater
from calendars.graph.service import GraphService
from calendars.sync.content import PARTS, Content, differing
from calendars.sync.service import CancelOccurrence, Create, Delete, Update, UpdateOccurrence
from tests.calendars.graph.steps import ADA, HEARING, KEY, create, event, pull, requests
from tests.simulator.client import Simulator

WEEKLY = replace(HEARING, subject="Weekly", rrule="FREQ=WEEKLY;BYDAY=TU;COUNT=6")
GUEST = {"type": "required", "emailAddress": {"name": "Bob", "address": "bob@harperwolfe.example"}}


def kept(simulator: Simulator) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = simulator.get_mailbox(ADA)["calendars"][0]["events"]
    return events


SAYINGS = [
    HEARING,
    replace(HEARING, location="Court 3", body="Bring the file.\nTwice.", show_as="oof", sensitivity="private", reminder=30),
    replace(HEARING, reminder=0, show_as="free", subject=""),
    replace(HEARING, all_day=True, start="2026-12-24", end="2026-12-27"),
    replace(HEARING, time_zone="Africa/Casablanca"),  # Graph refuses this name of the zone, and takes Windows'.
    replace(HEARING, time_zone="Antarctica/Troll"),  # and has none for this one
    WEEKLY,
    replace(WEEKLY, time_zone="America/Detroit"),
    replace(WEEKLY, time_zone="Europe/Berlin", rrule="FREQ=MONTHLY;BYDAY=1TU;UNTIL=20281201T080000Z"),
    replace(WEEKLY, all_day=True, start="2026-12-31", end="2027-01-01", rrule="FREQ=MONTHLY;BYMONTHDAY=-1"),
    replace(WEEKLY, rrule="FREQ=YEARLY;INTERVAL=2;COUNT=3"),
]  # fmt: skip


@pytest.mark.parametrize(
    "content", SAYINGS, ids=lambda one: f"{one.subject} {one.time_zone} {one.start} {one.rrule[:12]}"
)
def test_what_is_created_says_there_what_it_says_here(service: GraphService, simulator: Simulator, content: Content):
    made = service.push(Create(KEY, content))
    assert made is not None and differing(made.content, content) == frozenset()
    assert service.read([made.id])[made.id] == made
    assert service.find(KEY, content) == made
    assert pull(service).by_id == {made.id: made}
    (there,) = kept(simulator)
    assert there["transactionId"] == KEY and not there.get("attendees") and simulator.outbox() == []


def test_a_creation_tried_again_is_the_same_appointment(service: GraphService, simulator: Simulator):
    made = service.push(Create(KEY, HEARING))
    assert service.push(Create(KEY, HEARING)) == made
    assert len(kept(simulator)) == 1


def test_a_creation_whose_answer_was_lost_is_not_made_twice(service: GraphService, simulator: Simulator):
    simulator.fault(operation="create", when="after", cut=True)
    with pytest.raises(TryLater):
        service.push(Create(KEY, HEARING))
    simulator.clear_faults()
    assert len(kept(simulator)) == 1
    found = service.find(KEY, HEARING)
    assert found is not None and found.content.subject == "Hearing"
    simulator.edit(ADA, None, "change", id=found.id, **event("Moved", "2029-12-01T09:00:00", "2029-12-01T10:00:00"))
    moved = service.find(KEY, HEARING)
    assert moved is not None and (moved.id, moved.content.subject) == (found.id, "Moved")
    assert len(kept(simulator)) == 1


def test_a_creation_that_took_effect_late_and_with_other_words_is_looked_for_again(
    service: GraphService, simulator: Simulator
):
    service.push(Create(KEY, HEARING))
    with pytest.raises(TryLater) as raised:
        service.push(Create(KEY, replace(HEARING, subject="Edited since")))
    assert (raised.value.reason, raised.value.asked) == ("busy", False)
    found = service.find(KEY, HEARING)
    assert found is not None and found.content.subject == "Hearing" and len(kept(simulator)) == 1


@pytest.mark.parametrize("content", [HEARING, WEEKLY], ids=["single", "series"])
def test_a_creation_that_its_owner_has_undone_is_not_made_again(
    service: GraphService, simulator: Simulator, content: Content
):
    made = service.push(Create(KEY, content))
    assert made is not None
    simulator.edit(ADA, None, "delete", id=made.id)
    assert service.find(KEY, content) is None
    again = service.push(Create(KEY, content))
    assert again is not None and again.id == made.id and kept(simulator) == []
    assert service.read([made.id]) == {made.id: None}


@pytest.mark.parametrize("content", [HEARING, WEEKLY, SAYINGS[3]], ids=["single", "series", "all day"])
def test_what_was_not_made_is_not_found(service: GraphService, simulator: Simulator, content: Content):
    service.push(Create(KEY, content))
    assert service.find("11111111-7f3c-5a0e-9a52-3d1f1a9a1b11", content) is None
    assert len(kept(simulator)) == 1


CHANGES: dict[str, dict[str, Any]] = {
    "subject": {"subject": "Trial"},
    "times": {"start": "2026-12-02T11:00:00", "end": "2026-12-02T12:30:00"},
    "location": {"location": "Court 4"},
    "body": {"body": "New"},
    "show_as": {"show_as": "tentative"},
    "sensitivity": {"sensitivity": "confidential"},
    "reminder": {"reminder": 45},
    "rule": {"rrule": "FREQ=DAILY;COUNT=3"},
}


@pytest.mark.parametrize("part", CHANGES)
def test_an_update_changes_its_part_and_nothing_else(service: GraphService, simulator: Simulator, part: Any):
    create(simulator, "Hearing", location={"displayName": "Court 3"}, categories=["Law"], attendees=[GUEST],
           body={"contentType": "html", "content": "<b>Old</b>"}, isReminderOn=True)  # fmt: skip
    (hearing,) = pull(service).by_id.values()
    before = kept(simulator)[0]
    wanted = replace(hearing.content, **CHANGES[part])
    after = service.push(Update(hearing.id, hearing.version, wanted, frozenset({part})))
    assert after is not None and after.id == hearing.id and after.version != hearing.version
    assert differing(after.content, wanted) == frozenset()
    changed = {name for name, value in kept(simulator)[0].items() if value and value != before.get(name)}
    told = {"times": {"start", "end"}, "rule": {"recurrence", "type"}, "show_as": {"showAs"}, "body": {"body", "bodyPreview"},
            "location": {"location", "locations"}, "reminder": {"reminderMinutesBeforeStart"}}.get(part, {part})  # fmt: skip
    assert changed - {"changeKey", "lastModifiedDateTime", "revision"} == told


@pytest.mark.parametrize("content", [
    replace(HEARING, all_day=True, start="2026-12-24", end="2026-12-27"),
    replace(HEARING, time_zone="Europe/Berlin"),
])  # fmt: skip
def test_an_appointment_becomes_another_kind_of_one_and_goes_back(service: GraphService, content: Content):
    made = service.push(Create(KEY, HEARING))
    for wanted in (replace(content, location="Court 3", body="Text", reminder=5), WEEKLY, HEARING):
        assert made is not None
        parts = differing(made.content, wanted)
        made = service.push(Update(made.id, made.version, wanted, parts))
        assert made is not None and differing(made.content, wanted) == frozenset()


def test_a_series_keeps_its_dates_when_only_words_of_it_change(service: GraphService, simulator: Simulator):
    made = service.push(Create(KEY, WEEKLY))
    assert made is not None
    made = service.push(CancelOccurrence(made.id, "2026-12-15T09:00:00"))
    assert made is not None and made.content.exdates == ("2026-12-15T09:00:00",)
    after = service.push(Update(made.id, made.version, replace(made.content, subject="New"), frozenset({"subject"})))
    assert after is not None and (after.content.subject, after.content.exdates) == ("New", ("2026-12-15T09:00:00",))
    moved = replace(after.content, start="2026-12-01T11:00:00", end="2026-12-01T12:00:00")
    later = service.push(Update(after.id, after.version, moved, frozenset({"times"})))
    assert later is not None and later.content.exdates == (), "as Outlook does"
    assert later.content.rrule == WEEKLY.rrule


def test_who_comes_too_late_is_told_so_and_changes_nothing(service: GraphService, simulator: Simulator):
    create(simulator, "Hearing")
    (hearing,) = pull(service).by_id.values()
    simulator.edit(ADA, "Hearing", "change", subject="Theirs")
    for change in (
        Update(hearing.id, hearing.version, replace(hearing.content, location="Ours"), frozenset({"location"})),
        Delete(hearing.id, hearing.version),
    ):
        with pytest.raises(Conflict):
            service.push(change)
    (there,) = kept(simulator)
    assert (there["subject"], there.get("location")) == ("Theirs", None)


def test_a_change_whose_answer_was_lost_is_a_conflict_when_it_is_tried_again(
    service: GraphService, simulator: Simulator
):
    create(simulator, "Hearing")
    (hearing,) = pull(service).by_id.values()
    simulator.fault(operation="change", when="after", cut=True, nth=1)
    wanted = replace(hearing.content, subject="Ours")
    with pytest.raises(Conflict):
        service.push(Update(hearing.id, hearing.version, wanted, frozenset({"subject"})))
    now = service.read([hearing.id])[hearing.id]
    assert now is not None and differing(now.content, wanted) == frozenset()


def test_a_deletion_is_done_once_however_often_it_is_asked_for(service: GraphService, simulator: Simulator):
    create(simulator, "Hearing")
    (hearing,) = pull(service).by_id.values()
    simulator.fault(operation="delete", when="after", cut=True, nth=1)
    for _ in range(2):
        assert service.push(Delete(hearing.id, hearing.version)) is None
    assert kept(simulator) == []


def test_a_change_of_what_is_gone_says_so(service: GraphService, simulator: Simulator):
    create(simulator, "Weekly", recurrence=WEEKLY_THERE)
    (weekly,) = pull(service).by_id.values()
    simulator.edit(ADA, "Weekly", "delete")
    said = replace(HEARING, subject="Special")
    for change in (
        Update(weekly.id, weekly.version, weekly.content, frozenset({"subject"})),
        UpdateOccurrence(weekly.id, "2026-12-08T09:00:00", said, frozenset({"subject"})),
    ):
        with pytest.raises(ItemNotFound):
            service.push(change)
    assert service.push(CancelOccurrence(weekly.id, "2026-12-08T09:00:00")) is None


WEEKLY_THERE = {
    "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["tuesday"]},
    "range": {"type": "numbered", "startDate": "2026-12-01", "numberOfOccurrences": 6},
}


# --- Single dates of a series -----------------------------------------------------------------------------------------
def test_one_date_is_edited_moved_and_edited_again(service: GraphService, simulator: Simulator):
    made = service.push(Create(KEY, WEEKLY))
    assert made is not None
    slot = "2026-12-08T09:00:00"
    said = replace(WEEKLY, rrule="", subject="Special", start="2026-12-09T11:00:00", end="2026-12-09T12:00:00")
    edited = service.push(UpdateOccurrence(made.id, slot, said, frozenset({"subject", "times"})))
    assert edited is not None and (edited.series_id, edited.slot) == (made.id, slot)
    assert differing(edited.content, said) == frozenset()
    again = replace(said, location="Court 3")
    after = service.push(Update(edited.id, edited.version, again, frozenset({"location"})))
    assert after is not None and (after.id, after.slot) == (edited.id, slot)
    whole = pull(service).by_id[made.id]
    assert whole.exceptions == (after,) and differing(whole.content, WEEKLY) == frozenset()


def test_one_date_is_cancelled_edited_before_or_not_and_stays_so(service: GraphService, simulator: Simulator):
    made = service.push(Create(KEY, WEEKLY))
    assert made is not None
    said = replace(WEEKLY, rrule="", start="2026-12-11T11:00:00", end="2026-12-11T12:00:00")
    service.push(UpdateOccurrence(made.id, "2026-12-08T09:00:00", said, frozenset({"times"})))
    for slot in ("2026-12-08T09:00:00", "2026-12-15T09:00:00", "2026-12-15T09:00:00"):
        made = service.push(CancelOccurrence(made.id, slot))
        assert made is not None
    assert made.content.exdates == ("2026-12-08T09:00:00", "2026-12-15T09:00:00") and made.exceptions == ()


def test_dates_of_an_all_day_series_are_days(service: GraphService, simulator: Simulator):
    content = replace(WEEKLY, all_day=True, start="2026-12-01", end="2026-12-02")
    made = service.push(Create(KEY, content))
    assert made is not None
    said = replace(content, rrule="", subject="Special", start="2026-12-08", end="2026-12-09")
    edited = service.push(UpdateOccurrence(made.id, "2026-12-08", said, frozenset({"subject"})))
    assert edited is not None and edited.slot == "2026-12-08" and differing(edited.content, said) == frozenset()
    after = service.push(CancelOccurrence(made.id, "2026-12-15"))
    assert after is not None and after.content.exdates == ("2026-12-15",)


def test_a_date_edited_there_meanwhile_is_a_conflict_and_a_cancelled_one_is_gone(
    service: GraphService, simulator: Simulator
):
    create(simulator, "Weekly", recurrence=WEEKLY_THERE)
    (weekly,) = pull(service).by_id.values()
    simulator.edit(ADA, "Weekly", "change", occurrence="2026-12-08", subject="Theirs",
                   **{name: value for name, value in event("", "2026-12-10T09:00:00", "2026-12-10T10:00:00").items()
                      if name in ("start", "end")})  # fmt: skip
    simulator.edit(ADA, "Weekly", "delete", occurrence="2026-12-15")
    said = replace(HEARING, subject="Ours")
    with pytest.raises(Conflict):
        service.push(UpdateOccurrence(weekly.id, "2026-12-08T09:00:00", said, frozenset({"subject"})))
    with pytest.raises(ItemNotFound):
        service.push(UpdateOccurrence(weekly.id, "2026-12-15T09:00:00", said, frozenset({"subject"})))
    assert pull(service).by_id[weekly.id].exceptions[0].content.subject == "Theirs"


# --- What is refused --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (replace(WEEKLY, rrule="FREQ=MONTHLY", start="2026-12-31T09:00:00", end="2026-12-31T10:00:00"), "rule"),
        (replace(WEEKLY, rrule="FREQ=MONTHLY;BYDAY=1TU,3TU"), "rule"),
        # Half past two on the night the clocks go forward: the series would begin, and go on, at half past three.
        (replace(WEEKLY, rrule="FREQ=WEEKLY", start="2027-03-14T02:30:00", end="2027-03-14T03:30:00"), "rule"),
        (replace(WEEKLY, time_zone="Antarctica/Troll"), "zone_here"),
        (replace(WEEKLY, time_zone="America/Scoresbysund"), "zone_here"),  # Windows' namesake keeps another time
    ],
)
def test_what_outlook_has_no_words_for_is_refused_before_it_is_asked(
    service: GraphService, simulator: Simulator, content: Content, reason: str
):
    made = service.push(Create(KEY, HEARING))
    assert made is not None
    before = len(simulator.journal())
    for change in (Create(KEY, content), Update(made.id, made.version, content, frozenset({"times", "rule"}))):
        with pytest.raises(Refused) as caught:
            service.push(change)
        assert caught.value.code == reason
    assert requests(simulator, before) == []


def test_a_date_cannot_be_moved_past_its_neighbour(service: GraphService, simulator: Simulator):
    made = service.push(Create(KEY, WEEKLY))
    assert made is not None
    said = replace(WEEKLY, rrule="", start="2026-12-16T09:00:00", end="2026-12-16T10:00:00")
    with pytest.raises(Refused) as caught:
        service.push(UpdateOccurrence(made.id, "2026-12-08T09:00:00", said, frozenset({"times"})))
    assert caught.value.code == "crossing"


def test_what_outlook_refuses_is_refused_and_its_code_logged_without_the_text(
    service: GraphService, simulator: Simulator, caplog
):
    simulator.fault(operation="create", status=400, body={"error": {"code": "ErrorPropertyValidationFailure"}})
    with pytest.raises(Refused) as caught:
        service.push(Create(KEY, replace(HEARING, subject="Secret matter")))
    assert caught.value.code == "refused"
    assert "ErrorPropertyValidationFailure" in caplog.text and "Secret" not in caplog.text
    simulator.clear_faults()
    simulator.fault(operation="create", status=413, body={"error": {"code": "RequestEntityTooLarge"}})
    with pytest.raises(Refused) as caught:
        service.push(Create(KEY, HEARING))
    assert caught.value.code == "too_long"


def test_the_text_of_an_online_meeting_is_left_alone_and_all_else_of_it_is_not(
    service: GraphService, simulator: Simulator
):
    create(simulator, "Hearing", isOnlineMeeting=True, body={"contentType": "html", "content": "<a>Join</a>"})
    (hearing,) = pull(service).by_id.values()
    said = replace(hearing.content, body="Bring the file.", location="Court 3")
    with pytest.raises(Refused) as caught:
        service.push(Update(hearing.id, hearing.version, said, frozenset({"body", "location"})))
    assert caught.value.code == "online_meeting"
    after = service.push(Update(hearing.id, hearing.version, said, frozenset({"location"})))
    assert after is not None and (after.content.location, after.content.body) == ("Court 3", "Join")


@pytest.mark.parametrize(("status", "error"), [(403, AccessDenied), (429, TryLater), (503, TryLater)])
def test_what_passes_or_concerns_all_is_no_refusal(service: GraphService, simulator: Simulator, status, error):
    simulator.fault(operation="create", status=status)
    with pytest.raises(error):
        service.push(Create(KEY, HEARING))
    assert kept(simulator) == []


def test_a_body_that_is_not_known_is_never_told(service: GraphService):
    with pytest.raises(ValueError):
        service.push(Create(KEY, replace(HEARING, body=None, body_hash="x")))
    assert "exdates" in PARTS
