"""Seconds and peak memory of an import of 100,000 synced events, on a scratch database beside that of DATABASE_URL.

python tests/bench/import_100k.py [EVENTS]
"""

import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PER_MEMBER = 1000


def lines(events: int) -> Iterator[dict]:
    yield {"type": "firm", "slug": "bench", "name": "Bench & Sons LLP"}
    for number in range(events):
        member = f"member{number // PER_MEMBER}@bench.example"
        if number % PER_MEMBER == 0:
            yield {"type": "member", "firm": "bench", "email": member, "name": "M", "time_zone": "America/New_York"}
            yield {"type": "connection", "member": member, "provider": "outlook", "account": member}
        yield synced_event(member, number)


def synced_event(member: str, number: int) -> dict:
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


def write_file(path: Path, events: int) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines(events))


def timed_import(path: Path) -> None:
    from django.core.management import call_command

    begun, cpu_begun = time.perf_counter(), time.process_time()
    call_command("import_sync_data", str(path))
    seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu_begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"  {seconds:.1f} s ({cpu:.1f} s of them this process computing), peak memory of the process {peak:.0f} MB")


def main(events: int) -> None:
    import django
    from django.db import connection

    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    sys.path.insert(0, str(ROOT))
    django.setup()
    if connection.vendor == "sqlite":
        scratch = tempfile.TemporaryDirectory()
        connection.settings_dict["TEST"]["NAME"] = f"{scratch.name}/bench.sqlite3"
    else:
        connection.settings_dict["TEST"]["NAME"] = "caret_sync_bench"
    before = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "bench.jsonl"
            write_file(path, events)
            print(f"{events:,} synced events, {path.stat().st_size / 1e6:.0f} MB, {connection.vendor}")
            timed_import(path)
            print("again:")
            timed_import(path)
    finally:
        connection.creation.destroy_test_db(before, verbosity=0)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
