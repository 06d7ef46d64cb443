"""The list of tickets in the admin: what waits for support first, found by reference, member and either address (R7)."""

from datetime import timedelta

import pytest

from calendars.states import State
from migration import tickets
from migration.ticket_states import Cause
from tests.factories import NOW, FirmFactory, MemberFactory, StaffFactory
from tests.migration.ticket_steps import LIST, mismatch, waiting_connection
from tests.migration.visiting import text

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now(time_machine):
    time_machine.move_to(NOW + timedelta(hours=3), tick=False)


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


def test_a_ticket_is_found_by_each_address_that_was_tried_and_stands_in_the_list_once(support):
    connection = waiting_connection()
    ticket = mismatch(connection, address="first@mail.example")
    for _ in range(3):
        mismatch(connection, address="second@mail.example")
    mismatch(waiting_connection(), address="third@where.example")
    for word in ("first@mail", "second@mail", "mail.example"):
        found = support.get(LIST, {"q": word}).context["cl"]
        assert [row.pk for row in found.result_list] == [ticket.pk] and found.result_count == 1, word


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


def test_the_list_filters_by_firm_and_age_with_counts(support):
    busy, quiet = FirmFactory(name="Busy LLP"), FirmFactory(name="Quiet LLP")
    ages = {
        "day": timedelta(hours=-2),
        "days": timedelta(days=-2),
        "week": timedelta(days=-6),
        "older": timedelta(days=-8),
    }
    made = {
        name: mismatch(waiting_connection(member=MemberFactory(firm=busy)), now=NOW + age) for name, age in ages.items()
    }
    other = mismatch(waiting_connection(member=MemberFactory(firm=quiet)))
    FirmFactory(name="Silent LLP")
    page = text(support.get(LIST))
    for words in ("Busy LLP (4)", "Quiet LLP (1)", "Less than a day (2)", "1 to 3 days (1)", "More than a week (1)"):
        assert words in page, words
    assert "Silent LLP" not in page
    listed = lambda **query: {row.pk for row in support.get(LIST, query).context["cl"].result_list}  # noqa: E731
    assert listed(firm=busy.pk) == {ticket.pk for ticket in made.values()}
    assert listed(firm=quiet.pk) == {other.pk}
    for name in ages:
        assert listed(firm=busy.pk, age=name) == {made[name].pk}
    for nonsense in ({"firm": "x"}, {"firm": "9" * 30}, {"age": "x"}):
        assert len(listed(**nonsense)) == 5


def test_the_list_costs_the_same_for_one_ticket_and_for_many(support, django_assert_max_num_queries):
    mismatch(waiting_connection())
    with django_assert_max_num_queries(40) as few:
        support.get(LIST)
    for _ in range(12):
        mismatch(waiting_connection(member=MemberFactory()))
    with django_assert_max_num_queries(len(few.captured_queries)):
        assert len(support.get(LIST).context["cl"].result_list) == 13
