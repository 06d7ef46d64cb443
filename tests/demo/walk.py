"""The walk: one member from login to report, everything over HTTP, every figure compared with what was seeded."""

import io
import json
from typing import Any

from django.core.management import call_command

from tests.demo import in_step, results, traffic
from tests.demo.browser import Browser, Page
from tests.demo.cast import ADA, PASSWORD, Person
from tests.demo.stage import BY_ID, BY_METADATA, NOT_FOUND, Stage, follow_run, sign_in
from tests.sample import Sample

MOST_REQUESTS = 40


def move(stage: Stage, member: Person = ADA) -> None:
    """Login, prompt, "not now", banner, sign-in, progress, report; then what Outlook was asked, and what was linked."""
    checks, sample = stage.checks, stage.seeded.samples[member.email]
    checks.step(f"{member.name} ({member.email}), {member.total:,} events synced so far: {results.described(sample)}")
    browser = stage.browser()
    banner = _login(stage, browser, member)
    in_step.silent_for(stage, member)
    before, asked = stage.simulator.get_mailbox(member.email), len(stage.simulator.journal())
    checks.step(f"{_first(member)} signs in with Microsoft as {member.email}, and the move begins")
    run = follow_run(stage, browser, sign_in(browser, banner, member.email))
    outcome_figures(stage, run, member)
    _report(stage, browser, run, member)
    _links(stage, member, sample, results.refs(before))
    _traffic(stage, member, before, traffic.of_the_move(stage.simulator.journal(asked), member.email))


def _login(stage: Stage, browser: Browser, member: Person) -> Page:
    checks = stage.checks
    prompt = browser.log_in(member.email, PASSWORD)
    checks.equal("the first login since the firm was flagged leads to", prompt.path, "/move/")
    checks.that("the prompt says that sync has stopped", "Outlook sync has stopped" in prompt.text)
    checks.that("and that it may take up to several hours", "up to several hours" in prompt.text)
    checks.that("and which mailbox to sign in with", member.email in prompt.text)
    checks.equal("events synced so far, on the prompt", prompt.figures.get("Events synced so far"), member.total)
    dashboard = browser.send(prompt, "/move/not-now/")
    checks.equal("“Not now” leads to", dashboard.path, "/")
    checks.that("the banner stands there", "Outlook sync has stopped" in dashboard.text)
    return dashboard


def outcome_figures(stage: Stage, page: Page, member: Person) -> None:
    """As the page of a run or its report shows them."""
    checks, figures = stage.checks, page.figures
    checks.equal("found by id", figures.get(BY_ID), member.by_id)
    checks.equal("found by subject and times", figures.get(BY_METADATA), member.renumbered)
    checks.equal("not found in Outlook", figures.get(NOT_FOUND), member.deleted)


def _report(stage: Stage, browser: Browser, run: Page, member: Person) -> None:
    checks = stage.checks
    checks.step("The report, as a page and as CSV")
    report = browser.get(f"{run.path}report/")
    outcome_figures(stage, report, member)
    missing = browser.get(f"{run.path}report/?outcome=anomaly")
    checks.that("the page of those not found says what becomes of them", "stays here" in missing.text)
    rows = results.rows(browser.download(f"{run.path}report.csv"))
    checks.equal("lines of the CSV", len(rows), member.total)
    counted = results.kinds(rows)
    for kind, wanted in (("id", member.by_id), ("metadata", member.renumbered), ("anomaly", member.deleted)):
        checks.equal(f"with the outcome “{kind}”", counted[kind], wanted)


def _links(stage: Stage, member: Person, sample: Sample, names: dict[str, str]) -> None:
    """Event by event: that it is linked to the very appointment that it was made from."""
    checks, found = stage.checks, links(member)
    checks.step("Each event's appointment, from manage.py export_links, against the appointment it was seeded from")
    checks.equal("events", len(found), member.total)
    checks.equal("linked to a wrong appointment, or not as seeded", len(results.wrong(found, sample, names)), 0)
    checks.that("by subject and times: exactly the renumbered ones",
                results.found_by(found, "subject_times") == set(sample.renumbered))  # fmt: skip
    checks.that("not found: exactly those deleted in Outlook", results.anomalies(found) == set(sample.deleted))


def links(member: Person) -> list[dict[str, Any]]:
    output = io.StringIO()
    call_command("export_links", member.email, stdout=output)
    return [json.loads(line) for line in output.getvalue().splitlines()]


def _traffic(stage: Stage, member: Person, before: dict[str, Any], journal: list[dict[str, Any]]) -> None:
    checks, simulator = stage.checks, stage.simulator
    checks.step("What Microsoft was asked, from the button to the end of the move")
    checks.note(traffic.described(journal))
    checks.at_most(f"requests for {member.total:,} events", len(traffic.requests(journal)), MOST_REQUESTS)
    checks.equal("requests that change something in Outlook", len(traffic.changes(journal)), 0)
    checks.equal("mails that Outlook has sent to attendees", len(simulator.outbox()), 0)
    checks.that("the mailbox is as it was, to the letter", simulator.get_mailbox(member.email) == before)


def _first(member: Person) -> str:
    return member.name.split()[0]
