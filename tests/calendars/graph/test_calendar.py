"""Which calendar is synced of a connection that never was moved: the default one, which is asked for once."""

from django.db.models import F

from calendars.graph.service import open as open_service
from calendars.models import CalendarConnection
from tests.calendars.graph.steps import pull
from tests.simulator.client import Simulator


def syncs(hold=lambda: None) -> CalendarConnection:
    """Once, as a task does it."""
    connection = CalendarConnection.objects.get()
    service = open_service(connection, hold)
    pull(service)
    service.close()
    return CalendarConnection.objects.get()


def asked(simulator: Simulator) -> int:
    return sum(line["path"] == "/v1.0/me/calendar" for line in simulator.journal())


def test_the_default_calendar_is_asked_for_once(connection, simulator: Simulator):
    CalendarConnection.objects.update(calendar_id="")
    assert syncs().calendar_id == connection.calendar_id and asked(simulator) == 1
    syncs()
    assert asked(simulator) == 1


def test_a_connection_that_has_moved_on_meanwhile_is_told_nothing_of_it(connection, simulator: Simulator):
    CalendarConnection.objects.update(calendar_id="")

    def moves_on() -> None:
        CalendarConnection.objects.update(epoch=F("epoch") + 1)

    assert syncs(moves_on).calendar_id == ""
    assert syncs().calendar_id == connection.calendar_id
