"""The properties of an appointment as elements, by the URI under which a request asks for them."""

from __future__ import annotations

import datetime as dt
import html
from collections.abc import Callable
from typing import Any

from tests.simulator import drafts
from tests.simulator.events import Event
from tests.simulator.ews import moments, recurring
from tests.simulator.ews.soap import Element, make

SHOWN = {
    "free": "Free", "tentative": "Tentative", "busy": "Busy", "oof": "OOF", "workingElsewhere": "WorkingElsewhere",
    "unknown": "NoData",
}  # fmt: skip
_ANSWERS = {
    "none": "Unknown", "organizer": "Organizer", "tentativelyAccepted": "Tentative", "accepted": "Accept",
    "declined": "Decline", "notResponded": "NoResponseReceived",
}  # fmt: skip
_TYPES = {
    "singleInstance": "Single",
    "seriesMaster": "RecurringMaster",
    "occurrence": "Occurrence",
    "exception": "Exception",
}
_KINDS = {"RequiredAttendees": "required", "OptionalAttendees": "optional", "Resources": "resource"}
Render = Callable[[Event, str], Any]


def _flag(value: object) -> str:
    return "true" if value else "false"


def _moment(event: Event, name: str) -> str:
    return moments.stamp(moments.instant(event, name.lower()))


def _slot(event: Event, name: str) -> str | None:
    if event.master is None or event.slot is None:
        return None
    return moments.stamp(moments.slot_start(event.master, event.slot))


def _whole_second(name: str) -> Render:
    return lambda event, _: str(event.get(name))[:19] + "Z"


def _zone(event: Event, name: str) -> Element:
    zone = moments.zone_of(event, "end" if name.startswith("End") else "start")
    return make(f"t:{name}", Id=zone, Name=zone)


def body(event: Event, wanted: str) -> Element:
    """``t:Body``; ``wanted`` is ``Best`` (as it is kept), ``HTML`` or ``Text``."""
    held = event.get("body")
    content, kind = str(held.get("content") or ""), str(held.get("contentType") or "html").lower()
    if wanted == "Text" and kind == "html":
        content, kind = drafts.plain_text(held), "text"
    elif wanted == "HTML" and kind == "text":
        lines = html.escape(content).replace("\r\n", "\n").replace("\n", "<br>\r\n")
        content, kind = f"<html><head></head><body>{lines}</body></html>", "html"
    return make("t:Body", content, BodyType="HTML" if kind == "html" else "Text")


def mailbox(person: dict[str, Any]) -> Element:
    address = str(person.get("address") or "")
    return make("t:Mailbox", None, [
        make("t:Name", str(person.get("name") or address)), make("t:EmailAddress", address),
        make("t:RoutingType", "SMTP"), make("t:MailboxType", "Mailbox"),
    ])  # fmt: skip


def _organizer(event: Event, name: str) -> Element:
    held = (event.data.get("organizer") or {}).get("emailAddress")
    owner, own = event.calendar.owner, event.mailbox
    person = held or {"name": owner.get("name") or own.name, "address": owner.get("address") or own.address}
    return make(f"t:{name}", None, [mailbox(person)])


def _answer(event: Event, name: str) -> str:
    own = drafts.is_organizer(event.data, event.mailbox)
    kept = (event.data.get("responseStatus") or {}).get("response")
    return _ANSWERS.get(kept or ("organizer" if own else "notResponded"), "Unknown")


def _attendees(event: Event, name: str) -> Element | None:
    found = [
        make("t:Attendee", None, [mailbox(one.get("emailAddress") or {}), make("t:ResponseType", _ANSWERS.get(
            str((one.get("status") or {}).get("response", "none")), "Unknown"))])
        for one in event.get("attendees") or []
        if one.get("type", "required") == _KINDS[name]
    ]  # fmt: skip
    return make(f"t:{name}", None, found) if found else None


def _names(event: Event, kinds: tuple[str, ...]) -> str | None:
    people = [one.get("emailAddress") or {} for one in event.get("attendees") or [] if one.get("type") in kinds]
    return "; ".join(str(one.get("name") or one.get("address")) for one in people) or None


