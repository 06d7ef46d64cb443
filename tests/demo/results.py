"""What a run made of a member's events, compared with what is known of the sample. Pure."""

import csv
import io
from collections import Counter
from collections.abc import Mapping
from typing import Any

from tests.sample import Sample


def refs(mailbox: Mapping[str, Any]) -> dict[str, str]:
    """Immutable id → our own name of every appointment in a mailbox, edited occurrences included."""
    events = [event for calendar in mailbox["calendars"] for event in calendar["events"]]
    events += [edited for event in events for edited in event.get("exceptions") or []]
    return {event["immutableId"]: event["ref"] for event in events}


def wrong(links: list[dict[str, Any]], sample: Sample, names: Mapping[str, str]) -> list[str]:
    """The uids whose appointment is not the true one, or that are missing or there twice. `links` as export_links writes
    them, `names` as `refs` gives them."""
    times = Counter(link["uid"] for link in links)
    found = {link["uid"]: names.get(link["appointment_id"] or "") for link in links}
    uids = sample.truth.keys() | found.keys()
    return sorted(uid for uid in uids if times[uid] != 1 or found[uid] != sample.truth.get(uid, "none of ours"))


def found_by(links: list[dict[str, Any]], how: str) -> set[str]:
    return {link["uid"] for link in links if link["how"] == how}


def anomalies(links: list[dict[str, Any]]) -> set[str]:
    return {link["uid"] for link in links if link["outcome"] == "anomaly"}


def rows(report: str) -> list[dict[str, str]]:
    """Of the report as CSV."""
    return list(csv.DictReader(io.StringIO(report, newline="")))


def kinds(report: list[dict[str, str]]) -> Counter[str]:
    """How many rows have each outcome."""
    return Counter(row["outcome"] for row in report)


def described(sample: Sample) -> str:
    """What is special in a calendar, counted."""
    series = sum("rrule" in line for line in sample.lines)
    edited = sum("series" in line for line in sample.lines)
    all_day = sum(line["all_day"] for line in sample.lines)
    return f"{series:,} recurring series with {edited:,} edited occurrences, {all_day:,} all-day events"
