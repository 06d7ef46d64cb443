"""What exchangelib writes, as Exchange and Graph show it afterwards."""

import datetime as dt
from typing import Any

import pytest
from exchangelib import EWSDate, HTMLBody
from exchangelib.errors import (
    ErrorIrresolvableConflict,
    ErrorItemNotFound,
    ErrorTimeoutExpired,
)
from exchangelib.items import NEVER_OVERWRITE, SEND_ONLY_TO_ALL, SEND_ONLY_TO_CHANGED, SEND_TO_ALL_AND_SAVE_COPY

from tests.simulator_tests.ews_steps import OURS, Outlook, at, draft, kinds, shown

MARK = f"String {{{OURS}}} Name FirmEventId"


def test_a_new_appointment_is_the_same_through_graph(outlook: Outlook) -> None:
    item = draft(
        outlook, location="Court 3", body=HTMLBody("<p>Bring the file</p>"), legacy_free_busy_status="Tentative",
        sensitivity="Confidential", reminder_is_set=True, reminder_minutes_before_start=45, firm_id="matter-1",
        categories=["Law"], importance="High",
    ).save()  # fmt: skip
    found = shown(outlook, item, _expand=f"singleValueExtendedProperties($filter=id eq '{MARK}')")
    assert (found["subject"], found["location"]["displayName"]) == ("Deposition", "Court 3")
    assert found["start"] == {"dateTime": "2026-12-02T14:00:00.0000000", "timeZone": "UTC"}
    assert found["end"] == {"dateTime": "2026-12-02T15:00:00.0000000", "timeZone": "UTC"}
    assert (found["originalStartTimeZone"], found["isAllDay"]) == ("Eastern Standard Time", False)
    assert found["body"] == {"contentType": "html", "content": "<p>Bring the file</p>"}
    assert (found["showAs"], found["sensitivity"], found["importance"]) == ("tentative", "confidential", "high")
    assert (found["isReminderOn"], found["reminderMinutesBeforeStart"], found["categories"]) == (True, 45, ["Law"])
    assert found["singleValueExtendedProperties"] == [{"id": MARK, "value": "matter-1"}]
    assert found["changeKey"] == item.changekey
    item.refresh()
    assert (item.uid, item.firm_id, item.type) == (found["iCalUId"], "matter-1", "Single")


def test_what_is_written_comes_back_in_both_services_changes(outlook: Outlook) -> None:
    _, state = outlook.sync()
    window = "startDateTime=2026-11-01T00:00:00Z&endDateTime=2027-01-01T00:00:00Z"
    link = _delta(outlook, f"/me/calendarView/delta?{window}")[1]
    item = draft(outlook).save()
    changes, state = outlook.sync(state)
    assert [(kind, one.id) for kind, one in changes] == [("create", item.id)]
    told, link = _delta(outlook, link)
    assert [entry["subject"] for entry in told] == ["Deposition"]
    item.delete()
    assert kinds(outlook.sync(state)[0]) == [("delete", None)]
    assert ["@removed" in entry for entry in _delta(outlook, link)[0]] == [True]


def _delta(outlook: Outlook, link: str) -> tuple[list[dict[str, Any]], str]:
    found: list[dict[str, Any]] = []
    while True:
        page = outlook.graph.get(link)
        found += page["value"]
        if "@odata.deltaLink" in page:
            return found, page["@odata.deltaLink"]
        link = page["@odata.nextLink"]


@pytest.mark.parametrize(("first", "last", "days"), [(2, 2, 1), (2, 4, 3)])
def test_all_day_events_keep_their_dates(outlook: Outlook, first: int, last: int, days: int) -> None:
    """exchangelib's last day is part of the event, Graph's is the one after it."""
    item = draft(outlook, is_all_day=True, start=EWSDate(2026, 12, first), end=EWSDate(2026, 12, last)).save()
    found = shown(outlook, item)
    assert (found["start"]["dateTime"][:10], found["isAllDay"]) == (f"2026-12-0{first}", True)
    until = dt.date.fromisoformat(found["end"]["dateTime"][:10])
    assert (until - dt.date(2026, 12, first)).days == days
    item.refresh()
    assert (item.start, item.end) == (EWSDate(2026, 12, first), EWSDate(2026, 12, last))


def test_times_of_a_whole_day_are_pushed_out_to_midnight(outlook: Outlook) -> None:
    item = draft(outlook, is_all_day=True, start=at(2, 9), end=at(2, 10)).save()
    found = shown(outlook, item)
    assert [found[side]["dateTime"][:16] for side in ("start", "end")] == ["2026-12-02T00:00", "2026-12-03T00:00"]
    item.refresh()
    item.is_all_day, item.start, item.end = False, at(2, 9), at(2, 10)
    item.save(update_fields=["is_all_day", "start", "end"])
    assert shown(outlook, item)["start"]["dateTime"][:16] == "2026-12-02T14:00"


