"""What a service says once more after it has said that it is gone."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from calendars.models import CalendarConnection
from calendars.sync.service import Page
from tests.calendars.sync.world import World


def test_an_old_line_on_a_later_page_does_not_bring_back_what_is_gone(world: World, monkeypatch):
    event, other = world.add(), world.add(subject="Other", start="2026-12-02T09:00:00", end="2026-12-02T10:00:00")
    world.sync()
    world.sync()
    old = world.there.listing()[world.id_of(event)]
    world.there.delete(world.id_of(event))
    open_service = world.there.open

    def open_and_repeat(connection: CalendarConnection, hold: Callable[[], None]) -> Any:
        service = open_service(connection, hold)
        pull, last = service.pull, list[Page]()

        def repeating(mark: str) -> Page:
            if last:
                return replace(last.pop(), appointments=[old], gone=[])
            page = pull(mark)
            if not page.last:
                return page
            last.append(page)
            return replace(page, last=False, complete=False)

        service.pull = repeating
        return service

    monkeypatch.setattr(world.there, "open", open_and_repeat)
    world.sync()
    assert world.events == [other]
    monkeypatch.setattr(world.there, "open", open_service)
    world.assert_in_step()
