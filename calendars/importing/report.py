"""What an import did, or why it did nothing. Pure."""

from collections import Counter
from dataclasses import dataclass, field

SHOWN = 100


@dataclass
class Report:
    """Counts of lines by type, and the first bad lines by number; `bad` counts all of them."""

    created: Counter[str] = field(default_factory=Counter)
    there: Counter[str] = field(default_factory=Counter)
    bad: int = 0
    shown: list[tuple[int, str]] = field(default_factory=list)
    _of_batch: list[tuple[int, str]] = field(default_factory=list)

    def refuse(self, number: int, reason: str) -> None:
        self._of_batch.append((number, reason))

    def end_batch(self) -> None:
        """Batches come in the file's order; within one, lines are judged type by type."""
        self.bad += len(self._of_batch)
        self.shown += sorted(self._of_batch)[: SHOWN - len(self.shown)]
        self._of_batch = []
