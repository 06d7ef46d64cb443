"""What a stretch of this process costs."""

import resource
import sys
import time
from types import TracebackType
from typing import Any, Self

# Linux counts in kilobytes, macOS in bytes.
PER_MB = 1024**2 if sys.platform == "darwin" else 1024


class Usage:
    """A context manager; `figures` afterwards: `wall` and `cpu` seconds of all threads, `peak` megabytes of the process
    since it was started."""

    def __enter__(self) -> Self:
        self._wall, self._cpu = time.perf_counter(), _cpu()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.figures: dict[str, Any] = {
            "wall": time.perf_counter() - self._wall,
            "cpu": _cpu() - self._cpu,
            "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / PER_MB,
        }


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
