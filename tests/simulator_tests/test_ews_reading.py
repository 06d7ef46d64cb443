"""Exchange's calendar as exchangelib reads it: folders, single items, series, views, searches."""

import datetime as dt

import pytest
from exchangelib import EWSDate, EWSDateTime, EWSTimeZone
from exchangelib.errors import (
    ErrorCalendarOccurrenceIndexIsOutOfRecurrenceRange,
    ErrorCalendarOccurrenceIsDeletedFromRecurrence,
    ErrorCalendarViewRangeTooBig,
    ErrorCannotUseFolderIdForItemId,
    ErrorFolderNotFound,
    ErrorInvalidIdMalformed,
    ErrorItemNotFound,
)
from exchangelib.items import CalendarItem
from exchangelib.properties import AlternateId, OccurrenceItemId, RecurringMasterItemId
from exchangelib.recurrence import NumberedPattern, WeeklyPattern
from exchangelib.services import ConvertId

from tests.simulator_tests.ews_steps import NEW_YORK, OURS, Outlook
from tests.simulator_tests.graph_steps import ADA, meeting, times, weekly

UTC = EWSTimeZone("UTC")


def at(day: int, hour: int, month: int = 11, minute: int = 0) -> EWSDateTime:
    return EWSDateTime(2026, month, day, hour, minute, tzinfo=UTC)


def test_the_folders_lead_to_the_calendar_that_graph_shows(outlook: Outlook) -> None:
    calendar = outlook.account.calendar
    (shown,) = outlook.simulator.get_mailbox(ADA)["calendars"]
    assert (calendar.name, calendar.folder_class, calendar.id) == ("Calendar", "IPF.Appointment", shown["ewsFolderId"])
    assert outlook.graph.get("/me/calendar")["id"] == calendar.id.replace("/", "-").replace("+", "_")
    assert [folder.name for folder in (calendar.parent, calendar.parent.parent)] == ["Top of Information Store", "root"]
    assert calendar.total_count == 3


def test_other_calendars_stand_below_the_default_one_and_those_of_others_do_not(outlook: Outlook) -> None:
    names = [{"name": "Calendar", "default": True}, {"name": "Hearings", "events": [meeting("second")]}]
    shown = {"name": "Bob", "owner": {"name": "Bob", "address": "bob@firm.example"}}
    outlook.simulator.mailbox(ADA, calendars=[*names, shown])
    account = Outlook(outlook.simulator).account
    (hearings,) = account.calendar.children
    assert (hearings.name, [item.subject for item in hearings.all()]) == ("Hearings", ["Second"])
    assert [folder.name for folder in account.calendar.walk()] == ["Hearings"]


def test_an_item_has_all_that_a_sync_needs(outlook: Outlook) -> None:
    fields = {
        "location": {"displayName": "Court 3"}, "body": {"contentType": "html", "content": "<b>Bring</b> the file"},
        "showAs": "oof", "sensitivity": "private", "isReminderOn": False, "reminderMinutesBeforeStart": 30,
        "categories": ["Law"], "attendees": [{"emailAddress": {"name": "Bob", "address": "bob@firm.example"}}],
    }  # fmt: skip
    outlook.simulator.edit(ADA, "full", "create", event=meeting("full", **fields))
    item, kept = outlook.fetch("full"), outlook.graph.kept("full")
    assert (item.id, item.changekey, item.uid) == (kept["ewsId"], kept["changeKey"], kept["iCalUId"])
    assert (item.subject, item.start, item.end) == ("Full", at(23, 14), at(23, 15))
    assert (item._start_timezone, item._end_timezone) == (NEW_YORK, NEW_YORK)
    assert (item.is_all_day, item.type, item.is_recurring) == (False, "Single", False)
    assert (item.location, item.body, item.text_body) == ("Court 3", "<b>Bring</b> the file", "Bring the file")
    assert (item.legacy_free_busy_status, item.sensitivity) == ("OOF", "Private")
    assert (item.reminder_is_set, item.reminder_minutes_before_start) == (False, 30)
    assert (item.categories, item.is_meeting, item.meeting_request_was_sent) == (["Law"], True, True)
    assert [one.mailbox.email_address for one in item.required_attendees] == ["bob@firm.example"]
    assert (item.organizer.email_address, item.my_response_type) == (ADA, "Organizer")
    assert item.last_modified_time == at(22, 8) and item.duration == "PT1H"
    assert item.parent_folder_id.id == outlook.account.calendar.id
    assert (item.recurrence, item.modified_occurrences, item.original_start) == (None, None, None)


