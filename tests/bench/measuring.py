"""What is measured, one thing after the other, each in a process and a database of its own."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.bench.children import Simulator, child, simulator
from tests.bench.critical_path import critical_path
from tests.bench.databases import Database
from tests.bench.musts import Result
from tests.bench.seeding import MAILBOX
from tests.bench.shape import ADDRESS

# Of the obvious ways, which are linear in the events, this many are enough to tell what more would cost.
MEASURED = 1000
Tell = Callable[[str], None]
Floors = dict[tuple[str, int, int], dict[str, Any]]


@dataclass
class Figures:
    """`singles`: the obvious ways; `floors` by database, latency and events."""

    results: list[Result] = field(default_factory=list)
    floors: Floors = field(default_factory=dict)
    singles: list[dict[str, Any]] = field(default_factory=list)


def measure(databases: list[Database], sizes: list[int], latencies: list[int], folder: Path, tell: Tell) -> Figures:
    found = Figures()
    _singles(found, min(MEASURED, *sizes), latencies, folder, tell)
    for events in sizes:
        tell(f"{events:,} events: seeding")
        facts = child("seeding", "files", str(events), str(folder))
        for database in databases:
            database.make()
            child("seeding", "rows", str(folder), database=database.seeded)
        for latency in latencies:
            with simulator(latency) as graph:
                graph.load(folder / MAILBOX)
                for database in databases:
                    tell(f"{events:,} events, {latency} ms, {database.name}")
                    _one(found, graph, database, latency, facts)
    return found


def _one(found: Figures, graph: Simulator, database: Database, latency: int, facts: dict[str, int]) -> None:
    url = database.copy()
    child("seeding", "sign_in", database=url, simulator=graph.url)
    mark = graph.mark()
    figures = child("engine", ADDRESS, database=url, simulator=graph.url)
    journal = graph.journal(mark)
    asked = [line for line in journal if line["parent"] is None]
    figures |= {
        "requests": len(asked),
        "path": critical_path(journal),
        "in_flight": max(line["in_flight"] for line in journal),
    }
    found.results.append(Result(database.name, latency, facts, figures))
    least = child("floor", ADDRESS, database=database.copy(), simulator=graph.url)
    found.floors[database.name, latency, facts["events"]] = least


def _singles(found: Figures, events: int, latencies: list[int], folder: Path, tell: Tell) -> None:
    child("seeding", "files", str(events), str(folder))
    for latency in latencies:
        tell(f"the obvious ways, {events:,} events, {latency} ms")
        with simulator(latency) as graph:
            graph.load(folder / MAILBOX)
            for how in ("gets", "batches"):
                figures = child("one_by_one", how, graph.url, ADDRESS, str(folder))
                found.singles.append({**figures, "how": how, "latency": latency})


def imports(databases: list[Database], events: int, folder: Path, tell: Tell) -> list[dict[str, Any]]:
    """Of `import_sync_data`: a file of so many events, and the same file again."""
    about = child("imports", "file", str(events), str(folder))
    found = []
    for database in databases:
        tell(f"import of {events:,} events, {about['size']:.0f} MB, {database.name}")
        database.make()
        figures = child("imports", "import", str(folder), database=database.seeded)
        found.append({**about, "database": database.name, **figures})
    return found
