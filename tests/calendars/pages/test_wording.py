"""How an event repeats, in words."""

from types import SimpleNamespace

import pytest

from calendars import wording

SAID = [line.split(" → ") for line in """
FREQ=DAILY → every day
FREQ=DAILY;INTERVAL=3;COUNT=5 → every 3 days, 5 times
FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR → every day from Monday to Friday
FREQ=WEEKLY → every week on Monday
FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR;UNTIL=20261225T040000Z → every 2 weeks on Monday and Friday, until December 24, 2026
FREQ=WEEKLY;BYDAY=MO,WE,FR → every week on Monday, Wednesday and Friday
FREQ=WEEKLY;COUNT=1 → every week on Monday, once
FREQ=MONTHLY → every month on day 23
FREQ=MONTHLY;BYMONTHDAY=1,15,-1 → every month on days 1 and 15 and the last day
FREQ=MONTHLY;BYMONTHDAY=28,29,30;BYSETPOS=-1 → every month on day 30 (or the last day, where there are fewer)
FREQ=MONTHLY;BYDAY=4MO → every month on the fourth Monday
FREQ=MONTHLY;BYDAY=FR;BYSETPOS=-1 → every month on the last Friday
FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1 → every month on the last weekday
FREQ=MONTHLY;BYDAY=SA,SU;BYSETPOS=1 → every month on the first weekend day
FREQ=MONTHLY;BYMONTH=1,2 → every month on day 23 in January and February
FREQ=YEARLY → every year on November 23
FREQ=YEARLY;BYMONTH=11;BYDAY=4TH → every year on the fourth Thursday of November
FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1;UNTIL=20300101 → every year on the last day of February, until January 1, 2030
FREQ=YEARLY;BYWEEKNO=20 → by its own rule: FREQ=YEARLY;BYWEEKNO=20
FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13 → by its own rule: FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13
FREQ=WEEKLY;BYDAY=MO,TU;BYSETPOS=1 → by its own rule: FREQ=WEEKLY;BYDAY=MO,TU;BYSETPOS=1
FREQ=MONTHLY;BYDAY=MO;BYSETPOS=1,-1 → by its own rule: FREQ=MONTHLY;BYDAY=MO;BYSETPOS=1,-1
FREQ=YEARLY;BYDAY=20MO → by its own rule: FREQ=YEARLY;BYDAY=20MO
FREQ=NONSENSE → by a rule that we cannot read: FREQ=NONSENSE
""".strip().splitlines()]  # fmt: skip


@pytest.mark.parametrize(("rule", "words"), SAID)
def test_a_rule_in_words(rule, words):
    series = SimpleNamespace(rrule=rule, start="2026-11-23T09:00:00", time_zone="America/New_York", all_day=False)
    assert wording.repeats(series) == words


def test_what_does_not_repeat_says_nothing():
    assert wording.repeats(SimpleNamespace(rrule="", start="2026-11-23", time_zone="UTC", all_day=True)) == ""
