"""Graph as a calendar service of `calendars.sync`."""

from collections.abc import Callable, Sequence
from functools import partial

from django.utils import timezone

from calendars.graph import delta, notices, reading, tokens, writing
from calendars.graph.client import GraphClient
from calendars.models import CalendarConnection, Grant
from calendars.sync.content import Content
from calendars.sync.service import Appointment, Capabilities, Change, Page


def open(connection: CalendarConnection, hold: Callable[[], None]) -> "GraphService":
    """Raises Grant.DoesNotExist. `hold` is called before every request, and raises where none may be made any more."""
    grant = Grant.objects.get(connection=connection, service=Grant.Service.GRAPH)
    client = GraphClient(lambda refresh: tokens.access_token(grant, refresh=refresh), hold)
    return GraphService(client, connection, grant)


class GraphService:
    capabilities = Capabilities(id_column="appointment_id")

    def __init__(self, client: GraphClient, connection: CalendarConnection, grant: Grant) -> None:
        self.grant = grant
        self._client, self._connection = client, connection

    @property
    def requests(self) -> int:
        return self._client.requests

    def pull(self, mark: str) -> Page:
        named = partial(notices.after, self._connection)
        return delta.pull(self._client, self._calendar_id, mark, named, timezone.now())

    def read(self, ids: Sequence[str]) -> dict[str, Appointment | None]:
        return reading.read(self._client, ids)

    def find(self, key: str, content: Content) -> Appointment | None:
        return writing.find(self._client, self._calendar_id, key, content)

    def push(self, change: Change) -> Appointment | None:
        return writing.push(self._client, self._calendar_id, change)

    def close(self) -> None:
        self._client.close()

    @property
    def _calendar_id(self) -> str:
        return calendar_id(self._client, self._connection)


def calendar_id(client: GraphClient, connection: CalendarConnection) -> str:
    """That of the migration; of a connection made since, the default one's, which is asked for once."""
    if not connection.calendar_id:
        connection.calendar_id = client.default_calendar().id
        # Unless it has moved on meanwhile, perhaps to another account.
        same = {"pk": connection.pk, "state": connection.state, "epoch": connection.epoch, "calendar_id": ""}
        CalendarConnection.objects.filter(**same).update(calendar_id=connection.calendar_id)
    return connection.calendar_id
