"""A made-up world as lines for the importer and appointments for the simulator, and a run's outcome in its names."""

from datetime import UTC, datetime
from typing import Any

from migration.matching import Candidate, Known
from tests.migration import moving
from tests.migration.both_sides import BothSides, exported, old_id, recurrence
from tests.migration.oracle import Verdict
from tests.migration.worlds import DAILY, WEEKLY, World
from tests.simulator import ids
from tests.simulator.client import Simulator

RULES = {"": None, WEEKLY: "FREQ=WEEKLY;BYDAY=MO", DAILY: "FREQ=DAILY"}


def both_sides(world: World) -> tuple[BothSides, list[dict[str, Any]]]:
    """Both sides of the synced calendar, and the appointments of another one."""
    both = BothSides()
    masters = {one.pk: one for one in world.known if one.series is None}
    for one in sorted(world.known, key=lambda one: one.series is not None):
        both.ours(
            f"{one.pk}", _wall(one.start, one.all_day), _wall(one.end, one.all_day), subject=one.subject,
            time_zone="UTC", location=one.location, rrule=RULES[one.pattern], ical_uid=one.ical_uid,
        )  # fmt: skip
        if one.series is not None and one.original_start is not None:
            master = masters[one.series]
            start = _wall(one.original_start, master.all_day)
            both.lines[-1] |= {"series": f"{master.pk}", "original_start": start}
    for there in world.listed:
        both.events.append(_event(world, there, masters.get(world.owners.get(there.id, 0))))
    both.deleted = [f"{one.pk}" for one in world.known if one.gone]
    aside = {one.id for one in world.listed if one.elsewhere}
    elsewhere = [event for event in both.events if event["ref"] in aside]
    both.events = [event for event in both.events if event["ref"] not in aside]
    return both, elsewhere


def _event(world: World, there: Candidate, owner: Known | None) -> dict[str, Any]:
    event = {"ref": there.id, **_said(there), "location": {"displayName": there.location}}
    if there.ical_uid:
        event["iCalUId"] = there.ical_uid
    if owner is not None:
        event |= {"ewsId": old_id(f"{owner.pk}"), "translates": "ok" if owner.translated else "error"}
    if there.pattern:
        event |= _recurrence(there)
        event["exceptions"] = [
            {"ref": one.id, "originalStart": _wall(one.original_start or 0, True), **_said(one)}
            for one in world.read.get(there.id, ())
        ]
        event["cancelled"] = [_wall(slot, True) for slot in world.cancelled.get(there.id, ())]
    return event


def _said(there: Candidate) -> dict[str, Any]:
    start, end = ({"dateTime": _wall(minutes or 0, False), "timeZone": "UTC"} for minutes in (there.start, there.end))
    return {"subject": there.subject, "isAllDay": there.all_day, "start": start, "end": end}


def _recurrence(there: Candidate) -> dict[str, Any]:
    start = _wall(there.start or 0, True)
    if there.pattern == DAILY:
        return recurrence("daily", start, zone="UTC")
    if there.pattern == WEEKLY:
        return recurrence("weekly", start, zone="UTC", daysOfWeek=["monday"])
    interval = int(there.pattern.split()[2])
    return recurrence("absoluteMonthly", start, zone="UTC", interval=interval, dayOfMonth=7)


def verdict(world: World, connection: Any, simulator: Simulator) -> Verdict:
    names = moving.refs(simulator)
    new = {name: key for key, name in names.items()}
    for (master, slot), one in world.ordinary.items():
        names[ids.occurrence_id(new[master], datetime.fromtimestamp(slot * 60, UTC).date())] = one.id
    rows = exported(connection)
    return Verdict(
        links={int(uid): (names[row["appointment_id"]], row["how"]) for uid, row in rows.items() if row["how"]},
        held={
            int(uid): {names[one] for one in row["candidates"]}
            for uid, row in rows.items() if row["outcome"] == "anomaly"
        },
    )  # fmt: skip


def _wall(minutes: int, day: bool) -> str:
    moment = datetime.fromtimestamp(minutes * 60, UTC).replace(tzinfo=None)
    return moment.date().isoformat() if day else moment.isoformat()
