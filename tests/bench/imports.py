"""`python -m tests.bench.imports STEP …`: what `import_sync_data` costs for a hundred firm members at once.

file EVENTS FOLDER   the file, 1,000 events to a member; its size in megabytes
import FOLDER        its import into the empty database of DATABASE_URL, and once more, where nothing is left to do
"""

import io
import json
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.bench.usage import Usage

PER_MEMBER = 1000
NAME = "import.jsonl"


def lines(events: int) -> Iterator[dict[str, Any]]:
    yield {"type": "firm", "slug": "bench", "name": "Bench & Sons LLP"}
    for number in range(events):
        member = f"member{number // PER_MEMBER}@bench.example"
        if number % PER_MEMBER == 0:
            yield {"type": "member", "firm": "bench", "email": member, "name": "M", "time_zone": "America/New_York"}
            yield {"type": "connection", "member": member, "provider": "outlook", "account": member}
        yield synced_event(member, number)


def synced_event(member: str, number: int) -> dict[str, Any]:
    """One in ten is a master, the next an edited occurrence of it, one in twenty edited here since it was synced."""
    start = datetime(2026, 1, 1, 9) + timedelta(hours=number % 8000)
    line = {
        "type": "synced_event", "member": member, "uid": f"{number:032x}", "subject": f"Hearing {number}",
        "all_day": False, "start": start.isoformat(), "end": (start + timedelta(hours=1)).isoformat(),
        "time_zone": "Eastern Standard Time", "ews_id": f"AAMkAGI2{number:0130d}AAA=", "location": "Court 3",
        "ical_uid": f"040000008200E00074C5B7101A82E008{number:048x}", "change_key": f"DwAAABYAAAB{number:029d}",
        "body": "Bring the file. " * 20, "modified": "2026-11-01T12:00:00Z",
    }  # fmt: skip
    if number % 10 == 0:
        line |= {"rrule": "FREQ=WEEKLY;COUNT=10", "exdates": [(start + timedelta(weeks=2)).isoformat()]}
    elif number % 10 == 1:
        original = start - timedelta(hours=1) + timedelta(weeks=1)
        line |= {"series": f"{number - 1:032x}", "original_start": original.isoformat()}
    if number % 20 == 5:
        line["as_synced"] = {"subject": "Hearing (old title)"}
    return line


def file(events: str, folder: str) -> dict[str, Any]:
    path = Path(folder, NAME)
    with path.open("w", encoding="utf-8") as stream:
        stream.writelines(json.dumps(line) + "\n" for line in lines(int(events)))
    return {"events": int(events), "size": path.stat().st_size / 1e6}


def measure(folder: str) -> dict[str, Any]:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    found = {}
    for name in ("first", "again"):
        with Usage() as usage:
            call_command("import_sync_data", str(Path(folder, NAME)), stdout=io.StringIO())
        found[name] = usage.figures
    return found


if __name__ == "__main__":
    print(json.dumps({"file": file, "import": measure}[sys.argv[1]](*sys.argv[2:])))
