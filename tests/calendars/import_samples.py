"""Lines of an import file, each valid by itself, and the command run on them."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from calendars.models import CalendarConnection, Event, Grant, SyncedEvent
from firms.models import AuditEntry, Firm, User

ADA = "ada@harperwolfe.example"
TABLES = (Firm, User, CalendarConnection, Grant, Event, SyncedEvent, AuditEntry)


def firm(**changes: Any) -> dict[str, Any]:
    return {"type": "firm", "slug": "harper-wolfe", "name": "Harper & Wolfe LLP"} | changes


def member(**changes: Any) -> dict[str, Any]:
    line = {"type": "member", "firm": "harper-wolfe", "email": ADA, "name": "Ada Byron"}
    return line | {"time_zone": "America/New_York", "role": "member"} | changes


def connection(**changes: Any) -> dict[str, Any]:
    line = {"type": "connection", "member": ADA, "provider": "outlook", "account": ADA, "calendar": "Calendar"}
    line |= {"default": True, "ews_folder_id": "AAMkFolder=", "tid": None, "oid": None, "sync_state": "H4sIAAA="}
    return line | {"grant": {"service": "ews", "refresh_token": "a-secret-token"}} | changes


def google(**changes: Any) -> dict[str, Any]:
    line = {"type": "connection", "member": ADA, "provider": "google", "account": "ada@gmail.example"}
    return line | {"grant": {"service": "google", "refresh_token": "a-secret-token"}} | changes


def event(uid: str = "hearing", **changes: Any) -> dict[str, Any]:
    line = {"type": "synced_event", "member": ADA, "uid": uid, "subject": "Secret hearing", "all_day": False}
    line |= {"start": "2026-11-23T09:00:00", "end": "2026-11-23T10:00:00", "time_zone": "America/New_York"}
    return line | {"ews_id": f"AAMk{uid}="} | changes


def master(uid: str = "weekly", **changes: Any) -> dict[str, Any]:
    return event(uid, rrule="FREQ=WEEKLY;COUNT=10", exdates=["2026-12-07T09:00:00"]) | changes


def edited(uid: str = "edited", **changes: Any) -> dict[str, Any]:
    line = event(uid, start="2026-11-30T11:00:00", end="2026-11-30T12:00:00")
    return line | {"series": "weekly", "original_start": "2026-11-30T09:00:00"} | changes


def people() -> list[dict[str, Any]]:
    return [firm(), member(), connection()]


def without(line: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in line.items() if name not in names}


def as_bytes(*lines: dict[str, Any] | bytes | str) -> bytes:
    return b"".join(_line(line) + b"\n" for line in lines)


def _line(line: dict[str, Any] | bytes | str) -> bytes:
    if isinstance(line, bytes):
        return line
    return line.encode() if isinstance(line, str) else json.dumps(line).encode()


class Importer:
    """The command on a file in a folder of the test's own."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "sync.jsonl"

    def run(self, *lines: dict[str, Any] | bytes | str) -> str:
        self.path.write_bytes(as_bytes(*lines))
        return self.again()

    def again(self) -> str:
        out = io.StringIO()
        call_command("import_sync_data", str(self.path), stdout=out, stderr=io.StringIO())
        return out.getvalue()

    def refused(self, *lines: dict[str, Any] | bytes | str) -> tuple[list[str], str]:
        """The lines on stderr and the last sentence, of an import that must have written nothing."""
        self.path.write_bytes(as_bytes(*lines))
        return self.refused_again()

    def refused_again(self) -> tuple[list[str], str]:
        before, err = everything(), io.StringIO()
        with pytest.raises(CommandError) as refusal:
            call_command("import_sync_data", str(self.path), stdout=io.StringIO(), stderr=err)
        assert everything() == before
        assert refusal.value.returncode == 1
        return err.getvalue().splitlines(), str(refusal.value)


def everything() -> dict[str, list[dict[str, Any]]]:
    """Every row of every table that an import writes."""
    rows = {table.__name__: list(table.objects.order_by("pk").values()) for table in TABLES}
    for grant in rows["Grant"]:
        grant["secret"] = bytes(grant["secret"])
    return rows
