"""Import: memory stays flat whatever the file's size, the length of its lines and the number of its errors."""

import io
import json
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from calendars.models import Event
from tests.calendars.import_samples import connection, event, firm, member

pytestmark = pytest.mark.django_db
MB = 1_000_000
# A batch of at most 4 MB, its records, and the rows made of them; far below the 30 MB of the file.
BOUND = 15 * MB


def write(path: Path, lines: Iterator[str]) -> Path:
    with path.open("w") as file:
        file.writelines(line + "\n" for line in lines)
    return path


def good(size: int) -> Iterator[str]:
    """Events with long bodies."""
    yield from map(json.dumps, (firm(), member(), connection()))
    line = json.dumps(event("UID", body="x" * 20_000))
    for number in range(size // len(line)):
        yield line.replace("UID", f"n{number}")


def bad(size: int) -> Iterator[str]:
    line = json.dumps(event(reminder=-1, body="x" * 2_500))
    for _ in range(size // len(line)):
        yield line


def endless(size: int) -> Iterator[str]:
    """One line of the whole size."""
    yield "[" * size


def peak_of(path: Path) -> int:
    tracemalloc.start()
    try:
        call_command("import_sync_data", str(path), stdout=io.StringIO(), stderr=io.StringIO())
    except CommandError:
        pass
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return peak


@pytest.mark.parametrize("lines", [good, bad, endless])
def test_a_file_of_ten_times_the_size_takes_no_more_memory(tmp_path, lines: Callable[[int], Iterator[str]]):
    for size in (3 * MB, 30 * MB):
        path = write(tmp_path / "sync.jsonl", lines(size))
        assert path.stat().st_size > 0.95 * size
        assert peak_of(path) < BOUND


def test_the_large_file_was_imported_at_all(tmp_path):
    path = write(tmp_path / "sync.jsonl", good(6 * MB))
    call_command("import_sync_data", str(path), stdout=io.StringIO())
    assert Event.objects.count() == path.read_text().count("\n") - 3


def test_a_line_of_50_mb_is_never_held(tmp_path):
    path = tmp_path / "sync.jsonl"
    with path.open("wb") as file:
        for _ in range(50):
            file.write(b"x" * MB)
    err = io.StringIO()
    tracemalloc.start()
    try:
        with pytest.raises(CommandError, match="1 line is bad"):
            call_command("import_sync_data", str(path), stderr=err)
        assert tracemalloc.get_traced_memory()[1] < 5 * MB
    finally:
        tracemalloc.stop()
    assert err.getvalue() == "line 1: is longer than 1,000,000 bytes\n"
