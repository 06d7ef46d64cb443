"""The import of firms, members, connections and synced events from the service as it was; docs/import.md."""

from collections.abc import Callable
from typing import BinaryIO

from django.db import reset_queries, transaction

from calendars.importing.connections import add_connections
from calendars.importing.events import add_events
from calendars.importing.fields import BadLine
from calendars.importing.memory import FileMemory
from calendars.importing.people import add_firms, add_members
from calendars.importing.reading import MAX_LINE, Line, batches
from calendars.importing.records import ConnectionLine, EventLine, FirmLine, MemberLine, Record, parse
from calendars.importing.report import Report
from firms import audit


def import_sync_data(stream: BinaryIO, progress: Callable[[int], object] = lambda size: None) -> Report:
    """Imports all lines of `stream`, or nothing where one of them is bad: the report says which.

    `progress` is called with the number of bytes of each batch that is done. Raises OSError where the stream cannot be
    read, and IntegrityError where somebody made the same rows meanwhile; nothing is written then either.
    """
    report = Report()
    with transaction.atomic():
        with FileMemory() as memory:
            for batch in batches(stream):
                # Good lines are written even after a bad one, so that lines that refer to them are judged rightly.
                _add(batch.lines, memory, report)
                report.end_batch()
                progress(batch.size)
                reset_queries()  # DEBUG would keep them all
        if report.bad:
            transaction.set_rollback(True)
        elif report.created.total():
            audit.record(
                "sync_data.imported", actor=None, created=dict(+report.created), already_there=dict(+report.there)
            )
    return report


def _add(lines: list[Line], memory: FileMemory, report: Report) -> None:
    """Type by type: what a line may refer to is written before it, and known by its number to stand above it."""
    records = _Sorted()
    for line in lines:
        try:
            records.add(_parse(line))
        except BadLine as problem:
            report.refuse(line.number, str(problem))
    firms_made = add_firms(records.firms, report)
    members_made = add_members(records.members, firms_made, report)
    named = add_connections(records.connections, members_made, report)
    add_events(records.events, named, memory, report)
    memory.remember("connection", named.last())


def _parse(line: Line) -> Record:
    if line.content is None:
        raise BadLine(f"is longer than {MAX_LINE:,} bytes")
    return parse(line.number, line.content)


class _Sorted:
    def __init__(self) -> None:
        self.firms: list[FirmLine] = []
        self.members: list[MemberLine] = []
        self.connections: list[ConnectionLine] = []
        self.events: list[EventLine] = []

    def add(self, record: Record) -> None:
        match record:
            case FirmLine():
                self.firms.append(record)
            case MemberLine():
                self.members.append(record)
            case ConnectionLine():
                self.connections.append(record)
            case EventLine():
                self.events.append(record)
