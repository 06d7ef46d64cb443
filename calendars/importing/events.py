"""Synced events of a batch: our event, and what was synced of it. A row that is there already is left as it is."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from django.utils import timezone

from calendars.bulk import Pair, blank_columns, primary_keys, reserve, write_columns
from calendars.importing.connections import Named, connections_of
from calendars.importing.fields import BadLine
from calendars.importing.memory import FileMemory
from calendars.importing.people import users_by_email
from calendars.importing.records import EventLine
from calendars.importing.report import Report
from calendars.importing.snapshots import columns, original_columns
from calendars.models import CalendarConnection, Event, SyncedEvent
from calendars.states import Provider
from calendars.sync.content import hash_of


class Owner(NamedTuple):
    """Whose event it is: primary keys of the member and of the connection that it is synced by."""

    member: int
    zone: str
    connection: int
    provider: str


class Master(NamedTuple):
    """What an edited occurrence needs of its master."""

    synced: int
    event: int | None
    recurs: bool
    all_day_now: bool
    all_day_synced: bool


Columns = dict[str, Any]
OwnedLine = tuple[EventLine, Owner]


def add_events(lines: Sequence[EventLine], named: Named, memory: FileMemory, report: Report) -> None:
    owned = list(_with_owners(lines, named, memory, report))
    rows = _Rows(owned, memory)
    for line, owner in owned:
        try:
            counts = report.created if rows.add(line, owner) else report.there
            counts["synced_event"] += 1
        except BadLine as problem:
            report.refuse(line.number, str(problem))
    rows.write()
    memory.remember("event", rows.met)


def _with_owners(lines: Sequence[EventLine], named: Named, memory: FileMemory, report: Report) -> Iterator[OwnedLine]:
    """The connection named last above the line, else the member's live one, else their last."""
    users = users_by_email({line.member for line in lines})
    members = [user.pk for user in users.values()]
    there, recalled = connections_of(members, without=named.made), memory.recall("connection", members)
    for line in lines:
        user = users.get(line.member)
        row: CalendarConnection | None = None
        if user is not None:
            earlier = there[user.pk]
            of_file = [row for row in earlier if row.pk == recalled.get(user.pk)]
            row = named.above(user.pk, line.number) or next(iter(of_file or earlier[-1:]), None)
        if user is None or row is None:
            report.refuse(line.number, f"{line.member} has no connection, and none above")
        else:
            yield line, Owner(user.pk, user.time_zone, row.pk, row.provider)


