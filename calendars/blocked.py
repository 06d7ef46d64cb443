"""Members whose organisation has ended EWS: their old sync is paused, and only the move to Graph helps them."""

from django.db.models import Exists, OuterRef, Q, QuerySet

from calendars.models import CalendarConnection, Sync
from calendars.states import State

REASON = "blocked"
# Of a connection that is prompted by now, what it met last is still known.
OLD = (State.OLD_SYNC, State.REAUTH_REQUIRED)


def hit() -> QuerySet[CalendarConnection]:
    """Those that have met it themselves."""
    rows = CalendarConnection.objects.filter(state__in=OLD)
    return rows.filter(Exists(Sync.objects.filter(connection=OuterRef("pk"), wait_reason=REASON)))


def concerned(connections: QuerySet[CalendarConnection]) -> QuerySet[CalendarConnection]:
    """Of these, those that have met it, and others of the same tenants."""
    tenants = hit().exclude(tid="").values("tid")
    return connections.filter(Q(pk__in=hit().values("pk")) | Q(tid__in=tenants))
