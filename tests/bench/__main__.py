"""`python -m tests.bench [--quick] [--sizes …] [--latency …] [--import | --steady]`; `make bench ARGS=…`.

Prints tables and what must hold, and keeps them as JSON in `.bench/`. Exit code 0 whatever the figures are; 1 where they
could not be taken.
"""

import argparse
import json
import sys
import tempfile
import time
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.bench import databases, machine, measuring, musts, steady, table
from tests.bench.children import ROOT, BenchFailed
from tests.bench.databases import Database

FOLDER = ROOT / ".bench"
INTERRUPTED = 130


def numbers(text: str) -> list[int]:
    return sorted({int(part) for part in text.split(",")})


def arguments(given: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench ARGS=…", description="What the move of a calendar costs.")
    parser.add_argument(
        "--sizes", type=numbers, default=[1000, 10_000, 100_000], help="synced events: 1000,10000,100000"
    )
    parser.add_argument("--latency", type=numbers, default=[0, 150], help="of each request in milliseconds: 0,150")
    parser.add_argument("--quick", action="store_true", help="200 and 1,000 events")
    parser.add_argument("--import", action="store_true", dest="imports", help="the import of the largest size instead")
    parser.add_argument("--steady", action="store_true", help="what staying in step costs, and nothing else")
    options = parser.parse_args(given)
    if options.quick:
        options.sizes = [200, 1000]
    if options.sizes[0] < 100 or options.latency[0] < 0:
        parser.error("a size is at least 100, a latency at least 0")
    return options


def say(words: str = "") -> None:
    print(words, flush=True)


def run(options: argparse.Namespace, found: list[Database], folder: Path) -> dict[str, Any]:
    begun = time.monotonic()

    def tell(words: str) -> None:
        say(f"  [{time.monotonic() - begun:5.0f} s] {words}")

    if options.imports:
        return imported(measuring.imports(found, options.sizes[-1], folder, tell))
    figures = {}
    if not options.steady:
        figures = moved(measuring.measure(found, options.sizes, options.latency, folder, tell), options.sizes)
    in_step = steady.measure(found, options.sizes, tell)
    steady.show(in_step, say)
    return figures | in_step


def imported(found: list[dict[str, Any]]) -> dict[str, Any]:
    say("\nImport of sync data\n")
    say(table.imports(found))
    return {"imports": found}


def moved(found: measuring.Figures, sizes: list[int]) -> dict[str, Any]:
    must = musts.musts(found.results, found.floors)
    say("\nThis engine\n")
    say(table.engine(found.results, found.floors, found.singles))
    say("\nThe floor: pages fetched and parsed, rows written in bulk, one UPDATE\n")
    say(table.floor(found.floors))
    say("\nThe obvious ways: requests alone\n")
    say(table.one_by_one(found.singles, sizes))
    say("\nWhat must hold\n")
    for one in must:
        say(f"  {'✓' if one.holds else '✗'} {one.words}")
    missed = [one.words for one in must if not one.holds]
    say(f"\n✗ {len(missed)} of {len(must)} missed." if missed else f"\n✓ All {len(must)} hold.")
    floors = [{"database": d, "latency": n, "events": e, **one} for (d, n, e), one in found.floors.items()]
    return {
        "engine": [asdict(one) for one in found.results], "floor": floors, "one_by_one": found.singles,
        "musts": [asdict(one) for one in must],
    }  # fmt: skip


def keep(figures: dict[str, Any]) -> Path:
    FOLDER.mkdir(exist_ok=True)
    file = FOLDER / f"{datetime.now():%Y-%m-%d-%H%M%S}.json"
    file.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return file


def main(given: list[str] | None = None) -> int:
    options = arguments(given)
    about = machine.describe()
    say(", ".join(f"{name}: {value}" for name, value in about.items()))
    with tempfile.TemporaryDirectory(prefix="caret-sync-bench-") as name:
        folder = Path(name)
        found, skipped = databases.both(folder)
        if skipped:
            say(f"✗ {skipped}")
        try:
            figures = run(options, found, folder)
        except BenchFailed as reason:
            print(f"\n✗ {reason}", file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            print("\nInterrupted.", file=sys.stderr)
            return INTERRUPTED
        finally:
            for database in found:
                database.drop()
    about |= {"command": "make bench" + (f' ARGS="{" ".join(sys.argv[1:])}"' if sys.argv[1:] else "")}
    say(f"\nKept in {keep({'machine': about, 'skipped': skipped, **figures}).relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
