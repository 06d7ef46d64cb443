"""`python -m tests.bench.one_by_one HOW SIMULATOR ADDRESS FOLDER`: the obvious ways, each event asked for by its old id.

gets      one GET per event, four in flight, as many as Microsoft allows for a mailbox
batches   `$batch` of 20, one after the other, since one counts as four
Requests and parsing alone: what they would write to a database is left out, in their favour.
"""

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson
import requests

from tests.bench.access import token
from tests.bench.seeding import LINES
from tests.bench.usage import Usage

IN_FLIGHT = 4
BATCH = 20
FIELDS = "$select=id,subject,start,end,isAllDay,location,recurrence,iCalUId"
# An id of the old connection in the form that addresses take. "translateExchangeIds".
IN_ADDRESSES = str.maketrans("/+", "-_")


def paths(folder: str) -> list[str]:
    lines = (json.loads(line) for line in Path(folder, LINES).read_text(encoding="utf-8").splitlines())
    old_ids = [line["ews_id"] for line in lines if line["type"] == "synced_event"]
    return [f"/me/events/{quote(one.translate(IN_ADDRESSES), safe='')}?{FIELDS}" for one in old_ids]


def gets(graph: str, headers: dict[str, str], wanted: list[str]) -> list[int]:
    """The status of each event's answer."""

    def read(share: list[str]) -> list[int]:
        with requests.Session() as session:
            session.trust_env = False
            return [parsed(session.get(graph + path, headers=headers, timeout=60))[0] for path in share]

    with ThreadPoolExecutor(IN_FLIGHT) as pool:
        shares = pool.map(read, [wanted[first::IN_FLIGHT] for first in range(IN_FLIGHT)])
        return [status for share in shares for status in share]


def batches(graph: str, headers: dict[str, str], wanted: list[str]) -> list[int]:
    """The status of each event's answer."""
    own, found = {"Prefer": headers["Prefer"]}, list[int]()
    with requests.Session() as session:
        session.trust_env = False
        for first in range(0, len(wanted), BATCH):
            share = wanted[first : first + BATCH]
            items = [{"id": str(n), "method": "GET", "url": path, "headers": own} for n, path in enumerate(share)]
            _, body = parsed(session.post(f"{graph}/$batch", json={"requests": items}, headers=headers, timeout=60))
            found += [one["status"] for one in body["responses"]]
    return found


def parsed(response: requests.Response) -> tuple[int, Any]:
    return response.status_code, orjson.loads(response.content)


def main(how: str, simulator: str, address: str, folder: str) -> dict[str, Any]:
    wanted, headers = paths(folder), token(simulator, address)
    with Usage() as usage:
        found = {"gets": gets, "batches": batches}[how](f"{simulator}/v1.0", headers, wanted)
    # Those that are gone are refused; a throttled one would spoil the figures.
    if len(found) != len(wanted) or set(found) - {200, 400, 404} or found.count(200) < 0.9 * len(wanted):
        raise SystemExit(f"answers that spoil the figures: {sorted(set(found))}")
    count = len(wanted) if how == "gets" else -(-len(wanted) // BATCH)
    return {**usage.figures, "requests": count, "events": len(wanted)}


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
