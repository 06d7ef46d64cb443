"""One request to Exchange Web Services with all that its handler needs to know."""

from __future__ import annotations

from dataclasses import dataclass

from tests.simulator import ids
from tests.simulator.events import Event
from tests.simulator.ews import recurring
from tests.simulator.ews.errors import EwsError
from tests.simulator.ews.soap import Element, find, local
from tests.simulator.graph.context import shares
from tests.simulator.mailbox import Calendar, Mailbox
from tests.simulator.world import World

ROOTS = ("root", "msgfolderroot")


@dataclass
class Folder:
    """A folder that holds folders; a calendar stands for itself."""

    mailbox: Mailbox
    name: str

    @property
    def ews_id(self) -> str:
        return ids.folder_id(self.mailbox.seed, self.mailbox.address.casefold(), self.name, 0)


@dataclass
class Context:
    """``reader`` is who signed in; ``zone`` is what times without an offset are meant in."""

    world: World
    reader: Mailbox
    request: Element
    zone: str
    page_cap: int

    @property
    def operation(self) -> str:
        return local(self.request)

    def mailboxes(self) -> list[Mailbox]:
        """The reader's own, and those opened to the reader."""
        others = [held for held in self.world.mailboxes.values() if held is not self.reader]
        return [self.reader, *(held for held in others if held.tid == self.reader.tid and shares(held, self.reader))]

    def account(self, address: str) -> Mailbox:
        """The mailbox of an address; raises :class:`EwsError`."""
        found = self.world.find_account(address) if address else self.reader
        if found is None or found.provider != "outlook" or found.kind in ("guest", "onpremises"):
            raise EwsError("ErrorNonExistentMailbox")
        if found not in self.mailboxes():
            raise EwsError("ErrorAccessDenied")
        return found

    def folder(self, element: Element, missing: str = "ErrorFolderNotFound") -> Folder | Calendar:
        """What a ``t:FolderId`` or ``t:DistinguishedFolderId`` names; raises :class:`EwsError`."""
        wanted = str(element.get("Id") or "")
        if local(element) == "DistinguishedFolderId":
            return self._distinguished(element, wanted, missing)
        for mailbox in self.mailboxes():
            own = own_calendars(mailbox)
            for found in (*own, *(Folder(mailbox, name) for name in ROOTS)):
                if found.ews_id == wanted:
                    return found
        if self._item(wanted) is not None:
            raise EwsError("ErrorCannotUseItemIdForFolderId")
        raise EwsError(missing if ids.is_base64(wanted) else "ErrorInvalidIdMalformed")

    def _distinguished(self, element: Element, name: str, missing: str) -> Folder | Calendar:
        address = find(element, "t:Mailbox/t:EmailAddress")
        mailbox = self.account(str(address.text or "") if address is not None else "")
        if name in ROOTS:
            return Folder(mailbox, name)
        if name == "calendar" and mailbox.default_calendar is not None:
            return mailbox.default_calendar
        raise EwsError(missing)

    def calendar(self, element: Element, missing: str = "ErrorFolderNotFound") -> Calendar:
        """The calendar that an element names; raises :class:`EwsError`."""
        found = self.folder(element, missing)
        if isinstance(found, Folder):
            raise EwsError(missing)
        return found

    def event(self, element: Element) -> Event:
        """What a ``t:ItemId``, ``t:OccurrenceItemId`` or ``t:RecurringMasterItemId`` names; raises :class:`EwsError`."""
        kind = local(element)
        if kind == "OccurrenceItemId":
            return self._occurrence(element)
        found = self.item(str(element.get("OccurrenceId" if kind == "RecurringMasterItemId" else "Id") or ""))
        if kind == "ItemId":
            return found
        if found.master is None:
            raise EwsError("ErrorCalendarCannotUseIdForOccurrenceId")
        return found.master

    def item(self, wanted: str) -> Event:
        """The appointment with an id; raises :class:`EwsError`."""
        found = self._item(wanted)
        if found is not None and found.is_spoilt:
            raise EwsError("ErrorItemCorrupt")
        if found is not None:
            return found
        if any(wanted == calendar.ews_id for mailbox in self.mailboxes() for calendar in own_calendars(mailbox)):
            raise EwsError("ErrorCannotUseFolderIdForItemId")
        raise EwsError("ErrorItemNotFound" if ids.is_base64(wanted) else "ErrorInvalidIdMalformed")

    def _item(self, wanted: str) -> Event | None:
        for mailbox in self.mailboxes():
            found = mailbox.find_ews(wanted)
            # An immutable id is none of this service's, whatever its alphabet.
            if found is not None and found.immutable_id != ids.to_rest(wanted):
                return found
        return None

    def _occurrence(self, element: Element) -> Event:
        master = self.item(str(element.get("RecurringMasterId") or ""))
        if not master.is_master:
            raise EwsError("ErrorCalendarCannotUseIdForRecurringMasterId")
        index = str(element.get("InstanceIndex") or "")
        slot = recurring.slot_at(master, int(index)) if index.isdecimal() and int(index) else None
        if slot is None:
            raise EwsError("ErrorCalendarOccurrenceIndexIsOutOfRecurrenceRange")
        if slot in master.cancelled:
            raise EwsError("ErrorCalendarOccurrenceIsDeletedFromRecurrence")
        return master.occurrence(slot)


def own_calendars(mailbox: Mailbox) -> list[Calendar]:
    """The calendars that are folders of the mailbox; those of others that it shows are not."""
    names = {name.casefold() for name in (*mailbox.names(), mailbox.mail or "")}
    return [held for held in mailbox.calendars.values() if held.owner.get("address", "").casefold() in names]