def _categories(event: Event, name: str) -> Element | None:
    found = [make("t:String", str(one)) for one in event.get("categories") or []]
    return make(f"t:{name}", None, found) if found else None


def _duration(event: Event, name: str) -> str:
    length = event.end - event.start
    minutes = int(length % dt.timedelta(days=1) / dt.timedelta(minutes=1))
    days = f"{length.days}D" if length.days else ""
    hours = "T" + (f"{minutes // 60}H" if minutes >= 60 else "") + (f"{minutes % 60}M" if minutes % 60 else "")
    return "P" + days + (hours if minutes or not days else "") + ("0S" if not length else "")


def _state(event: Event, name: str) -> str:
    meeting = bool(event.get("attendees"))
    received = meeting and not drafts.is_organizer(event.data, event.mailbox)
    return str(meeting + 2 * received + 4 * bool(event.get("isCancelled")))


def _recurrence(event: Event, name: str) -> Element | None:
    return recurring.write(event) if event.is_master else None


def _occurrences(event: Event, name: str) -> Element | None:
    return recurring.occurrences(event, name) if event.is_master else None


def _edge(event: Event, name: str) -> Element | None:
    return recurring.edge(event, name) if event.is_master else None


def _text_body(event: Event, name: str) -> Element:
    return make("t:TextBody", drafts.plain_text(event.get("body")), BodyType="Text")


