"""What is decided, by itself: of parts, of creations that came late, and of who looks like whom."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from calendars.sync.content import PARTS, Content, differing
from calendars.sync.merging import OWN_AFFAIR, TOGETHER, Merged, Rules, merge
from calendars.sync.plan import base_of
from calendars.sync.recognising import Candidate, recognise
from calendars.sync.service import Appointment
from tests.calendars.sync.world import HEARING, SERIES
from tests.factories import NOW

contents = st.builds(
    Content,
    subject=st.sampled_from(["Hearing", "Call"]), all_day=st.just(False),
    start=st.sampled_from(["2026-12-01T09:00:00", "2026-12-01T10:00:00"]), end=st.just("2026-12-01T11:00:00"),
    time_zone=st.sampled_from(["America/New_York", "Eastern Standard Time", "Europe/London"]),
    rrule=st.sampled_from(["", "FREQ=WEEKLY;COUNT=3"]), location=st.sampled_from(["", "Court 3"]),
    body=st.sampled_from(["", "Words", "Words  \r\n"]), show_as=st.sampled_from(["busy", "free"]),
    sensitivity=st.sampled_from(["normal", "private"]), reminder=st.sampled_from([None, 15]),
)  # fmt: skip
rules = st.builds(Rules, asked=st.booleans(), guarded=st.booleans(), organized=st.booleans(), sayable=st.booleans())
moments = st.sampled_from([None, NOW, NOW + timedelta(minutes=1)])


def merged(
    here: Content, there: Content, base: Content | None, one: Rules, changed_here=NOW, changed_there=NOW
) -> Merged:
    return merge(here, there, base, changed_here=changed_here, changed_there=changed_there, rules=one)


@given(contents, contents, st.none() | contents, rules, moments, moments)
def test_every_difference_goes_one_way_and_nothing_else_goes_anywhere(here, there, base, one, first, second):
    found = merged(here, there, base, one, first, second)
    apart = differing(here, there)
    went = {part for part in apart if part in found.inward}, {part for part in apart if part in found.outward}
    assert went[0] | went[1] == apart and not went[0] & went[1]
    # Afterwards the two differ in exactly what is to be told.
    assert differing(found.content, there) == found.outward
    assert found.lost_here <= found.inward and found.lost_there <= found.outward


@given(contents, contents, contents, moments, moments)
def test_what_only_one_side_has_changed_is_never_lost(here, there, base, first, second):
    found = merged(here, there, base, Rules(), first, second)
    for parts in TOGETHER:
        if not parts & differing(here, base):
            assert not parts & found.outward and not parts & found.lost_here
        if not parts & differing(there, base):
            assert not parts & found.inward and not parts & found.lost_there


@given(contents, contents, st.none() | contents, moments, moments)
def test_nothing_is_told_of_what_others_would_be_written_to_for_unless_a_member_asks(here, there, base, first, second):
    found = merged(here, there, base, Rules(asked=False, guarded=True, organized=False), first, second)
    changed_on_both = differing(here, base) & differing(there, base) if base else frozenset()
    assert found.outward <= OWN_AFFAIR & changed_on_both


@given(contents)
def test_what_agrees_is_left_alone(here):
    other = replace(here, body=f"{here.body}  \r\n", location=f" {here.location} ")
    assert merged(here, other, None, Rules()) == Merged(here)


def test_an_answer_that_says_what_we_said_long_ago_is_no_change_of_theirs():
    first, second = replace(HEARING, subject="First"), replace(HEARING, subject="Second", location="Since")
    # The first request came through late: its words are ours, and the second's are still to be told.
    base = base_of(first, [first, second])
    assert differing(base, first) == frozenset()
    assert merged(second, first, base, Rules()).outward == {"subject", "location"}
    # And what nobody of us has ever said is theirs.
    theirs = replace(first, location="Theirs")
    assert merged(second, theirs, base_of(theirs, [first, second]), Rules()).inward == {"location"}
    assert PARTS


def candidate(key: int, *sayings: Content, **kind) -> Candidate:
    return Candidate(key, sayings, **kind)


def appointment(name: str, content: Content = HEARING, uid: str = "") -> Appointment:
    return Appointment(name, content, ical_uid=uid)


def linked(unknown, candidates) -> dict[str, int]:
    return {name: one.key for name, one in recognise(unknown, candidates).links.items()}


def test_a_uid_links_where_it_is_one_appointments_and_one_events_alone():
    ours = candidate(1, replace(HEARING, subject="Renamed"), uids=frozenset({"u"}))
    assert linked([appointment("A", uid="u")], [ours]) == {"A": 1}
    assert linked([appointment("A", uid="u"), appointment("B", uid="u")], [ours]) == {}
    twin = candidate(2, replace(HEARING, subject="Other"), uids=frozenset({"u"}))
    assert linked([appointment("A", uid="u")], [ours, twin]) == {}


def test_of_several_that_look_the_same_those_that_agree_in_more_pair_up_first():
    phone = replace(HEARING, location="Phone")
    candidates = [candidate(1, HEARING), candidate(2, phone), candidate(3, HEARING)]
    assert linked([appointment("A", phone), appointment("B")], candidates) == {"A": 2, "B": 1}
    assert linked([appointment("B"), appointment("A", phone)], list(reversed(candidates))) == {"A": 2, "B": 1}
    assert linked([appointment(name) for name in "ABCD"], candidates) == {"A": 1, "B": 3, "C": 2}


def test_looks_are_subject_times_and_whether_it_repeats():
    ours = [candidate(1, HEARING)]
    same = [
        replace(HEARING, subject="  HEARING "), replace(HEARING, start="2026-12-01T09:00:30"),
        replace(HEARING, start="2026-12-01T14:00:00", end="2026-12-01T15:00:00", time_zone="UTC"),
    ]  # fmt: skip
    assert all(linked([appointment("A", one)], ours) for one in same)
    others = [
        replace(HEARING, subject="Hearings"), replace(HEARING, end="2026-12-01T10:30:00"),
        replace(HEARING, all_day=True, start="2026-12-01", end="2026-12-02"), replace(HEARING, rrule=SERIES.rrule),
    ]  # fmt: skip
    assert not any(linked([appointment("A", one)], ours) for one in others)


def test_an_event_of_ours_comes_before_an_anomaly_that_looks_the_same():
    anomaly, ours = candidate(-1, HEARING, anomaly=True), candidate(1, HEARING)
    found = recognise([appointment("A"), appointment("B")], [anomaly, ours])
    assert found.links == {"A": ours} and found.held == {"B": (anomaly,)}
