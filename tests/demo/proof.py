"""Which process is which: a number alone proves nothing, since the system gives it to another process later."""

import os
import subprocess
from pathlib import Path

PROC = Path("/proc")


def started(pid: int) -> str | None:
    """When the process began, in a form that only equals itself; None where there is no such process, or a dead one."""
    if not (PROC / "self/stat").exists():
        asked = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
        return asked.stdout.strip() or None
    fields = _stat(pid)
    boot = (PROC / "sys/kernel/random/boot_id").read_text().strip()
    return f"{boot} {fields[19]}" if fields else None


def members(session: int) -> list[int]:
    """The living processes of a session, in whichever groups; none where the system does not show them."""
    pids = [int(path.name) for path in PROC.iterdir() if path.name.isdecimal()] if PROC.exists() else []
    return [pid for pid in pids if (fields := _stat(pid)) and int(fields[3]) == session]


def carries(pid: int, mark: str) -> bool:
    """Whether the process was started with this text in its environment."""
    try:
        return mark.encode() in (PROC / str(pid) / "environ").read_bytes()
    except OSError:
        return False


def _stat(pid: int) -> list[str] | None:
    """The fields of a process from its state on; the name before them may hold blanks and brackets."""
    try:
        fields = (PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else fields


def own_mark() -> str:
    """A text for the environment of everything that this demo starts."""
    return f"{os.getpid()}-{os.urandom(8).hex()}"
