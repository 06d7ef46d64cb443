"""Results as text tables, in Markdown so that they can be taken into a page as they are."""

from typing import Any

from tests.bench.musts import Result

HEAD = (
    "events", "database", "latency", "requests", "wall", "critical path", "CPU", "CPU per 1,000", "peak memory",
    "finishing", "wall / floor", "requests: one each / this", "wall: one each / this",
)  # fmt: skip


def engine(results: list[Result], floors: dict[tuple[str, int, int], dict[str, Any]], singles: list[Any]) -> str:
    return _table(HEAD, [_row(one, floors[one.database, one.latency, one.events], singles) for one in results])


def _row(one: Result, floor: dict[str, Any], singles: list[Any]) -> list[str]:
    figures = one.figures
    gets = next(single for single in singles if single["how"] == "gets" and single["latency"] == one.latency)
    per_event = gets["wall"] / gets["events"]
    return [
        f"{one.events:,}", one.database, f"{one.latency} ms", f"{figures['requests']}", f"{figures['wall']:.2f} s",
        f"{figures['path']:.2f} s", f"{figures['cpu']:.2f} s", f"{one.cpu_ms:.0f} ms", f"{figures['peak']:.0f} MB",
        f"{figures['finishing']:.2f} s", f"{figures['wall'] / floor['wall']:.1f}",
        f"{one.events / figures['requests']:.0f}", f"{one.events * per_event / figures['wall']:.0f}",
    ]  # fmt: skip


def floor(floors: dict[tuple[str, int, int], dict[str, Any]]) -> str:
    head = ("events", "database", "latency", "wall", "CPU", "peak memory")
    rows = [
        [
            f"{events:,}",
            database,
            f"{latency} ms",
            f"{one['wall']:.2f} s",
            f"{one['cpu']:.2f} s",
            f"{one['peak']:.0f} MB",
        ]
        for (database, latency, events), one in floors.items()
    ]
    return _table(head, rows)


def one_by_one(singles: list[dict[str, Any]], sizes: list[int]) -> str:
    names = {"gets": "one GET per event, four in flight", "batches": "`$batch` of 20"}
    rows = []
    for single in singles:
        for events in sorted({single["events"], *sizes}):
            times = events / single["events"]
            how = "measured" if times == 1 else f"extrapolated from {single['events']:,}"
            rows.append([
                names[single["how"]], f"{single['latency']} ms", f"{events:,}", f"{single['requests'] * times:,.0f}",
                f"{single['wall'] * times:,.1f} s", f"{single['cpu'] * times:,.1f} s", how,
            ])  # fmt: skip
    return _table(("way", "latency", "events", "requests", "wall", "CPU", ""), rows)


def imports(found: list[dict[str, Any]]) -> str:
    head = ("events", "file", "database", "first import", "of it computing", "the same file again", "peak memory")
    rows = [
        [f"{one['events']:,}", f"{one['size']:.0f} MB", one["database"], f"{one['first']['wall']:.1f} s",
         f"{one['first']['cpu']:.1f} s", f"{one['again']['wall']:.1f} s", f"{one['again']['peak']:.0f} MB"]
        for one in found
    ]  # fmt: skip
    return _table(head, rows)


def _table(head: tuple[str, ...], rows: list[list[str]]) -> str:
    widths = [max(len(row[n]) for row in [list(head), *rows]) for n in range(len(head))]
    lines = [
        " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in [list(head), *rows]
    ]
    lines.insert(1, " | ".join("-" * width for width in widths))
    return "\n".join(f"| {line} |" for line in lines)
