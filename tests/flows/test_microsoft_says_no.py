"""Microsoft does not let somebody in: consent, cancelled, blocked, and the end of the circle. Told over HTTP, from the login
over Microsoft's account page to the page that says what it is and whom to ask, and on to the run.
"""

from typing import Any

import pytest
import requests
from django.test import Client

from calendars.models import CalendarConnection, Grant
from calendars.states import State
from firms.models import Firm
from migration.models import ConsentRequest, MigrationRun, Ticket
from tests import queue
from tests.factories import ConnectionFactory, FirmFactory, MemberFactory
from tests.flows.steps import log_in, pick, press_the_button, sign_in, submit
from tests.migration.sign_in_steps import ADA, asked, browser, held, mailbox_with, synced
from tests.migration.visiting import text
from tests.simulator.client import Simulator
from tests.staff import client_of, staff_of

pytestmark = pytest.mark.django_db
BEN = "ben@harper.example"


@pytest.fixture
def firm() -> Firm:
    return FirmFactory(name="Harper LLP", flagged=True)


def prompted(simulator: Simulator, firm: Firm, address: str = ADA) -> tuple[CalendarConnection, Client, Any]:
    connection = ConnectionFactory(member=MemberFactory(email=address, firm=firm))
    mailbox_with(simulator, synced(connection, 3), address)
    client, prompt = log_in(connection.member)
    connection.refresh_from_db()
    return connection, client, prompt


def moves(connection: CalendarConnection, answer: Any) -> None:
    assert answer.redirect_chain[-1][0].startswith("/move/runs/"), text(answer)
    queue.drain()
    connection.refresh_from_db()
    assert connection.state == State.GRAPH_SYNC and not Ticket.objects.exists()


def test_the_administrator_has_to_allow_it_first(simulator: Simulator, firm: Firm, mailoutbox: Any) -> None:
    ada, client, prompt = prompted(simulator, firm)
    ben, bens, bens_prompt = prompted(simulator, firm, BEN)
    simulator.mailbox("it@harper.example")
    simulator.tenant(simulator.get_mailbox(ADA)["tid"], consent="admin")
    before = held(ada)
    answer = sign_in(client, prompt, ADA)
    assert "Your administrator has to allow this first" in text(answer) and held(ada) == before

    # Staff see that the firm waits, and her colleague reads it before he goes to Microsoft in vain.
    rollout = client_of(staff_of("Rollout"))
    assert "Harper LLP" in text(rollout.get("/admin/firms/firm/?administrator=awaited"))
    assert "administrator has to allow Caret Sync first" in text(bens.get("/move/"))
    assert "Your administrator has to allow this first" in text(sign_in(bens, bens_prompt, BEN))

    # She sends the text on; their administrator, who is nobody here, follows its link and picks their own account.
    sent = client.get("/move/administrator/").context["it_text"]
    link = next(line for line in sent.splitlines() if "/adminconsent?" in line)
    page = requests.get(link, timeout=10)
    assert "Permissions for your whole organisation" in page.text
    allowed = requests.post(link, data={"sim_account": "it@harper.example"}, allow_redirects=False, timeout=10)
    thanks = browser().get(allowed.headers["Location"].removeprefix("http://localhost"), follow=True)
    assert "Thank you" in text(thanks)

    # Whoever waits is told and taken up again; the first one in is the proof.
    queue.drain()
    assert sorted(mail.to[0] for mail in mailoutbox) == [ADA, BEN]
    _, again = log_in(ben.member)
    assert "Your administrator has allowed Caret Sync" in text(again)
    moves(ada, sign_in(client, client.get("/move/"), ADA))
    assert ConsentRequest.objects.get().settled_at
    moves(ben, sign_in(bens, bens.get("/move/"), BEN))
    assert len(mailoutbox) == 2


def test_she_changes_her_mind_at_microsoft(simulator: Simulator, firm: Firm) -> None:
    ada, client, prompt = prompted(simulator, firm)
    before = held(ada)
    answer = sign_in(client, prompt, cancel="1")
    assert "You cancelled the sign-in" in text(answer) and held(ada) == before
    moves(ada, sign_in(client, answer, ADA))


