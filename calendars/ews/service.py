"""EWS as a calendar service of `calendars.sync`: rounds of SyncFolderItems, GetItem, and one write at a time."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from typing import TypeVar

from exchangelib import Account
from exchangelib.errors import ErrorCorruptData, ErrorItemCorrupt, ErrorItemNotFound
from exchangelib.folders import Calendar
from exchangelib.items import CalendarItem
from exchangelib.properties import DistinguishedFolderId, ItemId
from exchangelib.services import SyncFolderItems

from calendars.errors import AccessDenied, ItemNotFound, ServiceBlocked
from calendars.ews import items, recurrence, transport
from calendars.graph import tokens
from calendars.leases import LeaseLost
from calendars.models import CalendarConnection, Grant
from calendars.sync.content import Content, Part
from calendars.sync.service import (
    Appointment,
    CancelOccurrence,
    Capabilities,
    Change,
    Create,
    Delete,
    Page,
    Update,
    UpdateOccurrence,
    the_one,
)

T = TypeVar("T")
# Before the mark of a listing from the beginning, until it is through; Exchange's own have no space.
ALL = "all "
# Changes of one round; each is then read whole, a few at a time as Microsoft advises for items with bodies.
PAGE = 100
READ = 20
# What Exchange answers of an item that its own store cannot read.
CORRUPT = (ErrorCorruptData, ErrorItemCorrupt)
_PARTS: tuple[Part, ...] = (
    "subject", "times", "rule", "location", "body", "show_as", "sensitivity", "reminder",
)  # fmt: skip


def open(connection: CalendarConnection, hold: Callable[[], None]) -> "EwsService":
    """Raises Grant.DoesNotExist. `hold` is called before every request, and raises where none may be made any more."""
    grant = Grant.objects.get(connection=connection, service=Grant.Service.EWS)
    return EwsService(connection, grant, hold)


class EwsService:
    capabilities = Capabilities(id_column="ews_id", tells_of_all_deletions=False, ids_return=False)

    def __init__(self, connection: CalendarConnection, grant: Grant, hold: Callable[[], None]) -> None:
        self.connection = connection
        self.grant = grant
        self.requests = 0
        self._hold = hold
        self._open = ExitStack()
        self._account: Account | None = None
        # What was read last, so that a change needs no second look at whose meeting it is.
        self._meetings: set[str] = set()

    def close(self) -> None:
        self._open.close()

    # --- Verbs ----------------------------------------------------------------------------------------------------

    def pull(self, mark: str) -> Page:
        """A round of SyncFolderItems: "SyncFolderItems operation". The mark is Exchange's sync state."""
        try:
            return self._asked(lambda: self._pull(mark))
        except AccessDenied as error:
            # Of her own calendar: the organisation has ended EWS, and said so in other words than 403.
            raise ServiceBlocked(code=error.code) from None

    def read(self, ids: Sequence[str]) -> dict[str, Appointment | None]:
        return self._asked(lambda: self._read(ids))

    def find(self, key: str, content: Content) -> Appointment | None:
        """By the named property that every appointment of ours carries: FindItem with a restriction."""

        def look() -> Appointment | None:
            found = list(self._folder.filter(caret_sync_key=key).only("caret_sync_key"))
            return self._read_one(found[0].id) if found else None

        return self._asked(look)

    def push(self, change: Change) -> Appointment | None:
        return self._asked(lambda: self._push(change))

    # --- Reading --------------------------------------------------------------------------------------------------

    def _pull(self, mark: str) -> Page:
        service = SyncFolderItems(account=self._mailbox)
        state, everything = mark.removeprefix(ALL), not mark or mark.startswith(ALL)
        changed: list[str] = []
        gone: list[str] = []
        for kind, item in service.call(
            folder=self._folder, shape="IdOnly", additional_fields=[], sync_state=state or None, ignore=None,
            max_changes_returned=PAGE, sync_scope=None,
        ):  # fmt: skip
            if kind == "delete":
                gone.append(item.id)
            elif isinstance(item, CalendarItem):
                changed.append(item.id)
        read = self._read(changed)
        appointments = [one for one in read.values() if one is not None]
        # Listed and gone a moment later: said to be gone, like any other.
        gone += [id for id, one in read.items() if one is None]
        last = bool(service.includes_last_item_in_range)
        state = service.sync_state or ""
        if everything and not last:
            state = ALL + state
        failing = [id for id in changed if id not in read]
        return Page(appointments, gone, state, last, complete=everything and last, failing=failing)

    def _read(self, ids: Sequence[str]) -> dict[str, Appointment | None]:
        """Left out is what Exchange cannot read itself, and a series with such a date."""
        found: dict[str, Appointment | None] = {}
        for first in range(0, len(ids), READ):
            items_ = self._fetch(ids[first : first + READ])
            edited = {one.id: [part.id for part in one.modified_occurrences or ()] for one in items_.values() if one}
            exceptions = self._fetch([id for ids_ in edited.values() for id in ids_])
            for id, item in items_.items():
                if item is None:
                    found[id] = None
                elif all(one in exceptions for one in edited[id]):
                    found[id] = items.appointment(item, [x for one in edited[id] if (x := exceptions[one])])
        for whole in filter(None, found.values()):
            if whole.attendees and whole.organized:
                self._meetings |= {whole.id, *(one.id for one in whole.exceptions)}
        return found

    def _fetch(self, ids: Sequence[str]) -> dict[str, CalendarItem | None]:
        if not ids:
            return {}
        answers = self._mailbox.fetch([ItemId(id) for id in ids], only_fields=items.FIELDS, chunk_size=READ)
        found: dict[str, CalendarItem | None] = {}
        for id, answer in zip(ids, answers, strict=True):
            if isinstance(answer, ErrorItemNotFound):
                found[id] = None
            elif isinstance(answer, CORRUPT):
                continue
            elif isinstance(answer, Exception):
                raise answer
            else:
                found[id] = answer
        return found

    def _read_one(self, id: str) -> Appointment | None:
        """Raises TryLater where Exchange fails at it."""
        return the_one(self._read([id]), id)

    # --- Writing --------------------------------------------------------------------------------------------------

    def _push(self, change: Change) -> Appointment | None:
        match change:
            case Create():
                return self._create(change)
            case Update():
                item = CalendarItem(account=self._mailbox, folder=self._folder, id=change.id, changekey=change.version)
                return self._update(item, change.content, change.parts)
            case UpdateOccurrence():
                return self._update(self._occurrence(change.series_id, change.slot), change.content, change.parts)
            case CancelOccurrence():
                self._delete(self._occurrence(change.series_id, change.slot))
                return self._read_one(change.series_id)
            case Delete():
                self._delete(CalendarItem(account=self._mailbox, id=change.id, changekey=change.version))
                return None

    def _create(self, change: Create) -> Appointment | None:
        said = items.fields(change.content, _PARTS)
        item = CalendarItem(account=self._mailbox, folder=self._folder, caret_sync_key=change.key, **said).save()
        try:
            return self._read_one(item.id)
        except LeaseLost:
            # Nothing may be asked any more; but its id has come, and what was told is known.
            return Appointment(item.id, change.content, version=item.changekey or "")

    def _update(self, item: CalendarItem, content: Content, parts: Iterable[Part]) -> Appointment | None:
        said = items.fields(content, parts)
        for name, value in said.items():
            setattr(item, name, value)
        item.save(
            update_fields=[name for name in said if not name.startswith("_")],
            conflict_resolution="NeverOverwrite",
            send_meeting_invitations="SendToAllAndSaveCopy" if item.id in self._meetings else "SendToNone",
        )
        return self._read_one(item.id)

    def _delete(self, item: CalendarItem) -> None:
        try:
            item.delete(
                send_meeting_cancellations="SendToAllAndSaveCopy" if item.id in self._meetings else "SendToNone"
            )
        except ErrorItemNotFound:
            return  # gone already

    def _occurrence(self, series_id: str, slot: str) -> CalendarItem:
        """The occurrence that the pattern puts there, asked for by its number and looked at before it is believed."""
        master = self._read_one(series_id)
        if master is None:
            raise ItemNotFound(code="master")
        number = recurrence.number_of(master.content, slot)
        item = CalendarItem(account=self._mailbox, folder=self._folder, id=master.id, changekey=master.version)
        occurrence = item.occurrence(number)
        occurrence.refresh()
        if series_id in self._meetings:
            self._meetings.add(occurrence.id)
        return occurrence

    # --- The mailbox ----------------------------------------------------------------------------------------------

    def _asked(self, ask: Callable[[], T]) -> T:
        """What `ask` gives; once more with a new token where the first is no longer good."""
        try:
            with transport.told():
                return ask()
        except transport.Unauthorized:
            self._reopen(refresh=True)
        with transport.told():
            return ask()

    @property
    def _mailbox(self) -> Account:
        if self._account is None:
            self._reopen(refresh=False)
        assert self._account is not None
        return self._account

    def _reopen(self, *, refresh: bool) -> None:
        self._open.close()
        token = tokens.access_token(self.grant, refresh=refresh)
        opened = transport.account(self.connection.account, token, self._before_request)
        self._account = self._open.enter_context(opened)

    def _before_request(self) -> None:
        self._hold()
        self.requests += 1

    @property
    def _folder(self) -> Calendar:
        """The synced calendar: the default one, or a folder by its id. That names it; nothing need be asked of it."""
        root = self._mailbox.root
        if self.connection.is_default_calendar or not self.connection.ews_folder_id:
            return Calendar(root=root, _distinguished_id=DistinguishedFolderId(id=Calendar.DISTINGUISHED_FOLDER_ID))
        return Calendar(root=root, id=self.connection.ews_folder_id)