class _Rows:
    """The rows of one batch, with what the database knows of its keys; constant queries, whatever the batch holds."""

    def __init__(self, owned: Sequence[OwnedLine], memory: FileMemory) -> None:
        uids = {(owner.connection, line.uid) for line, owner in owned}
        series = {(owner.connection, line.series) for line, owner in owned if line.series}
        # By connection and uid: the synced event's key. By connection and the service's id: the same.
        self.synced = primary_keys(SyncedEvent, "connection_id", "uid", uids | series)
        self.holders = self._holders(owned, Provider.OUTLOOK, "ews_id")
        self.holders |= self._holders(owned, Provider.GOOGLE, "appointment_id")
        self.events_there = primary_keys(Event, "member_id", "uid", {(owner.member, line.uid) for line, owner in owned})
        self.masters = _masters({pair: self.synced[pair] for pair in series if pair in self.synced})
        # The line on which the file had a synced event; those of this batch are added as they come.
        self.earlier = memory.recall("event", [self.synced[pair] for pair in uids if pair in self.synced])
        self.met: dict[int, int] = {}
        new = len(uids - self.synced.keys())
        self.synced_keys, self.event_keys = reserve(SyncedEvent, new), reserve(Event, new)
        self.blank_synced, self.blank_event = blank_columns(SyncedEvent), blank_columns(Event)
        self.new_synced: list[Columns] = []
        self.new_events: list[Columns] = []
        self.now = timezone.now()

    @staticmethod
    def _holders(owned: Sequence[OwnedLine], provider: Provider, column: str) -> dict[Pair, int]:
        ids = {
            (owner.connection, line.service_id)
            for line, owner in owned
            if owner.provider == provider and line.service_id is not None
        }
        return primary_keys(SyncedEvent, "connection_id", column, ids)

    def add(self, line: EventLine, owner: Owner) -> bool:
        """Whether the line makes a row; raises BadLine."""
        now = columns(line.now, owner.zone)
        synced = now if line.synced is line.now else columns(line.synced, owner.zone, "as_synced.")
        pair = (owner.connection, line.uid)
        key = there = self.synced.get(pair)
        if there is not None and (first := self.met.get(there) or self.earlier.get(there)):
            raise BadLine(f"uid is that of line {first} too")
        self._check_id(line, owner, there)
        if key is None:
            now, synced = self._in_series(line, owner, now, synced)
            key = self.synced[pair] = next(self.synced_keys)
            self._create(line, owner, key, now, synced)
        if line.service_id is not None:
            self.holders[owner.connection, line.service_id] = key
        self.met[key] = line.number
        return there is None

    def _check_id(self, line: EventLine, owner: Owner, there: int | None) -> None:
        if line.service_id is None:
            if owner.provider == Provider.OUTLOOK:
                raise BadLine("ews_id is missing")
            return
        holder = self.holders.get((owner.connection, line.service_id))
        if holder is not None and holder != there:
            on = f" on line {self.met[holder]}" if holder in self.met else ""
            raise BadLine(f"ews_id is that of another event of the connection{on}")

    def _in_series(self, line: EventLine, owner: Owner, now: Columns, synced: Columns) -> tuple[Columns, Columns]:
        """Both with the columns of an edited occurrence, where it is one."""
        if not line.series:
            return now, synced
        master = self.masters.get((owner.connection, line.series))
        if master is None:
            raise BadLine("there is no synced event with the uid that series names, and none above")
        if not master.recurs:
            raise BadLine("series names an event that does not recur")
        if master.event is None:
            raise BadLine("series names an event that has been deleted since")
        originals = (
            original_columns(line.now, owner.zone, master.all_day_now),
            original_columns(line.synced, owner.zone, master.all_day_synced),
        )
        return (
            now | originals[0] | {"series_id": master.event},
            synced | originals[1] | {"series_id": master.synced},
        )

    def _create(self, line: EventLine, owner: Owner, key: int, now: Columns, synced: Columns) -> None:
        event = self.events_there.get((owner.member, line.uid))
        if event is None:
            event = next(self.event_keys)
            self.new_events.append(
                self.blank_event
                | {"id": event, "member_id": owner.member, "uid": line.uid, "body": line.now.body}
                | {"modified_at": line.now.modified or self.now}
                | now
            )
        self.new_synced.append(
            self.blank_synced
            | {"id": key, "connection_id": owner.connection, "event_id": event, "uid": line.uid}
            | {"ical_uid": line.ical_uid, "change_key": line.change_key}
            | {"body_hash": hash_of(line.synced.body), "modified_here": line.synced.modified}
            | _link(line, owner)
            | synced
        )
        self.masters[owner.connection, line.uid] = Master(
            key, event, bool(line.now.rrule or line.synced.rrule), line.now.all_day, line.synced.all_day
        )

    def write(self) -> None:
        write_columns(Event, self.new_events)
        write_columns(SyncedEvent, self.new_synced)


def _link(line: EventLine, owner: Owner) -> Columns:
    """Google keeps its ids; those of the old Outlook sync are translated when the member moves."""
    if owner.provider == Provider.OUTLOOK:
        return {"ews_id": line.service_id}
    if line.service_id is None:
        return {}
    return {"appointment_id": line.service_id, "link": SyncedEvent.Link.LINKED}


def _masters(keys: dict[Pair, int]) -> dict[Pair, Master]:
    rows = SyncedEvent.objects.filter(pk__in=keys.values()).values_list(
        "pk", "event_id", "rrule", "all_day", "event__rrule", "event__all_day"
    )
    by_key = {
        pk: Master(pk, event, bool(rrule or event_rrule), bool(event_all_day), all_day)
        for pk, event, rrule, all_day, event_rrule, event_all_day in rows
    }
    return {pair: by_key[key] for pair, key in keys.items()}
