"""What every part of the walk needs, and the steps that its members share."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from tests.demo.browser import Browser, Page, Unexpected
from tests.demo.checks import Checks
from tests.demo.seeding import Seeded
from tests.simulator.client import Control

# More than a run of this size ever takes; without it a demo whose worker stands still would wait for ever.
PATIENCE = 180.0
PAUSE = 0.4
ENDED = 286  # the status with which htmx ends its polling
BY_ID, BY_METADATA, NOT_FOUND, TO_GO = "Found by id", "Found by subject and times", "Not found in Outlook", "To go"


@dataclass
class Stage:
    """`alive` raises where something that the demo has started is not."""

    web: str
    simulator: Control
    seeded: Seeded
    mails: Path
    checks: Checks
    alive: Callable[[], None]

    def browser(self) -> Browser:
        return Browser(self.web)


def sign_in(browser: Browser, page: Page, account: str) -> Page:
    """From the button on `page` to Microsoft's account page, where `account` is picked, and back."""
    address = browser.leave(page, "/move/sign-in/")
    return browser.get(f"{address}&{urlencode({'sim_account': account})}")


def follow_run(stage: Stage, browser: Browser, page: Page) -> Page:
    """Watches the progress page move, as it does without reloading; the page of the run at its end."""
    if not page.path.startswith("/move/runs/"):
        raise Unexpected(f"the sign-in led to {page.path} (status {page.status}): {page.text[:300]}")
    until, shown = time.monotonic() + PATIENCE, ""
    while time.monotonic() < until:
        stage.alive()
        status = browser.get(f"{page.path}status/", htmx=True)
        line = _line(status)
        if line != shown:
            stage.checks.note(line)
            shown = line
        if status.status == ENDED:
            return browser.get(page.path)
        time.sleep(PAUSE)
    raise Unexpected(f"the run has not ended within {PATIENCE:.0f} seconds; it stands at: {shown}")


def _line(page: Page) -> str:
    figures = page.figures
    return (
        f"{page.percent or 0:3d} %  by id {figures.get(BY_ID, 0):,} · by subject and times {figures.get(BY_METADATA, 0):,}"
        f" · not found {figures.get(NOT_FOUND, 0):,} · to go {figures.get(TO_GO, 0):,}"
    )
