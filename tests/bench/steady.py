"""What staying in step costs: hours of a connection by the daily sync, and how soon a change in Outlook arrives here.

Requests and rows are counted; what 100,000 connections ask for is worked out from them.
"""

from collections.abc import Callable
from dataclasses import asdict
from statistics import median
from typing import Any

from tests.bench import table
from tests.bench.children import child, simulator
from tests.bench.databases import Database
from tests.bench.musts import Must

Tell = Callable[[str], None]
Say = Callable[[str], None]
SETTINGS = "tests.bench.steady_settings"
LARGEST = 10_000
CONNECTIONS = 100_000
ARRIVALS = 20
IDLE_REQUESTS = 2


def measure(found: list[Database], sizes: list[int], tell: Tell) -> dict[str, Any]:
    """In the last database, the one most like production's. Of Graph at each size up to 10,000; of the other services, and
    of arrivals, at the smallest."""
    sizes = [size for size in sizes if size <= LARGEST] or [LARGEST]
    database = found[-1]
    database.make()
    child("steady_hours", "tables", database=database.seeded, settings=SETTINGS)
    costs, arrivals = [], []
    with simulator(0) as there:
        for service, events in [*(("graph", events) for events in sizes), ("ews", sizes[0]), ("google", sizes[0])]:
            tell(f"in step: {service}, {events:,} events, {database.name}")
            costs.append(_child(there.url, database, "steady_hours", "hours", service, events))
        for how in ("told", "polled"):
            tell(f"{ARRIVALS} changes in Outlook, {how}")
            arrivals.append(_child(there.url, database, "steady_arrival", how, ARRIVALS, sizes[0]))
    must = musts(costs)
    return {"steady": costs, "arrivals": arrivals, "steady_musts": [asdict(one) for one in must]}


def _child(url: str, database: Database, module: str, *arguments: object) -> dict[str, Any]:
    given = [str(one) for one in arguments]
    figures = child(module, *given, database=database.copy(), simulator=url, settings=SETTINGS)
    return {"database": database.name, **figures}


# --- What must hold ---------------------------------------------------------------------------------------------------
def musts(costs: list[dict[str, Any]]) -> list[Must]:
    found = []
    for one in costs:
        where = f"{one['service']}, {one['database']}, {one['events']:,} events"
        for hour in (hour for hour in one["hours"] if not hour["changed"]):
            how = f"{where}, {_how(hour)}"
            found.append(Must(hour["writes"] == 0, f"{how}: nothing changed, {hour['writes']} requests that write"))
            found.append(Must(hour["rows"] == 0, f"{how}: nothing changed, {hour['rows']} rows of events written"))
            if one["service"] == "graph":
                each = _asked(hour) / hour["syncs"]
                words = f"{how}: {each:.1f} requests in a sync that finds nothing (at most {IDLE_REQUESTS})"
                found.append(Must(each <= IDLE_REQUESTS, words))
        for hour in (hour for hour in one["hours"] if hour["changed"]):
            wanted = 10 if hour["changed"] == "here" else 0
            how = f"{where}, {_how(hour)}, ten changed {hour['changed']}"
            words = f"{how}: {hour['writes']} requests that write (exactly {wanted})"
            found.append(Must(hour["writes"] == wanted, words))
    return found


def _asked(hour: dict[str, Any]) -> int:
    """Of the calendar service: without the hour's sign-in."""
    return int(sum(count for kind, count in hour["requests"].items() if kind != "sign-in"))


def _how(hour: dict[str, Any]) -> str:
    return "subscribed" if hour["subscribed"] else "polled"


