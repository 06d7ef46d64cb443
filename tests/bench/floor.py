"""`python -m tests.bench.floor ADDRESS`: the least that linking a calendar can cost, with nothing of what makes it right.

One page after the other is fetched and parsed; UIDs and ids are written by COPY (SQLite: one statement used again and
again) and joined to the synced events in one UPDATE. No old id is translated, nothing is compared, confirmed or explained.
"""

import json
import sys
from typing import Any

import django
import orjson
import requests
from django.conf import settings
from django.db import connection as database
from django.db import transaction

from calendars.graph.appointments import SELECT
from tests.bench.access import token
from tests.bench.usage import Usage

MAKE = "CREATE TEMP TABLE found (ical_uid text PRIMARY KEY, appointment_id text)"
LINK = """
    UPDATE calendars_syncedevent SET link = 'linked', appointment_id = found.appointment_id
    FROM found WHERE found.ical_uid = calendars_syncedevent.ical_uid
"""


def pages(headers: dict[str, str]) -> list[tuple[str, str]]:
    """UID and id of every appointment."""
    found: list[tuple[str, str]] = []
    link: str | None = f"{settings.GRAPH_URL}/me/events?$select={SELECT}&$top=1000"
    with requests.Session() as session:
        session.trust_env = False
        while link:
            page = orjson.loads(session.get(link, headers=headers, timeout=120).content)
            found += [(one["iCalUId"], one["id"]) for one in page["value"]]
            link = page.get("@odata.nextLink")
    return found


def write(found: list[tuple[str, str]]) -> None:
    with transaction.atomic(), database.cursor() as cursor:
        cursor.execute(MAKE)
        if database.vendor == "postgresql":
            with cursor.copy("COPY found FROM STDIN") as copy:
                for row in found:
                    copy.write_row(row)
        else:
            cursor.executemany("INSERT INTO found VALUES (%s, %s)", found)
        cursor.execute(LINK)


def main(address: str) -> dict[str, Any]:
    django.setup()
    headers = token(settings.SIMULATOR_URL, address)
    with Usage() as usage:
        write(pages(headers))
    return usage.figures


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1])))