def test_all_day_events_stand_at_midnight_in_their_own_zone(outlook: Outlook) -> None:
    off = outlook.fetch("off")
    assert (off.start, off.end, off.is_all_day) == (EWSDate(2026, 11, 25), EWSDate(2026, 11, 25), True)
    raw = outlook.soap(_get_item(off.id, "calendar:Start", "calendar:End", "calendar:StartTimeZone")).text
    assert "<t:Start>2026-11-25T05:00:00Z</t:Start>" in raw
    assert "<t:End>2026-11-26T05:00:00Z</t:End>" in raw
    assert 'Id="Eastern Standard Time"' in raw


def _get_item(item_id: str, *uris: str) -> str:
    paths = "".join(f'<t:FieldURI FieldURI="{uri}"/>' for uri in uris)
    return (
        "<m:GetItem><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape>"
        f"<t:AdditionalProperties>{paths}</t:AdditionalProperties></m:ItemShape>"
        f'<m:ItemIds><t:ItemId Id="{item_id}"/></m:ItemIds></m:GetItem>'
    )


def test_a_master_tells_its_pattern_and_what_is_changed_and_gone(outlook: Outlook) -> None:
    master, moved = outlook.fetch("series"), outlook.graph.kept("moved")
    assert isinstance(master.recurrence.pattern, WeeklyPattern) and master.recurrence.pattern.weekdays == [1]
    assert isinstance(master.recurrence.boundary, NumberedPattern) and master.recurrence.boundary.number == 5
    assert master.recurrence.boundary.start == EWSDate(2026, 11, 23)
    (changed,) = master.modified_occurrences
    assert (changed.original_start, changed.start, changed.end) == (at(30, 14), at(1, 16, 12), at(1, 17, 12))
    assert (changed.id, changed.changekey) == (moved["ewsId"], moved["changeKey"])
    assert [gone.start for gone in master.deleted_occurrences] == [at(7, 14, 12)]
    assert (master.first_occurrence.start, master.last_occurrence.start) == (at(23, 14), at(21, 14, 12))
    (item,) = outlook.account.fetch([changed])
    assert (item.subject, item.type, item.recurrence_id) == ("Moved", "Exception", at(30, 14))
    assert item.uid == master.uid and item.recurrence is None


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ({"type": "daily", "interval": 3}, "Occurs every 3 day(s)"),
        (
            {"type": "weekly", "interval": 2, "daysOfWeek": ["monday", "friday"], "firstDayOfWeek": "monday"},
            "Occurs on weekdays Monday, Friday of every 2 week(s) where the first day of the week is Monday",
        ),
        ({"type": "absoluteMonthly", "interval": 1, "dayOfMonth": 23}, "Occurs on day 23 of every 1 month(s)"),
        (
            {"type": "relativeMonthly", "interval": 2, "daysOfWeek": ["monday"], "index": "last"},
            "Occurs on weekday Monday in the Last week of every 2 month(s)",
        ),
        (
            {"type": "relativeMonthly", "interval": 1, "index": "first",
             "daysOfWeek": ["friday", "monday", "tuesday", "wednesday", "thursday"]},
            "Occurs on weekday Weekday in the First week of every 1 month(s)",
        ),
        ({"type": "absoluteYearly", "interval": 1, "dayOfMonth": 23, "month": 11}, "Occurs on day 23 of November"),
        (
            {"type": "relativeYearly", "interval": 1, "daysOfWeek": ["monday"], "index": "fourth", "month": 11},
            "Occurs on weekday Monday in the Fourth week of November",
        ),
    ],
    ids=lambda value: value["type"] if isinstance(value, dict) else "",
)  # fmt: skip
def test_every_pattern_reads(outlook: Outlook, pattern: dict[str, object], expected: str) -> None:
    limits = {"type": "endDate", "startDate": "2026-11-23", "endDate": "2028-11-30"}
    recurrence = {"pattern": pattern, "range": limits}
    outlook.simulator.edit(ADA, "rule", "create", event=meeting("rule", recurrence=recurrence))
    found = outlook.fetch("rule").recurrence
    assert str(found.pattern) == expected
    assert (found.boundary.start, found.boundary.end) == (EWSDate(2026, 11, 23), EWSDate(2028, 11, 30))


