"""Which appointment is the counterpart of which synced event (R8), decided without database or network."""

import random
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migration.matching import Anomaly, Candidate, Known, masters_to_read, match, subject_key
from migration.settling import claims, settle

# Minutes since 1970.
START = int(datetime(2026, 12, 1, 14, tzinfo=UTC).timestamp()) // 60
HOUR = 60
WEEK = 7 * 24 * HOUR


def known(pk: int, subject: str = "Hearing", start: int = START, **fields) -> Known:
    return Known(**{"pk": pk, "uid": f"uid-{pk}", "subject": subject, "start": start, "end": start + HOUR,
                    "all_day": False, **fields})  # fmt: skip


def there(name: str, subject: str = "Hearing", start: int | None = START, **fields) -> Candidate:
    return Candidate(**{"id": name, "kind": "singleInstance", "subject": subject, "start": start,
                        "end": start and start + HOUR, "all_day": False, **fields})  # fmt: skip


def links(result) -> dict[int, tuple[str, str, str]]:
    return {pk: (one.appointment_id, one.outcome, one.how) for pk, one in result.matched.items()}


def test_the_translated_id_comes_first_whatever_was_edited_since():
    result = match([known(1, translated="A")], [there("A", "Moved and renamed", START + 5 * HOUR), there("B")])
    assert links(result) == {1: ("A", "id", "translated")}


def test_the_calendar_uid_counts_where_it_is_unique_on_both_sides():
    result = match(
        [known(1, ical_uid="U"), known(2, "Call", ical_uid="V"), known(3, "Trial", ical_uid="V")],
        [there("A", "Renamed", ical_uid="U"), there("B", "Else", START + HOUR, ical_uid="V")],
    )
    assert links(result) == {1: ("A", "metadata", "ical_uid")}
    assert set(result.anomalies) == {2, 3}


def test_a_copy_that_shares_its_uid_with_a_matched_event_is_not_taken_for_another():
    result = match(
        [known(1, ical_uid="U", translated="A"), known(2, "Call", START + 3 * HOUR, ical_uid="U")],
        [there("A", ical_uid="U"), there("B", "Copy", START + 9 * HOUR, ical_uid="U")],
    )
    assert links(result) == {1: ("A", "id", "translated")}
    assert result.anomalies[2].reason == "not_found"


def test_a_uid_that_two_appointments_have_is_not_unique_because_one_of_them_is_taken():
    result = match(
        [known(1, translated="A"), known(2, "Call", START + 3 * HOUR, ical_uid="U")],
        [there("A", ical_uid="U"), there("B", "Copy", START + 9 * HOUR, ical_uid="U")],
    )
    assert links(result) == {1: ("A", "id", "translated")}


def test_nor_because_it_was_settled_before():
    settled, left = settle(claims({1: "A"}, apart=()), [["A", "singleInstance", "U"], ["B", "singleInstance", "U"]])
    assert settled.matched == {1: "A"} and left.keys() == {"B"}
    ours, theirs = known(2, "Call", START + 3 * HOUR, ical_uid="U"), there("B", "Copy", START + 9 * HOUR, ical_uid="U")
    assert not match([ours], [theirs], settled=settled).matched
    assert match([ours], [theirs]).matched


# --- Deleted here, and known all the same -----------------------------------------------------------------------------
def test_what_is_deleted_here_takes_no_appointment_from_an_event_that_is_like_it():
    for gone, living in ((1, 2), (2, 1)):
        result = match([known(gone, gone=True), known(living)], [there("A")])
        assert links(result) == {living: ("A", "metadata", "subject_times")}
        assert result.anomalies == {gone: Anomaly("not_found")}


def test_nor_one_that_an_event_may_have_been_changed_into():
    moved_here = there("A", start=START + HOUR)
    result = match([known(1), known(2, start=START + HOUR, gone=True)], [moved_here])
    assert not result.matched
    assert result.anomalies == {1: Anomaly("not_found", ("A",)), 2: Anomaly("deleted_here", ("A",))}


def test_what_only_looks_like_it_is_held_and_not_deleted_for_it():
    """The sync would carry the deletion over; who knows whether somebody has not made it anew. What merely comes near it
    is not kept from anybody."""
    result = match([known(1, gone=True)], [there("A"), there("B", "Trial"), there("C", start=START + HOUR)])
    assert not result.matched and result.anomalies == {1: Anomaly("deleted_here", ("A",))}
    assert match([known(1, gone=True)], [there("B", "Trial")]).anomalies == {1: Anomaly("not_found")}


