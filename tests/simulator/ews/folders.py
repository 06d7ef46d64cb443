"""GetFolder and FindFolder: the root, the visible top, the calendars."""

from __future__ import annotations

from tests.simulator.ews.context import Context, Folder, own_calendars
from tests.simulator.ews.errors import EwsError
from tests.simulator.ews.soap import Element, Malformed, children, find, make, success
from tests.simulator.mailbox import Calendar

_NAMES = {"root": "", "msgfolderroot": "Top of Information Store"}


def get_folder(context: Context) -> list[Element]:
    """A message for each folder asked for."""
    messages = []
    for element in children(find(context.request, "m:FolderIds")):
        try:
            shown = _show(context.folder(element))
            messages.append(success("GetFolder", [make("m:Folders", None, [shown])]))
        except EwsError as error:
            messages.append(error.element("GetFolder"))
    return messages


def find_folder(context: Context) -> list[Element]:
    """A message for each parent asked for: the folders below it, all of them where the search goes deep."""
    depth = context.request.get("Traversal")
    if depth not in ("Shallow", "Deep"):
        raise Malformed("FindFolder needs a Traversal.")
    messages = []
    for element in children(find(context.request, "m:ParentFolderIds")):
        try:
            found = [_show(held) for held in _below(context.folder(element), depth == "Deep")]
            total = {"TotalItemsInView": str(len(found)), "IncludesLastItemInRange": "true"}
            root = make("m:RootFolder", None, [make("t:Folders", None, found)], **total)
            messages.append(success("FindFolder", [root]))
        except EwsError as error:
            messages.append(error.element("FindFolder"))
    return messages


def _parent(folder: Folder | Calendar) -> Folder | Calendar | None:
    """Other calendars stand below the default one, as Outlook puts them."""
    if isinstance(folder, Folder):
        return Folder(folder.mailbox, "root") if folder.name == "msgfolderroot" else None
    default = folder.mailbox.default_calendar
    top = Folder(folder.mailbox, "msgfolderroot")
    return top if folder.is_default or default is None else default


def _below(folder: Folder | Calendar, deep: bool) -> list[Folder | Calendar]:
    mailbox = folder.mailbox
    everything = [Folder(mailbox, "msgfolderroot"), *own_calendars(mailbox)]
    found = []
    for held in everything:
        parent = _parent(held)
        if parent is not None and parent.ews_id == folder.ews_id:
            found += [held, *(_below(held, deep) if deep else [])]
    return found


def _show(folder: Folder | Calendar) -> Element:
    parent = _parent(folder)
    calendar = isinstance(folder, Calendar)
    name = folder.name if isinstance(folder, Calendar) else _NAMES[folder.name]
    key = folder.change_key if isinstance(folder, Calendar) else "AQAAAA=="
    parts = [make("t:FolderId", Id=folder.ews_id, ChangeKey=key)]
    if parent is not None:
        parts.append(make("t:ParentFolderId", Id=parent.ews_id, ChangeKey="AQAAAA=="))
    if calendar:
        parts.append(make("t:FolderClass", "IPF.Appointment"))
    parts += [
        make("t:DisplayName", name),
        make("t:TotalCount", str(len(folder.events) if isinstance(folder, Calendar) else 0)),
        make("t:ChildFolderCount", str(len(_below(folder, False)))),
    ]
    distinguished = folder.name if isinstance(folder, Folder) else "calendar" if folder.is_default else None
    if distinguished:
        parts.append(make("t:DistinguishedFolderId", distinguished))
    return make("t:CalendarFolder" if calendar else "t:Folder", None, parts)
