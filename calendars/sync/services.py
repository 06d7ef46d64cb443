"""Which service a connection is synced with, and how it is opened."""

from collections.abc import Callable
from datetime import datetime
from functools import cache
from importlib.util import find_spec
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from calendars.cutoff import old_sync_may_run
from calendars.models import CalendarConnection, Grant
from calendars.states import State
from calendars.sync.service import Service

# Called before each request, to hold the worker's lease.
Hold = Callable[[], None]


class Opened(Service, Protocol):
    """`grant`: as it was used last, so that a refusal is of this version and no later one."""

    grant: Grant


Opener = Callable[[CalendarConnection, Hold], Opened]

SERVICES: dict[str, str] = {
    State.GRAPH_SYNC: Grant.Service.GRAPH,
    State.GOOGLE_SYNC: Grant.Service.GOOGLE,
    State.OLD_SYNC: Grant.Service.EWS,
}
# `open(connection, hold)` of each. One that is not there yet is not synced with yet.
OPENERS: dict[str, str] = {
    Grant.Service.GRAPH: "calendars.graph.service.open",
    Grant.Service.GOOGLE: "calendars.google.service.open",
    Grant.Service.EWS: "calendars.ews.service.open",
}


def service_of(connection: CalendarConnection, now: datetime) -> str | None:
    """Of `Grant.Service`; None where nothing may sync now."""
    if connection.state == State.OLD_SYNC and not old_sync_may_run(connection.state, now, settings.SYNC_CUTOFF):
        return None
    name = SERVICES.get(connection.state)
    return name if name and opener(name) else None


def syncing_states(now: datetime) -> list[str]:
    """The states whose connections are synced at this moment."""
    old = old_sync_may_run(State.OLD_SYNC, now, settings.SYNC_CUTOFF)
    return [state for state, name in SERVICES.items() if opener(name) and (old or state != State.OLD_SYNC)]


def opener(name: str) -> Opener | None:
    return _imported(OPENERS[name])


@cache
def _imported(path: str) -> Opener | None:
    module, _, _ = path.rpartition(".")
    try:
        if find_spec(module) is None:
            return None
        found: Opener = import_string(path)
    except (ModuleNotFoundError, ImportError):
        return None
    return found