def test_by_its_own_id_and_uid_it_is_found_unless_an_event_has_the_same():
    ours = [known(1, translated="A", gone=True), known(2, "Call", ical_uid="U", gone=True)]
    theirs = [there("A", "Renamed"), there("B", "Renamed", ical_uid="U")]
    assert links(match(ours, theirs)) == {1: ("A", "id", "translated"), 2: ("B", "metadata", "ical_uid")}
    living = [known(3, "Trial", translated="A"), known(4, "Lunch", ical_uid="U")]
    assert links(match(ours + living, theirs)) == {3: ("A", "id", "translated"), 4: ("B", "metadata", "ical_uid")}


def test_of_two_that_were_one_occurrence_the_living_one_has_it():
    ours = [
        known(1, translated="M"),
        known(2, series=1, original_start=START, gone=True),
        known(3, "Renamed", START + HOUR, series=1, original_start=START),
    ]
    theirs = [there("M", kind="seriesMaster"), there("E", kind="exception", series="M", original_start=START)]
    assert links(match(ours, theirs))[3] == ("E", "id", "occurrence")


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("Hearing", "hearing "),
        ("Straße", "STRASSE"),
        ("Cafe\u0301", "Café"),
        ("a\u00a0 b", "A B"),
        ("", "  "),
        ("⚖️ x", "⚖️ X"),
    ],
)
def test_subjects_that_differ_in_form_only_are_equal(ours, theirs):
    assert subject_key(ours) == subject_key(theirs)
    assert links(match([known(1, ours)], [there("A", theirs)])) == {1: ("A", "metadata", "subject_times")}


def test_a_minute_apart_is_another_time_and_all_day_events_compare_with_all_day_events_only():
    assert match([known(1)], [there("A")]).matched
    assert not match([known(1)], [there("A", start=START + 1, end=START + HOUR)]).matched
    assert not match([known(1)], [there("A", end=START + HOUR + 1)]).matched
    assert not match([known(1, all_day=True)], [there("A")]).matched


def test_equal_candidates_are_told_apart_by_location_and_pattern():
    result = match(
        [known(1, location="Court 3"), known(2, location="Phone"), known(3, pattern="weekly every 1 on monday")],
        [there("A", location="phone"), there("B", location="Court 3"), there("C", pattern="weekly every 1 on monday")],
    )
    assert {pk: found[0] for pk, found in links(result).items()} == {1: "B", 2: "A", 3: "C"}


def test_where_details_contradict_each_other_nothing_is_decided():
    """The shared UID speaks for one, place and spelling for the other."""
    elsewhere = known(2, "Trial", ical_uid="U")
    result = match(
        [known(1, ical_uid="U", location="Phone"), elsewhere],
        [there("A", "HEARING", ical_uid="U"), there("B", location="Phone"), there("C", "Lunch", ical_uid="U")],
    )
    assert not result.matched
    assert result.anomalies[1] == Anomaly("ambiguous", ("A", "B"))


def test_to_have_no_uid_is_nothing_in_common():
    """Of two with one UID one has lost it in Outlook: it may as well be that of the event that never had one."""
    result = match(
        [known(1, ical_uid="U"), known(2, ical_uid="U"), known(3)],
        [there("A", ical_uid="U"), there("B")],
    )
    assert not result.matched and {one.reason for one in result.anomalies.values()} == {"ambiguous"}


def test_equally_many_indistinguishable_ones_pair_up_in_a_fixed_order():
    result = match([known(n) for n in range(300)], [there(f"{n:03}") for n in range(300)])
    assert len(result.matched) == 300 and len(result.claimed) == 300
    again = match([known(n) for n in reversed(range(300))], [there(f"{n:03}") for n in reversed(range(300))])
    assert links(again) == links(result)


def test_unequally_many_stay_ambiguous_and_every_candidate_is_held_by_somebody():
    result = match([known(1), known(2), known(3)], [there(f"{n:02}") for n in range(50)])
    assert not result.matched
    assert {one.reason for one in result.anomalies.values()} == {"ambiguous"}
    assert {held for one in result.anomalies.values() for held in one.candidates} == {f"{n:02}" for n in range(50)}


