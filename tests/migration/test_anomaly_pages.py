"""How anomalies look: the list of a run's, and one beside its candidates, field by field. The rows are made here."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from calendars.models import SyncedEvent
from migration.anomalies import comparison
from migration.anomalies.repeating import in_words
from tests.factories import EventFactory
from tests.migration.anomaly_steps import MOVED, SAME, anomaly, connection_of, decide, held_for, page_of
from tests.migration.report_rows import found, many, run_of
from tests.migration.visiting import logged_in, text

pytestmark = pytest.mark.django_db
NEW_YORK = ZoneInfo("America/New_York")


def hers(one):
    return logged_in(connection_of(one).member)


def compared(shown, now=None, before=None):
    """Label → what is said here, before, there, and whether it differs."""
    now = now or EventFactory.build(subject="Hearing")
    lines = comparison.side_by_side(now, before or now, [shown], NEW_YORK)
    return {line.label: (line.here, line.before, line.cells[0].text, line.cells[0].differs) for line in lines}


def test_equal_fields_are_not_marked():
    said = compared(SAME | {"subject": " HEARING ", "location": ""})
    assert {label: cells[3] for label, cells in said.items()} == dict.fromkeys(comparison.LABELS, False)
    assert said["When"][0] == said["When"][2] == "Tue, Dec 1, 2026, 9:00 AM – 10:00 AM"


def test_each_difference_is_marked():
    said = compared(MOVED | {"subject": "Hearing, moved", "pattern": "weekly every 2 on monday 10 times"})
    assert {label: cells[3] for label, cells in said.items()} == dict.fromkeys(comparison.LABELS, True)
    assert said["When"][2] == "Wed, Dec 2, 2026, 9:00 AM – 10:00 AM" and said["Location"][::2] == ("–", "Court 3")
    assert said["Repeats"][::2] == ("No", "Every 2 weeks on Monday, 10 times")


def test_what_we_have_changed_since_the_last_sync_is_told():
    now = EventFactory.build(subject="Hearing, adjourned")
    said = compared(SAME, now=now, before=EventFactory.build(subject="Hearing"))
    assert said["Subject"] == ("Hearing, adjourned", "Hearing", "Hearing", True)
    assert said["When"][1] == ""


def test_all_day_events_compare_by_their_dates_and_say_their_last_day():
    day = EventFactory.build(
        subject="Hearing", all_day=True, start="2026-11-26", end="2026-11-28",
        starts_at=datetime(2026, 11, 26, tzinfo=UTC), ends_at=datetime(2026, 11, 28, tzinfo=UTC),
    )  # fmt: skip
    shown = {"subject": "Hearing", "all_day": True, "start": "2026-11-26", "end": "2026-11-28"}
    assert compared(shown, now=day)["When"] == (*["Thu, Nov 26, 2026 – Fri, Nov 27, 2026, all day", ""][:2],
                                                "Thu, Nov 26, 2026 – Fri, Nov 27, 2026, all day", False)  # fmt: skip
    assert compared(shown | {"end": "2026-11-27"}, now=day)["When"][3]
    timed = {"subject": "Hearing", "start": "2026-11-26T00:00:00+00:00", "end": "2026-11-28T00:00:00+00:00"}
    assert compared(timed, now=day)["When"][3], "the same instants, and yet no whole days"


def test_what_a_sync_has_found_says_its_times_on_the_clocks_of_its_zone():
    there = {"subject": "Hearing", "start": "2026-12-01T15:00:00", "end": "2026-12-01T16:00:00"}
    said = compared(there | {"time_zone": "Europe/Berlin"})
    assert said["When"][2:] == ("Tue, Dec 1, 2026, 9:00 AM – 10:00 AM", False)
    assert compared(there | {"time_zone": "Mars/Olympus"})["When"][2] == "time unknown"


@pytest.mark.parametrize("shown", [{}, {"subject": None, "start": "soon"}, {"start": "2026-12-01T14:00:00+00:00"}])
def test_what_a_candidate_did_not_show_is_a_difference(shown):
    said = compared(shown)
    assert said["When"][2:] == ("time unknown", True) and said["Subject"][2:] == ("(no subject)", True)


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("", "No"),
        ("daily every 1", "Every day"),
        ("daily every 3 until 2027-01-31", "Every 3 days, until 2027-01-31"),
        ("weekly every 1 on friday,monday", "Every week on Friday, Monday"),
        ("absoluteMonthly every 1 day 15 6 times", "Every month on day 15, 6 times"),
        ("relativeMonthly every 2 on tuesday second", "Every 2 months on the second Tuesday"),
        ("relativeYearly every 1 on monday last month 5", "Every year on the last Monday in May"),
        ("absoluteYearly every 1 day 4 month 7", "Every year on day 4 in July"),
        ("BYHOUR=9;FREQ=DAILY", "BYHOUR=9;FREQ=DAILY"),
    ],
)
def test_a_recurrence_in_words(pattern, words):
    assert in_words(pattern) == words


def test_one_anomaly_beside_its_candidates():
    one = anomaly(SAME, MOVED, reason="ambiguous")
    page = hers(one).get(page_of(one))
    shown = text(page)
    for words in (
        "Several appointments in Outlook fit equally well", "Here Subject Hearing When Tue, Dec 1, 2026, 9:00 AM",
        "In Outlook, 1 Looks the same Subject Hearing", "When differs Wed, Dec 2, 2026", "Location differs Court 3",
        "Keep only here", "Copy as a new event", "Delete here", "Times are in your time zone, America/New_York",
    ):  # fmt: skip
        assert words in shown
    assert shown.count("Link with this appointment") == 2 and page.content.decode().count('class="differs"') == 2


def test_texts_from_outside_are_only_text():
    one = anomaly(SAME | {"subject": "<script>alert(1)</script>", "location": "<b>x</b>"}, subject="<i>ours</i>")
    page = hers(one).get(page_of(one)).content.decode()
    assert "<script>alert" not in page and "<b>x</b>" not in page and "<i>" not in page


def test_the_list_has_what_is_open_and_counts_the_rest():
    run = run_of()
    browser = logged_in(run.connection.member)
    ones = {name: anomaly(SAME, run=run, subject=f"To be {name}") for name in ("open", "kept", "linked", "deleted")}
    for name, act in (("kept", "keep"), ("linked", "link"), ("deleted", "delete")):
        assert decide(browser, ones[name], act, held_for(ones[name]).get()).status_code == 302
    found(run, subject="Found by id")
    address = f"/move/runs/{run.pk}/anomalies/"
    page = text(browser.get(address))
    assert "All 4 Open 1 Linked 1 Kept only here 1 Deleted here 1" in page
    assert "To be open" in page and "To be kept" not in page and "1 comes close" in page
    assert "To be kept" in text(browser.get(address, {"standing": "kept"}))
    everything = text(browser.get(address, {"standing": "all"}))
    assert all(f"To be {name}" in everything for name in ones) and "Found by id" not in everything
    searched = text(browser.get(address, {"standing": "all", "q": "LINKED\0"}))
    assert "To be linked" in searched and "To be kept" not in searched and "All 1" in searched
    assert "To be open" in text(browser.get(address, {"standing": "nonsense"})), "as if none were given"


def test_an_empty_list_says_so():
    run = run_of()
    browser = logged_in(run.connection.member)
    assert "Nothing is left to decide." in text(browser.get(f"/move/runs/{run.pk}/anomalies/"))
    assert "No event with “x”" in text(browser.get(f"/move/runs/{run.pk}/anomalies/?q=x"))


def test_the_report_leads_to_each_and_to_all():
    one = anomaly(SAME)
    page = hers(one).get(f"/move/runs/{one.run_id}/report/").content.decode()
    assert f'href="{page_of(one)}"' in page and f'href="/move/runs/{one.run_id}/anomalies/"' in page


def test_the_event_leads_to_it_and_so_does_an_edited_date_of_a_series():
    run = run_of()
    one = anomaly(run=run, rrule="FREQ=WEEKLY;COUNT=5", event__rrule="FREQ=WEEKLY;COUNT=5")
    event = one.synced_event.event
    date = EventFactory(member=event.member, series=event, original_start="2026-12-08T09:00:00")
    browser = hers(one)
    for pk in (event.pk, date.pk):
        assert browser.get(f"/move/anomalies/of-event/{pk}/")["Location"] == page_of(one)
    assert f"/move/anomalies/of-event/{event.pk}/" in browser.get(f"/calendar/events/{event.pk}/").content.decode()
    found(run, subject="Found")
    assert browser.get(f"/move/anomalies/of-event/{EventFactory(member=event.member).pk}/").status_code == 404


def test_an_anomaly_that_a_sync_has_linked_by_itself_says_linked_and_offers_nothing():
    one = anomaly(SAME)
    SyncedEvent.objects.filter(pk=one.synced_event_id).update(link="linked", appointment_id="A-found")
    page = text(hers(one).get(page_of(one)))
    assert "Hearing Linked" in page and "Keep only here" not in page and "What was decided" not in page


def queries(browser, address) -> int:
    browser.get(address)
    with CaptureQueriesContext(connection) as caught:
        assert browser.get(address).status_code == 200
    return len(caught)


def test_pages_cost_the_same_however_many_there_are():
    run = run_of()
    one, browser = anomaly(SAME, run=run), logged_in(run.connection.member)
    list_, page = f"/move/runs/{run.pk}/anomalies/?standing=all", page_of(one)
    few = queries(browser, list_), queries(browser, page)
    many(run, 90)
    for number in range(8):
        held_for(one).create(
            connection=run.connection, synced_event=one.synced_event, appointment_id=f"more-{number}", shown=MOVED
        )
    decide(browser, one, "copy")
    decide(browser, one, "undo")
    assert queries(browser, list_) <= few[0] and queries(browser, page) <= few[1] + 2
