"""What Outlook adds to the properties of an appointment that somebody wrote."""

from __future__ import annotations

import datetime as dt
import html
import re
from typing import Any

from tests.simulator import times
from tests.simulator.mailbox import Mailbox

_TAG = re.compile(r"<[^>]*>")
_BODY_ONLY = re.compile(r"(?is)<(head|style|script)\b.*?</\1>")
_NEVER = "0001-01-01T00:00:00Z"


def plain_text(body: dict[str, Any]) -> str:
    """The text of a body, without markup."""
    content = str(body.get("content") or "")
    if str(body.get("contentType", "html")).lower() == "text":
        return content
    return html.unescape(_TAG.sub("", _BODY_ONLY.sub("", content))).strip()


def refine(data: dict[str, Any]) -> dict[str, Any]:
    """Derive from what was written what follows from it: preview, places, answers of attendees."""
    if "body" in data:
        data["body"] = {"contentType": "html", "content": "", **(data["body"] or {})}
        data["bodyPreview"] = plain_text(data["body"])[:255]
    if "location" in data:
        name = (data["location"] or {}).get("displayName") or ""
        place = {"displayName": name, "locationType": "default", "uniqueId": name, "uniqueIdType": "private"}
        data["location"] = {**place, **(data["location"] or {})}
        data.setdefault("locations", [data["location"]] if name else [])
    for attendee in data.get("attendees") or []:
        attendee.setdefault("type", "required")
        attendee.setdefault("status", {"response": "none", "time": _NEVER})
    return data


def complete(data: dict[str, Any], mailbox: Mailbox, created: dt.datetime, number: object) -> dict[str, Any]:
    """The properties of a new appointment with those that Outlook sets once: creation, UID, original zones."""
    refine(data)
    data.setdefault("createdDateTime", times.stamp(created))
    if not data.get("iCalUId"):
        data["iCalUId"] = mailbox.new_uid(created, number)
    for side, name in (("start", "originalStartTimeZone"), ("end", "originalEndTimeZone")):
        data.setdefault(name, times.windows_name(data[side]["timeZone"]))
    if data.get("recurrence"):
        limits = data["recurrence"].get("range") or {}
        if not limits.get("recurrenceTimeZone"):
            zone = times.windows_name(data["start"]["timeZone"])
            data["recurrence"] = {**data["recurrence"], "range": {**limits, "recurrenceTimeZone": zone}}
    return data


def is_organizer(data: dict[str, Any], mailbox: Mailbox) -> bool:
    """Is the appointment the mailbox's own?"""
    if "isOrganizer" in data:
        return bool(data["isOrganizer"])
    address = ((data.get("organizer") or {}).get("emailAddress") or {}).get("address")
    if not address:
        return True
    names = {name.casefold() for name in (*mailbox.names(), mailbox.mail or "")}
    return str(address).casefold() in names


def people(data: dict[str, Any]) -> list[str]:
    """The addresses of the attendees."""
    found = [(attendee.get("emailAddress") or {}).get("address") for attendee in data.get("attendees") or []]
    return [str(address) for address in found if address]
