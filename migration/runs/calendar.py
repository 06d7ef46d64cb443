"""Which calendar of the mailbox is the one that was synced."""

from collections import Counter
from collections.abc import Mapping

from calendars.graph.client import GraphCalendar, GraphClient
from calendars.graph.errors import AccessDenied, BadRequest, ItemNotFound
from calendars.models import CalendarConnection


class CalendarNotFound(Exception):
    """None, or several, could be the one: the run stops, a person has to look, and nothing is called missing."""


def find(client: GraphClient, connection: CalendarConnection, *, by_name: bool) -> GraphCalendar | None:
    """The default one; else the one with the folder's id. None = only what they hold tells: see `with_most`.

    `by_name`: in another account, where old ids say nothing, the only one with the name of the calendar synced so far.
    """
    if connection.is_default_calendar:
        return client.default_calendar()
    if by_name:
        return _by_name(client, connection.calendar_name)
    return _by_folder_id(client, connection.ews_folder_id) if connection.ews_folder_id else None


def with_most(held: Mapping[str, int]) -> str:
    """The one calendar that holds more of the old ids than any other. Raises CalendarNotFound."""
    most = Counter(held).most_common(2)
    if not most or not most[0][1] or (len(most) == 2 and most[0][1] == most[1][1]):
        raise CalendarNotFound("no single calendar of the mailbox holds the events synced so far")
    return most[0][0]


def own(calendars: list[GraphCalendar]) -> list[GraphCalendar]:
    """Those of the mailbox itself: what others share is theirs, and says nothing about our appointments."""
    owners = {one.owner_address for one in calendars if one.is_default}
    return [one for one in calendars if one.is_default or one.owner_address in owners]


def _by_name(client: GraphClient, name: str) -> GraphCalendar:
    named = [one for one in own(client.calendars()) if one.name.casefold() == name.casefold()]
    if len(named) != 1:
        raise CalendarNotFound("no single calendar of the approved account has the name of the one synced so far")
    return named[0]


def _by_folder_id(client: GraphClient, folder_id: str) -> GraphCalendar | None:
    """Folders have no immutable ids: the translated one is read to see that it is a calendar here."""
    try:
        new_id = client.translate([folder_id], target="restId").get(folder_id)
        return client.calendar(new_id) if new_id else None
    except (ItemNotFound, BadRequest, AccessDenied):
        return None
