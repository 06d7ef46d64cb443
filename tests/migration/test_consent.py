"""A firm that waits for its administrator at Microsoft: who is told what, and that a link and a word prove nothing."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
import time_machine

from calendars.models import CalendarConnection
from calendars.states import State
from firms.models import AuditEntry
from migration import consent, tasks
from migration.models import ConsentRequest, SignInAttempt
from tests import queue
from tests.factories import NOW, FirmFactory, MemberFactory
from tests.migration.sign_in_steps import (
    ADA,
    MALLORY,
    at_microsoft,
    browser,
    connection_of,
    held,
    mailbox_with,
    newest,
    sign_in,
    to_microsoft,
)
from tests.migration.visiting import text
from tests.simulator.client import Simulator
from tests.staff import client_of, staff_of

pytestmark = pytest.mark.django_db
BEN = "ben@harper.example"


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture
def firm() -> Any:
    return FirmFactory(name="Harper LLP", slug="harper")


def waits(simulator: Simulator, firm: Any, address: str = ADA) -> CalendarConnection:
    """A member of the firm whom Microsoft sends away until an administrator consents."""
    connection = connection_of(address, member__firm=firm)
    mailbox_with(simulator, [], address)
    simulator.tenant(simulator.get_mailbox(address)["tid"], consent="admin")
    sign_in(browser(connection.member), address)
    assert newest().result == SignInAttempt.Result.CONSENT_MISSING
    return connection


def link_of(connection: CalendarConnection) -> str:
    """The link that the page for administrators shows this member."""
    return str(browser(connection.member).get("/move/administrator/").context["consent_url"])


def come_back(link: str, **answer: str) -> str:
    """The path on which whoever followed the link comes back, whatever Microsoft answered."""
    asked = {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}
    return "/move/callback/?" + urlencode({"state": asked["state"], **answer})


GIVEN = {"admin_consent": "True", "tenant": "11111111-0000-4000-8000-000000000001"}


def test_a_firm_waits_once_whoever_of_it_is_sent_away(simulator: Simulator, firm: Any) -> None:
    waits(simulator, firm)
    waits(simulator, firm, BEN)
    wait = ConsentRequest.objects.get()
    assert (wait.firm, wait.reported_at, wait.settled_at) == (firm, None, None)
    assert AuditEntry.objects.filter(action="consent.needed").count() == 1


def test_staff_see_who_waits(simulator: Simulator, firm: Any) -> None:
    waits(simulator, firm)
    waits(simulator, firm, BEN)
    FirmFactory(name="Another LLP")
    for group in ("Rollout", "Support"):
        client = client_of(staff_of(group))
        page = text(client.get("/admin/migration/consentrequest/"))
        assert "Harper LLP Waiting for its administrator 2" in page
        assert client.get("/admin/migration/consentrequest/?state=settled").context["cl"].result_count == 0
        firms = client.get("/admin/firms/firm/?administrator=awaited").context["cl"].result_list
        assert [row.slug for row in firms] == ["harper"]
        assert "Waiting for its administrator" in text(client.get(f"/admin/firms/firm/{firm.pk}/change/"))
    assert client_of(MemberFactory(is_staff=True)).get("/admin/migration/consentrequest/").status_code == 403


def test_colleagues_read_at_the_prompt_that_an_administrator_is_needed(simulator: Simulator, firm: Any) -> None:
    waits(simulator, firm)
    ben = connection_of(BEN, member__firm=firm)
    stranger = connection_of("eve@elsewhere.example")
    assert "administrator has to allow Caret Sync first" in text(browser(ben.member).get("/move/"))
    assert "administrator" not in text(browser(stranger.member).get("/move/"))


def test_the_text_to_send_on_has_link_permissions_and_sender(simulator: Simulator, firm: Any) -> None:
    connection = waits(simulator, firm)
    answer = browser(connection.member).get(f"/move/sign-in/{newest().pk}/")
    link = answer.context["consent_url"]
    sent = answer.context["it_text"]
    for words in (
        link,
        "Calendars.ReadWrite",
        "User.Read",
        "offline_access",
        "Harper LLP",
        "support@caretsync.example",
    ):
        assert words in sent
    assert text(answer).count("Ready to send") == 1 and "mailto:?subject=Please%20allow" in answer.content.decode()
    assert urlsplit(link).path == "/organizations/v2.0/adminconsent"


def test_an_administrator_who_is_nobody_here_ends_the_wait(simulator: Simulator, firm: Any, mailoutbox: Any) -> None:
    """Over Microsoft's own page, without a login here; whoever waits is told, once, and can sign in."""
    ada, ben = waits(simulator, firm), waits(simulator, firm, BEN)
    for address in (ADA, BEN):
        simulator.mailbox(f"it@{address.partition('@')[2]}")
    back = requests.get(link_of(ada) + "&sim_account=it@harper.example", allow_redirects=False, timeout=10)
    answer = browser().get(back.headers["Location"].removeprefix("http://localhost"), follow=True)
    assert answer.redirect_chain == [("/move/consent/?how=given", 302)] and "Thank you" in text(answer)
    assert not mailoutbox and ConsentRequest.objects.get().reported_at
    assert "said to be given" in text(client_of(staff_of("Rollout")).get(f"/admin/firms/firm/{firm.pk}/change/"))
    queue.drain()
    assert sorted(mail.to for mail in mailoutbox) == [[ADA], [BEN]]
    assert "sign in once more" in mailoutbox[0].body and "/move/" in mailoutbox[0].body
    assert "has allowed Caret Sync" in text(browser(ben.member).get("/move/"))
    # The next sign-in is the proof.
    sign_in(browser(ben.member), BEN)
    assert newest().result == SignInAttempt.Result.ACCEPTED
    assert ConsentRequest.objects.get().settled_at
    queue.drain()
    assert len(mailoutbox) == 2, "nobody is told twice"