def test_occurrences_are_reached_by_their_place_in_the_pattern(outlook: Outlook) -> None:
    master = outlook.fetch("series")
    ids = [OccurrenceItemId(id=master.id, instance_index=index) for index in range(1, 7)]
    first, second, fourth, fifth = outlook.account.fetch([ids[0], ids[1], ids[3], ids[4]])
    assert [(item.type, item.start) for item in (first, second, fourth, fifth)] == [
        ("Occurrence", at(23, 14)), ("Exception", at(1, 16, 12)), ("Occurrence", at(14, 14, 12)),
        ("Occurrence", at(21, 14, 12)),
    ]  # fmt: skip
    with pytest.raises(ErrorCalendarOccurrenceIsDeletedFromRecurrence):
        list(outlook.account.fetch([ids[2]]))
    with pytest.raises(ErrorCalendarOccurrenceIndexIsOutOfRecurrenceRange):
        list(outlook.account.fetch([ids[5]]))
    (found,) = outlook.account.fetch([RecurringMasterItemId(id=fourth.id)])
    assert (found.id, found.type) == (master.id, "RecurringMaster")


def test_ids_are_those_that_graph_translates(outlook: Outlook) -> None:
    master = outlook.fetch("series")
    (occurrence,) = outlook.account.fetch([OccurrenceItemId(id=master.id, instance_index=4)])
    wanted = [master.id, master.modified_occurrences[0].id, occurrence.id]
    answer = outlook.graph.translate(wanted).json()["value"]
    targets = {entry["sourceId"]: entry["targetId"] for entry in answer}
    shown = [outlook.graph.get(f"/me/events/{targets[one]}", _select="subject,type") for one in wanted]
    assert [(one["subject"], one["type"]) for one in shown] == [
        ("Series", "seriesMaster"), ("Moved", "exception"), ("Series", "occurrence"),
    ]  # fmt: skip
    # Graph's own ids are none of Exchange's.
    (error,) = outlook.account.fetch([(targets[master.id], None)])
    assert isinstance(error, ErrorInvalidIdMalformed | ErrorItemNotFound)


def test_what_is_not_there_is_an_error_of_its_own_row(outlook: Outlook) -> None:
    hearing = outlook.graph.id("hearing", "ewsId")
    outlook.simulator.edit(ADA, "off", "delete")
    gone = outlook.simulator.get_mailbox(ADA)["deleted"][0]["ewsId"]
    deleted, found, malformed = outlook.account.fetch([(gone, None), (hearing, None), ("no id!", None)])
    assert isinstance(deleted, ErrorItemNotFound)
    assert found.subject == "Hearing"
    assert isinstance(malformed, ErrorInvalidIdMalformed)
    with pytest.raises(ErrorCannotUseFolderIdForItemId):
        list(outlook.account.fetch([(outlook.account.calendar.id, None)]))
    with pytest.raises(ErrorFolderNotFound):
        outlook.account.inbox  # noqa: B018


def test_ids_that_differ_by_case_alone_are_different_items(outlook: Outlook) -> None:
    for number in range(9):
        outlook.simulator.edit(ADA, f"many-{number}", "create", event=meeting(f"many-{number}"))
    ids = [event["ewsId"] for event in outlook.simulator.get_mailbox(ADA)["calendars"][0]["events"]]
    assert len({one.casefold() for one in ids}) < len(set(ids))
    assert [item.id for item in outlook.account.fetch([(one, None) for one in ids])] == ids


def test_a_view_unfolds_series_and_has_limits(outlook: Outlook) -> None:
    calendar = outlook.account.calendar
    found = calendar.view(start=at(23, 0), end=at(8, 0, 12)).only("subject", "start", "type", "is_all_day")
    assert [(item.subject, item.type, item.start) for item in found] == [
        ("Hearing", "Single", at(23, 14)), ("Series", "Occurrence", at(23, 14)), ("Off", "Single", EWSDate(2026, 11, 25)),
        ("Moved", "Exception", at(1, 16, 12)),
    ]  # fmt: skip
    assert len(list(calendar.view(start=at(23, 0), end=at(8, 0, 12), max_items=2))) == 2
    # The whole day is that of its own zone: it has begun at five, and ended a day after.
    assert [item.subject for item in calendar.view(start=at(25, 0), end=at(25, 5))] == []
    assert [item.subject for item in calendar.view(start=at(26, 4), end=at(26, 5))] == ["Off"]
    with pytest.raises(ErrorCalendarViewRangeTooBig):
        list(calendar.view(start=at(1, 0), end=at(1, 0) + dt.timedelta(days=740)))


