"""How far a run is, in figures and words. Pure: from counts and elapsed times; times are aware datetimes.

The states are those of `MigrationRun.State`, as text.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

# What each step says, and the stretch of the whole that it takes, in percent. Reading the calendar takes the longest,
# and is the only step whose inside can be seen.
STEPS: dict[str, tuple[str, int, int]] = {
    "queued": ("Waiting for its turn", 0, 2),
    "listing": ("Reading your Outlook calendar", 2, 60),
    "translating": ("Looking up each event's appointment in Outlook", 60, 75),
    "matching": ("Comparing the events that remain with what is in Outlook", 75, 85),
    "confirming": ("Looking once more for events not found yet", 85, 95),
    # The second comparison, after the second look: further on than the first.
    "finishing": ("Writing down what was found", 95, 99),
}
# From less than this nobody can tell how long the rest will take.
ENOUGH_PERCENT = 5
ENOUGH_TIME = timedelta(seconds=5)


@dataclass(frozen=True)
class Figures:
    """A run's counts. `total`: events synced so far, 0 until the run has counted them; `listed`: appointments read."""

    state: str
    # The step that a waiting or failed run goes on with; otherwise the same as `state`.
    step: str
    total: int = 0
    listed: int = 0
    by_id: int = 0
    by_metadata: int = 0
    anomalies: int = 0

    @property
    def to_go(self) -> int:
        return max(0, self.total - self.by_id - self.by_metadata - self.anomalies)


@dataclass(frozen=True)
class Progress:
    """`percent` 0–100; `step` a phrase; `remaining` a phrase, empty where nobody can tell."""

    percent: int
    step: str
    to_go: int
    remaining: str
    # Nothing more will happen by itself.
    ended: bool
    # Seconds until a page that shows it should look again.
    look_again: int


def describe(figures: Figures, *, started_at: datetime | None, now: datetime) -> Progress:
    ended = figures.state in ("done", "cancelled")
    percent = 100 if figures.state == "done" else _percent(figures)
    moving = figures.state in STEPS and started_at is not None
    remaining = estimate(percent, now - started_at) if moving and started_at else ""
    return Progress(
        percent=percent,
        step=STEPS.get(figures.step, STEPS["queued"])[0],
        to_go=0 if ended else figures.to_go,
        remaining=remaining,
        ended=ended,
        look_again={"waiting": 10, "failed": 60}.get(figures.state, 2),
    )


def _percent(figures: Figures) -> int:
    """Never 100 before the end, and never less than what the steps behind have made."""
    _, begins, ends = STEPS.get(figures.step, STEPS["queued"])
    if figures.step != "listing":
        return begins
    # How many appointments there are is known when all are read; about as many as events is the best guess.
    return begins + int((ends - begins) * min(1.0, figures.listed / max(figures.total, figures.listed, 1)))


def estimate(percent: int, elapsed: timedelta) -> str:
    """What remains at the pace so far, no more exact than such a guess can be."""
    if percent < ENOUGH_PERCENT or percent >= 100 or elapsed < ENOUGH_TIME:
        return ""
    minutes = elapsed.total_seconds() / 60 * (100 - percent) / percent
    if minutes < 1:
        return "less than a minute"
    if minutes < 8:
        return "a few minutes"
    if minutes < 20:
        return "about a quarter of an hour"
    if minutes < 45:
        return "about half an hour"
    if minutes < 90:
        return "about an hour"
    hours = round(minutes / 60)
    return f"about {hours} hours" if hours <= 12 else "more than half a day"