# In the order of the schema. Each gives an element, or the text of one of its name; nothing where there is none.
_SERIES = ("occurrence", "exception")
FIELDS: dict[str, Render] = {
    "item:ParentFolderId": lambda event, name: make(f"t:{name}", Id=event.calendar.ews_id, ChangeKey=event.calendar.change_key),
    "item:ItemClass": lambda event, _: "IPM.Appointment" + (".Occurrence" if event.type in _SERIES else ""),
    "item:Subject": lambda event, _: event.get("subject") or None,
    "item:Sensitivity": lambda event, _: str(event.get("sensitivity")).capitalize(),
    "item:Body": lambda event, _: body(event, "Best"),
    "item:DateTimeReceived": _whole_second("createdDateTime"),
    "item:Size": lambda event, _: str(1000 + len(str(event.data))),
    "item:Categories": _categories,
    "item:Importance": lambda event, _: str(event.get("importance")).capitalize(),
    "item:IsSubmitted": lambda event, _: "false",
    "item:IsDraft": lambda event, _: _flag(event.get("isDraft")),
    "item:IsFromMe": lambda event, _: "false",
    "item:IsResend": lambda event, _: "false",
    "item:IsUnmodified": lambda event, _: "false",
    "item:DateTimeSent": _whole_second("createdDateTime"),
    "item:DateTimeCreated": _whole_second("createdDateTime"),
    "item:ReminderDueBy": lambda event, _: _moment(event, "Start"),
    "item:ReminderIsSet": lambda event, _: _flag(event.get("isReminderOn")),
    "item:ReminderMinutesBeforeStart": lambda event, _: str(event.get("reminderMinutesBeforeStart")),
    "item:DisplayCc": lambda event, _: _names(event, ("optional",)),
    "item:DisplayTo": lambda event, _: _names(event, ("required",)),
    "item:HasAttachments": lambda event, _: _flag(event.get("hasAttachments")),
    "item:Culture": lambda event, _: "en-US",
    "item:LastModifiedName": lambda event, _: event.mailbox.name or None,
    "item:LastModifiedTime": _whole_second("lastModifiedDateTime"),
    "item:IsAssociated": lambda event, _: "false",
    "item:TextBody": _text_body,
    "calendar:UID": lambda event, _: (event.master or event).data.get("iCalUId"),
    "calendar:RecurrenceId": _slot,
    "calendar:DateTimeStamp": _whole_second("createdDateTime"),
    "calendar:Start": _moment,
    "calendar:End": _moment,
    "calendar:OriginalStart": _slot,
    "calendar:IsAllDayEvent": lambda event, _: _flag(event.is_all_day),
    "calendar:LegacyFreeBusyStatus": lambda event, _: SHOWN.get(str(event.get("showAs")), "Busy"),
    "calendar:Location": lambda event, _: (event.get("location") or {}).get("displayName") or None,
    "calendar:IsMeeting": lambda event, _: _flag(event.get("attendees")),
    "calendar:IsCancelled": lambda event, _: _flag(event.get("isCancelled")),
    "calendar:IsRecurring": lambda event, _: _flag(event.type in _SERIES),
    "calendar:MeetingRequestWasSent": lambda event, _: _flag(event.get("attendees")),
    "calendar:IsResponseRequested": lambda event, _: _flag(event.get("responseRequested")),
    "calendar:CalendarItemType": lambda event, _: _TYPES[event.type],
    "calendar:MyResponseType": _answer,
    "calendar:Organizer": _organizer,
    "calendar:RequiredAttendees": _attendees,
    "calendar:OptionalAttendees": _attendees,
    "calendar:Resources": _attendees,
    "calendar:Duration": _duration,
    "calendar:AppointmentSequenceNumber": lambda event, _: "0",
    "calendar:AppointmentState": _state,
    "calendar:Recurrence": _recurrence,
    "calendar:FirstOccurrence": _edge,
    "calendar:LastOccurrence": _edge,
    "calendar:ModifiedOccurrences": _occurrences,
    "calendar:DeletedOccurrences": _occurrences,
    "calendar:StartTimeZone": _zone,
    "calendar:EndTimeZone": _zone,
    "calendar:AllowNewTimeProposal": lambda event, _: _flag(event.get("allowNewTimeProposals")),
    "calendar:IsOnlineMeeting": lambda event, _: _flag(event.get("isOnlineMeeting")),
}  # fmt: skip
# Known to the schema, and never there in a simulated calendar.
ABSENT = frozenset(
    f"item:{name}" for name in (
        "MimeContent", "ItemId", "Attachments", "InReplyTo", "InternetMessageHeaders", "ResponseObjects",
        "EffectiveRights", "WebClientReadFormQueryString", "WebClientEditFormQueryString", "ConversationId",
        "UniqueBody", "Flag", "StoreEntryId", "InstanceKey", "NormalizedBody", "EntityExtractionResult", "PolicyTag",
        "ArchiveTag", "RetentionDate", "Preview", "NextPredictedAction", "GroupingAction", "RightsManagementLicenseData",
        "BlockStatus", "HasBlockedImages", "ReminderNextTime", "DateTimeModified",
    )
) | frozenset(
    f"calendar:{name}" for name in (
        "When", "ConflictingMeetingCount", "AdjacentMeetingCount", "ConflictingMeetings", "AdjacentMeetings", "TimeZone",
        "AppointmentReplyTime", "MeetingTimeZone", "ConferenceType", "MeetingWorkspaceUrl", "NetShowUrl",
        "EnhancedLocation", "StartWallClock", "EndWallClock", "StartTimeZoneId", "EndTimeZoneId",
        "IntendedFreeBusyStatus", "JoinOnlineMeetingUrl", "OnlineMeetingSettings", "IsOrganizer", "InboxReminders",
    )
)  # fmt: skip
# Only GetItem brings these; in a list they are left out without a word.
ONLY_SINGLY = frozenset((
    "item:Body", "item:TextBody", "calendar:Recurrence", "calendar:FirstOccurrence", "calendar:LastOccurrence",
    "calendar:ModifiedOccurrences", "calendar:DeletedOccurrences", "calendar:RequiredAttendees",
    "calendar:OptionalAttendees", "calendar:Resources",
))  # fmt: skip


def render(event: Event, uri: str) -> Element | None:
    """The element of one property; None where the appointment has none."""
    name = uri.partition(":")[2]
    found = FIELDS[uri](event, name)
    return make(f"t:{name}", found) if isinstance(found, str) else found
