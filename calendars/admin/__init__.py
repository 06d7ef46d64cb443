"""The admin of calendars: all of it to look at only. Connections move by what members do and by what staff do to firms."""

from calendars.admin import connections, events, members  # noqa: F401  register their models
