"""What the bench of the daily sync works out by itself: what must hold, and what many connections ask for."""

from typing import Any

import pytest

from tests.bench import steady

IDLE = {
    "changed": "",
    "syncs": 4,
    "requests": {"delta": 8, "sign-in": 2},
    "writes": 0,
    "rows": 0,
    "cpu": 0.36,
    "wall": 1.0,
}
HERE = IDLE | {"changed": "here", "writes": 10, "rows": 50}
THERE = IDLE | {"changed": "there", "rows": 30}
SETTINGS = {"SYNC_POLL_SECONDS": 900, "SYNC_FULL_DAYS": 7, "SUBSCRIPTION_SECONDS": 252_000, "WATCH_SECONDS": 5}


def cost(*hours: dict[str, Any], service: str = "graph") -> dict[str, Any]:
    first = {"requests": {"list": 168, "sign-in": 2}, "cpu": 0.0}
    some = [{"statements": 30, "subscribed": False, **hour} for hour in hours]
    return {
        "service": service, "events": 1000, "database": "SQLite", "hours": some, "first": first, "settings": SETTINGS
    }  # fmt: skip


def missed(*hours: dict[str, Any], service: str = "graph") -> list[str]:
    return [one.words for one in steady.musts([cost(*hours, service=service)]) if not one.holds]


def test_hours_just_good_enough_miss_nothing():
    assert len(steady.musts([cost(IDLE, HERE, THERE)])) == 5
    assert missed(IDLE, HERE, THERE) == []


@pytest.mark.parametrize(
    ("hour", "words"),
    [
        (IDLE | {"writes": 1}, "1 requests that write"),
        (IDLE | {"rows": 1}, "1 rows of events written"),
        (IDLE | {"requests": {"delta": 9}}, "2.2 requests in a sync"),
        (HERE | {"writes": 9}, "9 requests that write (exactly 10)"),
        (HERE | {"writes": 11}, "11 requests that write (exactly 10)"),
        (THERE | {"writes": 1}, "1 requests that write (exactly 0)"),
    ],
)
def test_each_figure_that_is_worse_is_missed(hour: dict[str, Any], words: str):
    assert [words in one for one in missed(hour)] == [True]


def test_other_services_may_ask_more_to_find_nothing():
    assert missed(IDLE | {"requests": {"GetFolder": 20}}, service="ews") == []


def test_what_many_ask_for_is_an_hour_with_its_share_of_the_week_times_their_number():
    (row,) = steady._many([cost(IDLE)]).splitlines()[2:]
    # 8 requests and 168 once in 168 hours; the sign-in apart; 0.36 s of CPU.
    assert [cell.strip() for cell in row.split("|")][6:10] == ["250", "56", "111", "10.0"]
