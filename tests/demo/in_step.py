"""What the syncs do in the demo: the old one runs, stops for who logs in, and Graph's carries changes both ways after it."""

import time
from collections.abc import Callable
from typing import Any

from calendars.models import CalendarConnection, Sync
from calendars.states import Provider
from tests.demo.browser import Browser
from tests.demo.cast import ADA, DORA, PASSWORD, Person
from tests.demo.stage import Stage
from tests.sample import Sample

# More than a change ever takes here; without it a demo whose worker stands still would wait for ever.
PATIENCE = 90.0
PAUSE = 0.25
# The least time to listen for: the old sync's own wait between two looks. Others must have been asked in it too.
SILENCE = 8.0
# What a login ends may have been on its way.
GRACE = 1.0
EXCHANGE = "/EWS/Exchange.asmx"
NEW = "/calendar/events/new/"


def old_sync_runs(stage: Stage) -> None:
    """For everyone whose calendar is in Outlook, and in both directions for one of them."""
    checks = stage.checks
    checks.step("The old sync runs for every Outlook member, flagged firm or not")
    wanted = CalendarConnection.objects.filter(provider=Provider.OUTLOOK).count()
    synced = Sync.objects.filter(connection__provider=Provider.OUTLOOK, synced_at__isnull=False)
    _wait(stage, lambda: synced.count() == wanted)
    checks.equal("members whose calendar Exchange was asked about", synced.count(), wanted)
    both_ways(stage, stage.browser(), DORA)


def silent_for(stage: Stage, member: Person) -> None:
    """Right after the login of `member`: nothing more of the old sync for them, while it goes on for the others."""
    checks = stage.checks
    time.sleep(GRACE)
    after = len(stage.simulator.journal())

    def asked() -> list[str]:
        return [line["mailbox"] for line in stage.simulator.journal(after) if line["path"] == EXCHANGE]

    begun = time.monotonic()
    seconds = _wait(stage, lambda: time.monotonic() - begun >= SILENCE and DORA.email in asked())
    checks.equal(f"requests of the old sync to {member.name}'s mailbox since a second after the login",
                 asked().count(member.email), 0)  # fmt: skip
    checks.that(
        f"while it goes on for others, such as {DORA.name}", seconds < PATIENCE, f"asked: {sorted(set(asked()))}"
    )


def graph_sync_runs(stage: Stage) -> None:
    """For who has moved: the first sync, and then a change in each direction."""
    checks = stage.checks
    checks.step(f"From here on Graph keeps {ADA.name}'s calendar in step")
    rows = Sync.objects.filter(connection__member__email=ADA.email, service="graph", synced_at__isnull=False)
    _wait(stage, rows.exists)
    checks.that("the first sync after the move is done", rows.exists())
    _wait(stage, rows.exclude(subscription_id="").exists)
    checks.that("and Microsoft tells of changes from now on", rows.exclude(subscription_id="").exists())
    both_ways(stage, stage.browser(), ADA)
    checks.equal("mails that Outlook has sent to attendees", len(stage.simulator.outbox()), 0)


def both_ways(stage: Stage, browser: Browser, member: Person) -> None:
    """A change in Outlook arrives on the member's pages, and an event that she makes there arrives in Outlook."""
    checks, first = stage.checks, member.name.split()[0]
    browser.log_in(member.email, PASSWORD)
    before = len(_events(stage, member))
    ref = _a_single(stage.seeded.samples[member.email])
    words = f"Seen in Outlook by {first}"
    stage.simulator.edit(member.email, ref, "change", subject=words)
    # What was searched for stands on the page in any case; the name stands there only with the event.
    seconds = _wait(stage, lambda: words in browser.get("/calendar/search/?q=Seen+in+Outlook").text)
    checks.that(
        f"a subject changed in Outlook stands on {first}'s page, {seconds:.1f} seconds later", seconds < PATIENCE
    )
    form = browser.get(NEW)
    saved = browser.send(form, NEW, subject=f"Made here by {first}")
    checks.that(f"{first} adds an event here", saved.status == 200 and f"Made here by {first}" in saved.text,
                saved.text[:200])  # fmt: skip
    seconds = _wait(stage, lambda: _subjects(stage, member).count(f"Made here by {first}") > 0)
    checks.that(f"it stands in Outlook, {seconds:.1f} seconds later", seconds < PATIENCE)
    checks.equal("appointments more than before", len(_events(stage, member)) - before, 1)


def _a_single(sample: Sample) -> str:
    """An event that both sides have, and know by its id."""
    others = {*sample.deleted, *sample.renumbered}
    singles = (line["uid"] for line in sample.lines if not {"rrule", "series"} & line.keys())
    return next(uid for uid in singles if uid not in others)


def _events(stage: Stage, member: Person) -> list[dict[str, Any]]:
    calendars = stage.simulator.get_mailbox(member.email)["calendars"]
    return [event for calendar in calendars for event in calendar["events"]]


def _subjects(stage: Stage, member: Person) -> list[str]:
    return [event["subject"] for event in _events(stage, member)]


def _wait(stage: Stage, holds: Callable[[], bool]) -> float:
    """Seconds until it held; PATIENCE where it never did, which the check after it then says."""
    begun = time.monotonic()
    while time.monotonic() - begun < PATIENCE:
        stage.alive()
        if holds():
            return time.monotonic() - begun
        time.sleep(PAUSE)
    return PATIENCE
