"""A list of old and new addresses, as support paste or upload it. Pure.

One pair to a line, separated by a comma, a semicolon, a tab, an arrow or blanks; quotes around a cell, a byte-order mark, empty
lines and a first line of headings are understood.
"""

import re
from collections import Counter
from dataclasses import dataclass

# As many as are read and decided on one page.
LINES_AT_MOST = 2000
ADDRESS = re.compile(r"[^@\s,;\"'<>()]{1,64}@[a-z0-9](?:[a-z0-9.-]{0,250}[a-z0-9])?\.[a-z0-9-]{2,63}", re.ASCII)
SEPARATOR = re.compile(r"\s*(?:->|→|=>|[,;\t])\s*|\s+")


@dataclass(frozen=True)
class Pair:
    """`number` is that of the line. `problem` is empty where the line is one address and another."""

    number: int
    old: str
    new: str
    problem: str = ""


class TooLong(ValueError):
    """More lines than LINES_AT_MOST."""


def parse(text: str) -> list[Pair]:
    """Every line that is not empty, casefolded. Raises TooLong."""
    lines = [
        (number, line.strip()) for number, line in enumerate(text.lstrip("\ufeff").splitlines(), 1) if line.strip()
    ]
    if lines and "@" not in lines[0][1]:
        lines = lines[1:]
    if len(lines) > LINES_AT_MOST:
        raise TooLong(f"{len(lines):,} lines; at most {LINES_AT_MOST:,} at once")
    pairs = [_pair(number, line) for number, line in lines]
    old, new = (Counter(getattr(pair, side) for pair in pairs if not pair.problem) for side in ("old", "new"))
    return [_once(pair, old, new) for pair in pairs]


def _pair(number: int, line: str) -> Pair:
    cells = [cell.strip("\"' ").casefold() for cell in SEPARATOR.split(line)]
    cells = [cell for cell in cells if cell]
    if len(cells) != 2 or not all(ADDRESS.fullmatch(cell) for cell in cells):
        return Pair(number, line[:100], "", "Not an old and a new address")
    old, new = cells
    return Pair(number, old, new, "The address does not change" if old == new else "")


def _once(pair: Pair, old: Counter[str], new: Counter[str]) -> Pair:
    if not pair.problem and (old[pair.old] > 1 or new[pair.new] > 1):
        return Pair(pair.number, pair.old, pair.new, "One of the addresses stands in more than one line")
    return pair
