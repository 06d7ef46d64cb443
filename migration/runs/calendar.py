"""Which calendar of the mailbox is the one that was synced."""

from collections import Counter

from calendars.graph.client import TRANSLATE_LIMIT, GraphCalendar, GraphClient
from calendars.graph.errors import AccessDenied, BadRequest, ItemNotFound
from calendars.models import CalendarConnection, SyncedEvent


class CalendarNotFound(Exception):
    """None, or several, could be the one: the run stops, a person has to look, and nothing is called missing."""


def find(client: GraphClient, connection: CalendarConnection, *, by_name: bool) -> GraphCalendar:
    """The default one; else the one with the folder's id; else the one that holds most of the old ids.

    `by_name`: in another account, where old ids say nothing, the only one with the name of the calendar synced so far.
    """
    if connection.is_default_calendar:
        return client.default_calendar()
    if by_name:
        return _by_name(client, connection.calendar_name)
    if connection.ews_folder_id:
        found = _by_folder_id(client, connection.ews_folder_id)
        if found is not None:
            return found
    return _by_most_ids(client, connection)


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


def _by_most_ids(client: GraphClient, connection: CalendarConnection) -> GraphCalendar:
    rows = SyncedEvent.objects.filter(connection=connection, ews_id__isnull=False).order_by("pk")
    new_ids = set(
        client.translate([old or "" for old in rows.values_list("ews_id", flat=True)[:TRANSLATE_LIMIT]]).values()
    )
    choices, held = own(client.calendars()), Counter[str]()
    for choice in choices if new_ids else []:
        link: str | None = None
        while True:
            page = client.appointments(choice.id, link)
            held[choice.id] += sum(one in new_ids for one in page.ids())
            link = page.next_link
            if not link:
                break
    most = held.most_common(2)
    if not most or not most[0][1] or (len(most) == 2 and most[0][1] == most[1][1]):
        raise CalendarNotFound("no single calendar of the mailbox holds the events synced so far")
    return next(choice for choice in choices if choice.id == most[0][0])