def test_where_it_was_given_at_microsoft_alone_the_first_sign_in_tells_the_others(
    simulator: Simulator, firm: Any, mailoutbox: Any
) -> None:
    ada = waits(simulator, firm)
    waits(simulator, firm, BEN)
    simulator.tenant(simulator.get_mailbox(ADA)["tid"], consent="user")
    sign_in(browser(ada.member), ADA)
    queue.drain()
    assert [mail.to for mail in mailoutbox] == [[BEN]]
    assert tasks.tell_waiting_members(ConsentRequest.objects.get().pk) == 0


def test_a_colleague_of_another_organization_proves_nothing_for_the_others(simulator: Simulator, firm: Any) -> None:
    waits(simulator, firm)
    other = connection_of("eve@elsewhere.example", member__firm=firm)
    mailbox_with(simulator, [], "eve@elsewhere.example")
    sign_in(browser(other.member), "eve@elsewhere.example")
    assert newest().result == SignInAttempt.Result.ACCEPTED
    assert ConsentRequest.objects.get().settled_at is None


def test_a_word_that_was_not_true_is_taken_back_by_the_next_refusal(simulator: Simulator, firm: Any) -> None:
    connection = waits(simulator, firm)
    before = held(connection)
    browser().get(come_back(link_of(connection), **GIVEN))
    assert held(connection) == before and ConsentRequest.objects.get().reported_at
    assert not SignInAttempt.objects.filter(result=SignInAttempt.Result.ACCEPTED).exists()
    sign_in(browser(connection.member), ADA)
    assert ConsentRequest.objects.get().reported_at is None


@pytest.mark.parametrize(
    ("answer", "how"),
    [
        ({"error": "access_denied", "error_subcode": "cancel", "admin_consent": "True"}, "not_given"),
        ({"error": "consent_required"}, "not_given"),
        ({"admin_consent": "False"}, "not_given"),
        ({}, "not_given"),
    ],
)
def test_what_was_not_given_changes_nothing(simulator: Simulator, firm: Any, answer: Any, how: str) -> None:
    connection = waits(simulator, firm)
    found = browser().get(come_back(link_of(connection), **answer), follow=True)
    assert found.redirect_chain == [(f"/move/consent/?how={how}", 302)]
    assert ConsentRequest.objects.get().reported_at is None and "not given" in text(found)


