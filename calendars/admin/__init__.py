"""The admin of calendars: to look at only, but for what staff decide about a daily sync. Connections move by what members do
and by what staff do to firms."""

from calendars.admin import connections, events, members, sync  # noqa: F401  register their models
