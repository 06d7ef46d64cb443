from django.urls import path, register_converter

from calendars.google import views as google
from calendars.graph import hooks
from calendars.views import calendar, changing, connection, dashboard, deleting, events, versions


class Slot:
    """The start that the rule of a series gave to one of its dates: 2026-11-23T09:00:00, or 2026-11-23 where all-day."""

    regex = r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9]{2}:[0-9]{2}:[0-9]{2})?"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(Slot, "slot")

urlpatterns = [
    path("", dashboard.dashboard, name="dashboard"),
    path("hooks/graph/", hooks.receive, name="graph_notifications"),
    path("calendar/", calendar.home, name="calendar"),
    path("calendar/<int:year>/<int:number>/", calendar.month_page, name="calendar_month"),
    path("calendar/<int:year>/<int:number>/<int:day>/", calendar.day_page, name="calendar_day"),
    path("calendar/agenda/", calendar.agenda_page, name="calendar_agenda"),
    path("calendar/search/", calendar.search_page, name="calendar_search"),
    path("calendar/connection/", connection.connection, name="connection"),
    path("calendar/google/sign-in/", google.sign_in, name="google_sign_in"),
    path("calendar/google/callback/", google.callback, name="google_callback"),
    path("calendar/deleted/", versions.deleted, name="events_deleted"),
    path("calendar/events/new/", changing.new, name="event_new"),
    path("calendar/events/<int:pk>/", events.event, name="event"),
    path("calendar/events/<int:pk>/standing/", events.standing, name="event_standing"),
    path("calendar/events/<int:pk>/edit/", changing.edit, name="event_edit"),
    path("calendar/events/<int:pk>/delete/", deleting.event, name="event_delete"),
    path("calendar/events/<int:pk>/<slot:slot>/", events.occurrence, name="occurrence"),
    path("calendar/events/<int:pk>/<slot:slot>/edit/", changing.edit_date, name="occurrence_edit"),
    path("calendar/events/<int:pk>/<slot:slot>/delete/", deleting.date, name="occurrence_delete"),
]
