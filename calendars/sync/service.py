"""What a calendar service can be asked, in three verbs; Graph, EWS and Google each answer to them.

`pull` what has changed since a mark · `read` some by id · `push` one change. Every verb raises the errors of
`calendars.errors` and nothing of the service's own client.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from calendars.errors import TryLater
from calendars.sync.content import Content, Part, as_it_is

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Appointment:
    """An appointment with all synced fields; a master with all of its edited occurrences.

    `version` is the service's stamp (change key, etag). `series_id` and `slot` are set of an edited occurrence alone:
    its master, and the start the pattern gave it, in the form of the master's `start`. `unsayable` is a reason of
    `calendars.sync.reasons` where we have no words for it (a custom zone, a rule): it is linked, and never changed.
    `cancelled`: called off by its organizer, still standing in the calendar.
    """

    id: str
    content: Content
    ical_uid: str = ""
    version: str = ""
    modified: datetime | None = None
    attendees: int = 0
    organized: bool = True
    cancelled: bool = False
    series_id: str = ""
    slot: str = ""
    exceptions: tuple["Appointment", ...] = ()
    unsayable: str = ""

    def __repr__(self) -> str:
        return "Appointment(…)"


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a pull. `appointments` may repeat earlier ones; `gone` are ids that the service says are gone, which by
    itself proves nothing. `mark` (opaque text, bounded) is where to go on: with the next page, or, when `last`, with the
    next pull. `complete`, on the last page alone: this pull listed all there is, so that what it did not show may be gone.
    `failing` are ids of what is to be shown and at which the service fails by itself; it is up to the engine to ask again.
    """

    appointments: Sequence[Appointment]
    gone: Sequence[str]
    mark: str
    last: bool
    complete: bool = False
    failing: Sequence[str] = ()


# The named property in which Exchange keeps the key of a Create of the old sync, readable through Graph too.
KEY_SET, KEY_NAME = "7f0c4a52-9d1e-4c8a-b7a5-2f6f7a1d3c90", "CaretSyncKey"


@dataclass(frozen=True, slots=True)
class Create:
    """`key` (a UUID) is the same however often it is tried: the service makes one appointment of it."""

    key: str
    content: Content


@dataclass(frozen=True, slots=True)
class Update:
    """Changes only `parts` of an appointment that still has `version`; of an edited occurrence too."""

    id: str
    version: str
    content: Content
    parts: frozenset[Part]


@dataclass(frozen=True, slots=True)
class UpdateOccurrence:
    """Edits an occurrence that has not been edited yet: `slot` is the start its pattern gives it."""

    series_id: str
    slot: str
    content: Content
    parts: frozenset[Part]


@dataclass(frozen=True, slots=True)
class CancelOccurrence:
    series_id: str
    slot: str


@dataclass(frozen=True, slots=True)
class Delete:
    id: str
    version: str


Change = Create | Update | UpdateOccurrence | CancelOccurrence | Delete


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What the engine has to know of a service beforehand. `id_column`: of `SyncedEvent`, where its ids are kept.
    `tells_of_all_deletions`: also of those of appointments that no pull has shown before. `ids_return`: what was deleted
    and is brought back has the id that it had.
    `sayable`: an event as near as the service has words for it; what it says there is no change of what it says here."""

    id_column: str
    restores_occurrences: bool = False
    tells_of_all_deletions: bool = True
    ids_return: bool = True
    sayable: Callable[[Content], Content] = as_it_is


def the_one(found: Mapping[str, T], wanted: str) -> T:
    """What was read of a single id. Raises TryLater where the service fails at it."""
    if wanted not in found:
        raise TryLater("it fails at this one", seconds=0, reason="busy")
    return found[wanted]


class Service(Protocol):
    """Not to be shared between threads. Holds no transaction and writes nothing of ours but renewed tokens, and which
    calendar the default one is."""

    capabilities: Capabilities
    requests: int

    def pull(self, mark: str) -> Page:
        """The next page after `mark`; from the beginning where it is empty. Raises MarkLost."""

    def read(self, ids: Sequence[str]) -> dict[str, Appointment | None]:
        """Each of `ids` as it is now; None is proof that it is gone from this mailbox. Left out is at which the service
        fails by itself, while it answers for others."""

    def find(self, key: str, content: Content) -> Appointment | None:
        """What an earlier Create of this key has made, if it did; asked before a creation is tried again."""

    def push(self, change: Change) -> Appointment | None:
        """Carries out one change and gives the appointment as it is then; None after a deletion, also where it was gone
        already. Raises Conflict where the version has changed, Refused, ItemNotFound."""

    def close(self) -> None: ...
