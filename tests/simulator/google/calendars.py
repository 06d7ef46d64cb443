"""The list of a person's calendars, and single ones."""

from __future__ import annotations

from typing import Any

from tests.simulator.google import events
from tests.simulator.google.context import READ_CALENDARS, READ_LIST, Context
from tests.simulator.google.errors import invalid
from tests.simulator.google.listing import default_reminders, role, summary
from tests.simulator.http import Response
from tests.simulator.mailbox import Calendar

_ROLES = ("freeBusyReader", "reader", "writer", "owner")
_CONFERENCES = {"allowedConferenceSolutionTypes": ["hangoutsMeet"]}


def _entry(calendar: Calendar) -> dict[str, Any]:
    return {
        "kind": "calendar#calendarListEntry", "etag": f'"{calendar.change_key}"', "id": calendar.id,
        "summary": summary(calendar), "timeZone": events.iana(calendar.mailbox.time_zone), "colorId": "14",
        "backgroundColor": "#9fe1e7", "foregroundColor": "#000000", "selected": True, "accessRole": role(calendar),
        "defaultReminders": default_reminders(calendar), "conferenceProperties": _CONFERENCES,
        **({"primary": True} if calendar.is_default else {}),
    }  # fmt: skip


def list_calendars(context: Context) -> Response:
    """A page of them."""
    context.require(READ_LIST)
    context.known("maxResults", "minAccessRole", "pageToken", "showDeleted", "showHidden", "syncToken")
    least = context.request.arg("minAccessRole", "freeBusyReader")
    if least not in _ROLES:
        raise invalid(where="minAccessRole")
    found = [
        one for one in context.mailbox.calendars.values() if _ROLES.index(role(one)) >= _ROLES.index(str(least))
    ]  # fmt: skip
    offset, most = context.request.arg("pageToken", "0") or "", context.whole("maxResults", 100, 250)
    if not offset.isdecimal():
        raise invalid("Invalid page token value.", "pageToken")
    page = found[int(offset) : int(offset) + most]
    answer: dict[str, Any] = {"kind": "calendar#calendarList", "etag": '"p0"', "items": [_entry(one) for one in page]}
    more = int(offset) + most < len(found)
    answer |= {"nextPageToken": str(int(offset) + most)} if more else {"nextSyncToken": "calendars"}
    return Response.json(answer)


def get_entry(context: Context) -> Response:
    context.require(READ_LIST)
    context.known()
    return Response.json(_entry(context.calendar()))


def get_calendar(context: Context) -> Response:
    context.require(READ_CALENDARS)
    context.known()
    calendar = context.calendar()
    return Response.json(
        {
            "kind": "calendar#calendar", "etag": f'"{calendar.change_key}"', "id": calendar.id,
            "summary": summary(calendar), "timeZone": events.iana(calendar.mailbox.time_zone),
            "conferenceProperties": _CONFERENCES,
        }
    )  # fmt: skip
