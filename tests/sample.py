"""A member's calendar as both sides hold it: lines for `import_sync_data`, and the mailbox for the simulator.

Made from a seed, so that every figure is known beforehand. Nobody in it exists.
"""

import base64
import random
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

MATTERS = ("Harlow v. Pine", "Estate of Quill", "Bramble Lease", "Osprey Merger", "Fenwick Appeal", "Larkspur Trust")
DOINGS = ("Hearing", "Deposition", "Client call", "Filing deadline", "Settlement talk", "Document review")
PLACES = ("Court 3", "Conference room B", "Phone", "Chambers", "")
ZONES = ("America/New_York", "America/Chicago", "America/Los_Angeles")
WINDOWS = {
    "America/New_York": "Eastern Standard Time",
    "America/Chicago": "Central Standard Time",
    "America/Los_Angeles": "Pacific Standard Time",
}


@dataclass
class Sample:
    """`lines` lack their `member`; `events` are the simulator's. `truth`: uid → ref of its appointment, or None."""

    lines: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    truth: dict[str, str | None] = field(default_factory=dict)
    # uids by what should happen to them.
    deleted: list[str] = field(default_factory=list)
    renumbered: list[str] = field(default_factory=list)


def calendar(
    total: int,
    *,
    deleted: int = 0,
    renumbered: int = 0,
    every_series: int = 40,
    every_all_day: int = 9,
    every_edited: int = 1,
    unknown: int = 0,
    first_day: date = date(2026, 12, 1),
    seed: int = 1,
) -> Sample:
    """`total` synced events, of which `deleted` are gone from Outlook, and `renumbered` have lost their old id and
    share no calendar UID, so that only subject and times find them. Each `every_series`th is a weekly series, two of whose
    occurrences are edited (and count as events) in each `every_edited`th of them; each `every_all_day`th lasts whole days.
    `unknown` further appointments have never been synced."""
    rng, sample, number, series = random.Random(seed), Sample(), 0, 0
    while len(sample.lines) < total:
        number += 1
        room = total - len(sample.lines)
        if number % every_series == 0 and room >= 3:
            series += 1
            _series(sample, rng, number, first_day, edited=series % every_edited == 0)
        else:
            _single(sample, rng, number, first_day, all_day=number % every_all_day == 0)
    singles = [line["uid"] for line in sample.lines if "rrule" not in line and "series" not in line]
    chosen = rng.sample(singles, deleted + renumbered)
    _delete(sample, chosen[:deleted])
    _renumber(sample, chosen[deleted:])
    _know_nothing_of(sample, rng, range(number + 1, number + 1 + unknown), first_day)
    return sample


def _know_nothing_of(sample: Sample, rng: random.Random, numbers: range, first_day: date) -> None:
    there = Sample()
    for number in numbers:
        _single(there, rng, number, first_day, all_day=False)
    sample.events += there.events


def _single(sample: Sample, rng: random.Random, number: int, first_day: date, *, all_day: bool) -> None:
    zone = rng.choice(ZONES)
    day = first_day + timedelta(days=number % 400)
    line = _line(rng, number, zone)
    if all_day:
        end = day + timedelta(days=rng.randint(1, 3))
        line |= {"all_day": True, "start": day.isoformat(), "end": end.isoformat()}
    else:
        start = datetime(day.year, day.month, day.day, 8 + number % 9, rng.choice((0, 15, 30, 45)))
        line |= {"start": _wall(start), "end": _wall(start + timedelta(minutes=rng.choice((30, 45, 60, 90))))}
    _add(sample, line, _event(line))


def _series(sample: Sample, rng: random.Random, number: int, first_day: date, *, edited: bool) -> None:
    zone = rng.choice(ZONES)
    day = first_day + timedelta(days=number % 60)
    start = datetime(day.year, day.month, day.day, 9 + number % 6, 0)
    line = _line(rng, number, zone) | {"start": _wall(start), "end": _wall(start + timedelta(hours=1))}
    line |= {"rrule": "FREQ=WEEKLY;COUNT=12", "exdates": [_wall(start + timedelta(weeks=5))]}
    event = _event(line) | {
        "recurrence": {
            "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": [start.strftime("%A").lower()]},
            "range": {
                "type": "numbered", "startDate": day.isoformat(), "numberOfOccurrences": 12,
                "recurrenceTimeZone": WINDOWS[zone],
            },
        },
        "exceptions": [],
        "cancelled": [(start + timedelta(weeks=5)).date().isoformat()],
    }  # fmt: skip
    _add(sample, line, event)
    for week in (2, 3) if edited else ():
        original = start + timedelta(weeks=week)
        moved = _line(rng, number, zone) | {
            "uid": f"{line['uid']}-{week}",
            "subject": line["subject"] + " (moved)",
            "start": _wall(original + timedelta(hours=2)),
            "end": _wall(original + timedelta(hours=3)),
            "series": line["uid"],
            "original_start": _wall(original),
        }
        sample.lines.append(moved)
        sample.truth[moved["uid"]] = moved["uid"]
        event["exceptions"].append(
            {
                "ref": moved["uid"], "originalStart": original.date().isoformat(), "subject": moved["subject"],
                "start": _there(moved["start"], zone), "end": _there(moved["end"], zone),
            }
        )  # fmt: skip


def _line(rng: random.Random, number: int, zone: str) -> dict[str, Any]:
    # As long as real ones and as alike: the head is the mailbox's, the tail the item's.
    old_id = base64.b64encode(b"\x00\x02\x69\x32" * 12 + rng.randbytes(72)).decode()
    return {
        "type": "synced_event",
        "uid": f"event-{number:06d}",
        "subject": f"{rng.choice(DOINGS)}: {rng.choice(MATTERS)} #{number}",
        "all_day": False,
        "time_zone": zone,
        "ews_id": old_id,
        "ical_uid": "040000008200E00074C5B7101A82E00800000000" + rng.randbytes(20).hex().upper(),
        "location": rng.choice(PLACES),
        "modified": "2026-11-01T12:00:00Z",
    }


def _event(line: dict[str, Any]) -> dict[str, Any]:
    event = {
        "ref": line["uid"],
        "ewsId": line["ews_id"],
        "iCalUId": line["ical_uid"],
        "subject": line["subject"],
        "location": {"displayName": line["location"]},
        "isAllDay": line["all_day"],
        "originalStartTimeZone": WINDOWS[line["time_zone"]],
    }
    for side in ("start", "end"):
        event[side] = _there(line[side] + "T00:00:00" if line["all_day"] else line[side], line["time_zone"])
    return event


def _add(sample: Sample, line: dict[str, Any], event: dict[str, Any]) -> None:
    sample.lines.append(line)
    sample.events.append(event)
    sample.truth[line["uid"]] = event["ref"]


def _delete(sample: Sample, uids: list[str]) -> None:
    gone = set(uids)
    sample.deleted = uids
    sample.events = [event for event in sample.events if event["ref"] not in gone]
    sample.truth |= dict.fromkeys(uids)


def _renumber(sample: Sample, uids: list[str]) -> None:
    """As after an export and re-import of the mailbox: same appointment, new id, new calendar UID."""
    sample.renumbered = uids
    changed = set(uids)
    for event in sample.events:
        if event["ref"] in changed:
            event["translates"] = "error"
            event["iCalUId"] = "0400" + event["iCalUId"][::-1]


def _wall(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


def _there(wall: str, zone: str) -> dict[str, str]:
    return {"dateTime": wall, "timeZone": WINDOWS[zone]}