@pytest.mark.parametrize("state", ["administrator.", "administrator.1", "administrator.forged:signature", "cut off"])
def test_a_forged_state_tells_nobody_anything(simulator: Simulator, firm: Any, mailoutbox: Any, state: str) -> None:
    connection = waits(simulator, firm)
    if state == "cut off":
        state = come_back(link_of(connection)).partition("state=")[2][:-4]
    answer = browser().get("/move/callback/", {"state": state, **GIVEN}, follow=True)
    assert answer.redirect_chain == [("/move/consent/?how=unknown", 302)] and "could not tell" in text(answer)
    queue.drain()
    assert ConsentRequest.objects.get().reported_at is None and not mailoutbox


def test_an_old_link_tells_nobody_anything(simulator: Simulator, firm: Any) -> None:
    back = come_back(link_of(waits(simulator, firm)), **GIVEN)
    with time_machine.travel(NOW + consent.LINK_LASTS + timedelta(days=1), tick=True):
        assert "how=unknown" in browser().get(back)["Location"]
    assert ConsentRequest.objects.get().reported_at is None


def test_the_link_of_one_firm_says_nothing_of_another(simulator: Simulator, firm: Any, mailoutbox: Any) -> None:
    waits(simulator, firm)
    other = waits(simulator, FirmFactory(), "eve@elsewhere.example")
    browser().get(come_back(link_of(other), **GIVEN))
    queue.drain()
    assert [mail.to for mail in mailoutbox] == [["eve@elsewhere.example"]]


def test_the_word_is_taken_once_however_often_it_is_said(simulator: Simulator, firm: Any, mailoutbox: Any) -> None:
    back = come_back(link_of(waits(simulator, firm)), **GIVEN)
    for _ in range(3):
        browser().get(back)
    queue.drain()
    assert len(mailoutbox) == 1
    assert AuditEntry.objects.filter(action="consent.reported").count() == 1


def test_who_need_not_sign_in_any_more_is_not_written_to(simulator: Simulator, firm: Any, mailoutbox: Any) -> None:
    connection = waits(simulator, firm)
    CalendarConnection.objects.filter(pk=connection.pk).update(state=State.DISCONNECTED)
    browser().get(come_back(link_of(connection), **GIVEN))
    queue.drain()
    assert not mailoutbox


def test_a_mail_server_that_fails_stops_nobody_else_s_mail(
    simulator: Simulator, firm: Any, mailoutbox: Any, monkeypatch: Any, caplog: Any
) -> None:
    ada = waits(simulator, firm)
    waits(simulator, firm, BEN)
    send = consent.EmailMessage.send

    def fails_for_ada(self: Any, *arguments: Any) -> Any:
        if self.to == [ADA]:
            raise TimeoutError
        return send(self, *arguments)

    monkeypatch.setattr(consent.EmailMessage, "send", fails_for_ada)
    browser().get(come_back(link_of(ada), **GIVEN))
    queue.drain()
    assert [mail.to for mail in mailoutbox] == [[BEN]]
    assert "TimeoutError" in caplog.text and ADA not in caplog.text


def test_an_administrator_s_answer_is_no_answer_to_a_sign_in(simulator: Simulator, firm: Any) -> None:
    """Nor the other way round: each is told by its state alone."""
    connection = waits(simulator, firm)
    simulator.mailbox(MALLORY)
    client = browser(connection.member)
    back = at_microsoft(to_microsoft(client), MALLORY)
    before = held(connection)
    client.get(come_back(link_of(connection), **GIVEN, code=back.partition("code=")[2].partition("&")[0]))
    assert held(connection) == before and newest().result == SignInAttempt.Result.UNDER_WAY
