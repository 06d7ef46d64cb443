"""A file as batches of lines, of bounded size whatever the file holds. Pure but for reading the stream."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, NamedTuple

# Limits in bytes and lines. A longer line is skipped piece by piece and never held.
MAX_LINE = 1_000_000
BATCH_LINES = 5_000
BATCH_BYTES = 4_000_000
PIECE = 65_536

BOM = b"\xef\xbb\xbf"


class Line(NamedTuple):
    """`content` is None where the line was longer than MAX_LINE."""

    number: int
    content: bytes | None


@dataclass
class Batch:
    """Lines that are not blank, and how many bytes of the file they and the blank ones between them took."""

    lines: list[Line] = field(default_factory=list)
    size: int = 0

    @property
    def is_full(self) -> bool:
        return len(self.lines) >= BATCH_LINES or self.size >= BATCH_BYTES


def batches(stream: BinaryIO) -> Iterator[Batch]:
    batch, number = Batch(), 0
    while piece := stream.readline(MAX_LINE + 1):
        number += 1
        content, size = _whole_line(piece, stream)
        batch.size += size
        if number == 1 and content is not None:
            content = content.removeprefix(BOM)
        if content is None or content.strip():
            batch.lines.append(Line(number, content))
        if batch.is_full:
            yield batch
            batch = Batch()
    yield batch


def _whole_line(piece: bytes, stream: BinaryIO) -> tuple[bytes | None, int]:
    """The line that starts with `piece`, None where it is too long, and its size."""
    if len(piece) <= MAX_LINE or piece.endswith(b"\n"):
        return piece, len(piece)
    size = len(piece)
    while rest := stream.readline(PIECE):
        size += len(rest)
        if rest.endswith(b"\n"):
            break
    return None, size
