"""``GET /_sim/mailboxes/{address}``: everything in a mailbox, with all ids and refs."""

from __future__ import annotations

from typing import Any

from tests.simulator import mailbox as boxes
from tests.simulator.drafts import is_organizer
from tests.simulator.events import EXTENDED, Event


def account(found: boxes.Mailbox) -> dict[str, Any]:
    """The account without its events."""
    return {
        "address": found.address, "provider": found.provider, "tid": found.tid, "oid": found.oid, "upn": found.upn,
        "mail": found.mail, "aliases": found.aliases, "kind": found.kind, "name": found.name,
        "timeZone": found.time_zone,
        "calendars": [calendar(one) for one in found.calendars.values()],
    }  # fmt: skip


def calendar(found: boxes.Calendar) -> dict[str, Any]:
    return {
        "name": found.name, "id": found.id, "ewsFolderId": found.ews_id, "default": found.is_default,
        "owner": found.owner, "canEdit": found.can_edit,
    }  # fmt: skip


def mailbox(found: boxes.Mailbox) -> dict[str, Any]:
    """The account with the events of each calendar, and those deleted."""
    result = account(found)
    for entry, one in zip(result["calendars"], found.calendars.values(), strict=True):
        entry["events"] = [event(held) for held in one.events.values()]
    result["deleted"] = [event(held) for held in found.deleted.values()]
    return result


def event(found: Event) -> dict[str, Any]:
    """An event as it is kept: what was given, its ids in every format, and a series' exceptions and cancelled days."""
    result = {
        **found.data,
        "ref": found.ref, "type": found.type, "ewsId": found.ews_id, "restId": found.rest_id,
        "immutableId": found.immutable_id, "translates": found.translates,
        "isOrganizer": is_organizer(found.data, found.mailbox),
        EXTENDED: [{"id": key, "value": value} for key, value in found.extended.items()],
    }  # fmt: skip
    if found.is_master:
        result["exceptions"] = [event(held) for _, held in sorted(found.exceptions.items())]
        left_out = found.data["recurrence"].get("without") or []  # which Google keeps in the rule
        result["cancelled"] = sorted({*left_out, *(slot.isoformat() for slot in found.cancelled)})
    if found.master is not None and found.slot is not None:
        result["seriesMasterRef"] = found.master.ref
        result["originalStart"] = found.master.slot_start(found.slot).isoformat().replace("+00:00", "Z")
    return result