# --- In words ---------------------------------------------------------------------------------------------------------
def show(figures: dict[str, Any], say: Say) -> None:
    say("\nIn step: a connection, an hour\n")
    say(_hours(figures["steady"]))
    say("\nThe first sync, which reads all there is, as one a week does\n")
    say(_first(figures["steady"]))
    say(f"\nWhat {CONNECTIONS:,} connections ask for (arithmetic from the above, default settings)\n")
    say(_many(figures["steady"]))
    say("\nFrom a change in Outlook until it stands here\n")
    say(_arrivals(figures["arrivals"], figures["steady"][0]["settings"]))
    say("\nWhat must hold\n")
    for one in figures["steady_musts"]:
        say(f"  {'✓' if one['holds'] else '✗'} {one['words']}")


def _hours(costs: list[dict[str, Any]]) -> str:
    rows = []
    for one in costs:
        for hour in one["hours"]:
            kinds = ", ".join(f"{count} {kind}" for kind, count in hour["requests"].items())
            changed = f"10 {hour['changed']}" if hour["changed"] else "nothing"
            rows.append([
                one["service"], f"{one['events']:,}", one["database"], _how(hour), changed, f"{hour['syncs']}",
                f"{_asked(hour)}", kinds, f"{hour['cpu'] * 1000:.0f} ms", f"{hour['wall']:.2f} s",
                f"{hour['statements'] / hour['syncs']:.0f}",
            ])  # fmt: skip
    head = ("service", "events", "database", "how", "changed", "syncs", "requests", "by kind", "CPU", "wall",
            "statements / sync")  # fmt: skip
    return table._table(head, rows)


def _first(costs: list[dict[str, Any]]) -> str:
    rows = []
    for one in costs:
        figures = one["first"]
        kinds = ", ".join(f"{count} {kind}" for kind, count in figures["requests"].items())
        rows.append([
            one["service"], f"{one['events']:,}", one["database"], f"{_asked(figures)}", kinds,
            f"{figures['cpu']:.2f} s", f"{figures['wall']:.2f} s",
        ])  # fmt: skip
    return table._table(("service", "events", "database", "requests", "by kind", "CPU", "wall"), rows)


def _many(costs: list[dict[str, Any]]) -> str:
    """An hour's requests and CPU by 100,000 / 3,600 s, with the hour's share of a reading of all there is."""
    rows = []
    for one in costs:
        share = 1 / (one["settings"]["SYNC_FULL_DAYS"] * 24)
        for hour in one["hours"]:
            renewals = 3600 / (one["settings"]["SUBSCRIPTION_SECONDS"] / 2) if hour["subscribed"] else 0
            asked = _asked(hour) + share * _asked(one["first"]) + renewals
            sign_in, cpu = hour["requests"].get("sign-in", 0), hour["cpu"] + share * one["first"]["cpu"]
            changed = f"10 {hour['changed']}" if hour["changed"] else "nothing"
            each = CONNECTIONS / 3600
            rows.append([
                one["service"], f"{one['events']:,}", one["database"], _how(hour), changed, f"{asked * each:,.0f}",
                f"{sign_in * each:,.0f}", f"{hour['syncs'] * each:,.0f}", f"{cpu * each:,.1f}",
            ])  # fmt: skip
    head = ("service", "events", "database", "how", "changed in each", "requests / s", "sign-in / s", "syncs / s",
            "processors of workers")  # fmt: skip
    return table._table(head, rows)


def _arrivals(found: list[dict[str, Any]], settings: dict[str, float]) -> str:
    rows = []
    for one in found:
        how = f"polled every {one['poll']:.0f} s" if one["poll"] else "told by notifications"
        seconds = one["seconds"]
        rows.append([how, f"{one['events']:,}", one["database"], f"{len(seconds)}", f"{median(seconds):.2f} s",
                     f"{max(seconds):.2f} s", "measured"])  # fmt: skip
    poll, watch = settings["SYNC_POLL_SECONDS"], settings["WATCH_SECONDS"]
    rows.append([f"polled every {poll:.0f} s, the default", "", "", "", f"{poll / 2 / 60:.1f} min",
                 f"{(1.2 * poll + watch) / 60:.1f} min", "arithmetic"])  # fmt: skip
    return table._table(("how", "events", "database", "changes", "median", "longest", ""), rows)
