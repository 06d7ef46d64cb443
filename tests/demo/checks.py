"""The figures of the walk: each compared with what was seeded, printed, and counted where it is wrong."""

from typing import Any


class Checks:
    def __init__(self) -> None:
        self.made = 0
        self.wrong: list[str] = []

    def step(self, words: str) -> None:
        print(f"\n▸ {words}", flush=True)

    def note(self, words: str) -> None:
        print(f"    {words}", flush=True)

    def equal(self, what: str, found: Any, wanted: Any) -> None:
        """The figure as it should be."""
        self.that(f"{what}: {_plain(found)}", found == wanted, f"should be {_plain(wanted)}")

    def at_most(self, what: str, found: int, limit: int) -> None:
        self.that(f"{what}: {_plain(found)} (at most {_plain(limit)})", found <= limit, "too many")

    def that(self, what: str, holds: bool, otherwise: str = "") -> None:
        """A fact that holds or does not; `otherwise` is said where it does not."""
        self.made += 1
        words = what if holds or not otherwise else f"{what} – {otherwise}"
        if not holds:
            self.wrong.append(words)
        print(f"  {'✓' if holds else '✗'} {words}", flush=True)

    def verdict(self) -> int:
        """Says how it went; 0 where every figure was as seeded, else 1."""
        if not self.made:
            print("\n✗ Nothing was checked.", flush=True)
        elif self.wrong:
            print(f"\n✗ {len(self.wrong)} of {self.made} checks failed:", flush=True)
            for words in self.wrong:
                print(f"    {words}", flush=True)
        else:
            print(f"\n✓ All {self.made} checks passed: every figure is as seeded.", flush=True)
        return 0 if self.made and not self.wrong else 1


def _plain(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
