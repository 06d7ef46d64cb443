"""What Exchange refuses to write, in the requests' own words."""

import pytest
from exchangelib import CalendarItem
from exchangelib.errors import (
    ErrorAccessDenied,
)

from tests.simulator_tests.ews_steps import Outlook, at
from tests.simulator_tests.graph_steps import ADA

UPDATE = (
    '<m:UpdateItem ConflictResolution="AlwaysOverwrite" SendMeetingInvitationsOrCancellations="SendToNone"><m:ItemChanges>'
    '<t:ItemChange><t:ItemId Id="{id}"/><t:Updates>{updates}</t:Updates></t:ItemChange></m:ItemChanges></m:UpdateItem>'
)
SET = '<t:SetItemField><t:FieldURI FieldURI="{uri}"/><t:CalendarItem>{held}</t:CalendarItem></t:SetItemField>'
SUBJECT = "<t:Subject>New</t:Subject>"
SUBJECT_SET = SET.format(uri="item:Subject", held=SUBJECT)
CREATE = (
    '<m:CreateItem SendMeetingInvitations="SendToNone"><m:Items><t:CalendarItem>{held}</t:CalendarItem></m:Items>'
    "</m:CreateItem>"
)
START, END = "<t:Start>2026-12-02T09:00:00</t:Start>", "<t:End>2026-12-02T10:00:00</t:End>"
ZONE = '<t:StartTimeZone Id="Eastern Standard Time"/>'


def recurring(until: str) -> str:
    limits = f"<t:StartDate>2026-12-02-05:00</t:StartDate><t:EndDate>{until}</t:EndDate>"
    pattern = "<t:DailyRecurrence><t:Interval>1</t:Interval></t:DailyRecurrence>"
    return f"<t:Recurrence>{pattern}<t:EndDateRecurrence>{limits}</t:EndDateRecurrence></t:Recurrence>"


@pytest.mark.parametrize(
    ("updates", "code"),
    [
        (SET.format(uri="item:Subject", held=SUBJECT), "NoError"),
        (SET.format(uri="calendar:Location", held=SUBJECT), "ErrorUpdatePropertyMismatch"),
        (SET.format(uri="item:Subject", held=SUBJECT * 2), "ErrorIncorrectUpdatePropertyCount"),
        (SET.format(uri="calendar:UID", held="<t:UID>other</t:UID>"), "ErrorInvalidPropertySet"),
        (SET.format(uri="item:Size", held="<t:Size>7</t:Size>"), "ErrorInvalidPropertySet"),
        (
            '<t:DeleteItemField><t:FieldURI FieldURI="calendar:Start"/></t:DeleteItemField>',
            "ErrorInvalidPropertyDelete",
        ),
        (SET.format(uri="item:Sensitivity", held="<t:Sensitivity>Deep</t:Sensitivity>"), "ErrorSchemaValidation"),
        ("", "ErrorSchemaValidation"),
    ],
)
def test_updates_are_checked_one_by_one(outlook: Outlook, updates: str, code: str) -> None:
    request = UPDATE.format(id=outlook.graph.id("hearing", "ewsId"), updates=updates)
    answer = outlook.soap(request)
    assert f">{code}<" in answer.text
    assert outlook.graph.kept("hearing")["subject"] == ("New" if code == "NoError" else "Hearing")


@pytest.mark.parametrize(
    ("held", "code"),
    [
        (START + END + ZONE + recurring("2026-12-04Z"), "NoError"),
        (START + END + ZONE + recurring("2026-12-01"), "ErrorCalendarInvalidRecurrence"),
        (START + END + ZONE + recurring("tomorrow"), "ErrorSchemaValidation"),
        (START.replace("09", "11") + END, "ErrorCalendarEndDateIsEarlierThanStartDate"),
        (START, "ErrorCalendarInvalidPropertyValue"),
        (SUBJECT, "ErrorCalendarInvalidPropertyValue"),
        (START + END + '<t:StartTimeZone Id="Moon Standard Time"/>', "ErrorTimeZone"),
        (START + END + "<t:IsAllDayEvent>maybe</t:IsAllDayEvent>", "ErrorSchemaValidation"),
        (START + END + "<t:CalendarItemType>Single</t:CalendarItemType>", "ErrorInvalidPropertySet"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_made(outlook: Outlook, held: str, code: str) -> None:
    answer = outlook.soap(CREATE.format(held=held))
    assert f">{code}<" in answer.text
    events = outlook.simulator.get_mailbox(ADA)["calendars"][0]["events"]
    assert len(events) == (4 if code == "NoError" else 3)
    if code == "NoError":  # a time without an offset is one of its own zone
        assert events[-1]["start"] == {"dateTime": "2026-12-02T09:00:00.0000000", "timeZone": "Eastern Standard Time"}


def test_an_update_needs_the_key_unless_it_overwrites_always(outlook: Outlook) -> None:
    request = UPDATE.format(id=outlook.graph.id("hearing", "ewsId"), updates=SUBJECT_SET)
    for resolution in ("AutoResolve", "NeverOverwrite"):
        answer = outlook.soap(request.replace("AlwaysOverwrite", resolution))
        assert "ErrorChangeKeyRequiredForWriteOperations" in answer.text
    assert outlook.graph.kept("hearing")["subject"] == "Hearing"


def test_calendar_items_need_a_word_on_invitations(outlook: Outlook) -> None:
    item = "<t:CalendarItem><t:Subject>New</t:Subject></t:CalendarItem>"
    answer = outlook.soap(f"<m:CreateItem><m:Items>{item}</m:Items></m:CreateItem>")
    assert "ErrorSendMeetingInvitationsRequired" in answer.text
    hearing = outlook.graph.id("hearing", "ewsId")
    answer = outlook.soap(
        f'<m:DeleteItem DeleteType="HardDelete"><m:ItemIds><t:ItemId Id="{hearing}"/></m:ItemIds></m:DeleteItem>'
    )
    assert "ErrorSendMeetingCancellationsRequired" in answer.text
    answer = outlook.soap(UPDATE.replace(' SendMeetingInvitationsOrCancellations="SendToNone"', ""))
    assert "ErrorSendMeetingInvitationsOrCancellationsRequired" in answer.text


def test_a_calendar_that_may_only_be_read(outlook: Outlook) -> None:
    calendars = [{"name": "Calendar", "default": True}, {"name": "Read", "canEdit": False}]
    outlook.simulator.mailbox(ADA, calendars=calendars)
    outlook = Outlook(outlook.simulator)
    (folder,) = outlook.account.calendar.children
    with pytest.raises(ErrorAccessDenied):
        CalendarItem(account=outlook.account, folder=folder, subject="No", start=at(2, 9), end=at(2, 10)).save()
