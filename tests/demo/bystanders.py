"""The walk's third part: those whom none of it concerns see no trace of it."""

from calendars.models import CalendarConnection, EventVersion
from tests.demo import in_step
from tests.demo.cast import DORA, GWEN, PASSWORD, Person
from tests.demo.stage import Stage


def look_on(stage: Stage) -> None:
    stage.checks.step("Members whom none of this concerns")
    _untouched(stage, DORA, "whose firm is not flagged", "old_sync")
    _untouched(stage, GWEN, "who uses Google Calendar", "google_sync")
    in_step.both_ways(stage, stage.browser(), GWEN)
    lost = EventVersion.objects.filter(member__email=GWEN.email).count()
    stage.checks.equal("events and edited dates of hers that the sync has taken away or written over", lost, 0)
    asked = {line["path"].split("/")[1] for line in stage.simulator.journal() if line["mailbox"] == GWEN.email}
    stage.checks.that("and nobody but Google was asked about her calendar", asked <= {"calendar", "token"}, str(asked))


def _untouched(stage: Stage, member: Person, who: str, state: str) -> None:
    page = stage.browser().log_in(member.email, PASSWORD)
    asked = "sync has stopped" in page.text or page.form("/move/sign-in/") is not None
    stage.checks.that(f"{member.name}, {who}: the dashboard, no prompt, no banner", page.path == "/" and not asked,
                      f"{page.path} shows: {page.text[:200]}")  # fmt: skip
    connection = CalendarConnection.objects.get(member__email=member.email)
    stage.checks.equal(f"{member.name}'s sync goes on, as", str(connection.state), state)