@pytest.mark.parametrize(
    ("number", "heading", "whom"),
    [
        (53003, "A rule of your organization does not allow this sign-in", "conditional access"),
        (50057, "This account is switched off or locked at Microsoft", "to switch the account on"),
        (50105, "Your organization has not given you access", "assign the application Caret Sync to"),
        (50076, "Microsoft asks for a further check", "with a code or an app on your telephone"),
        (50999, "Microsoft did not let you sign in", "AADSTS50999"),
    ],
)
def test_her_organization_blocks_her(simulator: Simulator, firm: Firm, number: int, heading: str, whom: str) -> None:
    """Said by Microsoft on the way back: what it is, and whom to ask; nothing has changed, and later she gets in."""
    ada, client, prompt = prompted(simulator, firm)
    before, state = held(ada), asked(press_the_button(client, prompt))["state"]
    refusal = {"error": "access_denied", "error_description": f"AADSTS{number}: No.", "state": state}
    answer = client.get("/move/callback/", refusal, follow=True)
    page = text(answer)
    assert heading in page and whom in page and "Microsoft 365 administrator" in page
    assert held(ada) == before and not Grant.objects.exists() and not Ticket.objects.exists()
    moves(ada, sign_in(client, answer, ADA))


def test_a_further_check_at_the_last_moment(simulator: Simulator, firm: Firm) -> None:
    """Said by the token endpoint, with what is to be proven: the next sign-in asks for exactly that."""
    ada, client, prompt = prompted(simulator, firm)
    claims = '{"access_token": {"polids": {"essential": true}}}'
    refusal = {"error": "interaction_required", "error_codes": [50076], "suberror": "basic_action", "claims": claims}
    simulator.fault(operation="token", status=400, body=refusal, count=1)
    answer = sign_in(client, prompt, ADA)
    assert "Microsoft asks for a further check" in text(answer)
    address = press_the_button(client, answer)
    assert asked(address)["claims"] == claims
    moves(ada, client.get(pick(address, ADA), follow=True))


def test_a_license_is_missing(simulator: Simulator, firm: Firm) -> None:
    ada, client, prompt = prompted(simulator, firm)
    never_made = {"error": {"code": "ResourceNotFound", "message": "Resource could not be discovered."}}
    fault = simulator.fault(operation="calendar", status=404, body=never_made)
    page = text(sign_in(client, prompt, ADA))
    assert "This account has no mailbox" in page and "a license that includes Exchange Online" in page
    ada.refresh_from_db()
    assert ada.state == State.UNSUPPORTED and fault
    simulator.clear_faults()
    moves(ada, sign_in(client, client.get("/move/sign-in/"), ADA))


def test_three_times_in_vain_and_support_take_over(simulator: Simulator, firm: Firm, mailoutbox: Any) -> None:
    ada, client, page = prompted(simulator, firm)
    for _ in range(3):
        page = sign_in(client, page, cancel="1")
    stopped = submit(client, page, "/move/sign-in/")
    assert stopped.status_code == 200 and "Several sign-ins in a row did not work" in text(stopped)
    asked_for = submit(client, stopped, "/move/sign-in/help/", message="What do I do wrong?")
    ticket = Ticket.objects.get()
    assert asked_for["Location"] == f"/move/tickets/{ticket.reference}/"
    support = client_of(staff_of("Support"))
    answer = {"turn": ticket.turn, "message": "Please press Next on Microsoft’s page."}
    support.post(f"/admin/migration/ticket/{ticket.pk}/decide/answer/", answer)
    answered = client.get(asked_for["Location"])
    assert "press Next" in text(answered)
    # She tries once more from the page that stopped her, and the ticket closes by itself.
    sign_in(client, stopped, ADA)
    ticket.refresh_from_db()
    assert ticket.state == "closed" and MigrationRun.objects.filter(connection=ada).exists()
