"""Events as both sides hold them, one call for each, and what the export says became of them."""

import json
from datetime import date, datetime, timedelta
from io import StringIO
from typing import Any

from django.core.management import call_command

from tests.migration import moving
from tests.simulator.client import Simulator

ZONE = "America/New_York"
HOUR = timedelta(hours=1)
# How an event's appointment is to be found: by its old id, else by its calendar UID, else by subject and times alone.
ID, UID, LIKENESS = "id", "uid", "likeness"
NOT_FOUND, AMBIGUOUS = ("anomaly", "not_found", None), ("anomaly", "ambiguous", None)

Link = tuple[str, str | None, str | None]


class BothSides:
    """`lines` for the importer and `events` for the simulator; `line`s and `event`s given change what is said there.
    `deleted`: uids of events that have been deleted here since."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []
        self.deleted: list[str] = []

    def add(
        self, uid: str, start: str = "2026-12-01T09:00:00", end: str = "", *, subject: str = "Hearing",
        zone: str | None = ZONE, found: str = LIKENESS, line: dict[str, Any] | None = None,
        event: dict[str, Any] | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        """The appointment, named by the uid. Without an `end` an event lasts an hour, or a day where `start` is a date."""
        ours = self.ours(uid, start, end, subject=subject, time_zone=zone)
        there = self.theirs(uid, start, end, subject=subject, zone=zone or ZONE, ewsId=ours["ews_id"])
        there["translates"] = "ok" if found == ID else "error"
        if found == UID:
            ours["ical_uid"] = there["iCalUId"] = f"uid of {uid}"
        ours.update(line or {})
        there.update(event or {})
        return there

    def ours(self, uid: str, start: str, end: str = "", **fields: Any) -> dict[str, Any]:
        """A line without an appointment."""
        line = {"type": "synced_event", "uid": uid, "subject": "Hearing", "start": start, "end": end or _end(start)}
        self.lines.append(line | {"time_zone": ZONE, "all_day": len(start) == 10, "ews_id": old_id(uid)} | fields)
        return self.lines[-1]

    def theirs(self, ref: str, start: str, end: str = "", *, zone: str = ZONE, **fields: Any) -> dict[str, Any]:
        """An appointment without a line."""
        end = end or _end(start)
        times = {
            side: {"dateTime": wall if "T" in wall else wall + "T00:00:00", "timeZone": zone}
            for side, wall in (("start", start), ("end", end))
        }
        self.events.append({"ref": ref, "subject": "Hearing", "isAllDay": len(start) == 10, **times, **fields})
        return self.events[-1]

    def edited(self, uid: str, series: str, original: str, start: str, *, there: bool = True, **fields: Any) -> None:
        """An edited occurrence on our side, and `there` in Outlook too."""
        line = self.ours(uid, start, series=series, original_start=original, **fields)
        if there:
            master = next(event for event in self.events if event["ref"] == series)
            master.setdefault("exceptions", []).append(
                {
                    "ref": uid, "originalStart": original[:10], "subject": line["subject"],
                    "isAllDay": line["all_day"],
                    "start": {"dateTime": _timed(line["start"]), "timeZone": line["time_zone"] or ZONE},
                    "end": {"dateTime": _timed(line["end"]), "timeZone": line["time_zone"] or ZONE},
                }
            )  # fmt: skip


def recurrence(
    kind: str, start: str, *, times: int = 0, until: str = "", zone: str = ZONE, **pattern: Any
) -> dict[str, Any]:
    ends = {"type": "numbered", "numberOfOccurrences": times} if times else {"type": "noEnd"}
    if until:
        ends = {"type": "endDate", "endDate": until}
    return {
        "recurrence": {
            "pattern": {"type": kind, "interval": 1, **pattern},
            "range": {"startDate": start[:10], "recurrenceTimeZone": zone, **ends},
        }
    }


def old_id(uid: str) -> str:
    """Well formed, and the same each time."""
    return "AAMkADold" + uid.encode().hex().rjust(63, "0")


def found(connection: Any, simulator: Simulator) -> dict[str, Link]:
    """By uid: outcome, how or why not, and our name of the appointment; its id where it has no name."""
    names = moving.refs(simulator)
    return {
        uid: (one["outcome"], one["how"] or one["reason"], names.get(one["appointment_id"], one["appointment_id"]))
        for uid, one in exported(connection).items()
    }


def held(connection: Any, simulator: Simulator) -> dict[str, set[str]]:
    """By uid of the anomalies: our names of the candidates."""
    names = moving.refs(simulator)
    return {
        uid: {names[one] for one in row["candidates"]}
        for uid, row in exported(connection).items()
        if row["outcome"] == "anomaly"
    }


def exported(connection: Any) -> dict[str, dict[str, Any]]:
    out = StringIO()
    call_command("export_links", connection.member.email, stdout=out)
    rows = [json.loads(line) for line in out.getvalue().splitlines()]
    return {row["uid"]: row for row in rows}


def _end(start: str) -> str:
    if len(start) == 10:
        return (date.fromisoformat(start) + timedelta(days=1)).isoformat()
    return (datetime.fromisoformat(start) + HOUR).isoformat()


def _timed(wall: str) -> str:
    return wall if "T" in wall else wall + "T00:00:00"
