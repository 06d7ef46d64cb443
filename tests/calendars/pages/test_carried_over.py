"""What a member does on the pages arrives in (simulated) Outlook, and what its owner does there on the pages."""

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine

from calendars.models import Event
from calendars.sync import services
from tests.calendars.conformance.services import Graph
from tests.calendars.pages.steps import a_browser_of, fill_in, form_of, html_of, plain, send, text_of
from tests.calendars.sync.world import HEARING, SECOND, SERIES, THIRD, World
from tests.factories import NOW
from tests.simulator.client import Simulator


@pytest.fixture
def world(db: Any, simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with time_machine.travel(NOW, tick=True) as clock:
        # Anew, since the simulator's clock goes by the one that has just been set.
        simulator.reset(seed=1, now=NOW.isoformat())
        outlook = Graph(simulator)
        connection = outlook.connect()
        monkeypatch.setattr(services, "opener", lambda name: outlook.open)
        yield World(connection, outlook, clock)


@pytest.fixture
def browser(world):
    return a_browser_of(world.connection.member)


def page(event: Event, rest: str = "") -> str:
    return f"/calendar/events/{event.pk}/{rest}"


def delete(browser, path: str) -> None:
    assert browser.post(path, {"seen": form_of(html_of(browser, path)).fields["seen"][0]}).status_code == 302


def a_series(world, browser) -> Event:
    """Six Mondays, on both sides; the second is at three."""
    fill_in(
        browser, "/calendar/events/new/?date=2026-12-07", subject="Review", frequency="WEEKLY", ends="count", count=6
    )
    series = world.only_event()
    fill_in(browser, page(series, f"{SECOND}/edit/"), start_time="15:00", end_time="16:00", subject="Late review")
    world.sync()
    world.assert_in_step()
    return series


def test_an_event_waits_and_then_is_there(world, browser, simulator):
    fill_in(browser, "/calendar/events/new/?date=2026-12-01", subject="Hearing", location="Court 3", body="One\nTwo")
    event = world.only_event()
    assert "Waiting" in text_of(browser, page(event))
    world.sync()
    assert "Synced" in text_of(browser, page(event))
    there = world.only_there().content
    assert (there.subject, there.start, there.location) == ("Hearing", "2026-12-01T09:00:00", "Court 3")
    fill_in(browser, page(event, "edit/"), subject="Hearing moved", all_day="on", reminder="")
    world.sync()
    assert (world.only_there().content.subject, world.only_there().content.all_day) == ("Hearing moved", True)
    world.assert_in_step()
    delete(browser, page(event, "delete/"))
    world.sync()
    assert world.there.listing() == {} and world.changes == []
    assert simulator.outbox() == []


def test_a_series_with_an_edited_and_a_removed_date(world, browser):
    series = a_series(world, browser)
    delete(browser, page(series, f"{THIRD}/delete/"))
    world.sync()
    there = world.only_there()
    assert there.content.cancelled == {"2026-12-21"}
    assert [one.content.subject for one in there.exceptions] == ["Late review"]
    world.assert_in_step()
    delete(browser, page(series.exceptions.get(), "delete/"))
    world.sync()
    there = world.only_there()
    assert there.content.cancelled == {"2026-12-14", "2026-12-21"} and there.exceptions == ()
    world.assert_in_step()


def test_a_series_moved_to_another_time_of_day(world, browser):
    series = a_series(world, browser)
    delete(browser, page(series, f"{THIRD}/delete/"))
    world.sync()
    asked = fill_in(browser, page(series, "edit/"), start_time="11:00", end_time="12:00").content.decode()
    assert "1 date was changed by itself" in plain(asked)
    assert send(browser, asked).status_code == 302
    world.sync()
    there = world.only_there()
    assert (there.content.start, there.content.cancelled, there.exceptions) == (
        "2026-12-07T11:00:00", {"2026-12-21"}, (),
    )  # fmt: skip
    world.assert_in_step()
    assert "Review" in text_of(browser, "/calendar/2026/12/14/") and "11:00 AM" in text_of(
        browser, "/calendar/2026/12/14/"
    )


def test_a_longer_series_keeps_its_edited_date_on_both_sides(world, browser):
    series = a_series(world, browser)
    assert fill_in(browser, page(series, "edit/"), count=8).status_code == 302
    world.sync()
    there = world.only_there()
    assert [one.content.subject for one in there.exceptions] == ["Late review"]
    assert series.exceptions.get().subject == "Late review"
    world.assert_in_step()


def test_a_series_that_no_longer_repeats_and_one_that_is_deleted(world, browser):
    series = a_series(world, browser)
    asked = fill_in(browser, page(series, "edit/"), frequency="").content.decode()
    send(browser, asked)
    world.sync()
    assert world.only_there().content.rrule == ""
    world.assert_in_step()
    fill_in(browser, page(series, "edit/"), frequency="DAILY", ends="count", count=3)
    world.sync()
    delete(browser, page(series, "delete/"))
    world.sync()
    assert world.there.listing() == {} and world.events == [] and world.changes == []


def test_what_changed_there_is_here_and_the_loser_is_taken_up_again(world, browser):
    one = world.there.add(HEARING)
    world.sync()
    event = world.only_event()
    fill_in(browser, page(event, "edit/"), location="Mine")
    world.clock.shift(60)
    world.there.change(one, location="Theirs")
    world.sync()
    text = text_of(browser, page(event))
    assert "Location Theirs" in text and "Earlier versions" in text and "Location Mine" in text
    world.clock.shift(60)
    fill_in(browser, page(event, f"edit/?version={world.versions[0].pk}"))
    world.sync()
    assert world.only_there().content.location == "Mine"


def test_a_meeting_of_somebody_elses(world, browser, simulator):
    one = world.there.add(HEARING, attendees=3, organized=False)
    world.sync()
    event = world.only_event()
    assert "Somebody else organises this meeting" in text_of(browser, page(event))
    fill_in(browser, page(event, "edit/"), show_as="free", reminder="60")
    world.sync()
    there = world.there.listing()[one].content
    assert (there.show_as, there.reminder, there.subject) == ("free", 60, "Hearing")
    world.assert_in_step()


def test_others_are_written_to_only_after_she_has_read_so(world, browser, simulator):
    world.there.add(SERIES, attendees=2)
    world.sync()
    series = world.only_event()
    html = html_of(browser, page(series, "edit/"))
    assert "2 other people are invited. Outlook will write to them" in plain(html)
    assert simulator.outbox() == []
    send(browser, html, location="Room B")
    world.sync()
    assert world.only_there().content.location == "Room B"
    assert simulator.outbox() != []
    world.assert_in_step()