def test_a_search_finds_what_carries_our_mark(outlook: Outlook) -> None:
    """How a create whose answer was lost is looked up."""
    mark = {"id": f"String {{{OURS.upper()}}} Name FirmEventId", "value": "matter-1"}
    event = meeting("marked", 24, singleValueExtendedProperties=[mark])
    outlook.simulator.edit(ADA, "marked", "create", event=event)
    calendar = outlook.account.calendar
    (found,) = calendar.filter(firm_id="matter-1")
    assert (found.subject, found.firm_id) == ("Marked", "matter-1")
    assert list(calendar.filter(firm_id="matter-2")) == []
    assert [item.subject for item in calendar.filter(firm_id__exists=True).only("subject")] == ["Marked"]
    assert outlook.fetch("hearing").firm_id is None


def test_searches_compare_texts_times_and_flags(outlook: Outlook) -> None:
    calendar = outlook.account.calendar

    def subjects(**wanted: object) -> list[str]:
        return sorted(item.subject for item in calendar.filter(**wanted).only("subject"))

    assert subjects(subject="hearing") == ["Hearing"]
    assert subjects(subject__icontains="ear") == ["Hearing"]
    assert subjects(subject__startswith="Se") == ["Series"]
    assert subjects(start__gte=at(24, 0)) == ["Off"]
    assert subjects(start__lt=at(24, 0), subject__not="Series") == ["Hearing"]
    assert subjects(is_all_day=True) == ["Off"]
    assert subjects(location__exists=True) == []


def test_a_search_pages_sorts_and_leaves_out_occurrences(outlook: Outlook) -> None:
    for number in range(9):
        outlook.simulator.edit(ADA, f"many-{number}", "create", event=meeting(f"many-{number}", 10 + number))
    since = len(outlook.simulator.journal())
    query = outlook.account.calendar.all().only("subject").order_by("-subject")
    query.page_size = 5
    assert [item.subject for item in query] == ["Series", "Off", *(f"Many-{n}" for n in range(8, -1, -1)), "Hearing"]
    assert [line["operation"] for line in outlook.simulator.journal(since)].count("FindItem") == 3


def test_lists_bring_neither_bodies_nor_patterns(outlook: Outlook) -> None:
    """As in the service: only GetItem brings them, so that a client that relies on the list is found out."""
    calendar = outlook.account.calendar
    changes = list(calendar.sync_items(only_fields=["subject", "body", "recurrence", "modified_occurrences"]))
    assert {item.subject for _, item in changes} == {"Hearing", "Series", "Off"}
    assert {(item.body, item.recurrence, item.modified_occurrences) for _, item in changes} == {(None, None, None)}
    outlook.simulator.edit(ADA, "hearing", "change", body={"contentType": "text", "content": "Bring the file"})
    assert outlook.fetch("hearing").body == "Bring the file"


def test_the_uid_is_the_series_and_the_global_object_id_the_occurrences(outlook: Outlook) -> None:
    paths = "".join(
        f'<t:ExtendedFieldURI DistinguishedPropertySetId="Meeting" PropertyId="{number}" PropertyType="Binary"/>'
        for number in (3, 35)
    )
    request = _get_item(outlook.graph.id("moved", "ewsId"), "calendar:UID").replace("</t:Addi", paths + "</t:Addi")
    item = CalendarItem.from_xml(_item(outlook.soap(request).content), account=outlook.account)
    assert item.uid == outlook.graph.kept("series")["iCalUId"]
    values = [bytes.fromhex(outlook.graph.kept(ref)["iCalUId"]) for ref in ("moved", "series")]
    assert values[0][16:20] == bytes.fromhex("07EA0B1E") and values[1][16:20] == bytes(4)


def _item(content: bytes) -> object:
    from exchangelib.util import TNS, to_xml

    return next(to_xml(iter([content])).iter(f"{{{TNS}}}CalendarItem"))


def test_an_id_converts_to_the_notations_of_exchange(outlook: Outlook) -> None:
    asked = AlternateId(id=outlook.graph.id("hearing", "ewsId"), format="EwsId", mailbox=ADA)
    service = ConvertId(protocol=outlook.account.protocol)
    (hexadecimal,) = service.call([asked], "HexEntryId")
    (back,) = service.call([hexadecimal], "EwsId")
    assert (hexadecimal.format, back.id, back.mailbox) == ("HexEntryId", asked.id, ADA)


def test_a_series_across_the_end_of_summer_time_keeps_its_wall_clock(outlook: Outlook) -> None:
    event = {"subject": "Weekly", **times("2026-10-26T09:00:00", "2026-10-26T10:00:00")}
    outlook.simulator.edit(ADA, "dst", "create", event={**event, "recurrence": weekly("2026-10-26", 2)})
    found = outlook.account.calendar.view(start=at(20, 0, 10), end=at(10, 0)).only("start")
    assert [item.start for item in found] == [at(26, 13, 10), at(2, 14)]
