"""The walk's second part: a member who signs in with an account of his own first, and with the right one then."""

import re

from calendars.models import CalendarConnection, Grant
from tests.demo import mails, results, walk
from tests.demo.browser import Browser, Page, Unexpected
from tests.demo.cast import BEN, BENS_OWN, PASSWORD, SUPPORT
from tests.demo.stage import Stage, follow_run, sign_in

TICKETS = "/admin/migration/ticket/"
REFERENCE = re.compile(r"CS-[A-Z0-9]{6}")


def refuse_and_retry(stage: Stage) -> None:
    checks, browser = stage.checks, stage.browser()
    checks.step(f"{BEN.name} ({BEN.email}) signs in with an account of his own, {BENS_OWN}")
    before = _held()
    page = sign_in(browser, browser.log_in(BEN.email, PASSWORD), BENS_OWN)
    reference = _message(stage, page)
    checks.that("his connection, his grants and his events' ids are as before", _held() == before)
    support = stage.browser()
    ticket = _support(stage, support, reference)
    checks.step(f"Ben signs in again, as {BEN.email}")
    run = follow_run(stage, browser, sign_in(browser, page, BEN.email))
    walk.outcome_figures(stage, run, BEN)
    names = results.refs(stage.simulator.get_mailbox(BEN.email))
    wrong = results.wrong(walk.links(BEN), stage.seeded.samples[BEN.email], names)
    checks.equal("events linked to a wrong appointment, or not as seeded", len(wrong), 0)
    _closed(stage, browser, support, reference, ticket)


def _held() -> tuple[object, ...]:
    """Everything a refused sign-in must leave alone."""
    connection = CalendarConnection.objects.get(member__email=BEN.email)
    synced = connection.synced_events.order_by("pk").values_list("pk", "ews_id", "appointment_id", "link")
    grants = Grant.objects.filter(connection=connection).order_by("pk").values_list("pk", "service", "version")
    return connection.tid, connection.oid, connection.account, list(synced), list(grants)


def _message(stage: Stage, page: Page) -> str:
    """What the member reads; the reference."""
    checks = stage.checks
    checks.that("the message names the account he used", BENS_OWN in page.text)
    checks.that("and the one his calendar belongs to", BEN.email in page.text)
    checks.that("and says that nothing was changed", "Nothing was changed" in page.text)
    found = REFERENCE.search(page.text)
    if found is None:
        raise Unexpected(f"{page.path} (status {page.status}) names no reference: {page.text[:300]}")
    checks.that(f"and gives him a reference: {found.group()}", True)
    return found.group()


def _support(stage: Stage, support: Browser, reference: str) -> str:
    """Mail and ticket; the ticket's page in the admin."""
    checks = stage.checks
    checks.step(f"Support is told: a mail to {SUPPORT[1]}, and a ticket in the admin")
    found = [mail for mail in mails.sent(stage.mails) if reference in str(mail["Subject"])]
    checks.equal("mails about it", len(found), 1)
    for mail in found:
        checks.note(f"To: {mail['To']}   Subject: {mail['Subject']}")
        text = mails.body(mail)
        for line in text.splitlines():
            checks.note(f"│ {line}")
        checks.that("it goes to support and names both addresses",
                    SUPPORT[1] in str(mail["To"]) and BEN.email in text and BENS_OWN in text)  # fmt: skip
    tickets = support.log_in(SUPPORT[1], PASSWORD, then=TICKETS)
    checks.that("the list of tickets has it, with both addresses",
                all(words in tickets.text for words in (reference, BEN.email, BENS_OWN)))  # fmt: skip
    address = next((link for link in tickets.links if re.fullmatch(rf"(.*{TICKETS})?\d+/change/(\?.*)?", link)), None)
    if address is None:
        raise Unexpected(f"{tickets.path} (status {tickets.status}) leads to no ticket: {tickets.text[:300]}")
    ticket = support.get(address)
    checks.that("its page offers support's decisions", ticket.link("decide") is not None)
    return ticket.path


def _closed(stage: Stage, browser: Browser, support: Browser, reference: str, ticket: str) -> None:
    checks = stage.checks
    checks.that("the ticket has closed by itself, in the admin", "Closed" in support.get(ticket).text)
    checks.that(
        "and on Ben's own page of it", "This request is closed" in browser.get(f"/move/tickets/{reference}/").text
    )
    again = browser.get("/")
    checks.that("his dashboard shows no banner any more", again.form("/move/sign-in/") is None and again.status == 200)
