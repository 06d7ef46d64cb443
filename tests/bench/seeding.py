"""`python -m tests.bench.seeding STEP …`: what has to be there before anything is measured.

files EVENTS FOLDER     both sides of the sample, for the importer and for the simulator
rows FOLDER             our side, into the database of DATABASE_URL
sign_in                 consent given and the run queued, as after an accepted sign-in
"""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.bench import shape
from tests.bench.usage import Usage

MAILBOX, LINES = "mailbox.json", "lines.jsonl"
PEOPLE = (
    {"type": "firm", "slug": "bench", "name": "Bench & Sons LLP"},
    {"type": "member", "firm": "bench", "email": shape.ADDRESS, "name": "Ada", "time_zone": "America/New_York"},
    {"type": "connection", "member": shape.ADDRESS, "provider": "outlook", "account": shape.ADDRESS},
)


def files(events: str, folder: str) -> dict[str, Any]:
    made, facts = shape.calendar(int(events))
    calendars = [{"name": "Calendar", "default": True, "events": made.events}]
    with Path(folder, MAILBOX).open("w", encoding="utf-8") as mailbox:
        json.dump({"address": shape.ADDRESS, "calendars": calendars}, mailbox)
    with Path(folder, LINES).open("w", encoding="utf-8") as lines:
        for line in (*PEOPLE, *({**line, "member": shape.ADDRESS} for line in made.lines)):
            lines.write(json.dumps(line) + "\n")
    return asdict(facts)


def rows(folder: str) -> dict[str, Any]:
    import django
    from django.core.management import call_command
    from django.db import connection

    django.setup()
    call_command("migrate", verbosity=0)
    with Usage() as usage:
        call_command("import_sync_data", str(Path(folder, LINES)), stdout=sys.stderr)
    with connection.cursor() as cursor:
        # As rows that have been there for years: known to the planner, and visible to all.
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")
    return usage.figures


def sign_in() -> dict[str, Any]:
    import django

    django.setup()
    from django.conf import settings

    from calendars.models import CalendarConnection
    from tests.migration import moving
    from tests.simulator.client import Control

    connection = CalendarConnection.objects.select_related("member").get(account=shape.ADDRESS)
    run = moving.sign_in(connection, Control(settings.SIMULATOR_URL))
    return {"run": run.pk}


if __name__ == "__main__":
    print(json.dumps({"files": files, "rows": rows, "sign_in": sign_in}[sys.argv[1]](*sys.argv[2:])))