def test_near_misses_are_kept_as_candidates_not_linked():
    result = match(
        [known(1)],
        [there("moved", start=START + HOUR), there("renamed", "Trial"), there("stranger", "Lunch", START + 9 * HOUR)],
    )
    assert not result.matched
    assert result.anomalies[1].reason == "not_found"
    assert result.anomalies[1].candidates == ("renamed", "moved")


def test_whatever_looks_the_same_is_held_however_much_it_is_and_whatever_kind():
    lost = known(2, series=1, original_start=START)
    result = match([known(1, "Series"), lost], [there(f"{n:02}") for n in range(30)])
    assert set(result.anomalies[2].candidates) == {f"{n:02}" for n in range(30)}
    exception = there("E", kind="exception", series="M", original_start=START)
    nearly = there("F", start=START + HOUR, kind="exception", series="M", original_start=START + HOUR)
    assert match([known(1)], [exception, nearly]).anomalies[1].candidates == ("E",)


def test_what_lies_in_another_calendar_counts_by_id_and_unique_uid_only():
    result = match(
        [known(1, translated="A"), known(2, "Call", ical_uid="U"), known(3, "Trial")],
        [
            there("A", elsewhere=True),
            there("B", "Renamed", ical_uid="U", elsewhere=True),
            there("C", "Trial", elsewhere=True),
        ],
    )
    assert {pk: (found.appointment_id, found.elsewhere) for pk, found in result.matched.items()} == {
        1: ("A", True),
        2: ("B", True),
    }
    assert result.anomalies[3].candidates == ()


def test_edited_occurrences_follow_their_series():
    slot = START + 2 * WEEK
    ours = [
        known(1, translated="M"),
        known(2, "Series by name"),
        known(3, "Edited", START, series=1, original_start=slot),
        known(4, "Edited", START, series=2, original_start=slot),
        known(5, "Edited", START, series=2, original_start=slot + WEEK),
    ]
    masters = [there("M", "Other now", kind="seriesMaster"), there("N", "Series by name", kind="seriesMaster")]
    first = match(ours, masters)
    assert masters_to_read(ours, masters, first) == {"M", "N"}
    exceptions = [
        there("M2", "Anything", kind="exception", series="M", original_start=slot),
        there("N2", "Anything", kind="exception", series="N", original_start=slot),
    ]
    result = match(ours, masters + exceptions)
    assert links(result)[3] == ("M2", "id", "occurrence")
    assert links(result)[4] == ("N2", "metadata", "occurrence")
    assert result.anomalies[5].reason == "not_found"


def test_an_appointment_without_times_is_found_by_id_and_by_nothing_else():
    assert links(match([known(1, translated="A")], [there("A", start=None)])) == {1: ("A", "id", "translated")}
    assert not match([known(1)], [there("A", start=None)]).matched


SUBJECTS = st.sampled_from(["Hearing", "hearing", "Call", ""])
HOURS = st.integers(0, 2).map(lambda hours: START + hours * HOUR)
PLACES = st.sampled_from(["", "Court 3", "Phone"])
UIDS = st.sampled_from(["", "U", "V", "W"])


@st.composite
def both_sides(draw):
    ours = [
        known(pk, draw(SUBJECTS), draw(HOURS), location=draw(PLACES), ical_uid=draw(UIDS),
              translated=draw(st.sampled_from(["", "A0", "A1", "A9", "Z"])))
        for pk in range(draw(st.integers(0, 8)))
    ]  # fmt: skip
    theirs = [
        there(
            f"A{n}",
            draw(SUBJECTS),
            draw(HOURS),
            location=draw(PLACES),
            ical_uid=draw(UIDS),
            elsewhere=draw(st.booleans()),
        )
        for n in range(draw(st.integers(0, 8)))
    ]
    return ours, theirs


@given(both_sides(), st.randoms(use_true_random=False))
def test_any_two_sides_give_one_outcome_each_one_claim_each_and_the_order_does_not_matter(sides, rng: random.Random):
    ours, theirs = sides
    result = match(ours, theirs)
    assert set(result.matched) | set(result.anomalies) == {one.pk for one in ours}
    assert not set(result.matched) & set(result.anomalies)
    assert len(result.claimed) == len(result.matched)
    ids = {one.id for one in theirs}
    assert result.claimed <= ids
    held = {one for anomaly in result.anomalies.values() for one in anomaly.candidates}
    assert held <= ids - result.claimed
    rng.shuffle(ours)
    rng.shuffle(theirs)
    assert match(ours, theirs) == result
