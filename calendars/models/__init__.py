from calendars.models.connection import CalendarConnection
from calendars.models.event import Event, EventFields
from calendars.models.grant import Grant
from calendars.models.notice import Notice
from calendars.models.sync import EventVersion, LocalChange, Sync
from calendars.models.synced_event import HeldAppointment, SyncedEvent

__all__ = [
    "CalendarConnection",
    "Event",
    "EventFields",
    "EventVersion",
    "Grant",
    "HeldAppointment",
    "LocalChange",
    "Notice",
    "Sync",
    "SyncedEvent",
]
