"""Where the demo keeps what it makes: in one folder of the checkout, made anew at each start."""

import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".demo"


class DemoFailed(Exception):
    """The demo cannot go on; the message is a sentence for the person who started it."""


def clear(folder: Path) -> None:
    """Takes away what an earlier demo left, but for the lock and the list of its processes."""
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.suffix in (".log", ".jsonl", ".csv") or ".sqlite3" in path.name:
            path.unlink()


def last_lines(log: Path, count: int = 12) -> str:
    """The end of a log, each line indented."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-count:]
    except OSError:
        lines = []
    return "\n".join(f"    {line}" for line in lines)