def test_only_the_fields_named_are_written(outlook: Outlook) -> None:
    item = draft(outlook, location="Court 3", body="Bring the file", firm_id="matter-1").save()
    outlook.graph.call(
        "PATCH", f"/me/events/{shown(outlook, item)['id']}", json={"location": {"displayName": "Court 4"}}
    )
    item.refresh()
    before = item.changekey
    item.subject, item.start, item.end = "Moved", at(3, 11), at(3, 12)
    item.save(update_fields=["subject", "start", "end"])
    found = shown(outlook, item)
    assert (found["subject"], found["location"]["displayName"]) == ("Moved", "Court 4")
    assert found["start"]["dateTime"] == "2026-12-03T16:00:00.0000000"
    assert item.changekey not in (before, None) and item.changekey == found["changeKey"]
    item.location, item.firm_id, item.body = None, "matter-2", None
    item.save(update_fields=["location", "firm_id", "body"])
    item.refresh()
    assert (item.location, item.firm_id, item.body, item.subject) == (None, "matter-2", None, "Moved")
    item.firm_id = None
    item.save(update_fields=["firm_id"])
    item.refresh()
    assert item.firm_id is None


def test_two_writers_and_one_key(outlook: Outlook) -> None:
    item = draft(outlook).save()
    mine, other = (next(outlook.account.fetch([(item.id, None)])) for _ in range(2))
    other.location = "Court 4"
    other.save(update_fields=["location"])
    mine.subject = "Mine"
    with pytest.raises(ErrorIrresolvableConflict):
        mine.save(update_fields=["subject"], conflict_resolution=NEVER_OVERWRITE)
    mine.save(update_fields=["subject"])  # it resolves by itself
    assert shown(outlook, mine)["location"]["displayName"] == "Court 4"


def test_a_deleted_item_is_gone_in_both_services(outlook: Outlook) -> None:
    item = draft(outlook).save()
    item_id, key = item.id, item.changekey
    item.delete()
    (error,) = outlook.account.fetch([(item_id, key)])
    assert isinstance(error, ErrorItemNotFound)
    (again,) = outlook.account.bulk_delete([(item_id, key)])
    assert isinstance(again, ErrorItemNotFound)
    assert "errorDetails" in outlook.graph.translate([item_id]).json()["value"][0]


def test_many_are_created_changed_and_deleted_in_one_call_each(outlook: Outlook) -> None:
    drafts = [draft(outlook, subject=f"Bulk {number}") for number in range(30)]
    since = len(outlook.simulator.journal())
    created = outlook.account.bulk_create(folder=outlook.account.calendar, items=drafts)
    found = list(outlook.account.fetch(created))
    assert [item.subject for item in found] == [f"Bulk {number}" for number in range(30)]
    for item in found:
        item.location = "Court 3"
    changed = outlook.account.bulk_update([(item, ["location"]) for item in found])
    assert len(changed) == 30 and {one[1] for one in changed}.isdisjoint(item.changekey for item in created)
    assert outlook.account.bulk_delete(changed) == [True] * 30
    counted = [line["operation"] for line in outlook.simulator.journal(since) if line["path"].startswith("/EWS")]
    assert [counted.count(name) for name in ("CreateItem", "UpdateItem", "DeleteItem")] == [1, 1, 1]
    assert len(outlook.sync()[0]) == 3


def test_a_create_whose_answer_is_lost_is_found_by_its_mark(outlook: Outlook) -> None:
    outlook.account.calendar  # noqa: B018
    outlook.simulator.fault(operation="CreateItem", cut=True, when="after", count=1)
    with pytest.raises(ErrorTimeoutExpired):
        draft(outlook, firm_id="matter-1").save()
    (found,) = outlook.account.calendar.filter(firm_id="matter-1").only("subject")
    assert found.subject == "Deposition"
    outlook.simulator.fault(operation="CreateItem", cut=True, count=1)
    with pytest.raises(ErrorTimeoutExpired):
        draft(outlook, firm_id="matter-2").save()
    assert list(outlook.account.calendar.filter(firm_id="matter-2")) == []


def test_nobody_gets_mail_unless_it_is_asked_for(outlook: Outlook) -> None:
    guests = ["bob@firm.example", "carol@firm.example"]
    item = draft(outlook, required_attendees=guests).save()
    item.refresh()
    assert [one.mailbox.email_address for one in item.required_attendees] == guests
    item.subject = "Moved"
    item.save(update_fields=["subject"])
    item.delete()
    assert outlook.simulator.outbox() == []
    item = draft(outlook, required_attendees=guests).save(send_meeting_invitations=SEND_TO_ALL_AND_SAVE_COPY)
    item.refresh()
    item.required_attendees = item.required_attendees[:1]
    item.save(update_fields=["required_attendees"], send_meeting_invitations=SEND_TO_ALL_AND_SAVE_COPY)
    item.refresh()
    item.required_attendees = [*item.required_attendees, "dan@firm.example"]
    item.save(update_fields=["required_attendees"], send_meeting_invitations=SEND_ONLY_TO_CHANGED)
    item.delete(send_meeting_cancellations=SEND_ONLY_TO_ALL)
    assert [(mail["kind"], mail["to"]) for mail in outlook.simulator.outbox()] == [
        ("invitation", guests), ("update", guests[:1]), ("cancellation", guests[1:]), ("update", ["dan@firm.example"]),
        ("cancellation", [guests[0], "dan@firm.example"]),
    ]  # fmt: skip
