"""Tickets in the admin: who may see and decide, what the pages hold, and that only what makes sense can be done (R7)."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from calendars.states import State
from firms.models import AuditEntry
from migration import tickets
from migration.admin.ticket_forms import WORDS
from migration.admin.ticket_page import reading
from migration.models import Ticket
from migration.ticket_states import Cause
from tests.factories import NOW, ConnectionFactory, FirmFactory, MemberFactory, StaffFactory, SyncedEventFactory
from tests.migration.ticket_steps import OID, TID, actions, attempt, mismatch, waiting_connection

pytestmark = pytest.mark.django_db
LIST = reverse("admin:migration_ticket_changelist")
ALL = ["ask_again", "approve_same_mailbox", "approve_other_account", "answer", "close"]


@pytest.fixture(autouse=True)
def _now(time_machine):
    time_machine.move_to(NOW + timedelta(hours=3), tick=False)


def of_group(name):
    staff = StaffFactory()
    staff.groups.add(Group.objects.get(name=name))
    return staff


def browser(user=None) -> Client:
    client = Client()
    if user:
        client.force_login(user)
    return client


@pytest.fixture
def supporter():
    return of_group("Support")


@pytest.fixture
def support(supporter) -> Client:
    return browser(supporter)


def page_of(ticket):
    return reverse("admin:migration_ticket_change", args=[ticket.pk])


def decision_of(ticket, cause):
    return reverse("admin:migration_ticket_decide", args=[ticket.pk, cause])


def given(ticket, **more):
    return {"turn": ticket.turn, "note": "called the member", "message": "Hello", **more}


def text(response) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


# --- who may what ---

LOGIN, NO, OK, DONE = "login", 403, 200, 302
WHO = {
    "anonymous": lambda member: browser(),
    "the member": lambda member: browser(member),
    "member of the same firm": lambda member: browser(MemberFactory(firm=member.firm)),
    "member of another firm": lambda member: browser(MemberFactory()),
    "firm administrator": lambda member: browser(MemberFactory(firm=member.firm, role="administrator")),
    "staff without a group": lambda member: browser(StaffFactory()),
    "Rollout": lambda member: browser(of_group("Rollout")),
    "Support": lambda member: browser(of_group("Support")),
    "superuser": lambda member: browser(StaffFactory(is_superuser=True)),
}
#                             list   page   question, answer to it
MAY = {
    "anonymous":             (LOGIN, LOGIN, LOGIN, LOGIN),
    "the member":            (LOGIN, LOGIN, LOGIN, LOGIN),
    "member of the same firm": (LOGIN, LOGIN, LOGIN, LOGIN),
    "member of another firm": (LOGIN, LOGIN, LOGIN, LOGIN),
    "firm administrator":    (LOGIN, LOGIN, LOGIN, LOGIN),
    "staff without a group": (NO, NO, NO, NO),
    "Rollout":               (NO, NO, NO, NO),
    "Support":               (OK, OK, OK, DONE),
    "superuser":             (OK, OK, OK, DONE),
}  # fmt: skip


@pytest.mark.parametrize("cause", ALL)
@pytest.mark.parametrize("who", WHO)
def test_who_may_see_and_decide(who, cause):
    ticket = mismatch(waiting_connection())
    client = WHO[who](ticket.member)
    address = decision_of(ticket, cause)
    answers = [
        client.get(LIST), client.get(page_of(ticket)), client.get(address), client.post(address, given(ticket)),
    ]  # fmt: skip
    for answer, expected in zip(answers, MAY[who], strict=True):
        if expected == LOGIN:
            assert answer.status_code == 302 and "login" in answer["Location"]
        else:
            assert answer.status_code == expected
    assert actions(ticket) == (["mismatch", cause] if MAY[who][3] == DONE else ["mismatch"])


def test_seeing_is_not_deciding():
    """Who may see tickets, and not resolve them, is offered nothing and refused everything."""
    from django.contrib.auth.models import Permission

    viewer = StaffFactory()
    viewer.user_permissions.add(Permission.objects.get(codename="view_ticket"))
    ticket = mismatch(waiting_connection())
    page = browser(viewer).get(page_of(ticket))
    assert page.status_code == 200 and "/decide/" not in page.content.decode()
    assert browser(viewer).post(decision_of(ticket, "close"), given(ticket)).status_code == 403


def test_a_post_without_a_csrf_token_decides_nothing(supporter):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(supporter)
    ticket = mismatch(waiting_connection())
    assert strict.post(decision_of(ticket, "close"), given(ticket)).status_code == 403
    assert actions(ticket) == ["mismatch"]


@pytest.mark.parametrize("user", [lambda: of_group("Support"), lambda: StaffFactory(is_superuser=True)])
def test_nobody_adds_edits_or_deletes_tickets_by_hand(user):
    client, ticket = browser(user()), mismatch(waiting_connection())
    assert client.get(reverse("admin:migration_ticket_add")).status_code == 403
    assert client.get(reverse("admin:migration_ticket_delete", args=[ticket.pk])).status_code == 403
    assert client.post(page_of(ticket), {"state": "closed"}).status_code == 403
    deletion = {"action": "delete_selected", "_selected_action": [ticket.pk], "post": "yes"}
    client.post(LIST, deletion)
    assert Ticket.objects.get().state == "open"


# --- the list ---


def test_the_list_has_what_waits_for_support_on_top_and_the_oldest_first(support):
    closed, old, young, waiting = (waiting_connection() for _ in range(4))
    made = {
        "young": mismatch(young, now=NOW + timedelta(hours=1)),
        "old": mismatch(old, now=NOW - timedelta(days=2)),
        "waiting": mismatch(waiting, now=NOW - timedelta(days=5)),
        "closed": mismatch(closed, now=NOW - timedelta(days=9)),
    }
    tickets.decide(made["waiting"], Cause.ASK_AGAIN, actor=StaffFactory(), turn=1, now=NOW)
    tickets.decide(made["closed"], Cause.CLOSE, actor=StaffFactory(), turn=1, now=NOW)
    page = support.get(LIST)
    listed = [row.reference for row in page.context["cl"].result_list]
    assert listed == [made[name].reference for name in ("old", "young", "waiting", "closed")]
    for words in ("2 days", "2 hours", "took 1 week", "Harper & Wolfe LLP".replace("&", "&amp;"), "Ada Byron"):
        assert words in page.content.decode().replace("\xa0", " ")


@pytest.mark.parametrize("search", ["reference", "member", "name", "expected", "other"])
def test_a_ticket_is_found_by_reference_member_and_either_address(support, search):
    connection = waiting_connection(
        member=MemberFactory(email="ada@harper.example", name="Ada Byron"), account="calendar@harper.example"
    )
    wanted = mismatch(connection, address="private@mail.example")
    mismatch(waiting_connection(member=MemberFactory(name="Ben")), address="else@where.example")
    word = {
        "reference": wanted.reference.lower(), "member": "ada@harper", "name": "byron",
        "expected": "calendar@harper", "other": "PRIVATE@mail",
    }[search]  # fmt: skip
    found = support.get(LIST, {"q": word}).context["cl"].result_list
    assert [row.pk for row in found] == [wanted.pk]


def test_the_list_filters_by_state_kind_and_flag_with_counts(support):
    flagged = waiting_connection(member=MemberFactory(firm=FirmFactory(flagged=True)))
    one, other = mismatch(flagged), mismatch(waiting_connection())
    lost = tickets.calendar_not_found(connection=waiting_connection(State.MIGRATING), now=NOW, note="two")
    tickets.decide(other, Cause.ASK_AGAIN, actor=StaffFactory(), turn=1, now=NOW)
    for query, expected in [
        ({"state__exact": "open"}, {one.pk, lost.pk}),
        ({"state__exact": "waiting_for_member"}, {other.pk}),
        ({"kind__exact": "calendar_not_found"}, {lost.pk}),
        ({"flag": "set"}, {one.pk}),
        ({"flag": "none"}, {other.pk, lost.pk}),
    ]:
        assert {row.pk for row in support.get(LIST, query).context["cl"].result_list} == expected
    assert "Open (2)" in text(support.get(LIST)) and "Flagged for Graph sync (1)" in text(support.get(LIST))


def test_the_list_costs_the_same_for_one_ticket_and_for_many(support, django_assert_max_num_queries):
    mismatch(waiting_connection())
    with django_assert_max_num_queries(30) as few:
        support.get(LIST)
    for _ in range(12):
        mismatch(waiting_connection(member=MemberFactory()))
    with django_assert_max_num_queries(len(few.captured_queries)):
        assert len(support.get(LIST).context["cl"].result_list) == 13


# --- the page ---


def test_the_page_has_everything_to_decide_by(support):
    connection = waiting_connection(tid="tenant-of-old", oid="oid-of-old", other_addresses=["ada.b@harper.example"])
    earlier = mismatch(connection, address="first@mail.example", now=NOW - timedelta(days=30))
    tickets.decide(earlier, Cause.CLOSE, actor=StaffFactory(), turn=1, now=NOW - timedelta(days=29))
    ticket = mismatch(connection, address="private@mail.example", tried=1000, resolved=1)
    tickets.write(ticket, message="My address <b>has</b> changed", now=NOW)
    seen = text(support.get(page_of(ticket)))
    for words in [
        ticket.reference, "Ada Byron", connection.member.email, "Harper &amp; Wolfe LLP", "not flagged",
        connection.account, "private@mail.example", "ada.b@harper.example", "tenant-of-old", "oid-of-old", TID, OID,
        "another tenant", "1 of 1,000 old ids resolves there", "this speaks for another mailbox",
        "My address &lt;b&gt;has&lt;/b&gt; changed", "Waiting for sign-in", earlier.reference,
    ]:  # fmt: skip
        assert words in seen, words


def test_the_page_costs_the_same_for_a_short_and_for_a_long_story(support, django_assert_max_num_queries):
    connection = waiting_connection()
    ticket = mismatch(connection)
    with django_assert_max_num_queries(20) as few:
        support.get(page_of(ticket))
    for number in range(10):
        mismatch(connection, address=f"{number}@mail.example")
        tickets.write(ticket, message=f"message {number}", now=NOW)
        SyncedEventFactory(connection=connection)
    with django_assert_max_num_queries(len(few.captured_queries)):
        assert "message 9" in text(support.get(page_of(ticket)))


def test_support_is_told_when_another_member_holds_the_account(support):
    ConnectionFactory(tid=TID, oid=OID, state=State.GRAPH_SYNC, member__email="boss@harper.example")
    assert "boss@harper.example" in text(support.get(page_of(mismatch(waiting_connection()))))


def test_a_page_that_is_not_there(support):
    for address in ("/admin/migration/ticket/999999/change/", "/admin/migration/ticket/x/change/",
                    "/admin/migration/ticket/999999/decide/close/"):  # fmt: skip
        assert support.get(address).status_code == 404
    ticket = mismatch(waiting_connection())
    for cause in ("mismatch", "success", "used", "nonsense"):
        assert support.post(decision_of(ticket, cause), given(ticket)).status_code == 404
    assert actions(ticket) == ["mismatch"]


@pytest.mark.parametrize(
    ("tried", "resolved", "tone"),
    [(0, 0, "plain"), (19, 19, "plain"), (20, 0, "bad"), (1000, 1, "bad"), (1000, 499, "bad"), (1000, 500, "good")],
)
def test_how_the_evidence_reads(tried, resolved, tone):
    assert reading(tried, resolved).tone == tone


# --- decisions ---


def test_the_buttons_are_those_that_make_sense(support):
    def offered(ticket):
        page = support.get(page_of(ticket)).content.decode()
        return [cause for cause in ALL if decision_of(ticket, cause) in page]

    ticket = mismatch(waiting_connection())
    assert offered(ticket) == ALL
    support.post(decision_of(ticket, "ask_again"), given(ticket))
    assert offered(ticket) == ["approve_same_mailbox", "approve_other_account", "answer", "close"]
    support.post(decision_of(ticket, "approve_other_account"), given(Ticket.objects.get()))
    assert offered(ticket) == ["ask_again", "answer", "close"]
    support.post(decision_of(ticket, "close"), given(Ticket.objects.get()))
    assert offered(ticket) == []


@pytest.mark.parametrize("cause", ALL)
def test_a_forged_post_on_a_closed_ticket_is_refused(support, cause):
    ticket = mismatch(waiting_connection())
    support.post(decision_of(ticket, "close"), given(ticket))
    ticket.refresh_from_db()
    answer = support.post(decision_of(ticket, cause), given(ticket))
    assert answer.status_code == 409 and "can’t be done" in text(answer)
    assert actions(ticket) == ["mismatch", "close"]


def test_an_approval_for_a_connection_that_has_moved_on_is_refused(support):
    ticket = mismatch(waiting_connection())
    ticket.connection.state = State.GRAPH_SYNC
    ticket.connection.save()
    assert support.post(decision_of(ticket, "approve_other_account"), given(ticket)).status_code == 409
    assert Ticket.objects.get().state == "open"


def test_a_decision_on_what_the_page_no_longer_shows_is_refused(support):
    connection = waiting_connection()
    seen = mismatch(connection, oid="seen", address="seen@mail.example")
    mismatch(connection, oid="unseen", address="unseen@mail.example")
    answer = support.post(decision_of(seen, "approve_other_account"), given(seen))
    assert answer.status_code == 409
    assert "something has happened to this ticket" in text(answer) and "unseen@mail.example" in text(answer)
    assert Ticket.objects.get().state == "open"


@pytest.mark.parametrize("cause", ["ask_again", "approve_same_mailbox", "approve_other_account", "close"])
def test_what_decides_needs_a_note(support, cause):
    ticket = mismatch(waiting_connection())
    answer = support.post(decision_of(ticket, cause), given(ticket, note="  ", message=""))
    assert answer.status_code == 200 and "This field is required." in text(answer)
    assert actions(ticket) == ["mismatch"]


def test_an_answer_needs_words_and_no_note(support):
    ticket = mismatch(waiting_connection())
    assert "This field is required." in text(support.post(decision_of(ticket, "answer"), given(ticket, message="")))
    assert support.post(decision_of(ticket, "answer"), given(ticket, note="")).status_code == 302
    assert actions(ticket) == ["mismatch", "answer"]


@pytest.mark.parametrize("turn", ["", "x", "-1", "99999999999999999999999"])
def test_a_post_with_a_broken_turn_decides_nothing(support, turn):
    ticket = mismatch(waiting_connection())
    assert support.post(decision_of(ticket, "close"), given(ticket, turn=turn)).status_code in (200, 409)
    assert Ticket.objects.get().state == "open"


def test_before_a_move_is_approved_the_page_says_what_becomes_of_the_events(support):
    ticket = mismatch(waiting_connection())
    SyncedEventFactory.create_batch(3, connection=ticket.connection)
    page = text(support.get(decision_of(ticket, "approve_other_account")))
    for words in ["the 3 synced events", "by its subject and its start and end, and by nothing else",
                  "it is never created in Outlook", "private@mail.example", OID]:  # fmt: skip
        assert words in page, words
    assert actions(ticket) == ["mismatch"]


@pytest.mark.parametrize(
    ("cause", "approved_as"), [("approve_same_mailbox", "same_mailbox"), ("approve_other_account", "other_account")]
)
def test_an_approval_binds_the_account_shown_expires_and_is_audited(support, supporter, settings, cause, approved_as):
    ticket = mismatch(waiting_connection())
    answer = support.post(decision_of(ticket, cause), given(ticket), follow=True)
    assert WORDS[Cause(cause)].done in text(answer)
    ticket.refresh_from_db()
    assert (ticket.state, ticket.approved_as, ticket.approved_tid, ticket.approved_oid) == (
        "approved",
        approved_as,
        TID,
        OID,
    )
    assert ticket.approved_until == NOW + timedelta(hours=3, seconds=settings.APPROVAL_SECONDS)
    row = AuditEntry.objects.get(action=f"ticket.{cause}")
    assert (row.actor, row.note, row.member) == (supporter, "called the member", ticket.member)
    assert (row.data["tid"], row.data["oid"], row.data["reference"]) == (TID, OID, ticket.reference)


def test_an_approval_that_has_expired_is_shown_as_open_again(support, settings, time_machine):
    ticket = mismatch(waiting_connection())
    support.post(decision_of(ticket, "approve_other_account"), given(ticket))
    time_machine.move_to(NOW + timedelta(hours=4, seconds=settings.APPROVAL_SECONDS), tick=False)
    assert "The approval expired" in text(support.get(page_of(ticket)))
    assert decision_of(ticket, "approve_other_account") in support.get(page_of(ticket)).content.decode()


def test_the_decisions_are_mailed_to_the_member(support, mailoutbox, django_capture_on_commit_callbacks):
    ticket = mismatch(waiting_connection())
    with django_capture_on_commit_callbacks(execute=True):
        support.post(decision_of(ticket, "answer"), given(ticket, message="We will call you.", note="tried twice"))
    (mail,) = mailoutbox
    assert mail.to == [ticket.member.email] and "We will call you." in mail.body and "tried twice" not in mail.body


def test_attempts_of_other_connections_are_not_shown(support):
    attempt(waiting_connection(), address="stranger@mail.example")
    assert "stranger@mail.example" not in text(support.get(page_of(mismatch(waiting_connection()))))
