"""The calendar that is measured, at any size, and what has to come of it.

Of the synced events about one in forty is a weekly series, a fifth of which have two edited occurrences; one in nine lasts
whole days; 0.2 % have been deleted in Outlook since, 0.8 % have lost their old id and their calendar UID. Besides the
mailbox has appointments that were never synced, 2 % as many.
"""

from dataclasses import dataclass

from tests import sample
from tests.sample import Sample

ADDRESS = "ada@bench.example"


@dataclass(frozen=True)
class Facts:
    """`events`: N; `appointments`: M, as lists count them, without occurrences; `series`: S, those edited on our side.
    Outcomes as seeded."""

    events: int
    appointments: int
    series: int
    by_id: int
    by_metadata: int
    anomalies: int


def calendar(events: int) -> tuple[Sample, Facts]:
    made = sample.calendar(
        events, deleted=events // 500, renumbered=events // 125, every_edited=5, unknown=events // 50
    )
    return made, Facts(
        events=len(made.lines),
        appointments=len(made.events),
        series=len({line["series"] for line in made.lines if "series" in line}),
        by_id=events - len(made.deleted) - len(made.renumbered),
        by_metadata=len(made.renumbered),
        anomalies=len(made.deleted),
    )
