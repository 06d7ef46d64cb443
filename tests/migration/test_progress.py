"""Counts and elapsed times become percent, words and a guess. How the counts come about is told by the runs' tests."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migration import situation
from migration.models import MigrationRun
from migration.progress import STEPS, Figures, describe, estimate

START = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
LISTING = Figures(state="listing", step="listing", total=5000)


def progress(figures: Figures, minutes: float = 1):
    return describe(figures, started_at=START, now=START + timedelta(minutes=minutes))


def test_every_step_of_a_run_has_words_and_the_stretches_join():
    still = {"waiting", "done", "failed", "cancelled"}
    # "finishing" is matching once more, after the second look.
    assert set(STEPS) == set(MigrationRun.State.values) - still | {"finishing"}
    stretches = [(begins, ends) for _, begins, ends in STEPS.values()]
    assert [ends for _, ends in stretches[:-1]] == [begins for begins, _ in stretches[1:]]


def test_reading_moves_the_bar_and_what_follows_never_moves_it_back():
    percents = [progress(replace(LISTING, listed=listed)).percent for listed in (0, 1000, 2500, 5000, 7000)]
    assert percents == sorted(percents) and percents[0] < percents[1] < percents[3]
    later = [progress(Figures(state=step, step=step, total=5000, listed=5000)).percent for step in list(STEPS)[2:]]
    assert [*percents, *later] == sorted([*percents, *later])


def test_more_appointments_than_events_do_not_overshoot():
    assert progress(replace(LISTING, listed=90_000)).percent == STEPS["listing"][2]


def test_nothing_to_move_divides_by_nothing():
    assert progress(Figures(state="listing", step="listing")).to_go == 0


def test_only_the_end_is_a_hundred():
    done = progress(Figures(state="done", step="done", total=5000, by_id=4948, by_metadata=40, anomalies=12))
    assert (done.percent, done.to_go, done.remaining, done.ended) == (100, 0, "", True)
    assert progress(Figures(state="cancelled", step="cancelled", total=5000)).ended


def test_a_waiting_run_keeps_its_place_and_guesses_nothing():
    waiting = progress(Figures(state="waiting", step="listing", total=5000, listed=2500))
    assert waiting.percent == progress(replace(LISTING, listed=2500)).percent
    assert (waiting.remaining, waiting.ended) == ("", False)
    assert waiting.look_again > progress(LISTING).look_again
    failed = progress(Figures(state="failed", step="confirming", total=5000))
    assert not failed.ended and failed.look_again > waiting.look_again


def test_what_is_not_found_yet_is_to_go():
    assert progress(Figures(state="confirming", step="confirming", total=100, by_id=80, by_metadata=5)).to_go == 15


@pytest.mark.parametrize(
    ("percent", "elapsed", "words"),
    [
        (50, 1, ""),
        (4, 600, ""),
        (100, 600, ""),
        (50, 30, "less than a minute"),
        (50, 5 * 60, "a few minutes"),
        (50, 12 * 60, "about a quarter of an hour"),
        (50, 30 * 60, "about half an hour"),
        (50, 60 * 60, "about an hour"),
        (25, 60 * 60, "about 3 hours"),
        (10, 5 * 3600, "more than half a day"),
    ],
)
def test_the_guess_is_no_more_exact_than_it_can_be(percent, elapsed, words):
    assert estimate(percent, timedelta(seconds=elapsed)) == words


def test_before_the_start_nobody_guesses():
    assert describe(LISTING, started_at=None, now=START).remaining == ""


@given(
    state=st.sampled_from(MigrationRun.State.values),
    step=st.sampled_from(MigrationRun.State.values),
    counts=st.tuples(*[st.integers(0, 10**6)] * 5),
    seconds=st.floats(-10, 10**7),
)
def test_whatever_the_row_says_the_page_stays_sensible(state, step, counts, seconds):
    total, listed, by_id, by_metadata, anomalies = counts
    figures = Figures(state, step, total, listed, by_id, by_metadata, anomalies)
    shown = describe(figures, started_at=START, now=START + timedelta(seconds=seconds))
    assert 0 <= shown.percent <= 100 and (shown.percent == 100) == (state == "done")
    assert 0 <= shown.to_go <= total and shown.step and shown.look_again > 0


def test_the_second_comparison_is_further_on_than_the_second_look():
    confirming = progress(Figures(state="confirming", step="confirming", total=100))
    finishing = progress(Figures(state="matching", step="finishing", total=100))
    assert finishing.percent > confirming.percent
    assert finishing.step != progress(Figures(state="matching", step="matching", total=100)).step


def test_a_run_that_compares_once_more_says_so():
    run = MigrationRun(state="matching", total=10, cursor={"confirmed": True}, started_at=START)
    assert situation.progress_of(run, now=START).percent == STEPS["finishing"][1]
    run.cursor = {}
    assert situation.progress_of(run, now=START).percent == STEPS["matching"][1]
